"""Laws of ES|QL: it prints what it parses; a row is kept by a condition, by its negation, or the condition is null."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import detections
from detections.query.esql import ast, parse, to_esql

# --- printing

TEXT = st.lists(st.sampled_from([*"ab.*`\\\"'|/ \té?-", "\n", '"""', "//", "/*", "and"]), max_size=6).map("".join)
NAME = st.sampled_from(
    ["a", "@timestamp", "_id", "event.action", "a b", "first", "x`y", "host.na*me", "1a", "é", "a..b"]
)
NUMBER = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda value: ast.Literal(value, "integer")),
    st.integers(2**31, 2**63 - 1).map(lambda value: ast.Literal(value, "long")),
    st.integers(2**63, 2**64 - 1).map(lambda value: ast.Literal(value, "unsigned_long")),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: ast.Literal(value, "double")),
)
STRING = TEXT.map(lambda value: ast.Literal(value, "keyword"))
LITERAL = st.one_of(
    NUMBER,
    STRING,
    st.booleans().map(lambda value: ast.Literal(value, "boolean")),
    st.just(ast.Literal(None, "null")),
    st.lists(TEXT, min_size=1, max_size=3).map(lambda values: ast.Literal(tuple(values), "keyword")),
    st.lists(st.integers(-9, 9), min_size=1, max_size=3).map(lambda values: ast.Literal(tuple(values), "integer")),
)
SPAN = st.builds(ast.TimeSpan, st.integers(-5, 400), st.sampled_from(["millisecond", "hour", "day", "year"]))
PARAMETER = st.sampled_from([ast.Parameter("?"), ast.Parameter("?1"), ast.Name("a.??b", unbound=True)])
LEAF = st.one_of(LITERAL, SPAN, st.builds(ast.Name, NAME), PARAMETER)


OPTION = st.recursive(
    st.one_of(NUMBER, STRING, SPAN, st.just(ast.Parameter("?x"))),
    lambda value: st.lists(st.builds(ast.MapEntry, TEXT, value), max_size=2).map(lambda them: ast.Map(tuple(them))),
    max_leaves=3,
)
MAP = st.lists(st.builds(ast.MapEntry, TEXT, OPTION), max_size=2).map(lambda entries: ast.Map(tuple(entries)))


def _function(name: str, arguments: list[ast.Expression], options: ast.Map | None) -> ast.Function:
    return ast.Function(name, tuple(arguments), options if arguments else None)


def _negative(value: ast.Expression) -> ast.Expression:
    return ast.Negative(value)


def _like(value: ast.Expression, patterns: list[ast.Literal], regex: bool, negated: bool, listed: bool) -> ast.Like:
    return ast.Like(value, tuple(patterns if listed else patterns[:1]), regex, negated, listed)


def _logical(operator: Any, items: list[ast.Expression]) -> ast.Logical:
    return ast.Logical(operator, tuple(items))


def _inner(one: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    some = st.lists(one, min_size=1, max_size=3)
    return st.one_of(
        st.builds(_function, st.sampled_from(["concat", "to_ip", "left", "first"]), some, st.one_of(st.none(), MAP)),
        st.builds(ast.Cast, one, st.sampled_from(["integer", "ip"])),
        st.builds(_negative, one),
        st.builds(ast.Arithmetic, st.sampled_from("+-*/%"), one, one),
        st.builds(ast.Comparison, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), one, one),
        st.builds(ast.In, one, some.map(tuple), st.booleans()),
        st.builds(ast.InQuery, some.map(tuple), st.deferred(lambda: QUERY), st.booleans()),
        st.builds(_like, one, st.lists(STRING, min_size=1, max_size=3), st.booleans(), st.booleans(), st.booleans()),
        st.builds(ast.IsNull, one, st.booleans()),
        st.builds(ast.Not, one),
        st.builds(ast.Match, st.builds(ast.Name, NAME), st.one_of(NUMBER, STRING)),
        st.builds(_logical, st.sampled_from(["and", "or"]), st.lists(one, min_size=2, max_size=3)),
    )


EXPRESSION = st.recursive(LEAF, _inner, max_leaves=12)
FIELDS = st.lists(st.builds(ast.Field, NAME, EXPRESSION), min_size=1, max_size=3).map(tuple)
PATTERN = st.lists(st.sampled_from(["", "a", "a.b", "a b", "x`", "*", "."]), min_size=1, max_size=3).map(
    lambda texts: ast.Pattern(tuple(texts) if len(texts) > 1 else (texts[0] or "a",))
)
PATTERNS = st.lists(PATTERN, min_size=1, max_size=3).map(tuple)
PAIRS = st.lists(st.tuples(st.builds(ast.Name, NAME), st.builds(ast.Name, NAME)), min_size=1, max_size=2).map(tuple)
ORDERS = st.lists(st.builds(ast.Order, EXPRESSION, st.booleans(), st.booleans()), min_size=1, max_size=2).map(tuple)
INDEX = st.builds(
    ast.Index, st.sampled_from(["logs-*", "a b", "c:d", "<x-{now/d}>", "metadata", "e::f", "on", "a:b::c"])
)
SOURCES = st.lists(st.one_of(INDEX, st.deferred(lambda: QUERY)), min_size=1, max_size=2).map(tuple)
METADATA = st.lists(st.sampled_from(["_id", "_index"]).map(ast.Name), max_size=2).map(tuple)
SOURCE = st.one_of(
    st.builds(ast.From, SOURCES, METADATA, st.booleans()),
    st.builds(ast.Row, FIELDS),
    st.just(ast.Show()),
    st.just(ast.Promql((("index", "a"), ("step", "5m")), "(rate(x[5m]))", "v")),
)
NAMES = st.builds(ast.Name, NAME)
SOME_NAMES = st.lists(NAMES, min_size=1, max_size=2).map(tuple)
NO_NAME = st.one_of(st.none(), NAMES)
OPTIONS = st.one_of(st.none(), MAP)
GROUPS = st.lists(EXPRESSION, max_size=2).map(tuple)
AGGREGATES = st.lists(
    st.builds(ast.Aggregate, NAME, EXPRESSION, st.one_of(st.none(), EXPRESSION)), min_size=1, max_size=2
)
TEXTS = st.lists(STRING, min_size=1, max_size=2).map(tuple)
COMMAND = st.deferred(
    lambda: st.one_of(
        st.builds(ast.Where, EXPRESSION),
        st.builds(ast.Eval, FIELDS),
        st.builds(ast.Stats, AGGREGATES.map(tuple), st.one_of(st.just(()), FIELDS), st.booleans()),
        st.builds(ast.Stats, st.just(()), FIELDS),
        st.builds(ast.Keep, PATTERNS),
        st.builds(ast.Drop, PATTERNS),
        st.builds(ast.Rename, PAIRS),
        st.builds(ast.Sort, ORDERS),
        st.builds(ast.Limit, st.one_of(st.integers(0, 10**6), st.just(ast.Parameter("?n"))), GROUPS),
        st.builds(ast.Dissect, EXPRESSION, STRING, st.sampled_from([(), ((ast.Name("append_separator"), A_STRING),)])),
        st.builds(ast.Grok, EXPRESSION, TEXTS),
        st.builds(ast.MvExpand, NAMES),
        st.builds(ast.Join, INDEX, st.lists(EXPRESSION, min_size=1, max_size=2).map(tuple)),
        st.builds(
            ast.Enrich, st.sampled_from(["p", "a b", "on"]), NO_NAME,
            st.lists(st.tuples(NO_NAME, NAMES), max_size=2).map(tuple), st.sampled_from([None, "_any", "_remote"]),
        ),
        st.builds(ast.ChangePoint, NAMES, NO_NAME, st.one_of(st.none(), st.tuples(NAMES, NAMES)), GROUPS),
        st.just(ast.Sample(ast.Literal(0.1, "double"))),
        st.builds(ast.Fork, st.lists(BRANCH, min_size=1, max_size=2).map(tuple)),
        st.builds(
            ast.Fuse, st.sampled_from([None, ast.Name("linear")]), NO_NAME, NO_NAME,
            st.one_of(st.just(()), SOME_NAMES), OPTIONS,
        ),
        st.builds(ast.Completion, EXPRESSION, NO_NAME, OPTIONS),
        st.builds(ast.Completion, EXPRESSION, NO_NAME, st.none(), NAMES),
        st.builds(ast.Rerank, STRING, FIELDS, NO_NAME, OPTIONS),
        st.builds(ast.Mmr, NAMES, st.integers(0, 9), st.one_of(st.none(), EXPRESSION), OPTIONS),
        st.builds(ast.Highlight, EXPRESSION, SOME_NAMES, st.one_of(st.none(), st.tuples(NAMES, STRING)), OPTIONS),
        st.builds(ast.Parts, st.sampled_from(["user_agent", "ip_location"]), NAMES, EXPRESSION, OPTIONS),
        st.builds(ast.Parts, st.sampled_from(["uri_parts", "registered_domain"]), NAMES, EXPRESSION),
        st.builds(ast.Plain, st.sampled_from(["dedup", "metrics_info", "ts_info", "ts_collapse"])),
    )
)  # fmt: skip
BRANCH = st.lists(COMMAND, min_size=1, max_size=2).map(tuple)
A_STRING = ast.Literal(", ", "keyword")
QUERY = st.deferred(
    lambda: st.builds(lambda source, commands: ast.Query((source, *commands)), SOURCE, st.lists(COMMAND, max_size=2))
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUERY)
def test_what_is_printed_parses_to_the_same_tree(query: ast.Query) -> None:
    assert parse(to_esql(query)) == query


# --- three values

FIELDS_OF = {"k": "keyword", "n": "long", "b": "boolean"}
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "k": st.one_of(st.sampled_from(["a", "b", "ab"]), st.just(["a", "b"])),
        "n": st.one_of(st.integers(-1, 3), st.just([1, 2])),
        "b": st.one_of(st.booleans(), st.just([True, False])),
    },
)
ATOM = st.sampled_from(
    [
        'k == "a"', '"a" != k', 'k IN ("a", null)', 'k IN ("b", "ab")', 'k LIKE "a*"', 'k NOT LIKE ("?", "b*")',
        'k RLIKE "a|b"', "k IS NULL", "n IS NOT NULL", "n > 1", "n + 1 <= 2", "1 / n == 1", "n IN (1, LENGTH(k))", "b",
        "b == true", 'COALESCE(k, "z") > "a"', "null", "MV_COUNT(n) == 2", 'CASE(b, n > 0, k == "b")',
    ]
)  # fmt: skip
CONDITION = st.recursive(
    ATOM,
    lambda one: st.one_of(
        st.builds("NOT ({})".format, one),
        st.builds("({} AND {})".format, one, one),
        st.builds("({} OR {})".format, one, one),
    ),
    max_leaves=6,
)


def _kept(documents: list[dict[str, Any]], commands: str) -> list[int]:
    query = f"FROM x | {commands} | KEEP id"
    found = detections.search(documents, query, "esql", fields={**FIELDS_OF, "id": "integer"})
    return [row[0] for row in found.rows]


@settings(max_examples=150, deadline=None)
@given(st.lists(DOCUMENT, max_size=6), CONDITION)
def test_columns_and_rows_give_the_same_three_answers(documents: list[dict[str, Any]], condition: str) -> None:
    documents = [{**document, "id": number} for number, document in enumerate(documents)]
    true = _kept(documents, f"WHERE {condition}")
    false = _kept(documents, f"WHERE NOT ({condition})")
    # Negated twice, so that a lone column with several values is an answer (null), too, and not the values themselves.
    null = _kept(documents, f"EVAL c = NOT (NOT ({condition})) | WHERE c IS NULL")
    assert sorted([*true, *false, *null]) == list(range(len(documents)))
    # The same condition behind an EVAL is answered row by row, and inside one as an expression.
    assert _kept(documents, f"EVAL x = 1 | WHERE {condition}") == true
    assert _kept(documents, f"EVAL c = ({condition}) | WHERE c") == true
