"""The predicate IR: what KQL, EQL and ES|QL conditions become.

A predicate answers, for one document, *true*, *false* or *missing* (``null``), since the languages differ there: KQL's
``not f: v`` keeps a document without the field, ES|QL's ``NOT f == v`` drops it. The connectives are Kleene's; a
document is selected when the answer is *true*.

Leaves come in two kinds. A :class:`Test` asks one field about constants: the engine answers it once per *distinct
value*. A :class:`Compute` is a scalar expression over any number of fields: the engine computes it row by row, on the
rows that are left. Each leaf keeps the ``span`` of the query text it came from (clause coverage and mutation report on
leaves); spans take no part in equality, so equal leaves of different rules are evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Literal, Protocol, TypeAlias

from detections.mapping import Field
from detections.plan.expression import Expression
from detections.query import NOWHERE, Span
from detections.values.coerce import Scalar
from detections.values.datemath import Relative
from detections.values.wildcard import Wild


@dataclass(frozen=True, slots=True)
class Exists:
    """The field has an indexed value (over ``ignore_above``, or refused by the type, is none)."""


@dataclass(frozen=True, slots=True)
class Equals:
    """Some value of the field is one of ``values`` (normalised to the field's type)."""

    values: frozenset[Scalar]
    case_insensitive: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """Some value of the field lies in the interval; ``None`` is an open end. Strings compare as UTF-8 bytes.

    Serves ranges on every ordered type, and CIDR blocks on ip (addresses are 128-bit integers). A date may be relative
    to the moment of the execution.
    """

    low: Scalar | Relative | None = None
    high: Scalar | Relative | None = None
    include_low: bool = True
    include_high: bool = True

    @property
    def relative(self) -> bool:
        """Whether it hangs on the moment of the execution."""
        return isinstance(self.low, Relative) or isinstance(self.high, Relative)

    def at(self, now: int) -> Between:
        """The interval in an execution that starts ``now``."""
        low, high = (bound.at(now) if isinstance(bound, Relative) else bound for bound in (self.low, self.high))
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Some value of the field, a whole number, lies in one of some ranges, both ends of each included. They are in
    order, and none touches another. Serves many CIDR blocks."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Like:
    """Some whole term of the field matches a wildcard pattern, a tuple of literal texts and ``ANY``/``ONE`` marks."""

    pattern: tuple[str | Wild, ...]
    case_insensitive: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """Some whole term of the field matches a Lucene regular expression."""

    pattern: str
    case_insensitive: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text field holds these tokens one after the other."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyToken:
    """A text field holds one of these tokens."""

    tokens: frozenset[str]


Operator: TypeAlias = Exists | Equals | Between | Ranges | Like | Matches | Phrase | AnyToken


@dataclass(frozen=True, slots=True)
class Test:
    """One field against constants.

    ``missing``: what a document without a value answers: ``"false"`` (KQL) or ``"missing"`` (EQL, ES|QL).
    ``several``: what a document with several values answers: ``"any"`` of them may satisfy the operator (KQL, EQL), or
    ``"missing"`` (ES|QL, which warns and answers null).
    """

    field: Field
    operator: Operator
    missing: Literal["false", "missing"] = "false"
    several: Literal["any", "missing"] = "any"
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Compute:
    """A scalar expression of type boolean; null is *missing*.

    ``several``: what a document with several values of a field computes with: no value but all of them (``"missing"``:
    ES|QL, where most functions make null of them), or each in turn (``"any"``: EQL; *true* where some choice of values
    gives true, else *false*, for null as well).
    """

    expression: Expression
    span: Span = attribute(default=NOWHERE, compare=False)
    several: Literal["missing", "any"] = "missing"


@dataclass(frozen=True, slots=True)
class Always:
    """The same answer for every document. ``missing`` is :attr:`value` ``None``."""

    value: bool | None
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Until:
    """True of every document in an execution that starts at the instant or before, false in later ones."""

    instant: int
    span: Span = attribute(default=NOWHERE, compare=False)


class FieldCondition(Protocol):
    """What an :class:`AnyField` asks of a field once its name is known. Hashable and picklable."""

    def expand(self, names: Iterable[str]) -> Predicate:
        """The predicate over the fields that documents have, given as dotted paths (in any order, repeats allowed)."""
        ...


@dataclass(frozen=True, slots=True)
class AnyField:
    """Some field of the document satisfies a condition, and no mapping knows all the fields there may be.

    Who evaluates it collects the paths that its documents have, and answers what the condition expands to. Many
    documents may be asked at once: where one lacks a field, that field answers *false*.
    """

    condition: FieldCondition
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    item: Predicate


@dataclass(frozen=True, slots=True)
class IsTrue:
    """*true* where the item is true, *false* elsewhere: turns three values into two."""

    item: Predicate


@dataclass(frozen=True, slots=True)
class Nested:
    """Some object under the nested ``path`` satisfies ``item`` by its own values alone."""

    path: str
    item: Predicate


Leaf: TypeAlias = Test | Compute | Always | Until | AnyField
Predicate: TypeAlias = Leaf | And | Or | Not | IsTrue | Nested


def leaves(predicate: Predicate) -> Iterator[Leaf]:
    """The leaves from left to right, repeated ones too."""
    match predicate:
        case And(items) | Or(items):
            for item in items:
                yield from leaves(item)
        case Not(item) | IsTrue(item) | Nested(_, item):
            yield from leaves(item)
        case _:
            yield predicate


def is_relative(predicate: Predicate) -> bool:
    """Whether its answers hang on the moment of the execution."""
    return any(map(_is_relative, leaves(predicate)))


def _is_relative(leaf: Leaf) -> bool:
    match leaf:
        case Test(operator=Between() as between):
            return between.relative
    return isinstance(leaf, Until)


def conjunction(*predicates: Predicate | None) -> Predicate:
    """What holds where each of them does; None asks nothing."""
    asked = tuple(predicate for predicate in predicates if predicate is not None)
    return asked[0] if len(asked) == 1 else And(asked)


def extent(node: Predicate) -> Span:
    """The place of a predicate in the query: from its first leaf to its last."""
    match node:
        case And(items) | Or(items):
            spans = [extent(item) for item in items] or [NOWHERE]
            return min(start for start, _ in spans), max(end for _, end in spans)
        case Not(item) | IsTrue(item) | Nested(_, item):
            return extent(item)
        case _:
            return node.span


def rewrite(predicate: Predicate, change: Callable[[Leaf], Predicate]) -> Predicate:
    """The predicate with every leaf replaced by what ``change`` makes of it, from left to right."""
    match predicate:
        case And(items):
            return And(tuple(rewrite(item, change) for item in items))
        case Or(items):
            return Or(tuple(rewrite(item, change) for item in items))
        case Not(item):
            return Not(rewrite(item, change))
        case IsTrue(item):
            return IsTrue(rewrite(item, change))
        case Nested(path, item):
            return Nested(path, rewrite(item, change))
        case _:
            return change(predicate)
