"""What ``detections plan`` and ``detections status`` said of Kibana, from their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from detections.errors import UsageError
from detections.payload import Difference
from detections.source import read_file

T = TypeVar("T")
_PLAN = "make it with `detections plan --format json`"
_STATUS = "make it with `detections status --format json`"
_THING = "rule"


@dataclass(frozen=True, slots=True)
class Change:
    """How a rule, or a ``thing`` that rules refer to, stands between the repo and Kibana. ``action`` is what an apply
    does, None for nothing. ``differences`` lead from Kibana to the repo, ``edits`` from the last apply to Kibana."""

    kind: str
    name: str
    action: str | None = None
    rule_id: str = ""
    id: str = ""
    thing: str = _THING
    differences: tuple[Difference, ...] = ()
    edits: tuple[Difference, ...] = ()
    edited_by: str | None = None
    edited_at: str | None = None
    note: str = ""

    @property
    def key(self) -> str:
        return self.rule_id or self.id


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. ``whole`` is False for one that was kept to be applied: it has only what is to be done."""

    environment: str
    kibana: str
    changes: tuple[Change, ...]
    summary: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Execution:
    """How a rule ran last: ``status`` is Kibana's word, ``date`` ISO 8601 or empty."""

    rule_id: str
    name: str
    enabled: bool
    status: str
    date: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    action: str
    name: str


@dataclass(frozen=True, slots=True)
class _Kept:
    environment: str
    kibana: str
    steps: Mapping[str, _Step]


@dataclass(frozen=True, slots=True)
class _Status:
    rules: tuple[Execution, ...]


def read_plan(path: Path) -> Plan:
    """A plan from the JSON that ``detections plan --format json`` prints, or that ``--out`` writes.

    Raises:
        UsageError: it is not there, or is not a plan.
    """
    data = _object(path, "plan", _PLAN)
    if "steps" not in data:
        return _as(data, Plan, path, "plan", _PLAN)
    kept = _as(data, _Kept, path, "plan", _PLAN)
    changes = []
    for key, step in kept.steps.items():
        thing, slash, identifier = key.partition("/")
        rule = Change(step.action, step.name, step.action, rule_id=key)
        changes.append(replace(rule, rule_id="", thing=thing, id=identifier) if slash else rule)
    return Plan(kept.environment, kept.kibana, tuple(changes), whole=False)


def read_status(path: Path) -> dict[str, Execution]:
    """The last executions by rule_id, from the JSON that ``detections status --format json`` prints.

    Raises:
        UsageError: it is not there, or is none.
    """
    found = _as(_object(path, "status", _STATUS), _Status, path, "status", _STATUS)
    return {rule.rule_id: rule for rule in found.rules}


def _object(path: Path, what: str, advice: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(read_file(path), type=dict[str, Any])
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not a {what}: {error}; {advice}") from None


def _as(data: dict[str, Any], kind: type[T], path: Path, what: str, advice: str) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is not a {what}: {error}; {advice}") from None
