"""What the sources share whose integrations drop all that is empty: their records, and fields made of a path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from detections.events.sources.record import Made, Record, constant, steps
from detections.events.sources.source import Dataset
from detections.values.dates import format_date, parse_date
from detections.values.ip import parse_ip


class Pruned(Record):
    """A record without nulls, empty texts, empty objects and empty lists, at any depth."""

    def kept(self, value: Any) -> Any:
        return pruned(value)

    def keyword(self, name: str, value: Any) -> Any:
        """The value, which is refused where it has objects in it."""
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
            self.refuse(name, value)
            return None
        return value

    def text(self, path: str) -> str | None:
        """The value at a path where it is a text."""
        value = self.at(path)
        return value if isinstance(value, str) else None

    def related(self, *names: str) -> list[Any] | None:
        """The values of some fields, each once."""
        found: list[Any] = []
        for name in names:
            value = self.field(name)
            found += value if isinstance(value, list) else [value]
        return list(dict.fromkeys(one for one in found if isinstance(one, str))) or None


def pruned(value: Any) -> Any:
    """A copy of a JSON value without what is empty in it; None where nothing is left."""
    if isinstance(value, dict):
        items = ((key, pruned(inner)) for key, inner in value.items())
        return {key: inner for key, inner in items if inner is not None} or None
    if isinstance(value, list):
        return [inner for inner in map(pruned, value) if inner is not None] or None
    return None if value == "" else value


def stream(dataset: Dataset, module: str) -> tuple[Made, ...]:
    """What says where a document is, and which integration made it."""
    return (
        constant("ecs.version", "8.11.0"),
        constant("event.kind", "event"),
        constant("event.module", module),
        constant("event.dataset", dataset.name),
        constant("data_stream.type", dataset.type),
        constant("data_stream.dataset", dataset.name),
        constant("data_stream.namespace", dataset.namespace),
    )


def keyword(name: str, path: str) -> Made:
    """A field that holds what stands at a path of the record."""
    key, *below = steps(path)
    return Made(name, (key,), lambda record: record.keyword(name, record.at(path)), text=None if below else key)


def renamed(prefix: str, path: str, names: Iterable[tuple[str, str]]) -> tuple[Made, ...]:
    """Fields below a prefix that hold what stands below a path, under other names: (field, key)."""
    return tuple(keyword(f"{prefix}.{name}", f"{path}.{key}") for name, key in names)


def instant(name: str, *paths: str) -> Made:
    """A field that holds the first date at some paths."""

    def make(record: Pruned) -> str | None:
        value = next((found for found in map(record.at, paths) if found is not None), None)
        if value is None:
            return None
        read = parse_date(value) if isinstance(value, (str, int, float)) else None
        if read is None:
            record.refuse(name, value)
            return None
        return format_date(read)

    return Made(name, tuple(dict.fromkeys(steps(path)[0] for path in paths)), make)


def addresses(name: str, path: str) -> Made:
    """A field that holds the address at a path, or those of the list there."""

    def make(record: Pruned) -> Any:
        value = record.at(path)
        for one in value if isinstance(value, list) else [value]:
            if one is not None and (not isinstance(one, str) or parse_ip(one) is None):
                record.refuse(name, value)
                return None
        return value

    return Made(name, (steps(path)[0],), make)


def copied(name: str, source: str, keys: tuple[str, ...]) -> Made:
    """A field that has the value of another one, which is made of some keys."""
    return Made(name, keys, lambda record: record.field(source))
