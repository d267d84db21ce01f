"""KQL against what Kibana's own tests expect: trees, errors and Query DSL.

The cases stand beside the project, in ../shared/data/kql/kibana-tests.json. Left out are those of Kibana's helpers
(free text, escaping), of parts of the grammar and of the wrappers around a query, and those without a query.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detections.compile.kibana import DslOptions, to_dsl
from detections.errors import QuerySyntaxError, QueryTypeError
from detections.mapping import Mapping
from detections.query import parse as query
from detections.query.kql import parse, to_json, to_kql

SHARED = Path(__file__).parents[4] / "shared" / "data" / "kql" / "kibana-tests.json"
LEFT_OUT = {"expected_free_text", "expected_escaped", "start_rule", "wrapper", "context"}


def _load() -> dict[str, Any]:
    if not SHARED.exists():
        return {"cases": [], "meta": {"field_sets": {}}}
    return json.loads(SHARED.read_text("utf-8"))  # type: ignore[no-any-return]


SET = _load()
CASES = [case for case in SET["cases"] if case["input"] is not None and not LEFT_OUT & case.keys()]


def cases(key: str) -> list[Any]:
    found = [pytest.param(case, id=case["name"]) for case in CASES if key in case]
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="../shared is not there"))]


def mapping(case: dict[str, Any]) -> Mapping:
    """A case's fields, which are in the form of Kibana's field list."""
    given = case.get("fields") or []
    fields = SET["meta"]["field_sets"][given] if isinstance(given, str) else given
    return Mapping.of(
        {
            field["name"]: {
                "type": field.get("esTypes") or field["type"],
                "nested": field.get("subType", {}).get("nested", {}).get("path"),
            }
            for field in fields
            if not field.get("scripted")
        }
    )


def options(case: dict[str, Any]) -> DslOptions:
    config = case.get("config", {})
    return DslOptions(
        allow_leading_wildcards=config.get("allowLeadingWildcards", True),
        case_insensitive=config.get("caseInsensitive", False),
        time_zone=config.get("dateFormatTZ"),
        nested_ignore_unmapped=config.get("nestedIgnoreUnmapped", False),
        filters_in_must=config.get("filtersInMustClause", False),
    )


def texts(dsl: Any) -> Any:
    """Numbers as texts: the programmatic trees of some of Kibana's tests have numbers where a query has texts."""
    if isinstance(dsl, dict):
        return {key: value if key == "minimum_should_match" else texts(value) for key, value in dsl.items()}
    if isinstance(dsl, list):
        return [texts(one) for one in dsl]
    return str(dsl) if isinstance(dsl, int) and not isinstance(dsl, bool) else dsl


@pytest.mark.parametrize("case", cases("expected_ast"))
def test_tree(case: dict[str, Any]) -> None:
    assert to_json(parse(case["input"])) == case["expected_ast"]


@pytest.mark.parametrize("case", cases("expected_dsl"))
def test_dsl(case: dict[str, Any]) -> None:
    made = to_dsl(query(case["input"], "kuery"), mapping(case), options(case))
    assert made == (texts(case["expected_dsl"]) if "input_ast" in case else case["expected_dsl"])


@pytest.mark.parametrize("case", cases("expected_kql"))
def test_print(case: dict[str, Any]) -> None:
    assert to_kql(parse(case["input"])) == case["expected_kql"]


@pytest.mark.parametrize("case", cases("expected_error"))
def test_error(case: dict[str, Any]) -> None:
    if case.get("stage") == "toElasticsearchQuery":
        sent = query(case["input"], "kuery")
        with pytest.raises(QueryTypeError) as refused:
            to_dsl(sent, mapping(case), options(case))
        assert refused.value.message.startswith(case["expected_error"])
    else:
        with pytest.raises(QuerySyntaxError) as wrong:
            parse(case["input"])
        assert str(wrong.value) == case["expected_error"]
