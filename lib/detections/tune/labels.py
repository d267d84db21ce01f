"""The false positives that somebody picked: alerts, events or the ids of events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detections.engine.alert import Alert
from detections.errors import EventsError, Finding, Location
from detections.events import Settings, read

CODE = "false-positives"
_Key = tuple[frozenset[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Labels:
    """Which alerts are false positives: those on an event of ``ids``, and those that stand on the very events, with the
    very terms, of one of ``alerts``. ``events``: the file holds events, which can be read themselves; ``others`` counts
    its alerts of other rules."""

    ids: frozenset[str] = frozenset()
    alerts: frozenset[_Key] = frozenset()
    events: bool = False
    others: int = 0

    def of(self, alert: Alert) -> tuple[str, ...]:
        """The labels, as they are shown, that make an alert a false positive; none where it is not one."""
        found = [name for name in alert.event_ids if name in self.ids]
        key = (frozenset(alert.event_ids), alert.terms)
        return (*found, *([_shown(key)] if key in self.alerts else []))

    def __iter__(self) -> Iterator[str]:
        yield from sorted(self.ids)
        yield from sorted(map(_shown, self.alerts))


@dataclass(slots=True)
class _Found:
    ids: set[str] = field(default_factory=set)
    alerts: set[_Key] = field(default_factory=set)
    others: int = 0


def read_labels(path: Path, rule_id: str, settings: Settings, report: Callable[[Finding], None]) -> Labels:
    """The labels of a file: alerts as ``detections replay`` prints them for programs (one a line, or a list), events as
    it reads them, or ids of events (one a line, or a list). What cannot be used is reported with its line.

    Raises:
        EventsError: the file cannot be read.
    """
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode().splitlines()
    except OSError as error:
        raise EventsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        return _events(path, settings, report)
    found = _Found()
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("["):
        _list(path, "\n".join(lines), rule_id, found, report)
    elif first.startswith("{") and not _is_alert(_decoded(first)):
        return _events(path, settings, report)
    else:
        for number, line in enumerate(lines, 1):
            if text := line.strip():
                value = _decoded(text) if first.startswith("{") else text
                _take(value, path, number, rule_id, found, report)
    if first.startswith("[") and not (found.ids or found.alerts or found.others):
        return _events(path, settings, report)
    return Labels(frozenset(found.ids), frozenset(found.alerts), others=found.others)


def _list(path: Path, text: str, rule_id: str, found: _Found, report: Callable[[Finding], None]) -> None:
    values = _decoded(text)
    if isinstance(values, list) and all(isinstance(one, str) or _is_alert(one) for one in values):
        for value in values:
            _take(value, path, 0, rule_id, found, report)


def _take(value: Any, path: Path, line: int, rule_id: str, found: _Found, report: Callable[[Finding], None]) -> None:
    place = Location(str(path), line, 1) if line else Location(str(path))
    if isinstance(value, str) and value:
        found.ids.add(value)
    elif not _is_alert(value):
        report(Finding(CODE, "is not an alert as `detections replay --format json` prints them", place))
    elif value["rule_id"] != rule_id:
        found.others += 1
    elif not value["event_ids"]:
        report(Finding(CODE, "names no events, so that the alert cannot be found again", place))
    else:
        found.alerts.add((frozenset(value["event_ids"]), _terms(value)))


def _is_alert(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("rule_id"), str):
        return False
    names = value.get("event_ids")
    return isinstance(names, list) and all(isinstance(name, str) for name in names) and _terms(value) is not None


def _terms(value: dict[str, Any]) -> Any:
    """The new terms of an alert, or the terms of its group; None where they are of another shape."""
    terms = value.get("new_terms", [])
    group = value.get("threshold_result")
    if group is not None:
        terms = group.get("terms") if isinstance(group, dict) else None
        if not isinstance(terms, list) or not all(isinstance(term, dict) for term in terms):
            return None
        terms = [term.get("value") for term in terms]
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        return None
    return tuple(terms)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _events(path: Path, settings: Settings, report: Callable[[Finding], None]) -> Labels:
    ids = set()
    for batch in read([path], report, settings):
        for row in range(len(batch)):
            ids |= set(_ids(batch.document(row)))
        for finding in batch.findings:
            report(finding)
    return Labels(frozenset(ids), events=True)


def _ids(document: dict[str, Any]) -> Iterable[str]:
    event = document.get("event")
    found = event.get("id") if isinstance(event, dict) else document.get("event.id")
    values = found if isinstance(found, list) else [found]
    return (value for value in values if isinstance(value, str))


def _shown(key: _Key) -> str:
    names, terms = key
    return ", ".join([*sorted(names), *terms])
