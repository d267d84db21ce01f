"""Predicates as Query DSL: documents for which a predicate is true (Elasticsearch 8.19 and 9.x).

Query DSL knows two answers and a predicate three, so each node is written twice: where it is true, and where it is
false. What is neither is missing, and found by nothing.
"""

from __future__ import annotations

import time
from typing import Any, TypeAlias

from detections.errors import NotEvaluated
from detections.mapping import Field
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Equals,
    Exists,
    IsTrue,
    Like,
    Matches,
    Nested,
    Not,
    Operator,
    Or,
    Phrase,
    Predicate,
    Ranges,
    Test,
    Until,
)
from detections.values.coerce import Scalar
from detections.values.datemath import Relative
from detections.values.dates import format_date
from detections.values.ip import format_ip
from detections.values.wildcard import ANY

Dsl: TypeAlias = dict[str, Any]
"""A query, or a part of a request's body, in Elasticsearch's Query DSL."""

_ALL: Dsl = {"match_all": {}}
_NONE: Dsl = {"match_none": {}}


def to_dsl(predicate: Predicate, now: int | None = None) -> Dsl:
    """The query that finds the documents for which the predicate is true, in an execution that starts ``now`` (None:
    when the server is asked).

    Raises:
        NotEvaluated: a part of it has no form in Query DSL: computations, fields that no mapping knows, a question
            about how many values a field has.
    """
    return _Writer(now, lenient=False).true(predicate)


def has_form(predicate: Predicate) -> bool:
    """Whether there is a query that finds just these documents."""
    try:
        to_dsl(predicate)
    except NotEvaluated:
        return False
    return True


def at_least(predicate: Predicate, now: int | None = None) -> Dsl:
    """A query that finds these documents and perhaps more: what has no form in Query DSL is not asked."""
    return _Writer(now, lenient=True).true(predicate)


class _Writer:
    def __init__(self, now: int | None, *, lenient: bool) -> None:
        self._now = now
        self._lenient = lenient

    def true(self, predicate: Predicate) -> Dsl:
        match predicate:
            case And(items):
                return _every([self.true(item) for item in items])
            case Or(items):
                return _some([self.true(item) for item in items])
            case Not(item):
                return self.false(item)
            case IsTrue(item):
                return self.true(item)
            case Nested(path, item):
                inside = self.true(item)
                return {"nested": {"path": path, "query": inside, "score_mode": "none", "ignore_unmapped": True}}
            case Always(value):
                return _ALL if value else _NONE
            case Until(instant):
                return _ALL if self._moment <= instant else _NONE
            case Test(several="any"):
                return self._test(predicate)
        if self._lenient:
            return _ALL
        if isinstance(predicate, Test):
            raise NotEvaluated(f"whether {predicate.field.name} has several values cannot be asked in Query DSL")
        raise NotEvaluated("a computation over fields, or a condition on any field, has no form in Query DSL")

    def false(self, predicate: Predicate) -> Dsl:
        match predicate:
            case And(items):
                return _some([self.false(item) for item in items])
            case Or(items):
                return _every([self.false(item) for item in items])
            case Not(item):
                return self.true(item)
            case Always(value):
                return _ALL if value is False else _NONE
            case Test(field, _, "missing", "any"):
                return {"bool": {"filter": [_exists(field)], "must_not": [self._test(predicate)]}}
        try:
            return {"bool": {"must_not": [_Writer(self._now, lenient=False).true(predicate)]}}
        except NotEvaluated:
            if not self._lenient:
                raise
            return _ALL

    @property
    def _moment(self) -> int:
        return round(time.time() * 1000) if self._now is None else self._now

    def _test(self, test: Test) -> Dsl:
        operator = test.operator
        if isinstance(operator, Between) and operator.relative and self._now is not None:
            operator = operator.at(self._now)
        return _test(test.field, operator)


def _every(queries: list[Dsl]) -> Dsl:
    return queries[0] if len(queries) == 1 else {"bool": {"filter": queries}} if queries else _ALL


def _some(queries: list[Dsl]) -> Dsl:
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else _NONE


def _exists(field: Field) -> Dsl:
    return {"exists": {"field": field.name}}


def _test(field: Field, operator: Operator) -> Dsl:
    match operator:
        case Exists():
            return _exists(field)
        case Equals(values, folded):
            return _equals(field, sorted(values, key=str), folded)
        case Between():
            return _between(field, operator)
        case Ranges(ranges):
            return _some([_between(field, Between(low, high)) for low, high in ranges])
        case Like(pattern, folded):
            return _like(field, pattern, folded)
        case Matches(pattern, folded):
            return {"regexp": {field.name: {"value": pattern, "case_insensitive": folded}}}
        case Phrase(tokens):
            return {"match_phrase": {field.name: {"query": " ".join(tokens), "analyzer": "whitespace"}}}
        case AnyToken(tokens):
            return {"terms": {field.name: sorted(tokens)}}


def _equals(field: Field, values: list[Scalar], folded: bool) -> Dsl:
    if folded:
        return _some([{"term": {field.name: {"value": value, "case_insensitive": True}}} for value in values])
    return {"terms": {field.name: [_sent(field, value) for value in values]}} if values else _NONE


def _between(field: Field, operator: Between) -> Dsl:
    low, high = operator.low, operator.high
    if low is None and high is None:
        return _exists(field)
    is_date = field.family == "date"
    # Years of five digits have no form in the formats of dates.
    bounds: Dsl = {"format": "epoch_millis"} if is_date else {}
    for name, value in (
        ("gte" if operator.include_low else "gt", low),
        ("lte" if operator.include_high else "lt", high),
    ):
        if value is not None:
            bounds[name] = str(value) if isinstance(value, Relative) else value if is_date else _sent(field, value)
    return {"range": {field.name: bounds}}


def _like(field: Field, pattern: tuple[object, ...], folded: bool) -> Dsl:
    if field.key and pattern[-1:] == (ANY,) and all(isinstance(part, str) for part in pattern[:-1]):
        return {"prefix": {field.name: {"value": "".join(map(str, pattern[:-1])), "case_insensitive": folded}}}
    written = "".join(_escaped(part) if isinstance(part, str) else str(part) for part in pattern)
    return {"wildcard": {field.name: {"value": written, "case_insensitive": folded}}}


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\*?" else character for character in text)


def _sent(field: Field, value: Scalar) -> Scalar:
    """A normalised value in the form that the field's type reads."""
    if isinstance(value, int) and field.family in ("ip", "date"):
        # A short number would be read as a year.
        return format_ip(value) if field.family == "ip" else format_date(value)
    return value
