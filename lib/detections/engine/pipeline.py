"""ES|QL pipelines over batches: the leading WHEREs column by column, the rest row by row on what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from detections.compile.expression import Column
from detections.compile.ir import Always, And, Compute, Predicate, leaves
from detections.compile.plan import Alert, RowsPlan, Span
from detections.compile.rows import Command, Eval, Limit, Pipeline, Project, Sort, Where
from detections.engine.bits import rows_of as row_numbers
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.found import alerts_on, window_of
from detections.engine.rows import Row, apply, columns_in, condition, shown, value_of
from detections.events import Batch

_FOUND = "\0found"


class Program:
    """A pipeline cut in three: ``predicate`` (columnar), what a batch does by itself, and what needs all rows."""

    def __init__(self, pipeline: Pipeline) -> None:
        commands = list(pipeline.commands)
        leading: list[Predicate] = []
        while commands and isinstance(commands[0], Where):
            leading.append(commands.pop(0).predicate)  # type: ignore[union-attr]
        self.predicate: Predicate = And(tuple(leading)) if leading else Always(True)
        whole = next((at for at, one in enumerate(commands) if isinstance(one, Sort | Limit)), len(commands))
        self._local = [_keeping(one) for one in commands[:whole]]
        self._global = [_keeping(one) for one in commands[whole:]]
        self._columns = pipeline.columns
        self.fields = {column.name: column.field for column in _read(pipeline) if column.field is not None}
        for command in commands:
            if isinstance(command, Where):
                condition(command.predicate)

    def rows(self, evaluator: Evaluator, found: Iterable[tuple[int, Any]]) -> list[Row]:
        """The rows that a batch's selected events become; ``found`` goes with each of them."""
        columns = [(name, field, evaluator.column(field)) for name, field in self.fields.items()]
        rows: Iterable[Row] = (
            {_FOUND: what} | {name: value_of(column.values(number), field) for name, field, column in columns}
            for number, what in found
        )
        for command in self._local:
            rows = apply(command, rows)
        return list(rows)

    def finish(self, rows: Iterable[Row]) -> Iterable[Row]:
        """What the rest of the pipeline makes of the rows of all batches."""
        for command in self._global:
            rows = apply(command, rows)
        return rows

    def output(self, row: Row) -> list[Any]:
        """The values of the result's columns."""
        return [shown(row.get(column.name), column.type) for column in self._columns]


def _keeping(command: Command) -> Command:
    """The command, the row's event being carried through it."""
    if isinstance(command, Project):
        return Project((*command.columns, (_FOUND, Column(_FOUND, "null"))))
    return command


def _read(pipeline: Pipeline) -> Iterator[Column]:
    """The document columns that rows need."""
    for command in pipeline.commands:
        match command:
            case Where(predicate):
                yield from _computed(predicate)
            case Eval(columns):
                for _, expression in columns:
                    yield from columns_in(expression)
            case Project(columns):
                yield from (column for _, column in columns)
            case Sort(orders):
                for order in orders:
                    yield from columns_in(order.expression)
    yield from pipeline.columns


def _computed(predicate: Predicate) -> Iterator[Column]:
    for leaf in leaves(predicate):
        if isinstance(leaf, Compute):
            yield from columns_in(leaf.expression)


class RowsCollector:
    """Each row that the pipeline leaves is an alert on the event it came from."""

    def __init__(self, plan: RowsPlan, span: Span, predicates: Predicates) -> None:
        self._plan = plan
        self._program = Program(plan.pipeline)
        self._question = predicates.ready(self._program.predicate)
        self._window = window_of(plan, span)
        self._rows: list[Row] = []
        self.paths = [*self._window.paths, *(field.path for field in self._program.fields.values())]

    def collect(self, evaluator: Evaluator) -> list[Row]:
        selected = self._question(evaluator, evaluator.everything).true
        return self._program.rows(evaluator, self._window.found(evaluator, selected)) if selected else []

    def merge(self, collected: list[Row]) -> None:
        self._rows += collected

    def alerts(self) -> Iterator[Alert]:
        ordered = sorted(self._rows, key=lambda row: row[_FOUND].position)
        return alerts_on(self._plan, (row[_FOUND] for row in self._program.finish(ordered)))


def rows_of(pipeline: Pipeline, batches: Iterable[Batch]) -> Iterator[list[Any]]:
    """The rows that a pipeline makes of events, in their order: the values of ``pipeline.columns``.

    Values are as Elasticsearch's API shows them: dates and addresses in text, several values as a list.
    """
    program, predicates = Program(pipeline), Predicates()
    question = predicates.ready(program.predicate)

    def made() -> Iterator[Row]:
        for batch in batches:
            evaluator = Evaluator(batch, predicates, predicates.paths)
            selected = question(evaluator, evaluator.everything).true
            yield from program.rows(evaluator, ((number, None) for number in row_numbers(selected)))

    return (program.output(row) for row in program.finish(made()))
