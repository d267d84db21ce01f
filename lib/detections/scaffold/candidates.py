"""Values that could give a leaf the answer that is wanted of it.

They are made from the leaf's own constants: the value that a comparison names, the ends of a range and what lies just
beyond them, an address inside a block, a text that fits a pattern. They are proposals: who uses one asks the leaf.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.mapping import Field
from detections.plan.predicate import AnyToken, Between, Equals, Exists, Like, Matches, Phrase, Test
from detections.scaffold.examples import OTHERS, examples
from detections.scaffold.texts import of_expression, of_pattern
from detections.values.coerce import Scalar
from detections.values.dates import format_date, format_nanoseconds
from detections.values.ip import format_ip
from detections.values.regex_tree import RegexError

NOW = 1_772_445_600_000
"""When the made events happen, in milliseconds: the morning of Monday 2 March 2026."""


class Absent:
    """No value: the field is not in the event. The one instance is ``ABSENT``."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


def holding(test: Test, fillings: tuple[str, ...] = ()) -> Iterator[object]:
    """Values that a test is probably true for. ``fillings`` are texts that the value should hold besides."""
    field = test.field
    match test.operator:
        case Exists():
            yield from examples(field)
        case Equals(values):
            yield from (raw(field, value) for value in sorted(values, key=str))
        case Between() as interval:
            yield from (raw(field, value) for value in _inside(interval.at(NOW), field))
            yield from examples(field)
        case Like(pattern):
            yield from of_pattern(pattern, fillings)
        case Matches(pattern):
            try:
                yield from of_expression(pattern)
            except RegexError:
                return
        case Phrase(tokens):
            yield " ".join(tokens)
        case AnyToken(tokens):
            yield from sorted(tokens)


def failing(test: Test) -> Iterator[object]:
    """Values that a test is probably not true for, near ones first."""
    field = test.field
    match test.operator:
        case Exists():
            return
        case Equals(values):
            yield from (other for other in OTHERS.get(field.path, ()) if other not in values)
            yield from (near for value in sorted(values, key=str) for near in _near(field, value))
        case Between() as interval:
            yield from (raw(field, near) for near in _around(interval.at(NOW), field))
    yield from examples(field)


def raw(field: Field, value: Scalar) -> object:
    """A value of a field's type as a document has it."""
    if field.type == "date_nanos" and isinstance(value, int):
        return format_nanoseconds(value)
    if field.family == "date" and isinstance(value, int):
        return format_date(value)
    if field.family == "ip" and isinstance(value, int):
        return format_ip(value)
    return value


def _near(field: Field, value: Scalar) -> Iterator[object]:
    """A value beside this one: of a text, another one that a person sees is another."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield f"other-{value}" if field.family != "version" else "0.0.1"
    else:
        near = (one for one in (value + 1, value - 1) if field.family != "ip" or 0 <= one < 1 << 128)
        yield from (raw(field, one) for one in near)


def _inside(interval: Between, field: Field) -> Iterator[Scalar]:
    """The ends of an interval, and what lies just inside."""
    low, high = interval.low, interval.high
    if isinstance(low, int | float) and not isinstance(low, bool):
        yield from (low, low + 1)
        if field.family == "ip" and isinstance(high, int) and isinstance(low, int):
            yield min(low + 10, high)
    elif isinstance(low, str):
        yield from (low, f"{low}0")
    if isinstance(high, int | float) and not isinstance(high, bool):
        yield from (high, high - 1)
    elif isinstance(high, str):
        yield high
        yield high[:-1] + chr(max(0x20, ord(high[-1]) - 1)) if high else high


def _around(interval: Between, field: Field) -> Iterator[Scalar]:
    """What lies just outside an interval, and its ends, which may not belong to it."""
    for end, step in ((interval.high, 1), (interval.low, -1)):
        if isinstance(end, int | float) and not isinstance(end, bool):
            if field.family != "ip" or 0 <= end + step < 1 << 128:
                yield end + step
            yield end
        elif isinstance(end, str):
            yield f"{end}0" if step > 0 else end[:-1]
            yield end
