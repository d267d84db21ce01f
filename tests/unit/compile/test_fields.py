"""Verdicts that hang on types: what the catalog knows of the fields of some indices, and what nobody declared."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.compile.eql import compile_eql
from detections.compile.guesses import guess_findings
from detections.compile.kql import compile_kql, refusals
from detections.compile.planner import plan
from detections.engine import find, select
from detections.errors import Finding, Level
from detections.events import batches
from detections.mapping import catalog_mapping
from detections.query import parse
from made_rules import rule_of

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


def test_what_hangs_on_a_guess_is_told_of_a_plan() -> None:
    rule = rule_of('type = "query"\nlanguage = "kuery"\nquery = "acme.took > 5 and acme.took < 9 and acme.id: 5"')
    (found,) = guess_findings(rule, plan(rule))
    assert (found.code, found.level) == ("guessed-type", Level.NOTE)
    assert found.message == "r by a guessed type: acme.took is assumed to be what each value is"
    assert found.excerpt[found.location.column - 1 :].startswith("acme.took > 5")
    sure = rule_of('type = "query"\nlanguage = "kuery"\nquery = "event.duration > 5 and acme.id: 5"')
    assert list(guess_findings(sure, plan(sure))) == []


def test_a_replay_tells_what_hangs_on_a_guess() -> None:
    rule = rule_of('type = "query"\nlanguage = "kuery"\nquery = "acme.took > 5"')
    told: list[Finding] = []
    (alert,) = detections.replay([rule], [{"event.id": "1", "acme.took": 10}, {"acme.took": 1}], report=told.append)
    assert alert.event_ids == ("1",)
    assert [(one.code, one.level) for one in told] == [("guessed-type", Level.NOTE), ("unknown-index", Level.NOTE)]
