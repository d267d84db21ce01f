"""KQL to Query DSL, as Kibana makes it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from detections.compile.kibana import DslOptions, to_dsl
from detections.errors import QueryError
from detections.mapping import Mapping
from detections.query import parse
from detections.query.kql import MAX_DEPTH

CORPUS = tomllib.loads((Path(__file__).parents[2] / "corpus" / "kql" / "dsl.toml").read_text("utf-8"))


def dsl(case: dict[str, Any]) -> dict[str, Any]:
    query = case["query"]
    return to_dsl(parse(query, "kuery"), Mapping.of(CORPUS["fields"]), DslOptions(**case.get("options", {})))


@pytest.mark.parametrize("case", [case for case in CORPUS["case"] if "dsl" in case], ids=lambda case: case["query"])
def test_dsl(case: dict[str, Any]) -> None:
    assert dsl(case) == json.loads(case["dsl"])


@pytest.mark.parametrize("case", [case for case in CORPUS["case"] if "error" in case], ids=lambda case: case["query"])
def test_error(case: dict[str, Any]) -> None:
    with pytest.raises(QueryError) as caught:
        dsl(case)
    assert str(caught.value).startswith(case["error"])


def test_deep_queries_are_written_down_too() -> None:
    times = MAX_DEPTH // 2
    query = "(b or c and not (" * times + "a" + "))" * times
    made = to_dsl(parse(query, "kuery"), Mapping.of({}))
    depth = 0
    while "bool" in made:
        made = made["bool"]["must_not"] if "must_not" in made["bool"] else next(iter(made["bool"].values()))[-1]
        depth += 1
    assert depth == 3 * times
