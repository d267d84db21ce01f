"""Which events a rule sees: those in the indices that it searches. One look at a batch for all rules.

The index of a document is the ``_index`` of a hit, else its data stream's, of ``data_stream.type``, ``.dataset`` and
``.namespace`` (``logs`` and ``default`` where only the dataset is there). Of one that has neither nobody knows where it
is: every rule sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from detections.catalog.patterns import covers, targets
from detections.engine.evaluator import Evaluator
from detections.events import Batch
from detections.mapping import Field
from detections.values.bits import rows_of

Indices: TypeAlias = tuple[str, ...]
"""Names and patterns, as a rule has them; without any it searches everything."""

_INDEX = Field("_index", "keyword")
_DATASET, _TYPE, _NAMESPACE = (Field(f"data_stream.{one}", "keyword") for one in ("dataset", "type", "namespace"))
_PATHS = tuple(field.path for field in (_INDEX, _DATASET, _TYPE, _NAMESPACE))


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a batch, the rows that are seen through some indices, and how many rows are in no known one."""

    rows: Mapping[Indices, int]
    unknown: int


class Searched:
    """The indices that some rules search. ``paths`` are what batches will be asked for."""

    def __init__(self, searched: Iterable[Indices]) -> None:
        self._targets = {indices: targets(indices) for indices in searched}
        self._covered: dict[tuple[Indices, str], bool] = {}
        self.paths = _PATHS if any(self._targets.values()) else ()

    def seen(self, evaluator: Evaluator) -> Seen:
        """The rows of a batch that each of the rules sees."""
        if not self.paths:
            return Seen(dict.fromkeys(self._targets, evaluator.everything), 0)
        inside = rows_by_index(evaluator)
        unknown = inside.pop(None, 0)
        seen = {}
        for indices, named in self._targets.items():
            rows = unknown if named else evaluator.everything
            for name, some in inside.items() if named else ():
                if name is not None and self._covers(indices, name):
                    rows |= some
            seen[indices] = rows
        return Seen(seen, unknown.bit_count())

    def _covers(self, indices: Indices, name: str) -> bool:
        found = self._covered.get((indices, name))
        if found is None:
            found = self._covered[indices, name] = covers(self._targets[indices], name)
        return found


def index_names(batch: Batch) -> list[str | None]:
    """The index that each event of a batch is in, None where it does not say."""
    names: list[str | None] = [None] * len(batch)
    for name, rows in rows_by_index(Evaluator(batch, paths=_PATHS)).items():
        for row in rows_of(rows):
            names[row] = name
    return names


def hidden(indices: Indices, names: Iterable[str | None]) -> list[str]:
    """Of the indices that events are in, those that a rule does not search."""
    named = targets(indices)
    return sorted({name for name in names if name is not None and named and not covers(named, name)})


def rows_by_index(evaluator: Evaluator) -> dict[str | None, int]:
    """The rows of each index, those of no known one under None."""
    rows, left = _by_value(evaluator, _INDEX, evaluator.everything)
    datasets, unknown = _by_value(evaluator, _DATASET, left)
    found: dict[str | None, int] = dict(rows.items())
    for dataset, some in datasets.items():
        for kind, of_kind in _with_default(evaluator, _TYPE, some, "logs").items():
            for namespace, inside in _with_default(evaluator, _NAMESPACE, of_kind, "default").items():
                name = f"{kind}-{dataset}-{namespace}"
                found[name] = found.get(name, 0) | inside
    if unknown:
        found[None] = unknown
    return found


def _with_default(evaluator: Evaluator, field: Field, among: int, default: str) -> dict[str, int]:
    rows, left = _by_value(evaluator, field, among)
    if left:
        rows[default] = rows.get(default, 0) | left
    return rows


def _by_value(evaluator: Evaluator, field: Field, among: int) -> tuple[dict[str, int], int]:
    """Of some rows, those of each value of a field, and those that have none: several values are not a name."""
    if not among:
        return {}, 0
    column = evaluator.column(field, evaluator.everything)
    single = among & ~column.several
    rows = {str(value): inside for value, some in column.rows_by_value() if value and (inside := some & single)}
    left = among
    for inside in rows.values():
        left &= ~inside
    return rows, left
