"""The expressions of ES|QL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from typing import Literal as OneOf

from detections.query.span import Span as Span

if TYPE_CHECKING:
    from detections.query.esql.ast.query import Query


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. ``type`` is null, boolean, integer, long, unsigned_long, double or keyword; a list is a tuple."""

    value: bool | int | float | str | tuple[bool | int | float | str, ...] | None
    type: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """``1 hour``; ``unit`` in its long singular form (``millisecond`` ... ``year``)."""

    amount: int
    unit: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A column. ``unbound``: a part of the name is a parameter (``host.??field``), which stands in it as written."""

    name: str
    span: Span = field(default=(0, 0), compare=False, repr=False)
    unbound: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """``?``, ``?1`` or ``?name``, a value that a request brings along; the ``text`` as it stands. Where a column or
    function is meant (``??name``) it is an unbound :class:`Name`."""

    text: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MapEntry:
    key: str
    value: Literal | TimeSpan | Parameter | Map
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Map:
    """``{"key": value, ...}``: the options of a function or command. Keys may repeat."""

    entries: tuple[MapEntry, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)

    def get(self, key: str) -> Literal | TimeSpan | Parameter | Map | None:
        """The value of a key, None without one."""
        return next((entry.value for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True, slots=True)
class Lambda:
    """``(a, b) -> a + b``, an argument of a function."""

    parameters: tuple[Name, ...]
    body: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Function:
    """A call; ``name`` in lower case and, as ``written``, in the case of the text, ``star`` for ``count(*)``,
    ``options`` the map that stands last."""

    name: str
    arguments: tuple[Expression, ...]
    options: Map | None = None
    star: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)
    written: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """``value::type``."""

    value: Expression
    type: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """``-value``. The sign of a number belongs to its literal."""

    value: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: OneOf["+", "-", "*", "/", "%"]
    left: Expression
    right: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: OneOf["==", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class In:
    value: Expression
    items: tuple[Expression, ...]
    negated: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InQuery:
    """``value [NOT] IN (FROM ...)`` or ``(a, b) [NOT] IN (FROM ...)``."""

    values: tuple[Expression, ...]
    query: Query
    negated: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Like:
    """``value [NOT] LIKE pattern`` or, with ``regex``, ``RLIKE``; ``listed`` when the patterns stood in parentheses."""

    value: Expression
    patterns: tuple[Expression, ...]
    regex: bool = False
    negated: bool = False
    listed: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IsNull:
    value: Expression
    negated: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    """``field : query``, the full-text operator."""

    value: Expression
    query: Literal | TimeSpan | Parameter
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    value: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Logical:
    """``a AND b AND c``: one node for a chain of one operator."""

    operator: OneOf["and", "or"]
    items: tuple[Expression, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


Expression: TypeAlias = (
    Literal | TimeSpan | Name | Parameter | Lambda | Function | Cast | Negative | Arithmetic | Comparison
    | In | InQuery | Like | IsNull | Match | Not | Logical
)  # fmt: skip


_CHILDREN: dict[type, Callable[[Any], tuple[Expression, ...]]] = {
    Function: lambda node: node.arguments,
    **dict.fromkeys((Cast, Negative, Not, IsNull, Match), lambda node: (node.value,)),
    **dict.fromkeys((Arithmetic, Comparison), lambda node: (node.left, node.right)),
    In: lambda node: (node.value, *node.items),
    Like: lambda node: (node.value, *node.patterns),
    InQuery: lambda node: node.values,
    Logical: lambda node: node.items,
    Lambda: lambda node: (node.body,),
}


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside an expression, from left to right; a sub-query is not entered."""
    found = _CHILDREN.get(type(node))
    return () if found is None else found(node)


def inside(*expressions: Expression) -> Iterator[Expression]:
    """The expressions and all those inside them, from left to right, each before what it holds."""
    waiting = [*reversed(expressions)]
    while waiting:
        node = waiting.pop()
        yield node
        found = _CHILDREN.get(type(node))
        if found is not None:
            waiting.extend(reversed(found(node)))
