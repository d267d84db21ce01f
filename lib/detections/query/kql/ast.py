"""The syntax tree of KQL: Kibana's node types (and, or, not, is, range, nested) and its two kinds of operands.

A ``span`` is a pair of offsets into the query in code points, the end exclusive; spans take no part in equality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal as Choice
from typing import TypeAlias

from detections.query.span import NOWHERE, Span

RangeOperator: TypeAlias = Choice["lt", "lte", "gt", "gte"]

STAR = "@kuery-wildcard@"
"""How Kibana marks a star that is none of the text's own."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text. Unquoted ``true``, ``false`` and ``null`` are typed; a number stays the text that was written.

    As a field, the value None stands for "no field": a value that any field may have.
    """

    value: str | bool | None
    quoted: bool = False
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A text with stars: ``parts`` are the texts between them, so ``foo*`` has the parts ``foo`` and the empty text."""

    parts: tuple[str, ...]
    span: Span = attribute(default=NOWHERE, compare=False)

    @property
    def lone(self) -> bool:
        """Only one star: ``f: *`` asks whether the field exists. Two stars do not."""
        return self.parts == ("", "")

    @property
    def marked(self) -> str:
        """One text, with Kibana's mark for each star."""
        return STAR.join(self.parts)

    @property
    def leading(self) -> bool:
        """Begins with a star and is more than one: what Kibana refuses where leading wildcards are disabled."""
        return not self.parts[0] and not self.lone


Operand: TypeAlias = Literal | Wildcard


@dataclass(frozen=True, slots=True)
class Is:
    """``field: value``, or a value alone (the field is then ``Literal(None)``)."""

    field: Operand
    value: Operand
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """``field < value`` and its kin."""

    field: Operand
    operator: RangeOperator
    value: Operand
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Node, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Node, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    item: Node
    span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Nested:
    """``path: { item }``: the names of fields in ``item`` go on from ``path``."""

    path: Operand
    item: Node
    span: Span = attribute(default=NOWHERE, compare=False)


Node: TypeAlias = Is | Range | And | Or | Not | Nested


def leaves(node: Node) -> Iterator[Is | Range]:
    """The conditions on fields, from left to right."""
    waiting = [node]
    while waiting:
        match waiting.pop():
            case And(items) | Or(items):
                waiting.extend(reversed(items))
            case Not(item) | Nested(_, item):
                waiting.append(item)
            case leaf:
                yield leaf
