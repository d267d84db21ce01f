"""What the leaf queries of Elasticsearch's Query DSL mean for a field of some type, as predicates (Elasticsearch 9.2).

Each function takes a :class:`Field` and the query's constants as JSON has them, and raises :class:`RefusedError` where
the server would answer with status 400. Where a type surprises:

* a decimal, or a number out of range, equals no value of a whole-number type; as the bound of a range it may be
  decimal, but not out of range (the range of an integer for the smaller types, too);
* a date may be date math; a missing part of it is the lowest for ``gte`` and ``lt``, and the latest time of day for
  ``lte`` and ``gt``;
* a boolean knows ``true`` and ``false``; the empty text is false in a document, and refused in a query;
* an ``ip`` takes a CIDR block wherever it takes an address, but for ranges;
* a ``constant_keyword`` reads stars in every constant;
* a flattened sub-key takes no pattern but a prefix. Some servers answer the others with hits of other keys
  (elasticsearch#138427), so they are refused here too;
* a keyword with a normalizer reads constants and patterns as it reads values.

The type of a field that nobody declared is a guess, which refuses nothing: what the guess would refuse is asked of
strings as of a keyword, and of numbers as numbers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import replace
from typing import Concatenate, ParamSpec

from detections.compile import constants
from detections.compile.constants import Constant, Pattern, RefusedError
from detections.errors import NotEvaluated
from detections.mapping import DYNAMIC, Field, Mapping
from detections.plan.predicate import (
    Always,
    AnyToken,
    Between,
    Equals,
    Exists,
    Like,
    Matches,
    Or,
    Phrase,
    Predicate,
    Ranges,
    Test,
)
from detections.query import Span
from detections.values import regex
from detections.values.coerce import Scalar, json_text
from detections.values.datemath import Relative
from detections.values.ip import merged
from detections.values.order import lower
from detections.values.wildcard import ANY, Wild

Ask = ParamSpec("Ask")


def _lenient(ask: Callable[Concatenate[Field, Ask], Predicate]) -> Callable[Concatenate[Field, Ask], Predicate]:
    """A leaf that a guessed type does not refuse."""

    def asked(field: Field, /, *arguments: Ask.args, **options: Ask.kwargs) -> Predicate:
        if field.declared or not field.searchable:
            return ask(field, *arguments, **options)
        try:
            return ask(field, *arguments, **options)
        except RefusedError:
            return ask(field.as_type(DYNAMIC), *arguments, **options)

    functools.update_wrapper(asked, ask)
    return asked


def exists(field: Field, span: Span) -> Predicate:
    return Test(field, Exists(), span=span) if field.searchable else Always(False, span)


def object_exists(mapping: Mapping, name: str, span: Span) -> Predicate:
    """``exists`` on a name that is not a field: an object exists where one of its fields does, nothing else does."""
    inside = [exists(one, span) for one in mapping.under(name) if one.nested is None]
    return Or(tuple(inside)) if inside else Always(False, span)


@_lenient
def term(field: Field, value: Constant, span: Span, *, case_insensitive: bool = False) -> Predicate:
    """``term``: the value itself, never analysed."""
    _check_searchable(field)
    if value is None:
        raise RefusedError("value cannot be null")
    if field.family == "text":
        return Test(field, Equals(frozenset({json_text(value)}), case_insensitive), span=span)
    if case_insensitive and field.family not in ("keyword", "flattened", DYNAMIC):
        raise RefusedError(constants.unsupported(field, "case insensitive term"))
    made = constants.equal(field, json_text(value))
    if made is None:
        return Always(False, span)
    if case_insensitive and isinstance(made, Equals | Like):
        made = replace(made, case_insensitive=True)
    return Test(field, made, span=span)


def terms(field: Field, values: Sequence[Constant], span: Span) -> Predicate:
    """``terms``: one of some values, which may be very many."""
    _check_searchable(field)
    if field.type in ("keyword", "wildcard") and None not in values:
        return Test(field, Equals(frozenset(map(json_text, values))), span=span)
    equal: list[Scalar] = []
    blocks: list[tuple[int, int]] = []
    others: list[Predicate] = []
    for value in values:
        made = term(field, value, span)
        match made:
            case Test(operator=Equals(found, False)):
                equal += found
            case Test(operator=Between(int(low), int(high), True, True)) if field.family == "ip":
                blocks.append((low, high))
            case _:
                others.append(made)
    if equal:
        others.append(Test(field, Equals(frozenset(equal)), span=span))
    if blocks:
        others.append(Test(field, Ranges(merged(blocks)), span=span))
    return others[0] if len(others) == 1 else Or(tuple(others))


@_lenient
def match(field: Field, value: Constant, span: Span) -> Predicate:
    """``match``: any token of the value on text, elsewhere as ``term``."""
    if value is None:
        raise RefusedError("[match] requires query value")
    if field.family != "text":
        return term(field, value, span)
    _check_searchable(field)
    tokens = frozenset(constants.tokens(field, value))
    return Test(field, AnyToken(tokens), span=span) if tokens else Always(False, span)


@_lenient
def match_phrase(field: Field, value: Constant, span: Span) -> Predicate:
    """``match_phrase``: all tokens of the value, one after the other, on text; elsewhere as ``term``."""
    if value is None:
        raise RefusedError("[match_phrase] requires query value")
    if field.family != "text":
        return term(field, value, span)
    _check_searchable(field)
    tokens = tuple(constants.tokens(field, value))
    return Test(field, Phrase(tokens), span=span) if tokens else Always(False, span)


@_lenient
def wildcard(
    field: Field, pattern: Pattern, span: Span, *, case_insensitive: bool = False, kind: str = "wildcard"
) -> Predicate:
    """``wildcard`` and ``prefix`` (a pattern whose one mark is its last part) over whole terms."""
    _check_searchable(field)
    if constants.evaluated_family(field) not in ("keyword", "flattened", "text", "version", DYNAMIC):
        raise RefusedError(
            f"Can only use {kind} queries on keyword, text and wildcard fields - not on [{field.name}] "
            f"which is of type [{field.type}]"
        )
    if field.key and kind != "prefix":
        raise RefusedError("[wildcard] queries are not currently supported on keyed [flattened] fields")
    read = tuple(constants.normalized(field, part) if isinstance(part, str) else part for part in pattern)
    return Test(field, Like(read, case_insensitive), span=span)


@_lenient
def regexp(field: Field, pattern: str, span: Span, *, case_insensitive: bool = False) -> Predicate:
    """``regexp``: a Lucene regular expression over whole terms."""
    _check_searchable(field)
    if constants.evaluated_family(field) not in ("keyword", "flattened", "text", "version", DYNAMIC) or field.key:
        raise RefusedError(
            f"Can only use regexp queries on keyword and text fields - not on [{field.name}] "
            f"which is of type [{field.type}]"
        )
    pattern = constants.normalized(field, pattern)
    try:
        regex.matcher(pattern, case_insensitive=case_insensitive)
    except regex.RegexError as error:
        raise RefusedError(f"regular expression on [{field.name}]: {error}") from None
    return Test(field, Matches(pattern, case_insensitive), span=span)


@_lenient
def bounds(field: Field, given: AbstractMapping[str, Constant], span: Span, *, now: int | None = None) -> Predicate:
    """``range``: ``gt`` or ``gte`` below, ``lt`` or ``lte`` above; None is an open end.

    ``now`` is the instant that date math counts from, milliseconds since the epoch; None leaves it to the execution.
    """
    _check_searchable(field)
    kept = {operator: value for operator, value in given.items() if value is not None}
    if not kept:
        return exists(field, span)
    if field.type == "constant_keyword":
        raise RefusedError(constants.unsupported(field, "range"))
    constants.evaluated_family(field)
    if field.key and not (kept.keys() & {"gt", "gte"} and kept.keys() & {"lt", "lte"}):
        raise RefusedError("[range] queries on keyed [flattened] fields must include both an upper and a lower bound.")
    low: Scalar | Relative | None = None
    high: Scalar | Relative | None = None
    for operator, value in kept.items():
        bound = constants.bound(field, value, operator, now)
        low, high = (bound, high) if operator in ("gt", "gte") else (low, bound)
    return Test(field, Between(low, high, "gt" not in kept, "lt" not in kept), span=span)


def query_string(field: Field, pattern: Pattern, span: Span) -> Predicate:
    """``query_string`` on one field, for a text with stars whose every other character stands for itself.

    Whitespace splits it into words, any of which will do: the star alone asks whether the field exists; a word with a
    star is a pattern (lower-cased on text); words without one, next to each other, are one text, matched as ``match``
    does.

    Raises:
        NotEvaluated: it has one of the words AND, OR, NOT, operators of this query's own language.
    """
    found = [word(field, one, span) for one in joined_words(pattern)]
    return found[0] if len(found) == 1 else Or(tuple(found))


def word(field: Field, pattern: Pattern, span: Span) -> Predicate:
    """One word of a query string."""
    if pattern == (ANY,):
        return exists(field, span)
    if _plain(pattern):
        return match(field, str(pattern[0]), span)
    if field.family == "text":
        pattern = tuple(lower(part) if isinstance(part, str) else part for part in pattern)
    kind = "prefix" if pattern.index(ANY) == len(pattern) - 1 else "wildcard"
    return wildcard(field, pattern, span, kind=kind)


def joined_words(pattern: Pattern) -> list[Pattern]:
    """The words of a query string, plain ones joined by a space where Lucene's parser reads them as one text."""
    words = _words(pattern)
    joined: list[list[Pattern]] = []
    for number, one in enumerate(words):
        # The parser looks one word ahead: a word before a lone star stays on its own.
        alone = words[number + 1 : number + 2] == [(ANY,)]
        if joined and _plain(one) and _plain(joined[-1][0]) and not alone:
            joined[-1].append(one)
        else:
            joined.append([one])
    return [run[0] if len(run) == 1 else (" ".join(str(part) for one in run for part in one),) for run in joined]


def _words(pattern: Pattern) -> list[Pattern]:
    words: list[list[str | Wild]] = [[]]
    for part in pattern:
        if isinstance(part, str):
            first, *others = re.split("[ \t\n\r\u3000]+", part)
            words[-1] += [first] if first else []
            words += [[other] if other else [] for other in others]
        else:
            words[-1].append(part)
    found = [tuple(one) for one in words if one]
    operators = [one[0] for one in found if one[0] in ("AND", "OR", "NOT") and len(one) == 1]
    if operators:
        raise NotEvaluated(
            f"the word {operators[0]} beside a wildcard is an operator of query_string, not evaluated here"
        )
    return found


def _plain(one: Pattern) -> bool:
    return len(one) == 1 and isinstance(one[0], str)


def _check_searchable(field: Field) -> None:
    if not field.searchable:
        raise RefusedError(f"Cannot search on field [{field.name}] since it is not indexed.")
