"""Elasticsearch's own ES|QL cases, as far as their commands and functions are evaluated here."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.errors import NotEvaluated

DATA = Path(__file__).parents[3].parent / "shared/data/esql"
EXCEPTIONS = {
    # Lucene answers a negated list of patterns that match everything; elsewhere NOT LIKE of null is null.
    "notLikeListAllWildcard",
}
LEAST = 240
"""How many of the cases at ../shared are evaluated: the number may only grow."""


def same(expected: Any, found: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return bool(expected == found)


def test_every_case_that_can_be_evaluated_has_its_rows() -> None:
    if not DATA.is_dir():
        pytest.skip("../shared is not there: Elasticsearch's ES|QL cases are not run")
    sets = {path.stem: json.loads(path.read_text()) for path in (DATA / "data").glob("*.json")}
    run, wrong = 0, []
    for case in json.loads((DATA / "cases.json").read_text()):
        data = sets.get(case["source"], {"rows": [], "mapping": {}})
        fields = {name: {"l": "long"}.get(kind, kind) for name, kind in data["mapping"].items()}
        try:
            rows = detections.search(data["rows"], case["query"], "esql", fields=fields).rows
        except NotEvaluated:
            continue
        run += 1
        expected = case["rows"]
        if case["ignore_order"]:
            expected, rows = sorted(expected, key=str), sorted(rows, key=str)
        if not same(expected, rows) and case["name"] not in EXCEPTIONS:
            wrong.append((case["name"], case["query"], expected, rows))
    assert not wrong
    assert run >= LEAST
