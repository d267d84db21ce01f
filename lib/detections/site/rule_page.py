"""What the page of a rule shows."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from detections.catalog import attack
from detections.checks import unknown_field
from detections.mapping import catalog_mapping
from detections.rule import (
    EqlRule,
    MachineLearningRule,
    NewTermsRule,
    Rule,
    ThreatMatchRule,
    ThresholdRule,
)
from detections.site.guide import guide
from detections.site.highlight import highlight, state_of
from detections.site.project import ATTACK, ListedRule

_LANGUAGES = {"kuery": "KQL", "eql": "EQL", "esql": "ES|QL", "lucene": "Lucene"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query of the rule. ``title`` is empty for the rule's own."""

    title: str
    language: str
    html: Markup


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field that the rule names; ``origin`` is who says its type."""

    name: str
    type: str
    origin: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A technique or sub-technique of the rule. ``url`` is empty for an id that ATT&CK does not have."""

    id: str
    name: str
    url: str
    below: bool


def context(entry: ListedRule) -> dict[str, Any]:
    """The names that the template of the page knows."""
    rule, proof = entry.rule, entry.proof
    return {
        "entry": entry,
        "rule": rule,
        "description": guide(inspect.cleandoc(rule.description), top=2),
        "queries": list(_queries(entry)),
        "filters": json.dumps(rule.filters, indent=2, ensure_ascii=False) if rule.filters else "",
        "note": guide(rule.note, rule.transform) if rule.note else "",
        "setup": guide(rule.setup, rule.transform) if rule.setup else "",
        "false_positives": [guide(" ".join(one.split())) for one in rule.false_positives],
        "facts": list(_facts(entry)),
        "clauses": [(clause, state_of(clause)) for clause in proof.clauses] if proof else [],
        "threats": list(_threats(rule)),
        "fields": list(named_fields(rule)),
    }


def _queries(entry: ListedRule) -> Iterator[Query]:
    rule = entry.rule
    if rule.query and rule.language:
        clauses = entry.proof.clauses if entry.proof else ()
        yield Query("", _LANGUAGES.get(rule.language, rule.language), highlight(rule.query, rule.language, clauses))
    if isinstance(rule, ThreatMatchRule):
        language = rule.threat_language
        yield Query("Indicators", _LANGUAGES.get(language, language), highlight(rule.threat_query, language))


def named_fields(rule: Rule) -> Iterator[NamedField]:
    """The fields that a rule names, with their types: the catalog's, else what the rule itself says."""
    said = {str(field["name"]): str(field["type"]) for field in rule.required_fields}
    for name in dict.fromkeys([*unknown_field.names(rule), *sorted(said)]):
        found = None if "*" in name else catalog_mapping().get(name)
        if found is not None and found.declared:
            yield NamedField(name, ", ".join(found.types), "")
        elif name in said:
            yield NamedField(name, said[name], "as the rule says")
        else:
            yield NamedField(name, "several" if "*" in name else "", "not in the catalog")


def _threats(rule: Rule) -> Iterator[tuple[str, str, list[Placed]]]:
    """Each tactic with the address of its page, and the techniques below it."""
    for threat in rule.threat:
        if threat["framework"] != ATTACK:
            continue
        tactic = attack.tactic(threat["tactic"]["id"])
        placed = []
        for technique in threat.get("technique", ()):
            placed.append(_placed(technique, below=False))
            placed += [_placed(one, below=True) for one in technique.get("subtechnique", ())]
        yield f"{threat['tactic']['name']}", tactic.reference if tactic else "", placed


def _placed(said: Mapping[str, Any], *, below: bool) -> Placed:
    known = attack.technique(said["id"])
    return Placed(str(said["id"]), str(said["name"]), known.reference if known else "", below)


def _facts(entry: ListedRule) -> Iterator[tuple[str, Sequence[str]]]:
    """What is said of the rule beside its text: a name, and one value or several."""
    rule, about = entry.rule, entry.rule.metadata
    yield from _alerting(rule)
    if rule.index:
        yield "Indices", rule.index
    if rule.data_view_id:
        yield "Data view", [rule.data_view_id]
    yield "Runs", [f"every {rule.interval}, over {rule.from_} to {rule.to}"]
    if rule.max_signals != 100:
        yield "At most", [f"{rule.max_signals:,} alerts a run"]
    if rule.timestamp_override:
        yield "Time field", [rule.timestamp_override]
    if isinstance(rule, EqlRule):
        for name, value in (("Category field", rule.event_category_override), ("Tiebreaker", rule.tiebreaker_field)):
            if value:
                yield name, [value]
    integrations = [_integration(integration) for integration in rule.related_integrations]
    if integrations:
        yield "Integrations", integrations
    if about.min_stack_version:
        yield "Elastic Stack", [f"{about.min_stack_version} or later"]
    if rule.author:
        yield "Author", rule.author
    if rule.license:
        yield "Licence", [rule.license]
    yield "Written", [about.creation_date]
    yield "Changed", [about.updated_date]
    if about.deprecation_date:
        yield "Given up", [" ".join(filter(None, (about.deprecation_date, about.deprecated_reason)))]
    yield "File", [rule.document.path]
    yield "Rule ID", [rule.rule_id]


def _integration(one: Mapping[str, Any]) -> str:
    name = f"{one['package']}.{one['integration']}" if one.get("integration") else one["package"]
    return f"{name} {one['version']}"


def _alerting(rule: Rule) -> Iterator[tuple[str, Sequence[str]]]:
    """What the type of the rule adds to its query, and how alerts are suppressed."""
    match rule:
        case NewTermsRule():
            yield "New terms", [f"{' with '.join(rule.new_terms_fields)}, not seen since {rule.history_window_start}"]
        case ThresholdRule():
            table = rule.threshold
            lines = [f"{table['value']:,} events or more"]
            if table.get("field"):
                lines.append(f"by {', '.join(table['field'])}")
            lines += [f"{one['value']:,} values of {one['field']} or more" for one in table.get("cardinality", ())]
            yield "Threshold", lines
        case ThreatMatchRule():
            pairs = [entry for mapping in rule.threat_mapping for entry in mapping["entries"]]
            yield "Matches", [f"{pair['field']} = {pair['value']}" for pair in pairs]
            yield "Indicators in", rule.threat_index
        case MachineLearningRule():
            yield "Jobs", rule.machine_learning_job_id
            yield "Anomaly score", [f"{rule.anomaly_threshold} or more"]
    if rule.alert_suppression:
        table = rule.alert_suppression
        lines = [", ".join(table["group_by"])] if table.get("group_by") else []
        if duration := table.get("duration"):
            lines.append(f"for {duration['value']} {duration['unit']}")
        yield "Suppressed by", lines or ["all"]
