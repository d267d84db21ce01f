"""KQL to predicates: what is found, what is refused, and how leaves keep their place in the query."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from detections.compile.kibana import to_dsl
from detections.compile.kql import AROUND, MAX_NESTED_DEPTH, compile_kql, refusals
from detections.engine import select
from detections.errors import NotEvaluated, QueryTypeError
from detections.events import batches
from detections.mapping import Mapping, catalog_mapping
from detections.plan import predicate as ir
from detections.plan.predicate import Always, And, AnyField, Between, Equals, Leaf, Like, Not, Predicate, leaves
from detections.query import parse
from detections.values import limits

CORPUS = Path(__file__).parents[2] / "corpus" / "kql"


def _corpus(name: str) -> dict[str, Any]:
    return tomllib.loads((CORPUS / name).read_text("utf-8"))


ANSWERS = _corpus("answers.toml")
REFUSALS = _corpus("refusals.toml")


def compiled(query: str, fields: dict[str, Any] | None, **options: Any) -> Predicate:
    return compile_kql(parse(query, "kuery"), Mapping.of(fields), **options)


def found(query: str, fields: dict[str, Any] | None, documents: list[dict[str, Any]], **options: Any) -> list[str]:
    (batch,) = batches(documents)
    return [documents[row]["id"] for row in select(compiled(query, fields, **options), batch)]


@pytest.mark.parametrize("case", ANSWERS["case"], ids=lambda case: case["query"])
def test_what_a_query_finds(case: dict[str, Any]) -> None:
    assert found(case["query"], ANSWERS["fields"], ANSWERS["document"]) == case["ids"]


@pytest.mark.parametrize("case", REFUSALS["case"], ids=lambda case: case["query"])
def test_what_is_refused(case: dict[str, Any]) -> None:
    query = case["query"]
    with pytest.raises(QueryTypeError) as caught:
        compiled(query, REFUSALS["fields"])
    error = caught.value
    assert error.message.startswith(case["message"])
    assert str(error).startswith(error.message)
    assert query[error.start : error.end] == case["at"]
    assert [str(one) for one in refusals(parse(query, "kuery"), Mapping.of(REFUSALS["fields"]))][:1] == [str(error)]


def test_all_refusals_are_told_at_once() -> None:
    query = "port: http and (ip: 10.* or not ok: True) and name: fine and items: { name: a }"
    told = refusals(parse(query, "kuery"), Mapping.of({"port": "long", "ip": "ip", "ok": "boolean"}))
    assert [query[one.start : one.end] for one in told] == ["http", "10.*", "True", "items"]


def test_case_insensitive_is_for_keywords() -> None:
    documents = [{"id": "1", "name": "Straße X"}, {"id": "2", "name": "strasse x"}]
    fields = {"name": "keyword"}
    assert found("name: STRA*", fields, documents, case_insensitive=True) == ["1", "2"]
    assert found("name: STRASSE X", fields, documents, case_insensitive=True) == ["2"]


def test_date_math_counts_from_now() -> None:
    documents = [{"id": "1", "at": "2024-05-01T00:00:00Z"}, {"id": "2", "at": "2024-05-09T12:00:00Z"}]
    now = 1715299200000  # 2024-05-10T00:00:00Z
    assert found("at >= now-1d/d", {"at": "date"}, documents, now=now) == ["2"]
    assert found("at < now-1w", {"at": "date"}, documents, now=now) == ["1"]


def test_leaves_keep_their_place_in_the_query() -> None:
    query = 'name: ("a" or b*) and not port >= 5 and "free"'
    made = compiled(query, {"name": "keyword", "port": "long"})

    def place(leaf: Leaf) -> str:
        start, end = leaf.span
        return query[start:end]

    assert [place(leaf) for leaf in leaves(made)] == ['"a"', "b*", "port >= 5", '"free"']
    assert [type(leaf.operator) for leaf in leaves(made) if isinstance(leaf, ir.Test)] == [
        Equals,
        Like,
        Between,
        Equals,
    ]


def test_equal_leaves_are_equal_wherever_they_stand() -> None:
    made = compiled("(name: a or port: 1) and name: a", {"name": "keyword", "port": "long"})
    first, _, last = leaves(made)
    assert first == last
    assert first.span != last.span


@pytest.mark.parametrize("opening", ["not (", "(x: y and ", "n: {"])
def test_depth_is_refused_where_elasticsearch_refuses_it(opening: str) -> None:
    def query(times: int) -> str:
        closing = "}" if opening.endswith("{") else ")"
        return opening * times + "a: b" + closing * times

    most = MAX_NESTED_DEPTH - AROUND - 2  # a condition is two deep itself
    compiled(query(most), None)
    with pytest.raises(QueryTypeError, match="nested depth of the query exceeds"):
        compiled(query(most + 1), None)
    with pytest.raises(QueryTypeError, match="nested depth of the query exceeds"):
        compiled(query(190), None)


def test_the_catalog_types_what_it_knows_and_takes_the_rest_for_keywords() -> None:
    assert found("source.ip: 10.0.0.0/8 and my.own: x*", None, [{"id": "1", "source.ip": "10.0.0.1", "my.own": "xy"}])
    with pytest.raises(QueryTypeError):
        compiled("source.ip: 10.*", None)
    with pytest.raises(QueryTypeError):
        compiled("event.original: x", None)


def test_the_catalog_searches_the_fields_that_documents_have() -> None:
    documents: list[dict[str, Any]] = [
        {"id": "1", "my": {"own": "needle"}},
        {"id": "2", "message": "a Needle in text"},
        {"id": "3", "source": {"ip": "10.0.0.1"}, "event.original": "needle"},
        {"id": "4", "aws": {"cloudtrail": {"flattened": {"request_parameters": {"x": [{"y": "needle"}]}}}}},
        {"id": "5", "aws.cloudtrail.request_parameters": "{a=needle}"},
    ]
    assert found("needle", None, documents) == ["1", "2", "4", "5"]
    assert found("not needle", None, documents) == ["3"]
    assert found("needl*", None, documents) == ["1", "2", "4", "5"]
    assert found("10.0.0.0/8", None, documents) == ["3"]
    assert found("my*: needle", None, documents) == ["1"]
    assert found("my*: * and not *wn: nothing", None, documents) == ["1"]
    assert found("none*: *", None, documents) == []


def test_an_object_exists_where_one_of_its_fields_does() -> None:
    documents = [{"id": "1", "user": {"name": "a"}}, {"id": "2", "source": {"ip": "::1"}}]
    assert found("user: *", None, documents) == ["1"]
    assert found("user: *", {"user.name": "keyword"}, documents) == ["1"]
    assert found("user: a", None, documents) == []


def test_an_undeclared_nested_path_is_believed_where_fields_are_dynamic() -> None:
    documents = [{"id": "1", "x": {"deltas": [{"role": "owner", "action": "ADD"}, {"role": "viewer"}]}}]
    assert found("x.deltas: { role: owner and action: ADD }", None, documents) == ["1"]
    assert found("x.deltas: { role: viewer and action: ADD }", None, documents) == []


def test_what_nothing_here_evaluates() -> None:
    fields = {"place": "geo_point", "any": "text"}
    with pytest.raises(NotEvaluated, match="geo_point"):
        compiled("place: x", fields)
    with pytest.raises(NotEvaluated, match="AND"):
        compiled(r"any: a \AND b*", fields)
    assert refusals(parse("place: x", "kuery"), Mapping.of(fields)) == []


def test_plain_predicates() -> None:
    fields = {"name": "keyword"}
    name = Mapping.of(fields).get("name")
    assert name is not None
    assert compiled("name: a and not other: b", fields) == And(
        (ir.Test(name, Equals(frozenset({"a"}))), Not(Always(False)))
    )
    assert isinstance(compiled("a", None), AnyField)
    assert catalog_mapping() is Mapping.of(None)


def test_wildcards_in_names_stand_for_no_more_fields_than_a_bound() -> None:
    fields = {f"f{number}": "keyword" for number in range(1000)}
    most = limits.DSL_CLAUSES.most // 1000
    sound, query = (" and ".join(["f*: a"] * count) for count in (most, most + 1))
    compiled(sound, fields)
    for made in (compiled, lambda text, fields: to_dsl(parse(text, "kuery"), Mapping.of(fields))):
        with pytest.raises(QueryTypeError, match="the limit dsl-clauses is 200,000"):
            made(query, fields)
