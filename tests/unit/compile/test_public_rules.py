"""The KQL of public rules, which stand beside the project in ../shared/data/rules-corpus: all of it can be used."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from detections.compile.filters import compile_filters
from detections.compile.kibana import to_dsl
from detections.compile.kql import compile_kql, refusals
from detections.mapping import catalog_mapping
from detections.query import parse
from detections.query.kql import parse as parse_kql
from public_rules import PUBLIC, known_faults

ROOT = Path(__file__).parents[3]


def _rules(folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    for path in sorted(folder.rglob("*.toml")):
        yield str(path.relative_to(folder)), tomllib.loads(path.read_text("utf-8")).get("rule", {})


def _queries(folder: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (name, query, tuple(rule.get(index, ())))  # type: ignore[arg-type]
        for name, rule in _rules(folder)
        for key, index in (("query", "index"), ("threat_query", "threat_index"))
        if isinstance(query := rule.get(key), str) and (key == "threat_query" or rule.get("language") == "kuery")
    ]


def _check(queries: list[tuple[str, str, tuple[str, ...]]]) -> None:
    faults = known_faults()
    for name, query, indices in queries:
        mapping = catalog_mapping(indices)
        parsed = parse(query, "kuery")
        assert parse_kql(parsed.printed) == parsed.tree, name
        refused = [str(one) for one in refusals(parsed, mapping)]
        assert bool(refused) is ("field-type" in faults.get(name, ())), (name, refused)
        assert compile_kql(parsed, mapping, refused=[]), name
        assert to_dsl(parsed, mapping), name


def test_the_queries_of_public_rules() -> None:
    if not PUBLIC.exists():
        pytest.skip("../shared is not there")
    queries = _queries(PUBLIC)
    assert len(queries) > 400
    _check(queries)


def test_the_filters_of_public_rules() -> None:
    if not PUBLIC.exists():
        pytest.skip("../shared is not there")
    filters = [rule["filters"] for _, rule in _rules(PUBLIC) if rule.get("filters")]
    assert filters
    for given in filters:
        assert compile_filters(given, catalog_mapping())  # type: ignore[arg-type]


def test_the_queries_of_our_rules() -> None:
    queries = _queries(ROOT / "rules")
    assert queries
    _check(queries)
