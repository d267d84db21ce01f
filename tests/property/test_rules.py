"""Whatever stands in a rule file, loading it ends in a rule or in findings with a place; bundles read back."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detections import bundle
from detections.payload import to_api
from detections.rule import load
from detections.rule.schemas import SCHEMAS, schema
from detections.source import parse

KEYS = sorted({one.data_key or name for known in SCHEMAS.values() for name, one in schema(known).fields.items()})
BELOW = ["field", "value", "entries", "tactic", "id", "name", "duration", "unit", "history_window_start", "own"]

LEAVES = st.one_of(
    st.integers(),
    st.floats().map(lambda number: number + 0.5),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from(["now-6m", "query", "kuery", "low", "5m", "2026/01/02", "MITRE ATT&CK", ""]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(BELOW), inner, max_size=3),
    max_leaves=8,
)


def toml(value: Any) -> str:
    """An inline TOML value. (JSON's escapes are TOML's, but that TOML has no surrogates and no raw DEL.)"""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}.get(json.dumps(value), repr(value))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


TABLES = st.dictionaries(st.sampled_from(KEYS) | st.text("abcdefgh_", min_size=1, max_size=6), VALUES, max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*SCHEMAS, "", "qery"]), TABLES, st.sampled_from(["[metadata]", "metadata = 1", "[transform]"]))
def test_loading_ends_in_a_rule_or_in_findings_with_a_place(kind: str, table: dict[str, Any], head: str) -> None:
    text = "\n".join([head, "[rule]", *(f"{key} = {toml(value)}" for key, value in (table | {"type": kind}).items())])
    document = parse(text, "x.toml")
    rule, findings = load(document)
    assert rule is not None or findings
    for finding in findings:
        line = document.excerpt(finding.location.line)
        assert finding.excerpt == line
        assert 1 <= finding.location.column <= len(line) + 1
        assert str(finding) in finding.render()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.text(max_size=5).filter("exported_count".__ne__), JSON), max_size=4))
def test_bundles_read_back(objects: list[dict[str, Any]]) -> None:
    assert bundle.from_ndjson(bundle.to_ndjson(objects), "a.ndjson")[0] == objects


SOUND = {"name": "n", "rule_id": "i", "description": "d", "risk_score": 1, "severity": "low", "type": "query"}
METADATA = 'metadata = {creation_date = "2026/01/02", updated_date = "2026/01/02", maturity = "beta"}'
FINITE = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(BELOW), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("xyz", min_size=6, max_size=9), FINITE, max_size=4))
def test_keys_that_nobody_knows_reach_kibana_untouched(own: dict[str, Any]) -> None:
    lines = [f"{key} = {toml(value)}" for key, value in (SOUND | own).items()]
    rule, _ = load(parse("\n".join([METADATA, "[rule]", *lines]), "x.toml"))
    assert rule is not None
    assert rule.extra == own
    assert to_api(rule) == SOUND | own
