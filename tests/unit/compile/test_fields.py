"""Verdicts that hang on types: what the catalog knows of the fields of some indices, and what nobody declared."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from detections.compile.eql import compile_eql
from detections.compile.kql import compile_kql, refusals
from detections.engine import find, select
from detections.events import batches
from detections.mapping import catalog_mapping
from detections.query import parse

CASES = tomllib.loads((Path(__file__).parents[2] / "corpus" / "fields" / "answers.toml").read_text("utf-8"))["case"]
ASKED = [
    pytest.param(case, language, query, found, id=f"{case['name']}: {query}")
    for case in CASES
    for language in ("kuery", "eql")
    for query, found in case.get(language, ())
]


@pytest.mark.parametrize(("case", "language", "query", "expected"), ASKED)
def test_what_is_found(case: dict[str, Any], language: str, query: str, expected: list[int]) -> None:
    documents = [json.loads(text.replace("LONG", "x" * 1025)) for text in case["documents"]]
    mapping = catalog_mapping(tuple(case.get("index", ())))
    (batch,) = batches([{"number": number, "@timestamp": 0, **one} for number, one in enumerate(documents)])
    if language == "kuery":
        asked = parse(query, "kuery")
        assert refusals(asked, mapping) == []
        assert select(compile_kql(asked, mapping), batch) == expected
    else:
        program = compile_eql(parse(query, "eql"), mapping)
        found = [event["number"] for one in find(program, [batch]) for event in one.events if event is not None]
        assert found == expected
