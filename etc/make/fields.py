"""Make etc/fields/<source>.json, the fields of Beats, integrations, Endpoint and alerts, from a folder of facts.

    python etc/make/fields.py FOLDER

The folder holds what was read of the public packages (its MANIFEST says where, at which commit and date):
`beats.json.gz`, `integrations.json.gz` and `endpoint.json.gz` (source -> data stream -> field -> type, with what
changes matching), `non-ecs.json` (names of fields that public rules use and no mapping declares, and the fields of the
alerts index), `packages.json` (the version of each package) and `dynamic.json` (the stack's rules for what nobody
declares). Only facts are taken: names, types and parameters.

What those leave unsaid is spelt out here: a keyword ignores what is over 1024 units, Fleet makes a long of an integer
and gives a wildcard the same limit, and drops multi-fields of other types than five.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from write import ETC, write

READ = "2026-08-21"
"""The day of the newest source."""
BY = "etc/make/fields.py"

Kind = dict[str, Any]
Streams = dict[str, dict[str, Kind]]

IGNORE_ABOVE = 1024
KEPT = ("type", "ignore_above", "null_value", "value", "path", "normalizer", "scaling_factor")
FLEET_MULTI_FIELDS = frozenset({"text", "keyword", "long", "double", "match_only_text"})
ANALYZERS = {
    "simple": "simple",
    "powershell_script_analyzer": "powershell_script_analyzer",
    "winlogbeat_powershell_script_analyzer": "powershell_script_analyzer",
}
"""Their names here: of the pattern analyzers each maker has a name of its own."""
BY_HAND = {"aws": {"cloudtrail"}}
"""Data streams that etc/fields/cloudtrail.json describes, from newer documentation."""

METRICS = {
    "apm": "app_metrics internal_metrics profile_metrics",
    "aws": "apigateway_metrics awshealth billing cloudwatch_metrics dynamodb ebs ec2_metrics ecs_metrics elb_metrics"
    " emr_metrics firewall_metrics kafka_metrics kinesis lambda natgateway rds redshift s3_daily_storage s3_request"
    " s3_storage_lens sns sqs transitgateway usage vpn",
    "cloud_defend": "metrics",
    "endpoint": "metadata metrics policy",
    "gcp": "billing cloudrun_metrics cloudsql_mysql cloudsql_postgresql cloudsql_sqlserver compute dataproc firestore"
    " gke loadbalancing_metrics pubsub redis storage",
    "kubernetes": "apiserver container controllermanager event node pod proxy scheduler state_container state_cronjob"
    " state_daemonset state_deployment state_job state_namespace state_node state_persistentvolume"
    " state_persistentvolumeclaim state_pod state_replicaset state_resourcequota state_service state_statefulset"
    " state_storageclass system volume",
    "system": "core cpu diskio filesystem fsstat load memory network process process_summary socket_summary uptime",
    "windows": "perfmon service",
}
"""Data streams of metrics, by package; the others hold logs, or :data:`INDICES` says where they are."""

INDICES = {
    "apm.rum_traces": "traces-apm.rum-*",
    "apm.sampled_traces": "traces-apm.sampled-*",
    "apm.traces": "traces-apm*",
    "beaconing.pivot_transform": "ml_beaconing*",
    "dga.dga": "*",
    "endpoint.action_responses": ".logs-endpoint.action.responses-*",
    "endpoint.actions": ".logs-endpoint.actions-*",
    "endpoint.collection": ".logs-endpoint.diagnostic.collection-*",
    "endpoint.heartbeat": ".logs-endpoint.heartbeat-*",
    "lmd.pivot_transform": "ml-rdp-lmd*",
    "problemchild.problemchild": "*",
    "ti_rapid7_threat_command.latest_alert": "logs-ti_rapid7_threat_command_latest.alert*",
    "ti_rapid7_threat_command.latest_ioc": "logs-ti_rapid7_threat_command_latest.ioc*",
    "ti_rapid7_threat_command.latest_vulnerability": "logs-ti_rapid7_threat_command_latest.vulnerability*",
}
"""Where data is that is not in ``<logs or metrics>-<package>.<data stream>-<namespace>``; ``*``: an ingest pipeline
puts the fields into any index."""

ENDPOINT_EVENTS = frozenset(["api", "device", "file", "library", "network", "process", "registry", "security"])
BEATS = ("auditbeat", "filebeat", "heartbeat", "metricbeat", "packetbeat", "winlogbeat")
ALERTS = {
    "signal.rule.name": "keyword", "signal.rule.tags": "keyword", "signal.rule.threat.tactic.name": "keyword",
    "kibana.alert.rule.threat.tactic.id": "keyword", "kibana.alert.rule.threat.tactic.name": "keyword",
    "kibana.alert.rule.threat.technique.id": "keyword", "kibana.alert.rule.threat.technique.name": "keyword",
}  # fmt: skip
"""Fields of the alerts index that its field maps make with their rules' objects."""
RULES_BESIDES = (
    "azure.activitylogs.resource.id", "gen_ai.guardrail_id", "google_workspace.admin.setting.metadata.rule.type",
    "okta.authentication_context.root_session_id",
)  # fmt: skip
"""Names that public rules use and not even their own list of fields has."""
BELOW_FLATTENED = ("aws.cloudtrail.flattened",)
"""Where etc/fields/cloudtrail.json has flattened fields."""


def main() -> None:
    folder = Path(sys.argv[1])
    packages = json.loads((folder / "packages.json").read_bytes())
    known = set(ecs_names())
    for package, streams in read(folder / "integrations.json.gz").items():
        own = {name: found for name, found in streams.items() if name not in BY_HAND.get(package, ())}
        where = {name: index_of(package, name) for name in own}
        known.update(emit(package, made_from(package, packages), where, fleet(own)))
    (endpoint,) = read(folder / "endpoint.json.gz").values()
    where = {name: index_of("endpoint", name) for name in endpoint}
    source = made_from("endpoint", packages)
    known.update(emit("endpoint", source, where, fleet(endpoint), undeclared="unmapped", ecs=False))
    for beat, found in beats(read(folder / "beats.json.gz")):
        source = made("elastic/beats", "9.5.0", "Apache-2.0, x-pack modules Elastic-2.0")
        known.update(emit(beat, source, {beat: f"{beat}-*"}, {beat: found}, undeclared="keyword"))
    emit_others(json.loads((folder / "non-ecs.json").read_bytes()), known)
    emit_integrations(packages)
    rules = json.loads((folder / "dynamic.json").read_bytes())["ecs@mappings"]
    source = made("elastic/elasticsearch ecs@mappings", "0cb05a5f", "Elastic-2.0")
    write("fields/dynamic.json", source, rules={f"{number:02}": rule for number, rule in enumerate(rules)})


def read(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def made(package: str, version: str, licence: str) -> dict[str, str]:
    return {"package": package, "version": version, "license": licence, "read": READ, "by": BY}


def made_from(package: str, packages: Mapping[str, Any]) -> dict[str, str]:
    streams = packages[package].get("data_streams", {}).values()
    versions = sorted({version for one in streams if (version := one.get("fields_of_version"))})
    commits = sorted({file["commit"][:10] for one in streams for file in one.get("read", ())})
    if package == "endpoint":
        return made("elastic/endpoint-package", versions[0], "Elastic License Agreement; names and types only")
    shown = ", ".join([*versions, *(f"@{commit}" for commit in commits)]) or packages[package].get("version", "")
    return made(f"elastic/integrations {package}", shown, "Elastic-2.0; names and types only")


def index_of(package: str, stream: str) -> str:
    known = INDICES.get(f"{package}.{stream}")
    if known:
        return known
    kind = "metrics" if stream in METRICS.get(package, "").split() else "logs"
    inside = "events." if package == "endpoint" and stream in ENDPOINT_EVENTS else ""
    return f"{kind}-{package}.{inside}{stream}-*"


def beats(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[tuple[str, dict[str, Kind]]]:
    """Each beat has one template with the fields of all its modules, and those of libbeat."""
    for beat in BEATS:
        fields: dict[str, Kind] = {}
        for source in (beat, "libbeat", *(name for name in found if name.startswith(f"{beat}@"))):
            for declared in found[source].values():
                for name, spec in declared.items():
                    if kind := kind_of(spec, in_fleet=False):
                        fields.setdefault(name.removeprefix("."), kind)  # some groups have no name
        yield beat, fields


def fleet(streams: Mapping[str, Mapping[str, Any]]) -> Streams:
    made = {}
    for stream, fields in streams.items():
        kinds = ((name, kind_of(spec, in_fleet=True)) for name, spec in fields.items())
        made[stream] = {name: kind for name, kind in kinds if kind}
    return made


def kind_of(spec: Any, *, in_fleet: bool) -> Kind | None:
    """A field's parameters, with what its source leaves unsaid; None for what makes no field."""
    given = {"type": spec} if isinstance(spec, str) else spec
    kind = {name: given[name] for name in KEPT if name in given}
    keys = given.get("object_type")
    if given.get("enabled") is False:
        return {"type": "disabled"}
    if kind["type"] == "array" and not keys:
        return None
    if kind["type"] == "alias" and "path" not in kind:
        return {"type": "undeclared"}  # the source does not say of what
    if keys and kind["type"] in ("object", "array"):
        return {"type": "object", "keys": kind_of(keys, in_fleet=in_fleet)}
    if in_fleet and kind["type"] == "integer":
        kind["type"] = "long"
    hidden = [given.get(name) is False for name in ("index", "doc_values")]
    if kind["type"] == "keyword" or (in_fleet and kind["type"] == "wildcard"):
        if not any(hidden):
            kind.setdefault("ignore_above", IGNORE_ABOVE)
    elif kind["type"] != "flattened":
        kind.pop("ignore_above", None)
    if all(hidden) or (hidden[0] and kind["type"] in ("text", "match_only_text")):
        kind["index"] = False
    if kind["type"] == "scaled_float":
        kind.setdefault("scaling_factor", 1000)
    if analyzer := given.get("analyzer"):
        (name,) = [analyzer] if isinstance(analyzer, str) else analyzer
        kind["analyzer"] = ANALYZERS[name]
    inner = {name: kind_of(one, in_fleet=in_fleet) for name, one in given.get("fields", {}).items()}
    inner = {name: one for name, one in inner.items() if one and (not in_fleet or one["type"] in FLEET_MULTI_FIELDS)}
    return {**kind, "fields": inner} if inner else kind


def label_of(kind: Kind) -> str:
    """A short name for a kind: its type, and what is special about it."""
    label: str = kind["type"]
    limit = kind.get("ignore_above")
    if limit is not None and (limit != IGNORE_ABOVE or label == "flattened"):
        label += f"({limit})"
    elif limit is None and label in ("keyword", "wildcard"):
        label += "(any)"
    for name in ("path", "value", "normalizer", "analyzer", "scaling_factor"):
        label += f" {kind[name]}" if name in kind else ""
    label += " unsearchable" if kind.get("index") is False else ""
    label += f" of {label_of(kind['keys'])}" if "keys" in kind else ""
    return label + "".join(f"+{name}={label_of(one)}" for name, one in kind.get("fields", {}).items())


def emit(
    source: str,
    made_from: Mapping[str, str],
    where: Mapping[str, str],
    streams: Streams,
    *,
    undeclared: str = "stack",
    ecs: bool = True,
) -> Iterable[str]:
    """Write one source: fields[first part of the name][kind][data streams] are the rests of the names.

    ``undeclared``: what a field is that nobody declares there (``stack``: as the stack's rules have it). ``ecs``: the
    data streams have ECS's fields too.
    """
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    kinds: dict[str, Kind] = {}
    for stream in sorted(streams):
        for name, kind in streams[stream].items():
            label = label_of(kind)
            if kinds.setdefault(label, kind) != kind:
                raise SystemExit(f"{source} {name}: two kinds share the label {label!r}")
            held[name, label].append(stream)
    fields: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for (name, label), inside in held.items():
        root, dot, rest = name.partition(".")
        fields[root if dot else ""][label][streams_text(inside, where)].append(rest if dot else root)
    written = {
        root: {label: {some: " ".join(sorted(names)) for some, names in by.items()} for label, by in labels.items()}
        for root, labels in fields.items()
    }
    extra = {**({"undeclared": undeclared} if undeclared != "stack" else {}), **({} if ecs else {"ecs": False})}
    indices = {stream: {"index": index, **extra} for stream, index in where.items()}
    write(f"fields/{source}.json", made_from, streams=indices, kinds=kinds, fields=written)
    return (name for name, _ in held)


def streams_text(inside: Iterable[str], where: Mapping[str, str]) -> str:
    some = sorted(inside)
    return "*" if len(some) == len(where) else " ".join(some)


def emit_others(given: Mapping[str, Mapping[str, Mapping[str, Any]]], known: set[str]) -> None:
    """The alerts index, and the names that only public rules know: their types there are guesses, and left out."""
    (fields,) = given["kibana"].values()
    alerts = {name: kind_of(spec, in_fleet=False) or {} for name, spec in {**fields, **ALERTS}.items()}
    source = made("elastic/kibana alert field maps", "main", "Elastic-2.0; names and types only")
    known.update(emit("kibana", source, {"alerts": ".alerts-security.*"}, {"alerts": alerts}, undeclared="unmapped"))
    known.update(BELOW_FLATTENED)
    rules = {
        name: {"type": "nested" if kind == "nested" else "undeclared"}
        for declared in given["detection-rules"].values()
        for name, kind in declared.items()
        if name not in known and not any(name.startswith(f"{one}.") for one in known)
    }
    rules.update({name: {"type": "undeclared"} for name in RULES_BESIDES})
    source = made("elastic/detection-rules non-ecs-schema.json", "14cf530f", "Elastic-2.0; names only")
    emit("rules", source, {"rules": "*"}, {"rules": rules}, ecs=False)


def emit_integrations(packages: Mapping[str, Any]) -> None:
    """The newest version of each package; and where it has several integrations, their names."""
    known = {}
    for name, package in packages.items():
        several = package.get("policy_templates", [])
        known[name] = {"version": package.get("version") or package["newest_prerelease"]}
        if len(several) > 1:
            known[name]["integrations"] = sorted(several)
    source = made("elastic/detection-rules integration-manifests.json", "14cf530f", "Elastic-2.0; names and versions")
    write("integrations.json", source, packages=known)


def ecs_names() -> Iterator[str]:
    read: Any = json.loads((ETC / "fields" / "ecs.json").read_bytes())
    for root, labels in read["fields"].items():
        for label, names in labels.items():
            if not label.startswith(("object", "nested")):
                yield from (f"{root}.{name}" if root else name for name in names.split())


if __name__ == "__main__":
    main()
