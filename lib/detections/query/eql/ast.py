"""The syntax tree of EQL, as Elasticsearch 9 reads it.

A ``span`` is a pair of offsets into the query in code points, the end exclusive; spans take no part in equality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal as Choice
from typing import TypeAlias

from detections.query.span import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; None is null. A whole number that neither a long nor an unsigned one can hold is a float."""

    value: str | int | float | bool | None
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FieldName:
    """A field by its dotted name. ``optional`` is EQL's ``?name``: an unmapped field is null instead of an error."""

    name: str
    optional: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function, its name as written; ``case_insensitive`` is the tilde of ``endsWith~(...)``."""

    name: str
    arguments: tuple[Expression, ...]
    case_insensitive: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)
    name_span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: Choice["+", "-", "*", "/", "%"]
    left: Expression
    right: Expression
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """A minus sign before an expression that is not a number."""

    operand: Expression
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: Choice["==", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class In:
    """``in`` and ``in~``; ``not in`` is a :class:`Not` around it."""

    value: Expression
    choices: tuple[Expression, ...]
    case_insensitive: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A value against one or several patterns, any of which may match. ``:`` ignores case, as every tilde does."""

    operator: Choice[":", "like", "like~", "regex", "regex~"]
    value: Expression
    patterns: tuple[Literal, ...]
    several: bool = False
    """Whether the patterns stand in parentheses, be it only one."""
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    item: Expression
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Two or more conditions on one level."""

    items: tuple[Expression, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more conditions on one level."""

    items: tuple[Expression, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


Expression: TypeAlias = Literal | FieldName | Call | Arithmetic | Negative | Comparison | In | Match | Not | And | Or


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions right below this one, from left to right."""
    match node:
        case Call(arguments=inner) | And(items=inner) | Or(items=inner):
            return inner
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return left, right
        case Negative(operand=inner) | Not(item=inner):
            return (inner,)
        case In(value=value, choices=inner) | Match(value=value, patterns=inner):
            return value, *inner
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class EventFilter:
    """``category where condition``; ``category`` None is ``any``."""

    category: str | None
    condition: Expression
    span: Span = attribute(default=NOWHERE, compare=False)
    category_span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """One item of a sequence or sample: ``[filter] by keys with runs=n``; ``missing`` is ``![filter]``.

    Elasticsearch takes ``until ![filter]`` and reads it as ``until [filter]`` (its issue 132787).
    """

    filter: EventFilter
    by: tuple[FieldName, ...] = ()
    missing: bool = False
    runs: int = 1
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """``maxspan``: a count and its unit (ms, s, m, h, d)."""

    count: int
    unit: str
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    by: tuple[FieldName, ...]
    maxspan: TimeSpan | None
    terms: tuple[Term, ...]
    until: Term | None = None
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Sample:
    by: tuple[FieldName, ...]
    terms: tuple[Term, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """``| head 10``: Elasticsearch has head and tail, each with one number."""

    name: Choice["head", "tail"]
    count: int
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    body: EventFilter | Sequence | Sample
    pipes: tuple[Pipe, ...] = ()
    span: Span = attribute(default=NOWHERE, compare=False)


def fields(query: Query) -> Iterator[FieldName]:
    """Every mention of a field, join keys included, in the order of the text."""
    match query.body:
        case EventFilter(condition=condition):
            waiting: list[Expression] = [condition]
        case Sequence(by=by, terms=terms, until=until):
            waiting = [*by, *(item for term in (*terms, *((until,) if until else ())) for item in _items(term))]
        case Sample(by=by, terms=terms):
            waiting = [*by, *(item for term in terms for item in _items(term))]
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        if isinstance(node, FieldName):
            yield node
        waiting.extend(reversed(children(node)))


def _items(term: Term) -> tuple[Expression, ...]:
    return term.filter.condition, *term.by
