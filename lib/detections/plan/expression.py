"""Scalar expressions: what ES|QL (and later EQL) computes from the fields of a row.

Types are the languages' own names (``keyword``, ``integer``, ``long``, ``double``, ``boolean``, ``datetime``, ``ip``,
``version``, ``null``). Which function means what, and how it treats null and several values, is the evaluator's
business (``engine``); that arguments have types the function takes is checked when the expression is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from detections.mapping import Field

UNSUPPORTED = "unsupported"
"""The type of a column that ES|QL cannot compute with."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of the row: a field of the document, or (``field`` is None) a column an earlier command made."""

    name: str
    type: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; a list of values is a tuple; ``None`` is null."""

    value: object
    type: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator (lower case: ``concat``, ``==``, ``and``) with its arguments. ``span`` is where it stands
    in the query, for warnings."""

    function: str
    arguments: tuple[Expression, ...]
    type: str
    span: tuple[int, int] = field(default=(0, 0), compare=False, repr=False)


Expression: TypeAlias = Column | Constant | Call
