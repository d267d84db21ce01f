"""Rule type esql: each row that the pipeline leaves is an alert.

What looks at one row at a time is done batch by batch. Of a STATS each batch has its groups, so that what is kept and
what travels between processes grows with groups; other commands that need all rows keep them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from detections.engine.aggregate import Part
from detections.engine.alert import Alert
from detections.engine.behind import BEHIND, LatestEvents, hits_of
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.engine.pipeline import Program, shown
from detections.engine.table import Table
from detections.plan import RowsPlan, Window

Kept: TypeAlias = "list[Table] | Part"
"""Of a batch its rows or, where a STATS comes first of what needs all rows, its groups. They come in order."""


class RowsCollector(Collector[Kept]):
    """Each row is an alert: on the event it came from, or on those of its group."""

    def __init__(self, plan: RowsPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._columns = plan.shows
        keys = plan.expanded or ()
        read = [*self._columns, *(column for column in plan.pipeline.columns if column.name in keys)]
        self._program = Program(plan.pipeline, read, tables=plan.tables, carried={BEHIND: LatestEvents()})
        self._select = selecting(predicates, self._program.predicate, plan.exceptions.condition)
        self._hits = Hits(plan, window)
        self._tables: list[Table] = []
        self._groups = self._program.groups() if self._program.groups else None
        self.paths = [*self._hits.paths, *(field.path for field in self._program.fields.values())]

    def collect(self, evaluator: Evaluator) -> Kept | None:
        selected = self._select(evaluator)
        pairs = list(self._hits.among(evaluator, selected)) if selected else []
        if not pairs:
            return None
        rows, hits = [row for row, _ in pairs], [hit for _, hit in pairs]
        table = self._program.table(evaluator, rows, {BEHIND: hits})
        if self._program.groups is None:
            return [table]
        groups = self._program.groups()
        groups.add(table)
        return groups.part()

    def merge(self, part: Kept) -> None:
        if isinstance(part, Part):
            assert self._groups is not None
            self._groups.merge(part)
        else:
            self._tables += [table for table in part if table.size]

    def ready(self) -> Iterator[Alert]:
        return iter(()) if self._program.waits else self.alerts()

    def alerts(self) -> Iterator[Alert]:
        if self._groups is not None:
            return self._alerts(self._program.finish_groups(self._groups))
        tables, self._tables = self._tables, []
        ordered = sorted(tables, key=lambda table: max(hits_of(table.values(BEHIND)[0])).position)
        return self._alerts(self._program.finish(ordered or [Table({}, 0)]))

    def _alerts(self, tables: Iterable[Table]) -> Iterator[Alert]:
        expanded = self._plan.expanded
        seen: set[object] = set()
        for table in tables:
            values = [(column.name, column.type, table.values(column.name)) for column in self._columns]
            keys = [table.values(name) for name in expanded or ()]
            for row, behind in enumerate(table.values(BEHIND)):
                key = None if expanded is None else tuple(column[row] for column in keys)
                if key is not None and (behind, key) in seen:
                    continue
                seen.add((behind, key))
                cells = [(name, shown(column[row], kind)) for name, kind, column in values]
                yield Alert.of_row(self._plan, hits_of(behind), cells, key)
