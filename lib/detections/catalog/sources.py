"""Sources of fields: each describes some data streams, where their data is, and what fields they have.

One is one file in etc/fields (an integration's package, a beat, Elastic Endpoint, the alerts index, what public rules
name besides), or one of a project's own. A file groups names by their first part, so that a query costs only the groups
it names: ``fields[first part][kind][data streams]`` are the rests of the names, ``kinds[kind]`` their mapping, and
``*`` all data streams of the source.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from detections.catalog.extracts import etc_path, extract

Spec: TypeAlias = Mapping[str, Any]
Undeclared: TypeAlias = Literal["stack", "keyword", "unmapped"]
Grouped: TypeAlias = Mapping[str, Mapping[str, "str | Mapping[str, str]"]]

ECS = "ecs"
_NO_SOURCES = frozenset({ECS, "dynamic"})
_FIRST, _LAST = ("cloudtrail",), ("endpoint", "kibana", "rules")


@dataclass(frozen=True, slots=True)
class Stream:
    """A data stream, or another index: ``index`` is the pattern of its names.

    ``undeclared``: what a field is there that nobody declares: what the stack's rules for ``logs-*`` make of it, a
    keyword where it holds strings (Beats), or unmapped (``dynamic: false``). ``ecs``: ECS's fields are mapped there
    too, whether the source lists them or not. ``own``: a project's own file declares it, and knows better.
    """

    source: str
    name: str
    index: str
    undeclared: Undeclared = "stack"
    ecs: bool = True
    own: bool = False

    @property
    def stem(self) -> str:
        """What the names of all indices of its maker begin with: ``logs-okta`` of ``logs-okta.system-*``."""
        head, dot, _ = self.index[1:].partition(".")
        return self.index[:1] + (head if dot else head.rstrip("*"))

    def __str__(self) -> str:
        return self.source if self.name == self.source else f"{self.source}.{self.name}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where fields are declared."""

    name: str
    streams: tuple[Stream, ...]
    kinds: Mapping[str, Spec] = field(repr=False, hash=False)
    fields: Grouped = field(repr=False, hash=False)

    def declared(self, root: str) -> Iterator[tuple[str, Spec, tuple[str, ...]]]:
        """Names whose first part is ``root`` (``""``: that have one part only), with their kind and data streams."""
        every = tuple(stream.name for stream in self.streams)
        for label, by_streams in self.fields.get(root, {}).items():
            kind = self.kinds[label]
            for some, names in ({"*": by_streams} if isinstance(by_streams, str) else by_streams).items():
                inside = every if some == "*" else tuple(some.split())
                for rest in names.split():
                    yield f"{root}.{rest}" if root else rest, kind, inside


@functools.cache
def built_in() -> tuple[Source, ...]:
    """The sources in etc/fields but ECS: packages first, then Beats, and guesses last."""
    names = sorted(path.stem for path in etc_path("fields").glob("*.json") if path.stem not in _NO_SOURCES)
    beats = [name for name in names if name.endswith("beat")]
    packages = [name for name in names if name not in (*_FIRST, *beats, *_LAST)]
    return tuple(_read(name) for name in (*_FIRST, *packages, *_LAST[:-1], *beats, _LAST[-1]))


def ecs() -> Source:
    """ECS itself, which has no data stream of its own."""
    read = extract(f"fields/{ECS}.json")
    return Source(ECS, (), read["kinds"], read["fields"])


def _read(name: str) -> Source:
    read = extract(f"fields/{name}.json")
    package = read.get("source", name)
    streams = tuple(Stream(package, stream, **about) for stream, about in read["streams"].items())
    return Source(package, streams, read["kinds"], read["fields"])
