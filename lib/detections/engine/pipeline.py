"""ES|QL pipelines over batches: the leading WHEREs column by column, the rest over tables of what is left.

A batch becomes a table of the columns that the query reads. What looks at one row at a time is done batch by batch;
STATS keeps a state a group; SORT and its like wait for all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from detections.engine.aggregate import Groups, grouping
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.steps import Step, Steps
from detections.engine.table import Table, Values, cells
from detections.events import Batch
from detections.functions.conversions import to_text
from detections.functions.fold import Fold
from detections.functions.warning import Warnings
from detections.mapping import Field
from detections.plan.expression import UNSUPPORTED, Column
from detections.plan.liveness import needed
from detections.plan.predicate import Always, And, Predicate, Test, leaves
from detections.plan.rows import Aggregate, Distinct, Fork, Limit, LookupTable, Pipeline, Sort, Where
from detections.values.bits import of_rows
from detections.values.bits import rows_of as row_numbers

_MANY = 100
_WHOLE = (Aggregate, Distinct, Fork, Limit, Sort)


class Program:
    """A pipeline cut in three: ``predicate`` (columnar), what a batch does by itself, and what needs all rows.

    ``columns`` are those whose values are wanted at the end: what nothing needs is not read or computed. ``carried`` go
    through all commands beside them.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        columns: Sequence[Column],
        *,
        tables: Mapping[str, LookupTable] | None = None,
        carried: Mapping[str, Fold] | None = None,
        warnings: Warnings | None = None,
    ) -> None:
        commands = list(pipeline.commands)
        leading: list[Predicate] = []
        while commands and isinstance(commands[0], Where):
            leading.append(commands.pop(0).predicate)  # type: ignore[union-attr]
        self.predicate: Predicate = And(tuple(leading)) if leading else Always(True)
        self._columns = columns
        commands, read = needed(commands, columns)
        whole = next((at for at, one in enumerate(commands) if isinstance(one, _WHOLE)), len(commands))
        steps = Steps(warnings, tables, carried)
        self._local = [steps.step(command) for command in commands[:whole]]
        self._global = [steps.step(command) for command in commands[whole:]]
        self.groups: Callable[[], Groups] | None = None
        match commands[whole:]:
            case [Aggregate(inline=False) as stats, *_]:
                self.groups = grouping(stats, steps.vectors, [*(carried or {}).items()])
        self.fields = {column.name: column.field for column in read if column.field is not None}

    @property
    def waits(self) -> bool:
        """Whether something needs all rows."""
        return bool(self._global)

    def table(self, evaluator: Evaluator, rows: list[int], carried: Mapping[str, Values] | None = None) -> Table:
        """What a batch's selected events become by the commands that look at one row at a time."""
        return self.local(self.source(evaluator, rows, carried))

    def source(self, evaluator: Evaluator, rows: list[int], carried: Mapping[str, Values] | None = None) -> Table:
        """The fields of a batch's selected events that the pipeline reads."""
        asked = of_rows(rows, evaluator.size)
        present = self._present(evaluator)
        columns = {name: cells(evaluator.deciding(field, asked), field, rows) for name, field in present}
        return Table({**columns, **(carried or {})}, len(rows))

    def local(self, table: Table) -> Table:
        """What the commands that look at one row at a time make of a table."""
        tables: Iterable[Table] = [table]
        for apply in self._local:
            tables = apply(tables)
        return next(iter(tables))

    def _present(self, evaluator: Evaluator) -> list[tuple[str, Field]]:
        """The fields to read; where they are very many, of those the ones that the batch has."""
        if len(self.fields) <= _MANY:
            return list(self.fields.items())
        present = set(evaluator.names())
        return [(name, field) for name, field in self.fields.items() if field.path in present]

    def finish(self, tables: Iterable[Table]) -> Iterator[Table]:
        """What the rest of the pipeline makes of the tables of all batches."""
        return _applied(self._global, tables)

    def finish_groups(self, groups: Groups) -> Iterator[Table]:
        """The same, of what the first STATS has made of all batches."""
        return _applied(self._global[1:], [groups.table()])

    def output(self, table: Table) -> Iterator[list[object]]:
        """The values of the result's columns, row by row, as Elasticsearch's API shows them."""
        columns = [[shown(value, column.type) for value in table.values(column.name)] for column in self._columns]
        return map(list, zip(*columns, strict=True)) if columns else iter([[] for _ in range(table.size)])


def shown(value: object, kind: str) -> object:
    """A value as Elasticsearch's API shows it: dates, addresses and points in text, several values as a list."""
    if kind == UNSUPPORTED or value is None:
        return None
    if isinstance(value, tuple):
        return [shown(one, kind) for one in value]
    return to_text(kind)(value) if kind in ("datetime", "ip", "geo_point", "cartesian_point", "date_nanos") else value


def _applied(steps: Iterable[Step], tables: Iterable[Table]) -> Iterator[Table]:
    for apply in steps:
        tables = apply(tables)
    return iter(tables)


def rows_of(
    pipeline: Pipeline,
    batches: Iterable[Batch],
    *,
    tables: Mapping[str, LookupTable] | None = None,
    warnings: Warnings | None = None,
) -> Iterator[list[object]]:
    """The rows that a pipeline makes of events, in their order: the values of ``pipeline.columns``.

    Values are as Elasticsearch's API shows them: dates and addresses in text, several values as a list. ``tables`` are
    those that the pipeline was compiled with; ``warnings`` is told what Elasticsearch would warn of.
    """
    program = Program(pipeline, pipeline.columns, tables=tables, warnings=warnings)
    predicates = Predicates(warnings=warnings)
    question = predicates.ready(program.predicate)

    def made() -> Iterator[Table]:
        if not pipeline.indices:  # ROW reads no events: it makes one row of nothing
            yield program.local(Table({}, 1))
            return
        for batch in batches:
            evaluator = Evaluator(batch, predicates, predicates.paths)
            selected = question(evaluator, evaluator.everything).true
            if warnings is not None:
                _warn_of_several(evaluator, program.predicate, warnings)
            yield program.table(evaluator, list(row_numbers(selected)))

    return (row for table in program.finish(made()) for row in program.output(table))


def _warn_of_several(evaluator: Evaluator, predicate: Predicate, warnings: Warnings) -> None:
    """A test of a field that has several values is null there."""
    fields = [(leaf.field, leaf) for leaf in leaves(predicate) if isinstance(leaf, Test) and leaf.several == "missing"]
    for field, leaf in fields:
        if evaluator.column(field, evaluator.everything).several:
            warnings.several(leaf.span)
