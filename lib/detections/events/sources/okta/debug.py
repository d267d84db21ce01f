"""The debug context of Okta's events: what Okta prints of Java maps and of JSON is taken apart.

``{New Device=POSITIVE, Velocity=NEGATIVE}`` and ``{reasons=Anomalous Device, Anomalous Location, level=HIGH}`` are such
texts; the second cannot be split at its commas, so that level and reasons are looked for by name.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from detections.events.sources.pruned import Pruned, keyword, pruned
from detections.events.sources.record import Made

DEBUG = "okta.debug_context.debug_data"
_KEYS = ("debugContext",)
_NAMES = (
    ("device_fingerprint", "deviceFingerprint"),
    ("dt_hash", "dtHash"),
    ("factor", "factor"),
    ("request_id", "requestId"),
    ("request_uri", "requestUri"),
    ("threat_suspected", "threatSuspected"),
    ("url", "url"),
)
_LEVEL = re.compile(r"level=(\S+)")
_REASONS = re.compile(r"reasons=(.*?)(?:, \S+=|$)")
_COMMA = re.compile(r",\s*")


def _data(record: Pruned) -> dict[str, Any]:
    value = record.at("debugContext.debugData")
    return value if isinstance(value, dict) else {}


def _inside(value: Any) -> str | None:
    """What stands in braces."""
    return value[1:-1] if isinstance(value, str) and value.startswith("{") and value.endswith("}") else None


def _pairs(text: str | None) -> dict[str, str] | None:
    """``a=1, b=2`` as an object; None where it is no such text."""
    split = [part.split("=") for part in text.split(", ")] if text else []
    return {part[0]: part[1] for part in split} if split and all(len(part) == 2 for part in split) else None


def _behaviors(record: Pruned) -> Any:
    value = _data(record).get("behaviors")
    return _pairs(_inside(value)) or value


def _risk(record: Pruned) -> Any:
    value = _data(record).get("risk")
    text = _inside(value)
    pairs = _pairs(text)
    if pairs is not None or text is None:
        return pairs or value
    level, reasons = _LEVEL.search(text), _REASONS.search(text)
    found = {"level": level and level[1].removesuffix(","), "reasons": reasons and reasons[1]}
    return pruned(found) or value


def _security(record: Pruned) -> Any:
    """``logOnlySecurityData``, which is JSON in a text."""
    value = _data(record).get("logOnlySecurityData")
    if not isinstance(value, str):
        return value
    try:
        return pruned(msgspec.json.decode(value))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value


def _flattened(record: Pruned) -> Any:
    made = {"behaviors": _behaviors, "logOnlySecurityData": _security, "risk": _risk}
    return {key: made[key](record) if key in made else value for key, value in _data(record).items()} or None


def _of_risk(record: Pruned, name: str) -> str | None:
    """The level or the reasons of the risk: what Okta only logs counts first."""
    security = _security(record)
    for risk in (security.get("risk") if isinstance(security, dict) else None, _risk(record)):
        value = risk.get(name) if isinstance(risk, dict) else None
        if isinstance(value, str) and value:
            return value
    return None


def _reasons(record: Pruned) -> list[str] | None:
    reasons = _of_risk(record, "reasons")
    return _COMMA.split(reasons) if reasons else None


def _positive(record: Pruned) -> list[str] | None:
    behaviors = _behaviors(record)
    return [name for name, value in behaviors.items() if value == "POSITIVE"] if isinstance(behaviors, dict) else None


DEBUG_FIELDS = (
    Made(f"{DEBUG}.flattened", _KEYS, _flattened),
    *(keyword(f"{DEBUG}.{name}", f"debugContext.debugData.{key}") for name, key in _NAMES),
    Made(f"{DEBUG}.risk_level", _KEYS, lambda record: _of_risk(record, "level")),
    Made(f"{DEBUG}.risk_reasons", _KEYS, _reasons),
    Made(f"{DEBUG}.risk_behaviors", _KEYS, lambda record: _positive(record) or None),
)
