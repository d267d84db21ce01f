"""Elasticsearch's own ES|QL cases, as far as their commands and functions are evaluated here."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.errors import NotEvaluated
from detections.query.esql import parse, to_esql
from detections.values.ip import parse_ip

DATA = Path(__file__).parents[3].parent / "shared/data/esql"
EXCEPTIONS = {
    # Lucene answers a negated pattern that everything matches with the documents that lack the field; elsewhere, also
    # in Elasticsearch, NOT LIKE of null is null.
    "notLikeListAllWildcard",
}
LEAST = 243
"""How many of the cases are evaluated and right: the number may only grow."""


def load(name: str) -> Any:
    if not DATA.is_dir():
        pytest.skip("../shared is not there: Elasticsearch's ES|QL cases are not run")
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def plain(value: Any, kind: str) -> Any:
    """Addresses as numbers (the cases write some of them in full), numbers of type double as floats."""
    if isinstance(value, list):
        return [plain(one, kind) for one in value]
    if value is None:
        return None
    return parse_ip(value) if kind == "ip" else float(value) if kind == "double" else value


def same(expected: Any, found: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return type(expected) is type(found) and bool(expected == found)


def test_every_case_that_can_be_evaluated_has_its_columns_and_rows() -> None:
    right, wrong = 0, []
    for case in load("cases.json"):
        data = {"rows": [], "mapping": {}} if case["source"] == "ROW" else load(f"data/{case['source']}.json")
        fields = {name: {"l": "long"}.get(kind, kind) for name, kind in data["mapping"].items()}
        try:
            found = detections.search(data["rows"], case["query"], "esql", fields=fields)
        except NotEvaluated:
            continue
        kinds = [column["type"] for column in case["columns"]]
        expected, rows = (
            [[plain(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in table]
            for table in (case["rows"], found.rows)
        )
        if case["ignore_order"]:
            expected, rows = sorted(expected, key=repr), sorted(rows, key=repr)
        if found.columns == case["columns"] and same(expected, rows):
            right += 1
        elif case["name"] not in EXCEPTIONS:
            wrong.append((case["name"], case["query"], case["columns"], expected, found.columns, rows))
    assert not wrong
    assert right >= LEAST


def test_every_case_prints_to_what_parses_to_the_same_tree() -> None:
    for case in load("cases.json"):
        tree = parse(case["query"])
        assert parse(to_esql(tree)) == tree
