"""The operators of the predicate IR as functions of one normalised value."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from detections.errors import NotEvaluated
from detections.mapping import DYNAMIC, Field
from detections.plan.predicate import AnyToken, Between, Equals, Exists, Like, Matches, Operator, Phrase, Ranges
from detections.values import regex, wildcard
from detections.values.coerce import dynamic_number
from detections.values.order import fold, version_key

Check: TypeAlias = Callable[[Any], bool]

COST = {Equals: 1, Exists: 2, Between: 3, Ranges: 4, Like: 10, Matches: 20, AnyToken: 30, Phrase: 30}
"""About how much a value costs, in units of a set lookup. Text is dear: it is cut into tokens first."""


SETTLED = frozenset(
    {
        "data_stream.dataset", "event.action", "event.category", "event.code", "event.dataset", "event.kind",
        "event.module", "event.provider", "event.type",
    }
)  # fmt: skip
"""Fields that have few values, after which few events are left, and which a batch has for all of its events at once."""


def check_of(operator: Operator, field: Field) -> Check:
    """Whether a value satisfies the operator. On text fields, whether some token does, or the tokens together do.

    Raises:
        NotEvaluated: a regular expression that Elasticsearch refuses.
    """
    match operator:
        case Exists():
            return lambda value: True
        case Phrase(tokens):
            return _phrase(tokens)
        case AnyToken(tokens):
            return lambda value: not tokens.isdisjoint(value)
    if field.type == DYNAMIC:
        return _by_value(operator, field)
    check = _term(operator, field)
    if field.family == "text":
        return lambda value: any(map(check, value))
    return check


def _by_value(operator: Equals | Between | Ranges | Like | Matches, field: Field) -> Check:
    """Of a field whose values decide its type: a number is asked as a number, a text as a keyword."""
    if isinstance(operator, Equals):
        return _term(operator, field)
    of_text: Check = _term(operator, field)
    of_number: Check = _between(_numeric(operator)) if isinstance(operator, Between) else lambda value: False
    return lambda value: of_text(value) if isinstance(value, str) else of_number(value)


def _numeric(operator: Between) -> Between:
    """The interval for numbers: where a bound is not a number, none is inside."""
    low, high = (None if bound is None else dynamic_number(str(bound)) for bound in (operator.low, operator.high))
    if (low is None) is not (operator.low is None) or (high is None) is not (operator.high is None):
        return replace(operator, low=math.inf, high=None, include_low=False)
    return replace(operator, low=low, high=high)


def _term(operator: Equals | Between | Ranges | Like | Matches, field: Field) -> Check:
    match operator:
        case Equals(values, True):
            folded = frozenset(fold(str(value)) for value in values)
            return lambda value: fold(str(value)) in folded
        case Equals(values):
            return values.__contains__
        case Like(pattern, case_insensitive):
            return wildcard.matcher(pattern, case_insensitive=case_insensitive)
        case Matches(pattern, case_insensitive):
            try:
                return regex.matcher(pattern, case_insensitive=case_insensitive)
            except regex.RegexError as error:
                raise NotEvaluated(f"regular expression on {field.name}: {error}") from None
        case Ranges(ranges):
            return _in_ranges(ranges)
        case Between():
            return _between(operator, version_key if field.family == "version" else None)


def _between(operator: Between, key: Callable[[Any], Any] | None = None) -> Check:
    low, high = operator.low, operator.high
    if key is not None:
        low, high = (None if low is None else key(low)), (None if high is None else key(high))
    include_low, include_high = operator.include_low, operator.include_high

    def check(value: Any) -> bool:
        if key is not None:
            value = key(value)
        if low is not None and not (value >= low if include_low else value > low):
            return False
        return high is None or bool(value <= high if include_high else value < high)

    return check


def _in_ranges(ranges: tuple[tuple[int, int], ...]) -> Check:
    lows = [low for low, _ in ranges]

    def check(value: int) -> bool:
        at = bisect_right(lows, value)
        return at > 0 and value <= ranges[at - 1][1]

    return check


def _phrase(tokens: tuple[str, ...]) -> Check:
    first, length = tokens[0], len(tokens)

    def check(value: tuple[str, ...]) -> bool:
        at = -1
        for _ in range(value.count(first)):
            at = value.index(first, at + 1)
            if value[at : at + length] == tokens:
                return True
        return False

    return check
