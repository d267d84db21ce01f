"""A KQL query as the Query DSL that Kibana (kbn-es-query) makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import repeat

from detections.compile.clauses import Clause, Count, KibanaError, clauses, full_name
from detections.compile.dsl import Dsl
from detections.errors import QueryError, QuerySyntaxError
from detections.mapping import Mapping
from detections.query import KqlQuery
from detections.query.kql import And, Is, Literal, Nested, Node, Not, Operand, Or, Range, Wildcard, kibana_text, leaves

_RESERVED = re.compile(r'([+\-=&|><!(){}\[\]^"~*?:\\/])')
_EPOCH = re.compile("[0-9]+", re.ASCII)
_LEADING_WILDCARDS = "Leading wildcards are disabled. See query:allowLeadingWildcards in Advanced Settings."


@dataclass(frozen=True, slots=True)
class DslOptions:
    """Kibana's options for a query.

    ``case_insensitive`` and ``nested_ignore_unmapped`` are written into the queries that know them when they are true;
    false is what Elasticsearch takes them for anyway. ``time_zone`` goes with dates, unless they are digits only.
    ``filters_in_must``: ``and`` becomes ``must``.
    """

    allow_leading_wildcards: bool = True
    case_insensitive: bool = False
    time_zone: str | None = None
    nested_ignore_unmapped: bool = False
    filters_in_must: bool = False


def to_dsl(query: KqlQuery, mapping: Mapping, options: DslOptions = DslOptions()) -> Dsl:
    """The Query DSL that Kibana sends for a query.

    Raises:
        QuerySyntaxError: a leading wildcard where the options forbid them.
        QueryTypeError: Kibana refuses a nested field outside of its path, or another field inside one.
    """
    if not options.allow_leading_wildcards:
        for leaf in leaves(query.tree):
            if isinstance(leaf, Is) and isinstance(leaf.value, Wildcard) and leaf.value.leading:
                raise _leading_wildcard(query.text, leaf.value)
    return _Writer(query, mapping, options).write(query.tree, None)


def _leading_wildcard(query_text: str, value: Wildcard) -> QueryError:
    start, end = value.span
    text = kibana_text(_LEADING_WILDCARDS, query_text, start)
    return QuerySyntaxError(_LEADING_WILDCARDS, query_text, start, end, text=text)


class _Writer:
    def __init__(self, query: KqlQuery, mapping: Mapping, options: DslOptions) -> None:
        self._query = query
        self._mapping = mapping
        self._options = options
        self._count = Count()

    def write(self, node: Node, path: str | None) -> Dsl:
        match node:
            case And(items):
                place = "must" if self._options.filters_in_must else "filter"
                return {"bool": {place: list(map(self.write, items, repeat(path)))}}
            case Or(items):
                return _should(list(map(self.write, items, repeat(path))))
            case Not(item):
                return {"bool": {"must_not": self.write(item, path)}}
            case Nested(own, item):
                inner = full_name(own, path)
                return self._nested(inner, self.write(item, inner))
            case Is() | Range():
                return self._condition(node, path)

    def _condition(self, condition: Is | Range, path: str | None) -> Dsl:
        try:
            found = clauses(condition, self._mapping, path, self._count)
        except KibanaError as error:
            raise self._query.refused(str(error), condition.field.span) from error
        if found[0].name is None:
            return self._clause(found[0], condition)
        return _should([self._wrapped(clause, condition) for clause in found])

    def _wrapped(self, clause: Clause, condition: Is | Range) -> Dsl:
        written = self._clause(clause, condition)
        return written if clause.nested is None else self._nested(clause.nested, written)

    def _nested(self, path: str, query: Dsl) -> Dsl:
        extra = {"ignore_unmapped": True} if self._options.nested_ignore_unmapped else {}
        return {"nested": {"path": path, "query": query, "score_mode": "none", **extra}}

    def _clause(self, clause: Clause, condition: Is | Range) -> Dsl:
        kind, name, value = clause.kind, clause.name, clause.value
        match kind:
            case "match_all":
                return {kind: {}}
            case "multi_match":
                style = "phrase" if isinstance(value, Literal) and value.quoted else "best_fields"
                return {kind: {"type": style, "query": _sent(value), "lenient": True}}
            case "query_string":
                return {kind: {**({} if name is None else {"fields": [name]}), "query": _pattern(value)}}
            case "exists":
                return {kind: {"field": name}}
            case "wildcard":
                return {kind: {name: {"value": _pattern(value), **self._case()}}}
            case "term":
                return {kind: {name: {"value": _sent(value), **self._case()}}}
            case "range":
                return {kind: {name: {**_bounds(condition), **self._zone(clause)}}}
            case _:
                return {kind: {name: _sent(value)}}

    def _case(self) -> Dsl:
        return {"case_insensitive": True} if self._options.case_insensitive else {}

    def _zone(self, clause: Clause) -> Dsl:
        sent = _sent(clause.value)
        if not self._options.time_zone or not clause.is_date or (isinstance(sent, str) and _EPOCH.fullmatch(sent)):
            return {}
        return {"time_zone": self._options.time_zone}


def _should(queries: list[Dsl]) -> Dsl:
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def _bounds(condition: Is | Range) -> Dsl:
    sent = _sent(condition.value)
    return {condition.operator: sent} if isinstance(condition, Range) else {"gte": sent, "lte": sent}


def _sent(value: Operand) -> str | bool | None:
    return value.value if isinstance(value, Literal) else "*".join(value.parts)


def _pattern(value: Operand) -> str:
    """A text with stars, everything else that Lucene's query syntax reserves escaped."""
    assert isinstance(value, Wildcard)
    return "*".join(_RESERVED.sub(r"\\\1", part) for part in value.parts)
