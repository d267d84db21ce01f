"""Rules as Kibana keeps them: defaults, ids, revisions, updates, bulk actions."""

from __future__ import annotations

import copy
import re
from typing import Any

from kibana_stand_in.contract import rule_fields
from kibana_stand_in.state import Object, Refused, Space, World, page_of

import detections

DEFAULTS: Object = {
    "enabled": False, "interval": "5m", "from": "now-6m", "to": "now", "max_signals": 100, "version": 1, "setup": "",
    "output_index": "", "risk_score_mapping": [], "severity_mapping": [], "exceptions_list": [], "false_positives": [],
    "actions": [], "related_integrations": [], "required_fields": [], "references": [], "threat": [], "tags": [],
    "author": [],
}  # fmt: skip
OWN = ("id", "rule_id", "immutable", "rule_source", "revision", "created_at", "created_by", "updated_at", "updated_by")
"""What the server computes and never takes from a client that changes a rule."""
NO_REVISION = {*OWN, "enabled", "execution_summary"}
ECS = ("@timestamp", "event.", "cloud.", "source.", "user.", "host.", "process.", "file.", "destination.", "tags")


def prepared(rule: Object, world: World) -> Object:
    """The rule with its defaults, without fields that its type does not have."""
    known = rule_fields(rule["type"])
    made = {**DEFAULTS, **{key: copy.deepcopy(value) for key, value in rule.items() if key in known}}
    kind = rule["type"]
    if kind in ("query", "saved_query", "threshold", "threat_match", "new_terms"):
        made.setdefault("language", "kuery")
    if kind == "query":
        made.setdefault("query", "")
    if kind == "threat_match":
        made.setdefault("threat_indicator_path", "threat.indicator")
    if kind == "threshold":
        made["threshold"] = {"cardinality": [], **made["threshold"]}
        if isinstance(made["threshold"]["field"], str):
            made["threshold"]["field"] = [made["threshold"]["field"]]
    if isinstance(made.get("machine_learning_job_id"), str):
        made["machine_learning_job_id"] = [made["machine_learning_job_id"]]
    made["required_fields"] = [
        {"name": one["name"], "type": one["type"], "ecs": one["name"].startswith(ECS)}
        for one in made["required_fields"]
    ]
    for action in made["actions"]:
        action.setdefault("group", "default")
        action.setdefault("uuid", world.new_id())
        action.setdefault("frequency", {"summary": True, "notifyWhen": "onActiveAlert", "throttle": None})
    made.setdefault("rule_id", world.new_id())
    return made


def create(world: World, space: Space, rule: Object, *, source: Object | None = None) -> Object:
    made = prepared(rule, world)
    if space.rule(made["rule_id"]):
        raise Refused(409, f'rule_id: "{made["rule_id"]}" already exists')
    check_actions(space, made)
    now = world.now()
    made |= {
        "id": world.new_id(), "revision": 0,
        "immutable": source is not None, "rule_source": source or {"type": "internal"},
        "created_at": now, "created_by": world.user,
        "updated_at": now, "updated_by": world.user,
    }  # fmt: skip
    if made["enabled"]:
        made["execution_summary"] = executed(now)
    space.rules[made["id"]] = made
    return copy.deepcopy(made)


def update(world: World, space: Space, rule: Object, *, source: Object | None = None) -> Object:
    """PUT: defaults for what is left out, but enabled and version stay, and so does what is the server's."""
    old = found(space, rule.get("id"), rule.get("rule_id"))
    if old["type"] != rule["type"]:  # since 8.0; the rule of the alerting framework beneath keeps its type
        raise Refused(400, f'params invalid: type: Invalid literal value, expected "{old["type"]}"')
    new = prepared({**rule, "rule_id": old["rule_id"]}, world)
    new["enabled"] = rule.get("enabled", old["enabled"])
    new["version"] = rule.get("version", old["version"])
    uuids = {action["id"]: action["uuid"] for action in old["actions"]}
    for action, sent in zip(new["actions"], rule.get("actions", ()), strict=True):
        action["uuid"] = sent.get("uuid") or uuids.get(action["id"]) or action["uuid"]
    check_actions(space, new)
    new |= {name: old[name] for name in OWN}
    if source is not None:
        new |= {"rule_source": source, "immutable": source["type"] == "external"}
    elif old["immutable"]:
        new["rule_source"] = customized(world, new)
    return replace(world, space, old, new)


def replace(world: World, space: Space, old: Object, new: Object) -> Object:
    """Keep the new one; its revision grows if more than its enabled state has changed."""
    if {k: v for k, v in old.items() if k not in NO_REVISION} != {k: v for k, v in new.items() if k not in NO_REVISION}:
        new["revision"] = old["revision"] + 1
    new |= {"updated_at": world.now(), "updated_by": world.user}
    if "execution_summary" in old or new["enabled"]:
        new["execution_summary"] = old.get("execution_summary") or executed(new["updated_at"])
    space.rules[old["id"]] = new
    return copy.deepcopy(new)


def customized(world: World, rule: Object) -> Object:
    """The rule_source of a prebuilt rule, beside its asset."""
    asset = world.prebuilt.get(rule["rule_id"])
    if asset is None:
        return {"type": "external", "is_customized": True, "has_base_version": False, "customized_fields": []}
    base = prepared(asset, world)
    ignored = {*OWN, "enabled", "exceptions_list", "actions", "revision", "version", "execution_summary"}
    changed = sorted(key for key in {*rule, *base} if key not in ignored and rule.get(key) != base.get(key))
    fields = [{"field_name": name} for name in changed]
    return {"type": "external", "is_customized": bool(changed), "has_base_version": True, "customized_fields": fields}


def check_actions(space: Space, rule: Object) -> None:
    missing = [action["id"] for action in rule["actions"] if action["id"] not in space.connectors]
    if missing:
        raise Refused(400, f"Failed to load action{'s' if len(missing) > 1 else ''} {', '.join(missing)}")


def executed(at: str) -> Object:
    last = {
        "date": at,
        "status": "succeeded",
        "status_order": 0,
        "message": "",
        "metrics": {"total_search_duration_ms": 3},
    }
    return {"last_execution": last}


def found(space: Space, identity: str | None, rule_id: str | None) -> Object:
    rule = space.rules.get(identity) if identity else space.rule(str(rule_id))
    if rule is None:
        raise Refused(404, f'id: "{identity}" not found' if identity else f'rule_id: "{rule_id}" not found')
    return rule


def _attributes(rule: Object) -> Object:
    camel = {re.sub(r"_(\w)", lambda m: m[1].upper(), key): value for key, value in rule.items()}
    return {"name": rule["name"], "tags": rule["tags"], "enabled": rule["enabled"], "params": camel}


_TYPES = {"enabled": "boolean", "params.immutable": "boolean"} | dict.fromkeys(
    ("name", "tags", "params.ruleId", "params.severity", "params.type"), "keyword"
)
_MAPPING = {f"alert.attributes.{name}": kind for name, kind in _TYPES.items()}


def filtered(space: Space, query: str | None) -> list[Object]:
    rules = list(space.rules.values())
    if not query:
        return rules
    documents = [{"alert": {"attributes": _attributes(rule)}} for rule in rules]
    try:
        matching = detections.search(documents, query, language="kuery", fields=_MAPPING).events
    except detections.QueryError as error:
        raise Refused(400, str(error)) from None
    chosen = {one["alert"]["attributes"]["params"]["id"] for one in matching}
    return [rule for rule in rules if rule["id"] in chosen]


def find(space: Space, args: Any) -> Object:
    rules = filtered(space, args.get("filter"))
    if field := args.get("sort_field"):
        name = re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", field)
        rules = sorted(rules, key=lambda one: one[name], reverse=args.get("sort_order") == "desc")
    return page_of(rules, args, "perPage")


def bulk(
    world: World, space: Space, body: Object, dry_run: bool, refused: dict[str, tuple[int, str]]
) -> tuple[int, Object]:
    """``_bulk_action``: the status and the body; 500 with details as soon as one rule failed."""
    action = body["action"]
    if dry_run and action == "export":
        raise Refused(400, "Export action doesn't support dry_run mode")
    done: dict[str, list[Object]] = {"updated": [], "created": [], "deleted": [], "skipped": []}
    errors: dict[str, Object] = {}
    chosen = body["ids"] if "ids" in body else [rule["id"] for rule in filtered(space, body.get("query"))]
    for identity in chosen:
        rule = space.rules.get(identity)
        problem = (404, "Rule not found") if rule is None else refused.get(rule["rule_id"])
        if problem is None:
            try:
                _one(world, space, rule, body, dry_run, done)
                continue
            except Refused as error:
                problem = (error.status, error.message)
        group = errors.setdefault(problem[1], {"message": problem[1], "status_code": problem[0], "rules": []})
        group["rules"].append({"id": identity} if rule is None else {"id": identity, "name": rule["name"]})
    return _bulk_answer(done, errors, dry_run)


def _bulk_answer(done: dict[str, list[Object]], errors: dict[str, Object], dry_run: bool) -> tuple[int, Object]:
    succeeded = sum(len(done[name]) for name in ("updated", "created", "deleted"))
    failed = sum(len(group["rules"]) for group in errors.values())
    skipped = len(done["skipped"])
    summary = {"failed": failed, "succeeded": succeeded, "skipped": skipped, "total": failed + succeeded + skipped}
    results = {name: [] if dry_run else copy.deepcopy(rules) for name, rules in done.items()}
    attributes: Object = {"results": results, "summary": summary}
    if not errors:
        return 200, {"success": True, "rules_count": summary["total"], "attributes": attributes}
    message = "Bulk edit partially failed" if succeeded else "Bulk edit failed"
    return 500, {"message": message, "status_code": 500, "attributes": {"errors": list(errors.values()), **attributes}}


def _one(world: World, space: Space, rule: Object, body: Object, dry: bool, done: dict[str, list[Object]]) -> None:
    action = body["action"]
    if action == "delete":
        done["deleted"].append(rule)
        if not dry:
            del space.rules[rule["id"]]
    elif action in ("enable", "disable"):
        wanted = action == "enable"
        kept = rule if dry or rule["enabled"] is wanted else replace(world, space, rule, {**rule, "enabled": wanted})
        done["updated"].append(kept)
    elif action == "duplicate":
        copied = {k: v for k, v in rule.items() if k not in OWN} | {"name": f"{rule['name']} [Duplicate]"}
        done["created"].append(rule if dry else create(world, space, {**copied, "enabled": False}))
    elif action == "edit":
        new = copy.deepcopy(rule)
        for edit in body["edit"]:
            _edit(new, edit)
        done["skipped" if new == rule else "updated"].append(rule if dry else replace(world, space, rule, new))
    else:
        raise Refused(500, f"{action} is not what this Kibana can do")


def _edit(rule: Object, edit: Object) -> None:
    kind, value = edit["type"], edit.get("value")
    if kind in ("add_tags", "delete_tags", "set_tags"):
        old = [] if kind == "set_tags" else rule["tags"]
        rule["tags"] = (
            [t for t in old if t not in value] if kind == "delete_tags" else list(dict.fromkeys([*old, *value]))
        )
    elif kind in ("add_index_patterns", "delete_index_patterns", "set_index_patterns"):
        if "index" not in rule and not edit.get("overwrite_data_views"):
            raise Refused(500, "Index patterns can't be added. The rule has no index pattern property.")
        old = [] if kind == "set_index_patterns" else rule.get("index", [])
        left = [one for one in old if one not in value]
        rule["index"] = left if kind == "delete_index_patterns" else list(dict.fromkeys([*old, *value]))
    elif kind == "set_schedule":
        seconds = sum(
            int(value[name][:-1]) * {"s": 1, "m": 60, "h": 3600}[value[name][-1]] for name in ("interval", "lookback")
        )
        rule |= {"interval": value["interval"], "from": f"now-{seconds}s"}
    elif kind == "set_timeline":
        rule |= {"timeline_id": value["timeline_id"], "timeline_title": value["timeline_title"]}
    else:
        raise Refused(500, f"{kind} is not what this Kibana can do")
