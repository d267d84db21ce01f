"""The row pipeline: the commands of an ES|QL query around the predicate IR.

The leading ``Where`` commands speak of document fields and run columnar, over all documents; what is left becomes rows,
on which the rest runs. Names are resolved when the pipeline is made: an expression's :class:`~.expression.Column` is
either a document field or a column made by an earlier command.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from detections.mapping import Mapping
from detections.plan.expression import Call, Column, Expression
from detections.plan.outline import Outline, outline, written
from detections.plan.predicate import Predicate
from detections.query import Span


@dataclass(frozen=True, slots=True)
class Where:
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Eval:
    """Columns in order; a later one may use an earlier one. A name that exists is replaced and moves to the end."""

    columns: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Project:
    """KEEP, DROP and RENAME, resolved: the new name and the column it is, in output order."""

    columns: tuple[tuple[str, Column], ...]


@dataclass(frozen=True, slots=True)
class Order:
    expression: Expression
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """With ``groups``, so many rows of each: rows with equal values are a group, several values being one value."""

    count: int
    groups: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregation:
    """A call of an aggregate function, over the rows that the ``condition`` is true for."""

    call: Call
    condition: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """STATS: a row a group, the ``groups`` being columns. A row with several values in a group's column belongs to
    several groups; null is a group of its own. Without groups there is one row, also where there is none.

    ``inline`` (INLINE STATS): the rows stay, each with the results of its group; one with several values in a group's
    column has none.
    """

    columns: tuple[tuple[str, Aggregation], ...]
    groups: tuple[Column, ...]
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Expand:
    """MV_EXPAND: a row for each of a column's values."""

    column: Column


@dataclass(frozen=True, slots=True)
class Dissect:
    """``columns`` are the keys of the pattern, all null where the text does not fit it."""

    value: Expression
    pattern: str
    separator: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grok:
    """``columns``: name and type, all null where no pattern matches."""

    value: Expression
    patterns: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Join:
    """LOOKUP JOIN and ENRICH: a row for each row of a table that fits, or one with nulls.

    ``keys``: the column here and the field there that must be equal; ``residual`` is what else must hold, over the
    columns of both, those of the table under their names in ``columns`` (name here, field there, type). ``one``: of all
    rows that fit, the values together (ENRICH).
    """

    table: str
    keys: tuple[tuple[Column, str], ...]
    columns: tuple[tuple[str, str, str], ...]
    residual: Predicate | None = None
    one: bool = False


@dataclass(frozen=True, slots=True)
class Distinct:
    """DEDUP: of equal rows the first; ``columns`` are those compared."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Every branch over all rows, one after the other; the column ``_fork`` says which (``fork1`` ...). A branch is its
    commands and the columns that it leaves; ``columns`` are those of all.

    ``sources``: the branches are what FROM unites, sub-queries and other indices. Each has the condition that says
    which documents are in its indices, and there is no ``_fork``.
    """

    branches: tuple[tuple[tuple[Command, ...], tuple[Column, ...]], ...]
    columns: tuple[str, ...]
    sources: tuple[Expression, ...] = ()


Command: TypeAlias = (
    Where | Eval | Project | Sort | Limit | Aggregate | Expand | Dissect | Grok | Join | Distinct | Fork
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LookupTable:
    """What LOOKUP JOIN or ENRICH looks up: documents and the types of their fields. ``match``: the field that ENRICH
    compares with, where it is not called like the column."""

    name: str
    fields: Mapping = field(compare=False, repr=False)
    rows: tuple[AbstractMapping[str, Any], ...] = field(compare=False, repr=False)
    match: str | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``columns`` are the columns of the result, in order; ``metadata`` what FROM asked for (``_id``, ...).
    Without ``indices`` the source is ROW: one row, whose columns the first command makes. ``text`` is the query, and
    ``warnings`` what Elasticsearch would say of it before it runs; ``wholes``: parts of conditions that are leaves of
    their own, each with the condition that a warning speaks of instead."""

    indices: tuple[str, ...]
    metadata: tuple[str, ...]
    commands: tuple[Command, ...]
    columns: tuple[Column, ...]
    text: str = field(default="", compare=False, repr=False)
    warnings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    wholes: tuple[tuple[Span, Span], ...] = field(default=(), compare=False, repr=False)

    @property
    def aggregates(self) -> bool:
        """Whether rows are no longer events."""
        return any(isinstance(command, Aggregate) and not command.inline for command in self.commands)

    def outline(self) -> Iterator[Outline]:
        """Where rows come from, the commands, and the columns of the result."""
        metadata = f" metadata {', '.join(self.metadata)}" if self.metadata else ""
        yield Outline(f"from {', '.join(self.indices)}{metadata}")
        for command in self.commands:
            yield from _outline(command)
        yield Outline(f"columns {', '.join(f'{column.name}: {column.type}' for column in self.columns)}")


def _outline(command: Command) -> Iterator[Outline]:
    match command:
        case Where(node):
            yield Outline("where", (outline(node),))
        case Eval(columns):
            yield from (Outline(f"eval {name} = {written(value)}") for name, value in columns)
        case Project(columns):
            yield Outline(f"project {', '.join(f'{name} = {column.name}' for name, column in columns)}")
        case Sort(orders):
            for order in orders:
                nulls = "first" if order.nulls_first else "last"
                direction = " descending" * order.descending
                yield Outline(f"sort {written(order.expression)}{direction}, nulls {nulls}")
        case Limit(count, groups):
            each = f" of each {', '.join(map(written, groups))}" if groups else ""
            yield Outline(f"limit {count}{each}")
        case Aggregate(columns, groups, inline):
            keys = f" by {', '.join(column.name for column in groups)}" if groups else ""
            yield Outline(f"{'inline ' * inline}stats{keys}", tuple(_aggregated(*one) for one in columns))
        case _:
            yield from _reshaped(command)


def _aggregated(name: str, made: Aggregation) -> Outline:
    shown = name.removeprefix("\0")
    return Outline(f"{shown} = {written(made.call)}", () if made.condition is None else (outline(made.condition),))


def _reshaped(command: Command) -> Iterator[Outline]:
    match command:
        case Expand(column):
            yield Outline(f"expand {column.name}")
        case Dissect(value, pattern):
            yield Outline(f"dissect {written(value)} {pattern!r}")
        case Grok(value, patterns):
            yield Outline(f"grok {written(value)} {', '.join(map(repr, patterns))}")
        case Join(table, keys, columns):
            on = ", ".join(f"{column.name} = {name}" for column, name in keys)
            yield Outline(f"join {table}{f' on {on}' if on else ''}: {', '.join(name for name, _, _ in columns)}")
        case Distinct(compared):
            yield Outline(f"distinct {', '.join(column.name for column in compared)}")
        case Fork(branches, _, sources):
            for number, (branch, _) in enumerate(branches, 1):
                name = f"source{number}" if sources else f"fork{number}"
                yield Outline(name, tuple(line for one in branch for line in _outline(one)))


def columns_in(expression: Expression) -> Iterator[Column]:
    """The columns an expression reads."""
    match expression:
        case Column():
            yield expression
        case Call(_, arguments):
            for argument in arguments:
                yield from columns_in(argument)
