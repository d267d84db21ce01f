"""Lucene to predicates: what Elasticsearch 9.2 answers to the ``query_string`` that Kibana sends.

Kibana names no default field, so that the query is lenient: what a field's type refuses (a word for a number, a
wildcard for an address) matches nothing, instead of failing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from detections.compile import constants, leaf
from detections.compile.constants import RefusedError
from detections.errors import NotEvaluated, QueryTypeError
from detections.mapping import Field, Mapping, name_pattern
from detections.plan.predicate import Always, And, AnyField, AnyToken, Not, Or, Predicate, Test
from detections.query import LuceneQuery, Span
from detections.query.lucene import Boolean, Condition, Node, Occur, Pattern, Range, Regex, Words
from detections.values.order import lower
from detections.values.wildcard import ANY

EXISTS = "_exists_"
_COMPARISONS = ((">=", "gte"), ("<=", "lte"), (">", "gt"), ("<", "lt"))


def compile_lucene(
    query: LuceneQuery, mapping: Mapping, *, now: int | None = None, refused: list[QueryTypeError] | None = None
) -> Predicate:
    """The predicate of a query; its answers are true or false, never missing.

    Dates without a zone are UTC, as in a rule; ``now`` is the instant that date math counts from, None that of the
    execution. ``refused`` is given what the types of fields refuse; what is not evaluated is not raised then.

    Raises:
        NotEvaluated: a part of it is not evaluated here: fuzzy words, words so far apart, a type of a field.
    """
    return _Compiler(query, mapping, now, refused).compile(query.tree)


def refusals(query: LuceneQuery, mapping: Mapping) -> list[QueryTypeError]:
    """All places that match nothing because of the types of these fields, from left to right."""
    found: list[QueryTypeError] = []
    compile_lucene(query, mapping, refused=found)
    return found


class _Compiler:
    def __init__(
        self, query: LuceneQuery, mapping: Mapping, now: int | None, found: list[QueryTypeError] | None
    ) -> None:
        self._query = query
        self._mapping = mapping
        self._now = now
        self._found = found

    def compile(self, node: Boolean) -> Predicate:
        if not node.clauses:
            return Always(True, node.span)
        made = self._made(node)
        return Always(False, node.span) if made is None else made

    def _made(self, node: Node) -> Predicate | None:
        """None for a text that its field's analyzer makes nothing of: as if it were not there."""
        if isinstance(node, Condition):
            return self._condition(node)
        made = [(clause.occur, one) for clause in node.clauses if (one := self._made(clause.node)) is not None]
        if not made:
            return None
        parts = {occur: [one for its, one in made if its is occur] for occur in Occur}
        required = parts[Occur.MUST]
        # Where something must hold, what only should changes the order of results, and nothing else.
        if not required and (should := parts[Occur.SHOULD]):
            required = [should[0] if len(should) == 1 else Or(tuple(should))]
        every = [*required, *map(Not, parts[Occur.MUST_NOT])]
        return every[0] if len(every) == 1 else And(tuple(every))

    def _condition(self, condition: Condition) -> Predicate | None:
        name, value, span = condition.field, condition.value, condition.span
        if name == EXISTS and isinstance(value, Words):
            found = self._mapping.get(value.text)
            if found is None:
                return leaf.object_exists(self._mapping, value.text, span)
            return leaf.exists(found, span)
        if name in (None, "*") and value == Pattern((ANY,), prefix=True):
            return Always(True, span)
        if name is None or "*" in name:
            return self._anywhere(condition, "*" if name is None else name)
        found = self._mapping.get(name)
        if found is None:
            if value == Pattern((ANY,), prefix=True):
                return leaf.object_exists(self._mapping, name, span)
            return Always(False, span)
        if found.nested is not None:
            return self._refuse(f"[{name}] is a nested field, which query_string does not look into", condition)
        try:
            return asked(found, condition, self._now)
        except RefusedError as error:
            return self._refuse(str(error), condition)
        except NotEvaluated as error:
            if self._found is None:
                raise NotEvaluated(str(error), span) from None
            return Always(False, span)

    def _anywhere(self, condition: Condition, pattern: str) -> Predicate:
        if isinstance(condition.value, Words) and condition.value.fuzzy is not None and self._found is None:
            raise NotEvaluated(f"`{self._query.part(condition.span)}` is not evaluated here", condition.span)
        among = Among(pattern, condition, self._mapping)
        if self._mapping.dynamic:
            return AnyField(among, condition.span)
        return among.of(self._mapping)

    def _refuse(self, message: str, condition: Condition) -> Predicate:
        if self._found is not None:
            self._found.append(self._query.refused(f"matches nothing: {message}", condition.value_span))
        return Always(False, condition.span)


@dataclass(frozen=True, slots=True)
class Among:
    """A condition on any field of a name, where documents may have fields that no mapping declares."""

    pattern: str
    condition: Condition
    mapping: Mapping = field(compare=False)

    def expand(self, names: Iterable[str]) -> Predicate:
        return self.of({one.name: one for name in names for one in self.mapping.at(name)}.values())

    def of(self, fields: Iterable[Field]) -> Predicate:
        """What it asks of some fields: each that has the type for it."""
        named = name_pattern(self.pattern)
        items: list[Predicate] = []
        for one in fields:
            if one.nested is None and named.fullmatch(one.name):
                with suppress(RefusedError, NotEvaluated):
                    made = asked(one, self.condition, None)
                    if made is not None and not isinstance(made, Always):
                        items.append(made)
        return Or(tuple(items)) if items else Always(False, self.condition.span)


def asked(found: Field, condition: Condition, now: int | None) -> Predicate | None:
    """What a condition asks of a field; None where its analyzer leaves nothing of the text.

    Raises:
        RefusedError: the field's type refuses it.
        NotEvaluated: nothing here evaluates it.
    """
    span = condition.span
    match condition.value:
        case Range() as given:
            return _range(found, given, span, now)
        case Regex(pattern):
            return leaf.regexp(found, pattern, span)
        case Pattern((only,)) if only is ANY:
            return leaf.exists(found, span)
        case Pattern() as given:
            return _pattern(found, given, span)
        case Words() as given:
            bound = _comparison(given.text)
            return _words(found, given, span) if bound is None else _range(found, bound, span, now)


def _comparison(text: str) -> Range | None:
    """The range that a text like ``>=10`` stands for."""
    for written, operator in _COMPARISONS:
        if text.startswith(written) and len(text) > len(written):
            bound, closed = text[len(written) :], operator in ("gte", "lte")
            if operator in ("gt", "gte"):
                return Range(bound, None, closed, True)
            return Range(None, bound, True, closed)
    return None


def _range(found: Field, given: Range, span: Span, now: int | None) -> Predicate:
    low, high = (
        lower(bound) if bound is not None and found.family == "text" else bound for bound in (given.low, given.high)
    )
    below = "gte" if given.include_low else "gt"
    above = "lte" if given.include_high else "lt"
    return leaf.bounds(found, {below: low, above: high}, span, now=now)


def _words(found: Field, given: Words, span: Span) -> Predicate | None:
    tokens = constants.tokens(found, given.text) if found.family == "text" else [given.text]
    if not tokens:
        return None
    if given.fuzzy is not None and (not given.quoted or len(tokens) > 1) and not _is_zero(given):
        what = "words some way apart" if given.quoted else "fuzzy words"
        raise NotEvaluated(f"{what} (~{given.fuzzy}) are not evaluated here")
    ask = leaf.match_phrase if given.quoted else leaf.match
    return ask(found, given.text, span)


def _is_zero(given: Words) -> bool:
    return given.quoted and given.fuzzy is not None and float(given.fuzzy or 1) < 1


def _pattern(found: Field, given: Pattern, span: Span) -> Predicate | None:
    if found.family != "text":
        return leaf.wildcard(found, given.parts, span, kind="prefix" if given.prefix else "wildcard")
    if not given.prefix:
        folded = tuple(lower(part) if isinstance(part, str) else part for part in given.parts)
        return leaf.wildcard(found, folded, span)
    # analyze_wildcard: the words before the star are looked for as they are.
    *words, last = constants.tokens(found, str(given.parts[0])) or [""]
    if not last:
        return None
    begun = leaf.wildcard(found, (last, ANY), span, kind="prefix")
    return Or((Test(found, AnyToken(frozenset(words)), span=span), begun)) if words else begun
