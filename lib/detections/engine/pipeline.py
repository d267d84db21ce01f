"""ES|QL pipelines over batches: the leading WHEREs column by column, the rest row by row on what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from detections.engine.alert import Alert
from detections.engine.bits import rows_of as row_numbers
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.hits import Hits
from detections.engine.rows import Row, columns_in, shown, step, value_of
from detections.events import Batch
from detections.mapping import Field
from detections.plan import RowsPlan, Window
from detections.plan.expression import Column
from detections.plan.predicate import Always, And, Compute, Leaf, Predicate, leaves
from detections.plan.rows import Command, Eval, Limit, Pipeline, Project, Sort, Where

_FOUND = "\0found"
_MANY = 100


class Program:
    """A pipeline cut in three: ``predicate`` (columnar), what a batch does by itself, and what needs all rows.

    ``output``: the values of the result's columns are wanted, not only which rows there are. Columns that nothing
    needs are not read or computed.
    """

    def __init__(self, pipeline: Pipeline, *, output: bool) -> None:
        commands = list(pipeline.commands)
        leading: list[Predicate] = []
        while commands and isinstance(commands[0], Where):
            leading.append(commands.pop(0).predicate)  # type: ignore[union-attr]
        self.predicate: Predicate = And(tuple(leading)) if leading else Always(True)
        self._columns = pipeline.columns
        commands, needed = _needed(commands, self._columns if output else ())
        whole = next((at for at, one in enumerate(commands) if isinstance(one, Sort | Limit)), len(commands))
        self._local = [step(_keeping(one)) for one in commands[:whole]]
        self._global = [step(_keeping(one)) for one in commands[whole:]]
        self.fields = {column.name: column.field for column in needed if column.field is not None}

    def rows(self, evaluator: Evaluator, found: Iterable[tuple[int, Any]]) -> list[Row]:
        """The rows that a batch's selected events become; ``found`` goes with each of them."""
        columns = [(name, field, evaluator.column(field)) for name, field in self._present(evaluator)]
        rows: Iterable[Row] = (
            {_FOUND: what} | {name: value_of(column.values(number), field) for name, field, column in columns}
            for number, what in found
        )
        return self.local(rows)

    def local(self, rows: Iterable[Row]) -> list[Row]:
        """What the commands that look at one row at a time make of rows."""
        for apply in self._local:
            rows = apply(rows)
        return list(rows)

    def _present(self, evaluator: Evaluator) -> list[tuple[str, Field]]:
        """The fields to read; where they are very many, of those the ones that the batch has."""
        if len(self.fields) <= _MANY:
            return list(self.fields.items())
        present = set(evaluator.names())
        return [(name, field) for name, field in self.fields.items() if field.path in present]

    def finish(self, rows: Iterable[Row]) -> Iterable[Row]:
        """What the rest of the pipeline makes of the rows of all batches."""
        for apply in self._global:
            rows = apply(rows)
        return rows

    def output(self, row: Row) -> list[Any]:
        """The values of the result's columns."""
        return [shown(row.get(column.name), column.type) for column in self._columns]


def _keeping(command: Command) -> Command:
    """The command, the row's event being carried through it."""
    if isinstance(command, Project):
        return Project((*command.columns, (_FOUND, Column(_FOUND, "null"))))
    return command


def _needed(commands: list[Command], output: Iterable[Column]) -> tuple[list[Command], list[Column]]:
    """The commands without what nobody reads, and the columns that they read of the documents."""
    live = {column.name: column for column in output}
    kept: list[Command] = []
    for command in reversed(commands):
        match command:
            case Where(predicate):
                read = [column for leaf in leaves(predicate) for column in _read(leaf)]
            case Sort(orders):
                read = [column for order in orders for column in columns_in(order.expression)]
            case Eval(columns):
                made = []
                for name, expression in reversed(columns):
                    if live.pop(name, None) is not None:
                        made.append((name, expression))
                        live.update((column.name, column) for column in columns_in(expression))
                command, read = Eval(tuple(reversed(made))), []
            case Project(columns):
                command = Project(tuple(pair for pair in columns if pair[0] in live))
                live, read = {}, [column for _, column in command.columns]
            case Limit():
                read = []
        live.update((column.name, column) for column in read)
        kept.append(command)
    return kept[::-1], list(live.values())


def _read(leaf: Leaf) -> Iterator[Column]:
    if isinstance(leaf, Compute):
        yield from columns_in(leaf.expression)


class RowsCollector(Collector[list[Row]]):
    """Each row that the pipeline leaves is an alert on the event it came from."""

    def __init__(self, plan: RowsPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._program = Program(plan.pipeline, output=False)
        self._question = predicates.ready(self._program.predicate)
        self._hits = Hits(plan.time, window)
        self._rows: list[Row] = []
        self.paths = [*self._hits.paths, *(field.path for field in self._program.fields.values())]

    def collect(self, evaluator: Evaluator) -> list[Row] | None:
        selected = self._question(evaluator, evaluator.everything).true
        return self._program.rows(evaluator, self._hits.among(evaluator, selected)) if selected else None

    def merge(self, part: list[Row]) -> None:
        self._rows += part

    def alerts(self) -> Iterator[Alert]:
        ordered = sorted(self._rows, key=lambda row: row[_FOUND].position)
        return (Alert.on(self._plan, [row[_FOUND]]) for row in self._program.finish(ordered))


def rows_of(pipeline: Pipeline, batches: Iterable[Batch]) -> Iterator[list[Any]]:
    """The rows that a pipeline makes of events, in their order: the values of ``pipeline.columns``.

    Values are as Elasticsearch's API shows them: dates and addresses in text, several values as a list.
    """
    program, predicates = Program(pipeline, output=True), Predicates()
    question = predicates.ready(program.predicate)

    def made() -> Iterator[Row]:
        if not pipeline.indices:  # ROW reads no events: it makes one row of nothing
            yield from program.local([{}])
            return
        for batch in batches:
            evaluator = Evaluator(batch, predicates, predicates.paths)
            selected = question(evaluator, evaluator.everything).true
            yield from program.rows(evaluator, ((number, None) for number in row_numbers(selected)))

    return (program.output(row) for row in program.finish(made()))
