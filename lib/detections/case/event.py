"""Events of cases: a base file, changed as the case says, mapped to ECS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from detections.case.model import Case, EventSpec
from detections.errors import EventsError
from detections.events import Document, unwrapped
from detections.events.sources import recognise
from detections.source import content_of
from detections.values.dates import format_date, parse_date
from detections.values.limits import REPEATED

ANOMALY_TIME = "timestamp"

OWN = "own"
"""``event.id`` prefix of the event a case is about; events of its history are ``history-1`` and so on."""


class Bases:
    """The base events under a folder, each read once, and what cases have made of them; those that are ``given`` need
    not be there."""

    def __init__(self, folder: Path, given: Mapping[str, bytes] | None = None) -> None:
        self.folder = folder
        self.made: dict[int, tuple[Case, int, list[Document]]] = {}
        self._read: dict[str, bytes] = dict(given or {})

    def get(self, name: str) -> dict[str, Any]:
        """A fresh copy of a base event; of a hit as Kibana and Elasticsearch show it, its document.

        Raises:
            EventsError: there is no such file, it lies outside the folder, or it is not a JSON object.
        """
        try:
            found = msgspec.json.decode(self.content(name))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise EventsError(f"base '{name}' in {self.folder}: {error}") from None
        if not isinstance(found, dict):
            raise EventsError(f"base '{name}' in {self.folder} is not a JSON object")
        return unwrapped(found)

    def names(self) -> list[str]:
        """The files that there are, by the names that cases give them."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def content(self, name: str) -> bytes:
        """The bytes of a base event's file.

        Raises:
            EventsError: there is no such file, or it lies outside the folder.
        """
        if name not in self._read:
            path = self.folder / name
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise EventsError(f"base '{name}' lies outside {self.folder}")
            try:
                self._read[name] = content_of(path)
            except OSError as error:
                raise EventsError(f"base '{name}' in {self.folder}: {error.strerror}") from None
        return self._read[name]


def documents(case: Case, bases: Bases) -> tuple[int, list[Document]]:
    """Now (milliseconds), and the ECS documents of a case: its indicators, its history as listed, its own event last.

    Now is the time that the base event has, after ``raw`` (or ``set``) changed it. The documents are made once:
    verdicts, coverage and mutants share them, and change none.

    Raises:
        EventsError: a base cannot be read, has no time, or a path of the case does not fit it.
    """
    known = bases.made.get(id(case))
    if known is None:
        now = _time(case.event, bases)
        history = [_make(spec, bases, now, f"history-{number}") for number, spec in enumerate(case.history, 1)]
        indicators = [
            {"event.id": f"indicator-{number}", **numbered(expand(dict(one)), number)}
            for number, one in enumerate(case.indicators, 1)
        ]
        known = bases.made[id(case)] = (case, now, [*indicators, *history, _make(case.event, bases, now, OWN)])
    return known[1], known[2]


def _time(spec: EventSpec, bases: Bases) -> int:
    event = bases.get(spec.base)
    source = recognise(event)
    changes, path = (spec.set, _clock(event)) if source is None else (spec.raw, source.time)
    value = changes[path] if path in changes else _at(event, path)
    if value is None and source is not None:
        # A record may have its time elsewhere, too.
        value = source.to_ecs(event).get("@timestamp")
    now = parse_date(value) if value is not None else None
    if now is None:
        raise EventsError(f"base '{spec.base}' has no readable time ({value!r})")
    return now


def _clock(event: Mapping[str, Any]) -> str:
    """Where an ECS document has its time; an anomaly of machine learning has its own."""
    return ANOMALY_TIME if "result_type" in event and "job_id" in event else "@timestamp"


def _make(spec: EventSpec, bases: Bases, now: int, identity: str) -> Document:
    event = bases.get(spec.base)
    source = recognise(event)
    time = format_date(now + spec.at)
    if source is not None:
        for path in spec.raw_unset:
            _remove(event, path)
        for path, value in spec.raw.items():
            _put(event, path, expand(value))
        _put(event, source.time, source.written(time))
        _put(event, source.identity, f"{identity}:{_at(event, source.identity) or ''}")
        event = source.to_ecs(event, spec.settings)
    else:
        if spec.raw or spec.raw_unset:
            raise EventsError(f"base '{spec.base}' is an ECS document: change it with 'set' and 'unset', not 'raw'")
        for path in ("@timestamp", _clock(event), "event.ingested", "event.created"):
            if path in ("@timestamp", ANOMALY_TIME) or _at(event, path) is not None:
                _put(event, path, time)
        _put(event, "event.id", f"{identity}:{_at(event, 'event.id') or ''}")
    for path in spec.unset:
        _remove(event, path)
    for path, value in spec.set.items():
        if path not in ("@timestamp", _clock(event)):
            _put(event, path, expand(value))
    return event


def expand(value: object) -> object:
    """A value with its ``{ repeat = .., times = n }`` tables written out.

    A repeated string is one long string; anything else a list of copies, in whose strings ``{n}`` is the copy's number,
    from 0, as twelve digits.

    Raises:
        EventsError: that is more than a case may make.
    """
    if _size(value) > REPEATED.most:
        raise EventsError(f"a value is repeated too often ({REPEATED})")
    return _expanded(value)


def _expanded(value: object) -> object:
    if isinstance(value, list):
        return [_expanded(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if not _is_repeated(value):
        return {key: _expanded(entry) for key, entry in value.items()}
    if isinstance(value["repeat"], str):
        return value["repeat"] * value["times"]
    return [numbered(_expanded(value["repeat"]), number) for number in range(value["times"])]


def _is_repeated(value: dict[str, Any]) -> bool:
    return set(value) == {"repeat", "times"} and isinstance(value["times"], int)


def _size(value: object) -> int:
    """How many characters and values there are, written out."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return 1 + sum(map(_size, value))
    if not isinstance(value, dict):
        return 1
    if _is_repeated(value):
        return max(0, int(value["times"])) * _size(value["repeat"])
    return 1 + sum(map(_size, value.values()))


def numbered(value: Any, number: int) -> Any:
    """A value with ``{n}`` in its strings replaced by a number of twelve digits."""
    if isinstance(value, str):
        return value.replace("{n}", f"{number:012d}")
    if isinstance(value, list):
        return [numbered(entry, number) for entry in value]
    if isinstance(value, dict):
        return {key: numbered(entry, number) for key, entry in value.items()}
    return value


def _put(event: dict[str, Any], path: str, value: object) -> None:
    *way, last = path.split(".")
    place: object = event
    for step in way:
        if isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        elif isinstance(place, dict):
            if place.get(step) is None:
                place[step] = {}
            place = place[step]
        else:
            raise EventsError(f"'{path}' does not fit the event: nothing can be set under '{step}'")
    if isinstance(place, list) and last.isdigit() and int(last) <= len(place):
        place[int(last) : int(last) + 1] = [value]
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise EventsError(f"'{path}' does not fit the event: nothing can be set under '{path}'")


def _remove(event: dict[str, Any], path: str) -> None:
    *way, last = path.split(".")
    place: object = event
    for step in way:
        if isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        elif isinstance(place, dict) and step in place:
            place = place[step]
        else:
            raise EventsError(f"'{path}' is not in the event, so it cannot be removed")
    if isinstance(place, dict) and last in place:
        del place[last]
    elif isinstance(place, list) and last.isdigit() and int(last) < len(place):
        del place[int(last)]
    else:
        raise EventsError(f"'{path}' is not in the event, so it cannot be removed")


def _at(event: Mapping[str, Any], path: str) -> Any:
    place: object = event
    for step in path.split("."):
        place = place.get(step) if isinstance(place, Mapping) else None
    return place
