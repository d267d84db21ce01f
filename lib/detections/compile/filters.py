"""The filters of a rule, as Kibana (kbn-es-query) keeps them, to predicates.

A filter is a query in Elasticsearch's Query DSL with ``meta`` beside it: ``disabled``, ``negate``, and for one combined
of others ``type``, ``relation`` and ``params``. All filters of a rule must hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.compile import leaf
from detections.compile.constants import Pattern, RefusedError
from detections.compile.lucene import compile_lucene
from detections.errors import NotEvaluated, QuerySyntaxError, QueryTypeError
from detections.mapping import Field, Mapping
from detections.plan.predicate import Always, And, Nested, Not, Or, Predicate
from detections.query import parse
from detections.values.wildcard import ANY, ONE, Wild

Filter: TypeAlias = AbstractMapping[str, Any]
"""A filter, or a query in one, as JSON has it."""

_SPAN = (0, 0)
_BESIDE = frozenset({"meta", "$state", "query"})
_IGNORED = frozenset({"boost", "_name"})
_BOUNDS = ("gt", "gte", "lt", "lte")


def compile_filters(filters: Iterable[Filter], mapping: Mapping) -> Predicate:
    """The predicate of a rule's filters.

    Raises:
        NotEvaluated: a filter has a query, or an option of one, that nothing here evaluates.
        QueryTypeError: Elasticsearch would refuse a filter; its ``query`` is the filter as JSON.
    """
    return And(tuple([_filter(one, mapping) for one in filters if is_enabled(one)]))


def compile_query(query: Filter, mapping: Mapping) -> Predicate:
    """The predicate of a query in Query DSL.

    Raises:
        NotEvaluated: nothing here evaluates it, or an option of it.
        QueryTypeError: Elasticsearch would refuse it; the error's ``query`` is the query as JSON.
    """
    try:
        return _Dsl(mapping).compile(query)
    except RefusedError as error:
        raise QueryTypeError(str(error), json.dumps(query, default=str), 0) from error


@dataclass(frozen=True, slots=True)
class Combined:
    """The filters that a combined one is made of, the disabled ones left out: ``every`` of them must hold, or any."""

    items: tuple[Filter, ...]
    every: bool


def is_enabled(given: Filter) -> bool:
    return not _meta(given).get("disabled")


def is_negated(given: Filter) -> bool:
    return bool(_meta(given).get("negate"))


def enabled_parts(given: Filter) -> Combined | None:
    """What a combined filter is made of, None for any other."""
    meta = _meta(given)
    if meta.get("type") != "combined":
        return None
    return Combined(
        tuple([one for one in _objects(meta.get("params")) if is_enabled(one)]), meta.get("relation") == "AND"
    )


def query_of(given: Filter) -> Filter:
    """A filter's query. Filters of old Kibanas have the query's keys beside ``meta``."""
    query = given.get("query") or {key: value for key, value in given.items() if key not in _BESIDE}
    return query if isinstance(query, AbstractMapping) else {}


def nested_path(query: Filter, mapping: Mapping) -> str | None:
    """The nested path of a filter on one field: Kibana puts the nested query around it itself."""
    ((kind, body),) = query.items()
    if kind in ("bool", "nested") or not isinstance(body, AbstractMapping) or not body:
        return None
    found = mapping.listed(str(body.get("field") if kind == "exists" else next(iter(body))))
    return None if found is None else found.nested


def _filter(given: Filter, mapping: Mapping) -> Predicate:
    try:
        made = _meant(given, mapping)
    except RefusedError as error:
        raise QueryTypeError(f"filter: {error}", json.dumps(given, default=str), 0) from error
    return Not(made) if is_negated(given) else made


def _meant(given: Filter, mapping: Mapping) -> Predicate:
    parts = enabled_parts(given)
    if parts is not None:
        return (And if parts.every else Or)(tuple([_filter(one, mapping) for one in parts.items]))
    query = query_of(given)
    made = _Dsl(mapping).compile(query)
    path = nested_path(query, mapping)
    return made if path is None else Nested(path, made)


def _meta(given: Filter) -> Filter:
    meta = given.get("meta") if isinstance(given, AbstractMapping) else None
    return meta if isinstance(meta, AbstractMapping) else {}


def _objects(given: object) -> Sequence[Filter]:
    found = [given] if isinstance(given, AbstractMapping) else given
    if not isinstance(found, list | tuple) or not all(isinstance(one, AbstractMapping) for one in found):
        raise RefusedError("a query must be an object")
    return found


class _Dsl:
    """Query DSL to predicates, for the fields of a mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._kinds: dict[str, Callable[[object], Predicate]] = {
            "bool": self._bool,
            "constant_score": self._constant_score,
            "dis_max": self._dis_max,
            "exists": self._exists,
            "match_all": lambda body: Always(True),
            "match_none": lambda body: Always(False),
            "match": self._match,
            "match_phrase": self._match_phrase,
            "nested": self._nested,
            "prefix": self._prefix,
            "query_string": self._query_string,
            "range": self._range,
            "regexp": self._regexp,
            "term": self._term,
            "terms": self._terms,
            "wildcard": self._wildcard,
        }

    def compile(self, query: Filter) -> Predicate:
        if not isinstance(query, AbstractMapping) or len(query) != 1:
            raise RefusedError("a query must be an object with one key, the query's name")
        ((kind, body),) = query.items()
        if kind not in self._kinds:
            raise NotEvaluated(f"the query '{kind}' in a filter is not evaluated here")
        return self._kinds[kind](body)

    def _bool(self, body: object) -> Predicate:
        options = _options(body, "bool", {"must", "filter", "should", "must_not", "minimum_should_match"})
        parts = {key: [self.compile(one) for one in _objects(options.get(key) or [])] for key in _CLAUSES}
        required = [*parts["must"], *parts["filter"], *(Not(one) for one in parts["must_not"])]
        optional = parts["should"]
        least = options.get("minimum_should_match", 0 if parts["must"] or parts["filter"] else 1)
        least = int(least) if isinstance(least, str) and least.isascii() and least.isdigit() else least
        if not isinstance(least, int) or least > 1:
            raise NotEvaluated(f"minimum_should_match {least!r} in a filter is not evaluated here")
        if optional and least == 1:
            required.append(Or(tuple(optional)))
        return And(tuple(required))

    def _constant_score(self, body: object) -> Predicate:
        return self.compile(_options(body, "constant_score", {"filter"}).get("filter") or {})

    def _dis_max(self, body: object) -> Predicate:
        queries = _objects(_options(body, "dis_max", {"queries", "tie_breaker"}).get("queries") or [])
        return Or(tuple([self.compile(one) for one in queries]))

    def _nested(self, body: object) -> Predicate:
        options = _options(body, "nested", {"path", "query", "score_mode", "ignore_unmapped"})
        path = str(options.get("path"))
        if not self._mapping.is_nested(path):
            if options.get("ignore_unmapped"):
                return Always(False)
            raise RefusedError(f"[nested] failed to find nested object under path [{path}]")
        return Nested(path, self.compile(options.get("query") or {}))

    def _exists(self, body: object) -> Predicate:
        name = str(_options(body, "exists", {"field"}).get("field"))
        found = self._mapping.get(name)
        return leaf.object_exists(self._mapping, name, _SPAN) if found is None else leaf.exists(found, _SPAN)

    def _match(self, body: object) -> Predicate:
        name, options = _one_field(body, "match", "query", {"type", "lenient", "minimum_should_match"})
        if options.get("type") == "phrase":
            return self._ask(name, lambda field: leaf.match_phrase(field, options["query"], _SPAN))
        return self._ask(name, lambda field: leaf.match(field, options.get("query"), _SPAN))

    def _match_phrase(self, body: object) -> Predicate:
        name, options = _one_field(body, "match_phrase", "query", set())
        return self._ask(name, lambda field: leaf.match_phrase(field, options.get("query"), _SPAN))

    def _term(self, body: object) -> Predicate:
        name, options = _one_field(body, "term", "value", {"case_insensitive"})
        folded = bool(options.get("case_insensitive"))
        return self._ask(name, lambda field: leaf.term(field, options.get("value"), _SPAN, case_insensitive=folded))

    def _terms(self, body: object) -> Predicate:
        fields = {name: values for name, values in _object(body, "terms").items() if name not in _IGNORED}
        if len(fields) != 1 or not all(isinstance(values, list | tuple) for values in fields.values()):
            raise NotEvaluated("a terms query without a list of values is not evaluated here")
        ((name, values),) = fields.items()
        return self._ask(name, lambda field: leaf.terms(field, values, _SPAN))

    def _wildcard(self, body: object) -> Predicate:
        name, options = _one_field(body, "wildcard", "value", {"wildcard", "case_insensitive", "rewrite"})
        pattern = _pattern(str(options.get("value", options.get("wildcard"))))
        folded = bool(options.get("case_insensitive"))
        return self._ask(name, lambda field: leaf.wildcard(field, pattern, _SPAN, case_insensitive=folded))

    def _prefix(self, body: object) -> Predicate:
        name, options = _one_field(body, "prefix", "value", {"case_insensitive", "rewrite"})
        text, folded = str(options.get("value")), bool(options.get("case_insensitive"))
        pattern: Pattern = (text, ANY) if text else (ANY,)
        return self._ask(
            name, lambda field: leaf.wildcard(field, pattern, _SPAN, case_insensitive=folded, kind="prefix")
        )

    def _regexp(self, body: object) -> Predicate:
        name, options = _one_field(body, "regexp", "value", {"case_insensitive", "rewrite"})
        pattern, folded = str(options.get("value")), bool(options.get("case_insensitive"))
        return self._ask(name, lambda field: leaf.regexp(field, pattern, _SPAN, case_insensitive=folded))

    def _query_string(self, body: object) -> Predicate:
        options = _options(body, "query_string", {"query", "analyze_wildcard", "time_zone", "lenient"})
        if options.get("time_zone", "UTC") not in _UTC:
            raise NotEvaluated(f"the time zone {options['time_zone']!r} in a filter is not evaluated here")
        if options.get("analyze_wildcard") is not True or options.get("lenient") is False:
            raise NotEvaluated("a query_string without analyze_wildcard, or not lenient, is not evaluated here")
        try:
            return compile_lucene(parse(str(options.get("query")), "lucene"), self._mapping)
        except QuerySyntaxError as error:
            raise RefusedError(error.message) from None

    def _range(self, body: object) -> Predicate:
        name, options = _one_field(body, "range", "gte", {*_BOUNDS, "format", "time_zone", "relation"})
        if options.get("time_zone", "UTC") not in _UTC:
            raise NotEvaluated(f"the time zone {options['time_zone']!r} in a filter is not evaluated here")
        if options.get("format", _DATE_FORMAT) not in _DATE_FORMATS:
            raise NotEvaluated(f"the date format {options['format']!r} in a filter is not evaluated here")
        given = {operator: options[operator] for operator in _BOUNDS if operator in options}
        return self._ask(name, lambda field: leaf.bounds(field, given, _SPAN))

    def _ask(self, name: str, ask: Callable[[Field], Predicate]) -> Predicate:
        found = self._mapping.get(name)
        return Always(False) if found is None else ask(found)


_UTC = ("UTC", "Zulu", "Z", "+00:00")
_CLAUSES = ("must", "filter", "should", "must_not")
_DATE_FORMAT = "strict_date_optional_time"
_DATE_FORMATS = (_DATE_FORMAT, "strict_date_optional_time||epoch_millis", "epoch_millis", "date_optional_time")


def _object(body: object, kind: str) -> Filter:
    if not isinstance(body, AbstractMapping):
        raise RefusedError(f"[{kind}] query malformed, no start_object after query name")
    return body


def _options(body: object, kind: str, known: set[str]) -> Filter:
    options = {key: value for key, value in _object(body, kind).items() if key not in _IGNORED}
    unknown = sorted(options.keys() - known)
    if unknown:
        raise NotEvaluated(f"the option '{unknown[0]}' of the query '{kind}' in a filter is not evaluated here")
    return options


def _one_field(body: object, kind: str, short: str, known: set[str]) -> tuple[str, Filter]:
    """The field's name and the options; ``{"f": value}`` is short for ``{"f": {short: value}}``."""
    fields = _object(body, kind)
    if len(fields) != 1:
        raise RefusedError(f"[{kind}] query doesn't support multiple fields")
    ((name, given),) = fields.items()
    if not isinstance(given, AbstractMapping):
        return name, {short: given}
    return name, _options(given, kind, {short, *known})


def _pattern(text: str) -> Pattern:
    """A wildcard query's text: ``*`` and ``?`` are marks, and a backslash takes the mark off the next character."""
    made: list[str | Wild] = []
    plain = ""
    characters = iter(text)
    for character in characters:
        if character in "*?":
            made += [plain, ANY if character == "*" else ONE] if plain else [ANY if character == "*" else ONE]
            plain = ""
        else:
            plain += next(characters, character) if character == "\\" else character
    return tuple([*made, plain] if plain else made)
