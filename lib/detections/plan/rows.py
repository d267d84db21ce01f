"""The row pipeline: the commands of an ES|QL query around the predicate IR.

The leading ``Where`` commands speak of document fields and run columnar, over all documents; what is left becomes rows,
on which the rest runs. Names are resolved when the pipeline is made: an expression's :class:`~.expression.Column` is
either a document field or a column made by an earlier command.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from detections.plan.expression import Column, Expression
from detections.plan.outline import Outline, outline, written
from detections.plan.predicate import Predicate


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
    count: int


Command: TypeAlias = Where | Eval | Project | Sort | Limit


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``columns`` are the columns of the result, in order; ``metadata`` what FROM asked for (``_id``, ...).
    Without ``indices`` the source is ROW: one row, whose columns the first command makes."""

    indices: tuple[str, ...]
    metadata: tuple[str, ...]
    commands: tuple[Command, ...]
    columns: tuple[Column, ...]

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
        case Limit(count):
            yield Outline(f"limit {count}")
