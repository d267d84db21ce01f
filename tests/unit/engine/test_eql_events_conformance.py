"""Elasticsearch's own cases of event queries, with the mappings and documents they are made for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.query.eql import parse
from detections.query.eql.ast import EventFilter

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eql" / "elasticsearch"
FILES = {
    "test_queries": ("endgame-140", "serial_event_id", 94),
    "additional_test_queries": ("endgame-140", "serial_event_id", 55),
    "test_queries_date": ("endgame-140", "serial_event_id", 4),
    "test_extra": ("extra", "sequence", 6),
}
"""File of cases -> data set, the field that names an event, how many of its cases are event queries."""


def _json(name: str) -> Any:
    path = SHARED / f"{name}.json"
    if not path.exists():
        pytest.skip("../shared is not there")
    return json.loads(path.read_text().replace("[runtime_random_keyword_type]", "keyword"))


def _mapped(properties: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, spec in properties.items():
        if "properties" in spec:
            yield from _mapped(spec["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", spec


def _dynamic(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What Elasticsearch makes of fields that its mapping does not name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _dynamic(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _dynamic(inner, path)
    elif isinstance(value, str):
        yield path, {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    elif value is not None:
        yield path, "boolean" if isinstance(value, bool) else "long" if isinstance(value, int) else "float"


@pytest.mark.parametrize("file", FILES)
def test_every_event_query_finds_its_events(file: str) -> None:
    data, name, count = FILES[file]
    events = _json(f"{data}.data")
    fields = dict(_mapped(_json(f"{data}.mapping")["properties"]))
    for event in events:
        for path, spec in _dynamic(event):
            fields.setdefault(path, spec)
    cases = [case for case in _json(file) if isinstance(parse(case["query"]).body, EventFilter)]
    assert len(cases) == count
    for case in cases:
        found = detections.search(
            events, case["query"], "eql", fields=fields, tiebreaker_field=name, event_category_field="event_type"
        )
        assert [event[name] for event in found.events] == case["expected_event_ids"], case["name"]
