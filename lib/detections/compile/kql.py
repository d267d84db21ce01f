"""KQL to predicates: what Elasticsearch 9.2 answers to the query that Kibana makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from detections.compile import leaf
from detections.compile.clauses import Clause, Count, KibanaError, clause_of, clauses, full_name
from detections.compile.constants import Constant, Pattern, RefusedError
from detections.errors import NotEvaluated, QueryTypeError
from detections.mapping import Field, Mapping, name_pattern
from detections.plan.predicate import Always, And, AnyField, Nested, Not, Or, Predicate
from detections.query import KqlQuery, Span, kql
from detections.query.kql import Is, Literal, Node, Operand, Range, Wildcard
from detections.values import limits
from detections.values.wildcard import ANY, Wild

MAX_NESTED_DEPTH = limits.DSL_DEPTH.most
"""``indices.query.bool.max_nested_depth``: how many queries may stand one in the other."""

AROUND = 2
"""How many of them stand around a rule's query: the rule's ``bool`` with its time range, and Kibana's with filters."""

_TOO_DEEP = (
    "The nested depth of the query exceeds the maximum nested depth for queries set in "
    "[indices.query.bool.max_nested_depth]"
)


def compile_kql(
    query: KqlQuery,
    mapping: Mapping,
    *,
    case_insensitive: bool = False,
    now: int | None = None,
    refused: list[QueryTypeError] | None = None,
) -> Predicate:
    """The predicate of a KQL query; its answers are true or false, never missing.

    ``case_insensitive`` is Kibana's option for keyword fields. Dates without a zone are UTC, as in a rule; ``now`` is
    the instant that date math counts from (milliseconds since the epoch), None that of the execution. ``refused`` is
    given what would otherwise be raised; what was refused is then false, and the rest of the query still says what it
    asks.

    Raises:
        QueryTypeError: Kibana or Elasticsearch would refuse the query for these fields: the first place where.
        NotEvaluated: a field has a type that nothing here evaluates.
    """
    return _Compiler(query, mapping, case_insensitive, now, refused).compile(query.tree, None, AROUND + 1)


def refusals(query: KqlQuery, mapping: Mapping) -> list[QueryTypeError]:
    """All places where Kibana or Elasticsearch would refuse the query for these fields, from left to right."""
    found: list[QueryTypeError] = []
    compile_kql(query, mapping, refused=found)
    return found


class _Compiler:
    """``found`` collects refusals; without it the first one is raised."""

    def __init__(
        self,
        query: KqlQuery,
        mapping: Mapping,
        case_insensitive: bool,
        now: int | None,
        found: list[QueryTypeError] | None = None,
    ) -> None:
        self._mapping = mapping
        self._query = query
        self._case_insensitive = case_insensitive
        self._now = now
        self._found = found
        self._count = Count()

    def compile(self, node: Node, path: str | None, level: int) -> Predicate:
        """``level`` is the depth at which the node's query stands, ``path`` the nested path around it."""
        if level > MAX_NESTED_DEPTH:
            return self._refuse(_TOO_DEEP, node.span)
        match node:
            case kql.And(items):
                return And(tuple([self.compile(item, path, level + 1) for item in items]))
            case kql.Or(items):
                return Or(tuple([self.compile(item, path, level + 1) for item in items]))
            case kql.Not(item):
                return Not(self.compile(item, path, level + 1))
            case kql.Nested(own, item):
                inner = full_name(own, path)
                if not self._mapping.is_nested(inner):
                    return self._refuse(f"[nested] failed to find nested object under path [{inner}]", own.span)
                return Nested(inner, self.compile(item, inner, level + 1))
            case Is() | Range():
                return self._condition(node, path, level)

    def _condition(self, condition: Is | Range, path: str | None, level: int) -> Predicate:
        try:
            made = clauses(condition, self._mapping, path, self._count)
        except KibanaError as error:
            return self._refuse(str(error), condition.field.span)
        if made[0].name is None:
            return self._anywhere(made[0], condition.span)
        if level + (2 if any(clause.nested for clause in made) else 1) > MAX_NESTED_DEPTH:
            return self._refuse(_TOO_DEEP, condition.span)
        if isinstance(condition.field, Wildcard) and self._mapping.dynamic and path is None:
            asked = _Named(full_name(condition.field, None), condition, self._case_insensitive, self._mapping)
            return AnyField(asked, condition.span)
        items = [self._clause(clause, condition) for clause in made]
        return items[0] if len(items) == 1 else Or(tuple(items))

    def _clause(self, clause: Clause, condition: Is | Range) -> Predicate:
        assert clause.name is not None
        found = clause.field or self._mapping.get(clause.name)
        if found is None:
            if clause.kind == "exists":
                return leaf.object_exists(self._mapping, clause.name, condition.span)
            if isinstance(clause.value, Literal) and clause.value.value is None and clause.kind != "range":
                return self._refuse(f"[{clause.kind}] requires query value", condition.value.span)
            return Always(False, condition.span)
        try:
            made = _evaluate(clause, condition, found, self._case_insensitive, self._now)
        except RefusedError as error:
            return self._refuse(str(error), condition.value.span)
        except NotEvaluated:
            if self._found is None:
                raise
            return Always(False, condition.span)
        return made if clause.nested is None else Nested(clause.nested, made)

    def _anywhere(self, clause: Clause, span: Span) -> Predicate:
        if clause.kind == "match_all":
            return Always(True, span)
        if isinstance(clause.value, Literal) and clause.value.value is None:
            return self._refuse("[multi_match] requires query value", span)
        if self._mapping.dynamic:
            return AnyField(_Anywhere(clause.value, span, self._mapping), span)
        return _search(clause.value, self._mapping, span)

    def _refuse(self, message: str, span: Span) -> Predicate:
        error = self._query.refused(message, span)
        if self._found is None:
            raise error
        self._found.append(error)
        return Always(False, span)


def _evaluate(
    clause: Clause, condition: Is | Range, found: Field, case_insensitive: bool, now: int | None
) -> Predicate:
    value, span = clause.value, condition.span
    sent = "*".join(value.parts) if isinstance(value, Wildcard) else value.value
    match clause.kind:
        case "exists":
            return leaf.exists(found, span)
        case "wildcard":
            return leaf.wildcard(found, _pattern(value), span, case_insensitive=case_insensitive)
        case "query_string":
            return leaf.query_string(found, _pattern(value), span)
        case "range":
            given: dict[str, Constant]
            given = {condition.operator: sent} if isinstance(condition, Range) else {"gte": sent, "lte": sent}
            return leaf.bounds(found, given, span, now=now)
        case "term":
            return leaf.term(found, sent, span, case_insensitive=case_insensitive)
        case "match_phrase":
            return leaf.match_phrase(found, sent, span)
        case _:
            return leaf.match(found, sent, span)


def _pattern(value: Operand) -> Pattern:
    assert isinstance(value, Wildcard)
    made: list[str | Wild] = []
    for number, part in enumerate(value.parts):
        made += [ANY] if number else []
        made += [part] if part else []
    return tuple(made)


def _search(value: Operand, fields: Iterable[Field], span: Span) -> Predicate:
    """A value without a field: ``multi_match`` or ``query_string`` over all fields, lenient where a type refuses it."""
    asked: list[Callable[[Field], Predicate]]
    if isinstance(value, Wildcard):
        words = leaf.joined_words(_pattern(value))
        if (ANY,) in words:
            return Always(True, span)
        asked = [partial(leaf.word, pattern=word, span=span) for word in words]
    else:
        asked = [partial(leaf.match_phrase if value.quoted else leaf.match, value=value.value, span=span)]
    items: list[Predicate] = []
    for one in fields:
        if one.nested is None:
            for ask in asked:
                with suppress(RefusedError, NotEvaluated):
                    items.append(ask(one))
    kept = tuple([item for item in items if not isinstance(item, Always)])
    return Or(kept) if kept else Always(False, span)


@dataclass(frozen=True, slots=True)
class _Anywhere:
    """A value without a field, where documents may have fields that no mapping declares."""

    value: Operand
    span: Span = field(compare=False)
    mapping: Mapping = field(compare=False)

    def expand(self, names: Iterable[str]) -> Predicate:
        found = {one.name: one for name in names for one in self.mapping.at(name)}
        return _search(self.value, found.values(), self.span)


@dataclass(frozen=True, slots=True)
class _Named:
    """A condition on a pattern of field names, where documents may have fields that no mapping lists.

    A field that refuses the condition does not have it: whether the indices have such a field nobody knows.
    """

    pattern: str
    condition: Is | Range
    case_insensitive: bool
    mapping: Mapping = field(compare=False)

    def expand(self, names: Iterable[str]) -> Predicate:
        pattern = name_pattern(self.pattern)
        fields = {one.name: one for name in dict.fromkeys(names) for one in self.mapping.at(name)}
        items: list[Predicate] = []
        for found in fields.values():
            if pattern.fullmatch(found.name):
                clause = clause_of(self.condition, found)
                with suppress(RefusedError, NotEvaluated):
                    made = _evaluate(clause, self.condition, found, self.case_insensitive, None)
                    items.append(made if found.nested is None else Nested(found.nested, made))
        return Or(tuple(items)) if items else Always(False, self.condition.span)
