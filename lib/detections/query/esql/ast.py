"""The syntax tree of ES|QL.

Every node carries the ``span`` (start, end) of the text it came from, in code points; spans take no part in equality.
Names are what they mean, not how they were quoted: ``a.`b c` `` is ``a.b c``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias

from detections.query.span import Span


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
    """A column."""

    name: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Function:
    """A call; ``name`` in lower case, ``star`` for ``count(*)``, ``options`` the entries of a trailing ``{...}``."""

    name: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Literal], ...] = ()
    star: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


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
    query: Literal
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
    Literal | TimeSpan | Name | Function | Cast | Negative | Arithmetic | Comparison
    | In | Like | IsNull | Match | Not | Logical
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A column made by ROW or EVAL. Without a name of its own it is called as its text stands in the query."""

    name: str
    value: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A column name with wildcards: the texts between the ``*`` (so a name without any is one text)."""

    texts: tuple[str, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """``ascending`` and ``nulls_first`` as they apply: nulls stand last when ascending, first when descending."""

    value: Expression
    ascending: bool = True
    nulls_first: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class From:
    indices: tuple[str, ...]
    metadata: tuple[Name, ...] = ()
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    fields: tuple[Field, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Where:
    condition: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Eval:
    fields: tuple[Field, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    patterns: tuple[Pattern, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Drop:
    patterns: tuple[Pattern, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rename:
    """(old, new) pairs, in order: a later one sees what an earlier one made."""

    pairs: tuple[tuple[Name, Name], ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sort:
    orders: tuple[Order, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Limit:
    count: int
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A command that is ES|QL but not understood here. ``name`` is lower case (``stats``, ``inline stats``), ``text``
    all of it, without comments at its ends."""

    name: str
    text: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


Command: TypeAlias = From | Row | Where | Eval | Keep | Drop | Rename | Sort | Limit | Opaque


@dataclass(frozen=True, slots=True)
class Query:
    commands: tuple[Command, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)

    @property
    def indices(self) -> tuple[str, ...]:
        """The index patterns of FROM; none for another source."""
        source = self.commands[0]
        return source.indices if isinstance(source, From) else ()

    @property
    def metadata(self) -> tuple[str, ...]:
        """The metadata columns FROM asks for (``_id``, ``_index``, ``_version`` ...)."""
        source = self.commands[0]
        return tuple(name.name for name in source.metadata) if isinstance(source, From) else ()

    @property
    def opaque(self) -> tuple[Opaque, ...]:
        """The commands that are not understood here."""
        return tuple(command for command in self.commands if isinstance(command, Opaque))

    @property
    def aggregates(self) -> bool:
        """Whether rows are no longer documents: there is a STATS. INLINE STATS keeps the rows (as Kibana decides)."""
        return any(command.name == "stats" for command in self.opaque)


def children(node: Expression) -> Iterator[Expression]:
    """The expressions directly inside an expression, from left to right."""
    match node:
        case Function(arguments=arguments):
            yield from arguments
        case Cast(value=value) | Negative(value=value) | Not(value=value) | IsNull(value=value) | Match(value=value):
            yield value
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            yield left
            yield right
        case In(value=value, items=items) | Like(value=value, patterns=items):
            yield value
            yield from items
        case Logical(items=items):
            yield from items


def names(query: Query) -> Iterator[Name]:
    """The columns that the understood commands read, in the order of the text; wildcards are not among them."""
    for command in query.commands:
        match command:
            case Where(condition=value):
                yield from _names([value])
            case Row(fields=fields) | Eval(fields=fields):
                yield from _names([one.value for one in fields])
            case Sort(orders=orders):
                yield from _names([one.value for one in orders])
            case Rename(pairs=pairs):
                yield from (old for old, _ in pairs)
            case Keep(patterns=patterns) | Drop(patterns=patterns):
                yield from (Name(one.texts[0], one.span) for one in patterns if len(one.texts) == 1)


def _names(expressions: list[Expression]) -> Iterator[Name]:
    waiting = expressions[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Name):
            yield node
        waiting.extend([*children(node)][::-1])
