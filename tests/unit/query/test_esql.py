"""ES|QL's parser and printer, on a corpus of queries and errors."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from detections.errors import QuerySyntaxError
from detections.query.esql import ast, parse, to_esql, to_esql_with_comments
from detections.query.esql.scan import EXPRESSION

CORPUS = Path(__file__).parents[2] / "corpus/esql"
DATA = Path(__file__).parents[3].parent / "shared/data/esql"


def cases(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))["case"]
    return found


def condition(text: str) -> ast.Expression:
    command = parse(f"FROM x | WHERE {text}").commands[1]
    assert isinstance(command, ast.Where)
    return command.condition


@pytest.mark.parametrize("case", cases("printed.toml"), ids=lambda case: case["query"][:40])
def test_a_query_is_printed(case: dict[str, str]) -> None:
    tree = parse(case["query"])
    assert to_esql(tree) == case["printed"]
    assert parse(case["printed"]) == tree


@pytest.mark.parametrize("case", cases("errors.toml"), ids=lambda case: case["query"][:40])
def test_an_error_says_what_and_where(case: dict[str, str]) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(case["query"])
    assert case["error"] in caught.value.message
    if "at" in case:
        assert case["query"][caught.value.start :].startswith(case["at"])
    else:
        assert caught.value.start == len(case["query"])


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a OR b AND NOT c", "a OR (b AND (NOT c))"),
        ("NOT a == 1", "NOT (a == 1)"),
        ("NOT a AND b", "(NOT a) AND b"),
        ("a + b * c == d - e - f", "(a + (b * c)) == ((d - e) - f)"),
        ("-a * b", "(-a) * b"),
        ("-a::int", "-(a::int)"),
        ("a - 1 IN (b, c)", "(a - 1) IN (b, c)"),
        ("a == b IS NULL", "(a == b) IS NULL"),
        ("a + 1 LIKE b", "(a + 1) LIKE b"),
        ("NOT a NOT LIKE b", "NOT (a NOT LIKE b)"),
    ],
)
def test_operators_bind_as_in_the_grammar(text: str, grouped: str) -> None:
    assert condition(text) == condition(grouped)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("2147483647", 2**31 - 1, "integer"),
        ("-2147483648", -(2**31), "integer"),
        ("2147483648", 2**31, "long"),
        ("-9223372036854775808", -(2**63), "long"),
        ("9223372036854775808", 2**63, "unsigned_long"),
        ("18446744073709551616", 2.0**64, "double"),
        (".5", 0.5, "double"),
        ("1.", 1.0, "double"),
        ("1e2", 100.0, "double"),
        ("+ 3", 3, "integer"),
        (r'"a\"\\\n"', 'a"\\\n', "keyword"),
        ('""""a"""""', '"a""', "keyword"),
        ('""', "", "keyword"),
        ("TRUE", True, "boolean"),
        ("[1, 2147483648]", (1, 2**31), "long"),
    ],
)
def test_constants_have_the_narrowest_type(text: str, value: object, kind: str) -> None:
    found = condition(text)
    assert isinstance(found, ast.Literal)
    assert (found.value, found.type) == (value, kind)


def test_nodes_know_where_they_stand() -> None:
    text = 'FROM x | WHERE (a == "b" OR NOT c IN (1, 2)) AND d IS NULL'
    found = condition(text.partition("WHERE ")[2])
    assert isinstance(found, ast.Logical)
    inner = found.items[0]
    assert isinstance(inner, ast.Logical)
    leaves = [inner.items[0], inner.items[1], found.items[1]]
    assert [text[leaf.span[0] : leaf.span[1]] for leaf in leaves] == ['a == "b"', "NOT c IN (1, 2)", "d IS NULL"]


def test_a_column_without_a_name_is_called_as_it_stands() -> None:
    command = parse("FROM x | EVAL LENGTH( a )+1, b = 2").commands[1]
    assert isinstance(command, ast.Eval)
    assert [field.name for field in command.fields] == ["LENGTH( a )+1", "b"]


def test_what_others_ask_of_a_query() -> None:
    query = parse("FROM a, b-* METADATA _id | INLINE STATS n = COUNT(*) BY g | WHERE n > c.d | KEEP e, f*")
    assert (query.indices, query.metadata, query.aggregates) == (("a", "b-*"), ("_id",), False)
    assert [ast.command_name(command) for command in query.commands] == ["from", "inline stats", "where", "keep"]
    assert [name.name for name in ast.names(query)] == ["g", "n", "c.d", "e"]
    assert [ast.made(command) for command in query.commands] == [(), ("n", "g"), (), ()]
    assert parse("FROM a | stats count(*)").aggregates
    assert parse("FROM (FROM a | LIMIT 1), b | LIMIT 1").indices == ("a", "b")
    assert parse("SHOW INFO").indices == ()


def test_the_names_that_patterns_capture_are_made() -> None:
    query = parse(
        '''ROW m = "" | GROK m "%{WORD:a} (?<b>x) %{INT:c.d:int} %{WORD}" | DISSECT m "%{x->} %{+y/2} %{?z} %{}"'''
    )
    assert [ast.made(command) for command in query.commands] == [("m",), ("a", "b", "c.d"), ("x", "y", "z")]


def test_all_commands_of_a_query_are_found() -> None:
    query = parse("FROM (FROM a | DEDUP) | WHERE x IN (FROM b | SAMPLE 0.5) | FORK (LIMIT 1) (MV_EXPAND c)")
    found = [ast.command_name(command) for command in ast.commands(query)]
    assert found == ["from", "from", "dedup", "where", "from", "sample", "fork", "limit", "mv_expand"]


def test_comments_are_kept_where_they_are_wanted() -> None:
    text = "// who\nFROM a // where\n/* what */ | WHERE b /* why */ AND c\n// then\n| LIMIT 1 // end\n// over"
    query = parse(text)
    assert [text[slice(*span)] for span in query.comments] == [
        "// who", "// where", "/* what */", "/* why */", "// then", "// end", "// over",
    ]  # fmt: skip
    printed = to_esql_with_comments(query, text)
    assert printed == (
        "// who\nFROM a // where\n/* what */\n/* why */\n| WHERE b AND c\n// then\n| LIMIT 1 // end\n// over"
    )
    assert to_esql_with_comments(parse(printed), printed) == printed
    assert to_esql(query) == "FROM a\n| WHERE b AND c\n| LIMIT 1"


def test_mistakes_of_kql_stand_where_they_are() -> None:
    text = r"""FROM a | WHERE KQL("a: \"b\" and (c: d")"""
    with pytest.raises(QuerySyntaxError, match="KQL: Expected") as caught:
        parse(text)
    assert caught.value.start == len(text) - 2
    with pytest.raises(QuerySyntaxError, match="KQL: Expected") as caught:
        parse('FROM a | WHERE KQL("""a: (b or""" )')
    assert caught.value.start == len('FROM a | WHERE KQL("""a: (b or')


@pytest.mark.parametrize(
    "opening",
    ["(", "NOT ", "- ", "abs(", "a IN (b, (", "1 + ", "case(a, ", "a IN (FROM x | WHERE ", "x -> f(", "(a OR b) + (",
     "a::int::"],
)  # fmt: skip
def test_deep_nesting_is_an_error_with_a_place(opening: str) -> None:
    before = "FROM x | WHERE f(" if opening.startswith("x ->") else "FROM x | WHERE "
    with pytest.raises(QuerySyntaxError, match="nested more than 100 deep"):
        parse(f"{before}{opening * 10_000}a")


@pytest.mark.parametrize(
    ("before", "opening"),
    [("FROM ", "(FROM "), ("FROM x | ", "FORK ("), ("ROW a = f(1, ", '{"a": '), ("SET a = ", '{"a": ')],
)
def test_deep_queries_and_maps_are_an_error_with_a_place(before: str, opening: str) -> None:
    with pytest.raises(QuerySyntaxError, match="nested more than 100 deep"):
        parse(before + opening * 10_000)


def test_long_queries_are_only_work() -> None:
    many = condition(" OR ".join(["a == 1"] * 10_000))
    assert isinstance(many, ast.Logical)
    assert len(many.items) == 10_000
    listed = condition(f"a IN ({', '.join(map(str, range(10_000)))})")
    assert isinstance(listed, ast.In)
    assert len(listed.items) == 10_000
    anded = condition(" AND ".join(["NOT a"] * 100_000))
    assert isinstance(anded, ast.Logical)
    assert len(anded.items) == 100_000
    literal = condition(f'"{"x" * 10_000_000}"')
    assert isinstance(literal, ast.Literal)
    assert len(str(literal.value)) == 10_000_000


# --- bad input


def shared_queries() -> list[str]:
    if not DATA.is_dir():
        pytest.skip("../shared is not there: Elasticsearch's ES|QL queries are not mutilated")
    return [case["query"] for case in json.loads((DATA / "cases.json").read_text(encoding="utf-8"))]


def spans_of_tokens(text: str) -> list[tuple[int, int]]:
    found = [one for one in EXPRESSION.finditer(text) if one.lastgroup not in ("end", "other")]
    return [(one.end() - len(one[0].lstrip()), one.end()) for one in found]


@pytest.mark.parametrize("share", range(8))
def test_what_is_cut_off_left_out_or_doubled_is_an_error_or_a_tree(share: int) -> None:
    """A share of all prefixes of all queries, and of all that come of leaving out or doubling one token."""
    for number, query in enumerate(shared_queries()):
        mutants = [query[:at] for at in range(len(query))]
        for start, end in spans_of_tokens(query):
            mutants += [query[:start] + query[end:], f"{query[:end]} {query[start:]}"]
        for mutant in mutants[(number + share) % 8 :: 64]:
            try:
                tree = parse(mutant)
            except QuerySyntaxError as error:
                assert 0 <= error.start <= len(mutant)
            else:
                assert parse(to_esql(tree)) == tree


def test_a_thousand_commands_are_an_error_with_a_place() -> None:
    with pytest.raises(QuerySyntaxError, match="more than 500 commands"):
        parse("FROM x" + " | LIMIT 1" * 1000)
