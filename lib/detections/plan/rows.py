"""The row pipeline: the commands of an ES|QL query around the predicate IR.

The leading ``Where`` commands speak of document fields and run columnar, over all documents; what is left becomes rows,
on which the rest runs. Names are resolved when the pipeline is made: an expression's :class:`~.expression.Column` is
either a document field or a column made by an earlier command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from detections.plan.expression import Column, Expression
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
