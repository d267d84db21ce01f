"""Payloads in canonical form: two of them are equal when Kibana would do the same with both (8.19 and 9.x).

What Kibana fills in by itself is left out, and so is what it computes; an order that means nothing is sorted; ends of
lines are line feeds. What is not known here stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from detections.rule.schemas import RESPONSE_ONLY

SERVER_OWNED = ("enabled", "exceptions_list", "actions", "meta")
"""What people set in Kibana, and what stays as it is there unless the payload says something itself."""

_DEFAULTS: dict[str, Any] = {
    "enabled": False, "interval": "5m", "from": "now-6m", "to": "now", "max_signals": 100, "version": 1,
    "risk_score_mapping": [], "severity_mapping": [], "exceptions_list": [], "false_positives": [], "actions": [],
    "response_actions": [], "related_integrations": [], "required_fields": [], "references": [], "threat": [],
    "tags": [], "author": [], "filters": [], "threat_filters": [], "setup": "", "note": "", "license": "",
    "output_index": "", "timestamp_override_fallback_disabled": False, "throttle": "no_actions",
}  # fmt: skip
_KUERY = ("query", "saved_query", "threshold", "threat_match", "new_terms")
_DEFAULTS_OF: dict[str, dict[str, Any]] = {
    **{kind: {"language": "kuery"} for kind in _KUERY},
    "query": {"language": "kuery", "query": ""},
    "threat_match": {"language": "kuery", "threat_language": "kuery", "threat_indicator_path": "threat.indicator"},
}
SORTED = (
    "tags", "index", "threat_index", "machine_learning_job_id", "exceptions_list", "related_integrations",
    "required_fields",
)  # fmt: skip
_FREQUENCY = {"summary": True, "notifyWhen": "onActiveAlert"}


def normalise(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of an API object, from a file or from Kibana: a new dict with sorted keys, JSON throughout.

    Raises nothing: what has not the shape it should have is kept, so that a comparison shows it.
    """
    plain = {name: value for name, value in _table(payload).items() if name not in RESPONSE_ONLY}
    for name, change in _CHANGES.items():
        if name in plain:
            plain[name] = change(plain[name])
    for name in SORTED:
        if isinstance(plain.get(name), list):
            plain[name] = sorted(plain[name], key=encode)
    if plain.get("type") == "threshold" and isinstance(suppressed := plain.get("alert_suppression"), dict):
        plain["alert_suppression"] = {name: suppressed[name] for name in ("duration",) if name in suppressed}
    defaults = _defaults(plain)
    return {name: plain[name] for name in sorted(plain) if not same(plain[name], defaults.get(name))}


def filled(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A canonical payload with the defaults that are worth a person's while: not those that are empty."""
    return {name: value for name, value in _defaults(payload).items() if value not in ("", [])} | dict(payload)


def _defaults(payload: Mapping[str, Any]) -> dict[str, Any]:
    kind = payload.get("type")
    return _DEFAULTS | (_DEFAULTS_OF.get(kind, {}) if isinstance(kind, str) else {})


def without_version(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A canonical payload's meaning: the number that counts its changes is not a part of it."""
    return {name: value for name, value in payload.items() if name != "version"}


def encode(value: object) -> bytes:
    """A value as JSON, the same bytes for the same value: keys sorted."""
    return msgspec.json.encode(value, order="sorted")


def same(left: object, right: object) -> bool:
    """Whether two values of JSON are one; unlike Python's, ``true`` is not a number here."""
    return type(left) is type(right) and encode(left) == encode(right)


def _table(value: Mapping[str, Any]) -> dict[str, Any]:
    """Null says no more than a key that is not there."""
    return {name: plain(part) for name, part in value.items() if part is not None}


def plain(value: object) -> Any:
    """A value as JSON would bring it back, with line feeds alone; a whole number is one whatever its spelling."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, bool | int | float) else msgspec.to_builtins(value)


def _each(value: object, drop: Iterable[str] = (), **defaults: object) -> object:
    """Of each table in a list, all but some keys, and those that say what they would say anyway."""
    if not isinstance(value, list):
        return value
    return [_less(part, drop, **defaults) for part in value]


def _less(value: object, drop: Iterable[str] = (), **defaults: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if name not in drop and not same(part, defaults.get(name))}


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _threshold(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return _less(value | {"field": _listed(value.get("field", []))}, cardinality=[])


def _threats(value: object) -> object:
    """Techniques and subtechniques that are an empty list are none."""
    threats = _each(value, technique=[])
    for threat in threats if isinstance(threats, list) else ():
        if isinstance(threat, dict) and "technique" in threat:
            threat["technique"] = _each(threat["technique"], subtechnique=[])
    return threats


def _threat_mapping(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [_mapping(mapping) for mapping in value]


def _mapping(mapping: object) -> object:
    if not isinstance(mapping, dict) or "entries" not in mapping:
        return mapping
    return mapping | {"entries": _each(mapping["entries"], negate=False)}


def _actions(value: object) -> object:
    """Kibana gives each action a uuid, a group and a frequency."""
    return _each(value, ("uuid",), group="default", frequency=_FREQUENCY)


def _investigation_fields(value: object) -> object:
    """Before 8.11 a list of names."""
    return {"field_names": value} if isinstance(value, list) else value


_CHANGES = {
    "actions": _actions,
    "alert_suppression": lambda value: _less(value, missing_fields_strategy="suppress"),
    "exceptions_list": lambda value: _each(value, ("id",)),
    "investigation_fields": _investigation_fields,
    "machine_learning_job_id": _listed,
    "required_fields": lambda value: _each(value, ("ecs",)),
    "related_integrations": _each,
    "threat": _threats,
    "threat_mapping": _threat_mapping,
    "threshold": _threshold,
}
