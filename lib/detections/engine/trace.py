"""Where a row pipeline loses the rows of one event: the command, and what of it does not hold."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence

from detections.engine.behind import BEHIND, LatestEvents, hits_of
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.hits import Hits
from detections.engine.pipeline import Program, shown
from detections.engine.steps import Steps
from detections.engine.table import Table, joined
from detections.plan import RowsPlan, Window
from detections.plan.expression import Column
from detections.plan.liveness import in_predicate, needed
from detections.plan.predicate import And, Predicate, extent
from detections.plan.rows import Aggregate, Command, Distinct, Fork, Limit, Where
from detections.query.span import excerpt

_LONGEST = 100


def lost(plan: RowsPlan, evaluator: Evaluator, window: Window, row: int) -> str:
    """Why no row is left that an event of a batch is behind; empty where one is, or where the event was not selected.

    Of the last rows that it is behind the one is spoken of that comes nearest.
    """
    return _Trace(plan).of(evaluator, window, row)


class _Trace:
    def __init__(self, plan: RowsPlan) -> None:
        self._plan = plan
        self._text = plan.pipeline.text
        self._steps = Steps(None, plan.tables, {BEHIND: LatestEvents()})
        self._keys: Sequence[Column] | None = None

    def of(self, evaluator: Evaluator, window: Window, row: int) -> str:
        pipeline = self._plan.pipeline
        program = Program(pipeline, pipeline.columns, tables=self._plan.tables)
        selected = Predicates().ready(program.predicate)(evaluator, evaluator.rows).true
        pairs = list(Hits(self._plan, window).among(evaluator, selected))
        own = next((hit for number, hit in pairs if number == row), None)
        if own is None:
            return ""
        commands = itertools.dropwhile(lambda one: isinstance(one, Where), pipeline.commands)
        table = program.source(evaluator, [number for number, _ in pairs], {BEHIND: [hit for _, hit in pairs]})
        for command in needed(commands, pipeline.columns)[0]:
            before = table.where([own in hits_of(behind) for behind in table.values(BEHIND)])
            table = joined(self._steps.step(command)([table]))
            if not any(own in hits_of(behind) for behind in table.values(BEHIND)):
                return self._said(command, before)
            if isinstance(command, Aggregate) and not command.inline:
                self._keys = command.groups
        return ""

    def _said(self, command: Command, before: Table) -> str:
        match command:
            case Where(predicate):
                rows = [before.take([row]) for row in range(before.size)]
                found = [(row, list(self._lacking(predicate, row))) for row in rows]
                nearest, lacking = min(found, key=lambda one: len(one[1]))
                return f"not satisfied by its {self._named(nearest)}: {', '.join(lacking)}"
            case Limit(count):
                return f"LIMIT {count} leaves its row out"
            case Distinct():
                return "DEDUP leaves its row out"
            case Fork():
                return f"no {'source of FROM' if command.sources else 'branch of FORK'} leaves its row"
        return "the query leaves no row of its event"

    def _named(self, row: Table) -> str:
        """A row, or a group with what its events have in common."""
        if self._keys is None:
            return "row"
        values = [f"{key.name} {_value(row, key)}" for key in self._keys if key.name in row.columns]
        return f"group ({', '.join(values)})" if values else "rows together"

    def _lacking(self, node: Predicate, row: Table) -> Iterator[str]:
        """The conditions, of those that must all hold, that do not hold for a row, and what they were asked of."""
        if self._steps.vectors.predicate(node)(row) == [True]:
            return
        if isinstance(node, And):
            for item in node.items:
                yield from self._lacking(item, row)
            return
        text = _short(excerpt(self._text, extent(node)))
        values = [f"{one.name} is {_value(row, one)}" for one in dict.fromkeys(in_predicate(node))]
        yield ", ".join((f"`{text}`", *values))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _value(row: Table, column: Column) -> str:
    """The value of a column in a table of one row."""
    return _short(json.dumps(shown(row.values(column.name)[0], column.type), ensure_ascii=False))
