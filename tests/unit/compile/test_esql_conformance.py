"""Elasticsearch's own ES|QL cases."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.query.esql import parse, to_esql
from detections.values.ip import parse_ip

DATA = Path(__file__).parents[3].parent / "shared/data/esql"
TABLES = ("languages_lookup",)
WARNED_ELSEWHERE = {
    # Elasticsearch puts the blocks of CIDR_MATCH joined by OR into one call, and warns of that.
    "cdirMatchOrsIPs",
}


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


def fields_of(data: dict[str, Any]) -> dict[str, Any]:
    return {name: {"l": "long"}.get(kind, kind) for name, kind in data["mapping"].items()}


def test_every_case_has_its_columns_rows_and_warnings() -> None:
    tables = {
        name: {"rows": load(f"data/{name}.json")["rows"], "fields": fields_of(load(f"data/{name}.json"))}
        for name in TABLES
    }
    wrong = []
    for case in load("cases.json"):
        data = {"rows": [], "mapping": {}} if case["source"] == "ROW" else load(f"data/{case['source']}.json")
        found = detections.search(data["rows"], case["query"], "esql", fields=fields_of(data), tables=tables)
        kinds = [column["type"] for column in case["columns"]]
        expected, rows = (
            [[plain(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in table]
            for table in (case["rows"], found.rows)
        )
        if case["ignore_order"]:
            expected, rows = sorted(expected, key=repr), sorted(rows, key=repr)
        if found.columns != case["columns"] or not same(expected, rows):
            wrong.append((case["name"], case["query"], case["columns"], expected, found.columns, rows))
        if case["name"] not in WARNED_ELSEWHERE and not all(told(one, found.warnings) for one in case["warnings"]):
            wrong.append((case["name"], case["query"], case["warnings"], found.warnings))
    assert not wrong


def told(warning: str, found: list[str]) -> bool:
    """Whether a warning of a case is among those found; some cases leave out the place."""
    kind, _, text = warning.partition(":")
    text = text.partition("#[Emulated:")[0]
    if kind == "warning":
        return any(one.endswith(text.replace('\\"', '"')) for one in found)
    pattern = re.compile(text.replace("\\\\", "\\").replace('\\"', '"'))
    return any(pattern.search(one) for one in found)


def test_every_case_prints_to_what_parses_to_the_same_tree() -> None:
    for case in load("cases.json"):
        tree = parse(case["query"])
        assert parse(to_esql(tree)) == tree
