"""Events still as JSON text: a batch that decodes no more than what it is asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from detections.errors import Finding
from detections.events import sources, walk
from detections.events.batch import Batch, Document
from detections.events.counts import Counts
from detections.events.cut import Piece
from detections.events.ecs import TIME, ecs
from detections.events.mapped import mapped
from detections.events.part import Part
from detections.events.projection import Projection
from detections.events.reading import Notes
from detections.events.sources import Settings
from detections.values.bits import rows_of
from detections.values.dates import parse_date

_DATE = len("2026-01-31")
_DAY = 86_400_000


def projections(paths: tuple[str, ...], settings: Settings) -> list[Projection]:
    """The ways to decode events for some paths: as ECS documents, and as records of each source."""
    made = (ecs(paths), *(mapped(source, paths, settings) for source in sources.SOURCES))
    return [projection for projection in made if projection is not None]


class Encoded(Batch):
    """Events in pieces of files, mapped to ECS with the settings of their sources."""

    def __init__(self, ordinal: int, pieces: Sequence[Piece], settings: Settings) -> None:
        super().__init__(ordinal)
        self._pieces = tuple(pieces)
        self._settings = settings
        self._forget()

    def _forget(self) -> None:
        self._told = []
        self._paths: tuple[str, ...] = ()
        self._runs: list[_Run] | None = None
        self._starts: list[int] = []
        self._notes: dict[str, Notes] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("ordinal", "_pieces", "_settings")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def expect(self, paths: Sequence[str]) -> None:
        if self._runs is None:
            self._paths = tuple(dict.fromkeys(paths))

    def __len__(self) -> int:
        return sum(map(len, self._decoded()))

    def column(self, path: str, rows: int) -> tuple[list[Any], int]:
        runs = self._decoded()
        if len(runs) == 1:
            return runs[0].column(path, rows)
        values: list[Any] = []
        known = 0
        for run in runs:
            found, of = run.column(path, rows >> len(values) & run.everything)
            known |= of << len(values)
            values += found
        return values, known

    def lacking(self) -> Mapping[str, tuple[int, str]]:
        found: dict[str, tuple[int, str]] = {}
        for start, run in zip(self._starts, self._decoded(), strict=False):
            for path, what in run.lacking().items():
                found[path] = (found.get(path, (0, ""))[0] | run.everything << start, what)
        return found

    def document(self, row: int) -> Document:
        runs = self._decoded()
        at = bisect_right(self._starts, row) - 1
        return runs[at].document(row - self._starts[at])

    @property
    def findings(self) -> list[Finding]:
        return [*(finding for notes in self._notes.values() for finding in notes.findings()), *self._told]

    def counts(self) -> Counts:
        runs = self._decoded()
        times = [time for run in runs for time in run.bounds()]
        return Counts(
            events=len(self),
            bytes=sum(len(piece.data) for piece in self._pieces),
            refused=sum(notes.refused for notes in self._notes.values()),
            whole=sum(run.made_whole for run in runs),
            first=min(times, default=None),
            last=max(times, default=None),
            days=sum((run.days() for run in runs), Counter()),
        )

    def _decoded(self) -> list[_Run]:
        if self._runs is None:
            choices = projections(self._paths, self._settings)
            runs: list[list[Part]] = []
            for piece in self._pieces:
                notes = self._notes.setdefault(piece.path, Notes(piece.path))
                part = Part(piece, notes, self._settings)
                part.decode(choices)
                if not part.rows:
                    continue
                if runs and runs[-1][0].projection is part.projection:
                    runs[-1].append(part)
                else:
                    runs.append([part])
            self._runs = [_Run(parts) for parts in runs]
            self._starts = [0]
            for run in self._runs:
                self._starts.append(self._starts[-1] + len(run))
        return self._runs


class _Behind:
    """The whole events of a run. ``fallen`` are the rows that a view had to ask for.

    Apart from the run, so that the run's view can hold it without a cycle: those of many batches would wait for the
    collector, which may be off.
    """

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._starts = [0]
        for part in parts:
            self._starts.append(self._starts[-1] + len(part.rows))
        self.size = self._starts[-1]
        self.fallen: set[int] = set()

    def odd(self) -> dict[int, Document]:
        """Those that fitted no projection."""
        return {
            start + row: document
            for start, part in zip(self._starts, self._parts, strict=False)
            for row, document in part.odd.items()
        }

    def document(self, row: int) -> Document:
        """The whole event of a row."""
        part, at = self._place(row)
        return part.whole(at)

    def whole(self, row: int) -> Document:
        self.fallen.add(row)
        return self.document(row)

    def refuse(self, row: int, name: str, value: object) -> None:
        part, at = self._place(row)
        part.refuse(at, name, value)

    def _place(self, row: int) -> tuple[Part, int]:
        at = bisect_right(self._starts, row) - 1
        return self._parts[at], row - self._starts[at]


class _Run:
    """Events of one projection that follow each other."""

    def __init__(self, parts: list[Part]) -> None:
        self._behind = _Behind(parts)
        self._odd = self._behind.odd()
        self._projection = parts[0].projection
        self._rows = parts[0].rows if len(parts) == 1 else list(chain.from_iterable(part.rows for part in parts))
        self._view = None if self._projection is None else self._projection.view(self._rows, self._behind)
        self._columns: dict[str, tuple[list[Any], int]] = {}
        self._asked: Counter[str] = Counter()
        self.document = self._behind.document
        self.everything = (1 << len(self)) - 1

    def __len__(self) -> int:
        return self._behind.size

    @property
    def made_whole(self) -> int:
        """How many of the events the projection could not hold."""
        return len(self._odd) + len(self._behind.fallen)

    def lacking(self) -> Mapping[str, str]:
        return {} if self._projection is None else self._projection.lacking()

    def column(self, path: str, rows: int) -> tuple[list[Any], int]:
        values, known = self._columns.get(path) or ([None] * len(self), 0)
        if known == self.everything:
            return values, known
        # What is asked for time and again is had for all rows at once.
        self._asked[path] += rows.bit_count()
        column = self._whole_column(path, self._asked[path])
        if column is not None:
            values, known = column, self.everything
        elif unknown := rows & ~known:
            for row, value in self._made(path, [*rows_of(unknown)]):
                values[row] = value
            known |= unknown
        self._columns[path] = (values, known)
        return values, known

    def bounds(self) -> list[int]:
        """The times of some events, with the earliest and the latest among them."""
        found = self._times()
        times: Iterable[Any]
        try:
            # ISO 8601 of one length is in the order of its characters.
            times = (min(found), max(found)) if len(set(map(len, found))) == 1 else found
        except TypeError:
            times = walk.flat(found)
        return _instants(chain(times, self._odd_times()))

    def days(self) -> Counter[int]:
        """How many of the events are on each day, by its number since 1970-01-01."""
        found = self._times()
        try:
            # Of instants in UTC the first ten characters are the day.
            if {text[_DATE : _DATE + 1] + text[-1:] for text in found} == {"TZ"}:
                days = {parse_date(text): count for text, count in Counter([text[:_DATE] for text in found]).items()}
                counted = Counter({time // _DAY: count for time, count in days.items() if time is not None})
                return counted + Counter(time // _DAY for time in _instants(self._odd_times()))
        except TypeError:
            pass
        return Counter(time // _DAY for time in _instants(chain(walk.flat(found), self._odd_times())))

    def _times(self) -> list[Any]:
        return [] if self._projection is None else self._projection.times(self._rows)

    def _odd_times(self) -> Iterable[Any]:
        return walk.flat([walk.value(document, TIME) for document in self._odd.values()])

    def _whole_column(self, path: str, asked: int) -> list[Any] | None:
        column = self._view.column(path, asked) if self._covers(path) and self._view else None
        if column is not None and self._odd:
            column = list(column)
            for row, document in self._odd.items():
                column[row] = walk.value(document, path)
        return column

    def _made(self, path: str, rows: list[int]) -> Iterable[tuple[int, Any]]:
        if self._view is None or not self._covers(path):
            return [(row, walk.value(self.document(row), path)) for row in rows]
        plain = [row for row in rows if row not in self._odd]
        odd = [(row, walk.value(self._odd[row], path)) for row in rows if row in self._odd]
        return [*zip(plain, self._view.values(path, plain), strict=True), *odd]

    def _covers(self, path: str) -> bool:
        return self._projection is not None and path in self._projection.paths


def _instants(times: Iterable[Any]) -> list[int]:
    read = (parse_date(time) for time in times if not isinstance(time, dict))
    return [time for time in read if time is not None]
