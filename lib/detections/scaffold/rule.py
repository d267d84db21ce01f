"""A rule file for a rule that does not exist yet: what a person says of it, and what follows from that."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from detections.catalog import attack
from detections.checks import unknown_field
from detections.compile.planner import mapping_of
from detections.errors import DetectionsError, RuleError, UsageError
from detections.mapping import UNMAPPED
from detections.rule import Rule, load
from detections.rule.keys import nearest
from detections.scaffold.sources import SOURCES, Source
from detections.source import new, parse

TYPES = ("query", "eql", "esql", "threshold", "new_terms")
"""The types of rules that are made here."""
SCORES = {"low": 21, "medium": 47, "high": 73, "critical": 99}
_LANGUAGES = {"eql": "eql", "esql": "esql"}
_LONGEST = 80
_PARTS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made. ``techniques`` and ``tactic`` are ids of ATT&CK. ``fields`` are those that a threshold groups
    by, or the new terms; ``threshold`` is how many events alert, ``history`` how far back (``14d``) a term is new."""

    name: str
    type: str
    source: str
    query: str
    description: str = ""
    severity: str = "medium"
    techniques: tuple[str, ...] = ()
    tactic: str = ""
    fields: tuple[str, ...] = ()
    threshold: int = 0
    history: str = "14d"
    author: str = ""


def made(wanted: Wanted, today: datetime.date, rule_id: str | None = None) -> Rule:
    """The rule, whose document holds the text of its file; the path of the document is relative to the rules' folder.

    Raises:
        UsageError: there is no such type, source or technique, or what the type needs is missing.
        RuleError: what was said makes no rule.
    """
    source = _known("source", wanted.source, SOURCES)
    _known("type", wanted.type, dict.fromkeys(TYPES))
    if not wanted.name.strip() or not wanted.name.isprintable():
        raise UsageError("a rule's name must be text on one line")
    threats = _threats(wanted)
    table = _table(wanted, source, threats) | {"rule_id": rule_id or str(uuid.uuid4())}
    day = today.strftime("%Y/%m/%d")
    metadata = {"creation_date": day, "integration": [source.package], "maturity": "production", "updated_date": day}
    path = f"{source.name}/{_stem(wanted.name, threats)}.toml"
    rule = _loaded(metadata, table, path)
    required = list(_required(rule))
    return _loaded(metadata, table | {"required_fields": required}, path) if required else rule


def _loaded(metadata: dict[str, Any], table: dict[str, Any], path: str) -> Rule:
    below = {name: table[name] for name in _TABLES if name in table}
    flat = {name: table[name] for name in sorted(table.keys() - below.keys() - {"type", "query"})}
    ordered = {**flat, "type": table["type"], "query": table["query"], **below}
    rule, findings = load(parse(new({"metadata": metadata, "rule": ordered}, path), path))
    if rule is None:
        raise RuleError(findings)
    return rule


_TABLES = ("threshold", "new_terms", "threat", "required_fields")


def _table(wanted: Wanted, source: Source, threats: list[dict[str, Any]]) -> dict[str, Any]:
    tactics = [f"Tactic: {threat['tactic']['name']}" for threat in threats]
    table: dict[str, Any] = {
        "name": wanted.name, "description": wanted.description.strip() or f"{wanted.name}.",
        "severity": wanted.severity, "risk_score": SCORES.get(wanted.severity, 47), "type": wanted.type,
        "from": "now-9m", "interval": "5m", "query": wanted.query.strip("\n"),
        "tags": [*source.tags, "Use Case: Threat Detection", *tactics],
    }  # fmt: skip
    if wanted.author:
        table["author"] = [wanted.author]
    if wanted.type != "esql":
        table["index"] = list(source.index)
    table["language"] = _LANGUAGES.get(wanted.type, "kuery")
    if wanted.type == "threshold":
        if wanted.threshold < 1:
            raise UsageError("a threshold rule needs --threshold, the number of events that alert")
        table["threshold"] = {"field": list(wanted.fields), "value": wanted.threshold}
    if wanted.type == "new_terms":
        if not wanted.fields:
            raise UsageError("a new_terms rule needs --by, the fields whose values are to be new")
        start = {"field": "history_window_start", "value": f"now-{wanted.history}"}
        table["new_terms"] = {
            "field": "new_terms_fields", "value": list(wanted.fields), "history_window_start": [start],
        }  # fmt: skip
    return table | {"threat": threats} if threats else table


def _threats(wanted: Wanted) -> list[dict[str, Any]]:
    """The ATT&CK mapping, a tactic for each technique's first one unless another is named."""
    chosen = _tactic(wanted.tactic) if wanted.tactic else None
    by_tactic: dict[str, list[attack.Technique]] = {} if chosen is None else {chosen.id: []}
    for identifier in wanted.techniques:
        found = attack.technique(identifier)
        if found is None or found.revoked or found.deprecated:
            instead = f"; {found.successor} replaced it" if found and found.successor else ""
            raise UsageError(f"ATT&CK {attack.VERSION} has no technique {identifier}{instead}")
        fits = chosen is not None and chosen.id in found.tactics
        by_tactic.setdefault(chosen.id if chosen and fits else found.tactics[0], []).append(found)
    return [_threat(tactic, found) for tactic, found in by_tactic.items()]


def _tactic(said: str) -> attack.Tactic:
    named = {tactic.name.casefold(): tactic for tactic in attack.tactics()}
    found = attack.tactic(said) or named.get(said.casefold())
    if found is None:
        raise UsageError(
            f"ATT&CK {attack.VERSION} has no tactic {said}; it has {', '.join(one.name for one in named.values())}"
        )
    return found


def _threat(tactic: str, techniques: Iterable[attack.Technique]) -> dict[str, Any]:
    whole = attack.tactic(tactic)
    assert whole is not None
    parents: dict[str, dict[str, Any]] = {}
    for technique in techniques:
        parent = attack.technique(technique.parent or technique.id)
        assert parent is not None
        entry = parents.setdefault(parent.id, _named(parent))
        if technique.parent:
            entry.setdefault("subtechnique", []).append(_named(technique))
    threat: dict[str, Any] = {"framework": "MITRE ATT&CK", "tactic": _named(whole)}
    return threat | {"technique": list(parents.values())} if parents else threat


def _named(one: attack.Tactic | attack.Technique) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "reference": one.reference}


def _required(rule: Rule) -> Iterable[dict[str, str]]:
    """The fields that the rule asks, with their types, where these are known."""
    try:
        mapping = mapping_of(rule)
        names = unknown_field.names(rule)
    except DetectionsError:
        return
    for name in sorted(set(names)):
        field = mapping.get(name)
        if field is not None and field.type != UNMAPPED and not field.key and "*" not in name:
            yield {"name": name, "type": field.type}


def _stem(name: str, threats: list[dict[str, Any]]) -> str:
    """A file name: the tactic and the name, in letters, digits and underscores."""
    tactic = threats[0]["tactic"]["name"] if threats else ""
    stem = "_".join(part for part in (_slug(tactic), _slug(name)) if part)
    return stem[:_LONGEST].rstrip("_") or "rule"


def _slug(text: str) -> str:
    return _PARTS.sub("_", text.casefold()).strip("_")


def _known(what: str, name: str, known: dict[str, Any] | Any) -> Any:
    if name not in known:
        near = nearest(name, list(known))
        raise UsageError(
            f"unknown {what} {name}: {f'did you mean {near}?' if near else 'available: ' + ', '.join(known)}"
        )
    return known[name]


def example(source: Source, author: str = "") -> Wanted:
    """The first rule of a source."""
    first = source.example
    return Wanted(
        first.name, first.type, source.name, first.query, first.description, first.severity, (first.technique,),
        author=author,
    )  # fmt: skip
