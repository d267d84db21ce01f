"""Raw records of a source, decoded as far as some ECS fields need.

For the fields a msgspec struct is made that names the top-level keys they are made of: texts where a field is nothing
but that text, the others left as JSON text. What costs little is there for every record: constants, and fields that are
a text of the record. All others are made of the records that are asked for, by the source's table, which makes whole
documents, too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from detections.events import sources, walk
from detections.events.projection import ENVELOPES, Behind, Decoder, Never, Projection, View, many
from detections.events.sources import Settings, Source
from detections.events.sources.record import Record
from detections.events.text import REFUSED

_ABSENT = msgspec.Raw(b"null")


class _Plan:
    """How the values at a path are made."""

    def __init__(self, source: Source, path: str) -> None:
        self.table = source.table
        self.fields = source.table.related(path)
        self.exact = self.fields[0] if len(self.fields) == 1 and self.fields[0].field == path else None
        self._tree = walk.tree((path,))

    def value(self, record: Record) -> Any:
        """The value of a record."""
        if self.exact is not None:
            value = record.made(self.exact)
            if not isinstance(value, (dict, list)):
                return value
        return walk.row_of(self._tree, self.table.document(record, self.fields), 1)[0]


class Mapped(Projection):
    """Records of ``source`` that have its certain keys as texts, and the ECS fields at ``paths``."""

    def __init__(self, source: Source, paths: tuple[str, ...], settings: Settings, others: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self.table = source.table
        self.settings = settings
        self.plans = {path: _Plan(source, path) for path in paths}
        fields = [made for plan in self.plans.values() for made in plan.fields]
        self._time = "." not in source.time
        timed = (source.time,) if self._time else ()
        keys = dict.fromkeys([*source.certain, *timed, *(key for made in fields for key in made.keys)])
        texts = {made.text for made in fields}
        times: Any = str | None if source.written is str else str | int | float | None
        self.names = {key: f"f{number}" for number, key in enumerate(keys)}
        typed: list[Any] = [
            (name, str) if key in source.certain
            else (name, str | None, None) if key in texts
            else (name, times, None) if key in timed
            else (name, msgspec.Raw, _ABSENT)
            for key, name in self.names.items()
        ]  # fmt: skip
        never = {f"n{number}": key for number, key in enumerate(others)}
        row = msgspec.defstruct(
            "Record", [*typed, *((name, Never, "") for name in never)], frozen=True, gc=False,
            rename={**{name: key for key, name in self.names.items()}, **never},
        )  # fmt: skip
        self.decoder = Decoder(row)
        self.empty = row(**{self.names[key]: "" for key in source.certain})
        self._source = source
        said = {path: source.table.lacking(path, settings) for path in paths}
        self._lacking = {path: what for path, what in said.items() if what}

    def view(self, rows: list[Any], behind: Behind) -> View:
        return _View(self, rows, behind)

    def lacking(self) -> Mapping[str, str]:
        return self._lacking

    def times(self, rows: list[Any]) -> list[Any]:
        return self.texts(self._source.time, rows) if self._time else []

    def texts(self, key: str, rows: list[Any]) -> list[Any]:
        """What stands under a top-level key that is a text."""
        return list(map(attrgetter(self.names[key]), rows))


class _View(View):
    def __init__(self, projection: Mapped, rows: list[Any], behind: Behind) -> None:
        self._projection = projection
        self._rows = rows
        self._behind = behind
        self._records: dict[int, Record] = {}

    def column(self, path: str, asked: int) -> list[Any] | None:
        plan = self._projection.plans[path]
        if not plan.fields:
            return [None] * len(self._rows)
        if plan.exact is None:
            return None
        if plan.exact.constant is not None:
            return [plan.exact.constant] * len(self._rows)
        if plan.exact.text is None or not many(asked, len(self._rows)):
            return None
        return self._texts(plan.exact.text, self._rows)

    def _texts(self, key: str, rows: list[Any]) -> list[Any]:
        texts, dropped = self._projection.texts(key, rows), self._projection.table.dropped
        return texts if dropped.isdisjoint(texts) else [None if text in dropped else text for text in texts]

    def values(self, path: str, rows: Iterable[int]) -> list[Any]:
        plan = self._projection.plans[path]
        if plan.exact is not None and plan.exact.text is not None:
            return self._texts(plan.exact.text, [self._rows[row] for row in rows])
        made = []
        for row in rows:
            try:
                made.append(plan.value(self._record(row)))
            except REFUSED:
                made.append(walk.value(self._behind.whole(row), path))
        return made

    def _record(self, row: int) -> Record:
        record = self._records.get(row)
        if record is None:
            projection = self._projection
            keys = _Undecoded(self._rows[row], projection.names)
            refuse = functools.partial(self._behind.refuse, row)
            record = projection.table.record(keys, projection.table, projection.settings, refuse)
            self._records[row] = record
        return record


class _Undecoded:
    """The keys of a record that a row holds."""

    __slots__ = ("_names", "_row")

    def __init__(self, row: Any, names: Mapping[str, str]) -> None:
        self._row = row
        self._names = names

    def get(self, key: str) -> Any:
        """Raises one of :data:`detections.events.text.REFUSED`."""
        value = getattr(self._row, self._names[key])
        if isinstance(value, msgspec.Raw):
            return None if value is _ABSENT else msgspec.json.decode(value)
        return value

    def size(self, key: str) -> int | None:
        value = getattr(self._row, self._names[key])
        return memoryview(value).nbytes if isinstance(value, msgspec.Raw) else None


def mapped(source: Source, paths: tuple[str, ...], settings: Settings) -> Mapped | None:
    """The projection of a source's records for some paths; None where it cannot tell them from other objects."""
    others = (*source.never, *sources.wrappers(), *ENVELOPES, *sources.signals(before=source))
    found = _mapped(source, paths, tuple(sorted(settings.items())), tuple(dict.fromkeys(others)))
    return None if found.names.keys() & set(others) else found


@functools.lru_cache(maxsize=64)
def _mapped(
    source: Source, paths: tuple[str, ...], settings: tuple[tuple[str, str], ...], others: tuple[str, ...]
) -> Mapped:
    return Mapped(source, paths, dict(settings), others)
