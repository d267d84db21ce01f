import json as stdjson
from collections.abc import Iterable

from detections.api import SearchResult, Sequence
from detections.case.model import Proof
from detections.engine.alert import Alert, Threshold
from detections.errors import Finding
from detections.report import json


def decoded(outputs: Iterable[str]) -> list[object]:
    return [stdjson.loads(output) for output in outputs]


def test_check_is_one_object(error: Finding, warning: Finding, files: tuple[str, ...]) -> None:
    assert decoded(json.check([error, warning], files)) == [
        {
            "rules": 3,
            "errors": 1,
            "warnings": 1,
            "notes": 0,
            "findings": [
                {
                    "code": "query-syntax", "level": "error", "message": "Expected value, 100% \x00 <sure>",
                    "path": "rules/a b.toml", "line": 3, "column": 5, "length": 1, "hint": "quote it",
                },
                {"code": "unknown-field", "level": "warning", "message": "no such field", "path": "rules/b.toml"},
            ],
        }
    ]  # fmt: skip


def test_test_is_one_object(proofs: list[Proof], warning: Finding) -> None:
    (tested,) = decoded(json.test(proofs, [warning]))
    assert isinstance(tested, dict)
    assert tested["summary"] == {
        "rules": 2, "not_run": 1, "cases": 2, "passed": 1, "clauses": 3, "covered": 1, "excused": 1, "mutants": 3,
        "unnoticed": 2,
    }  # fmt: skip
    assert [one["code"] for one in tested["findings"]] == ["unknown-field", "case", "coverage"]
    first, second = tested["rules"]
    assert (second["not_run"], second["cases"], first["not_run"]) == ("no cases", [], None)
    assert first["cases"] == [
        {"name": "good", "verdict": "alert", "passed": True, "problem": None},
        {"name": "bad", "verdict": "alert", "passed": False, "problem": "the rule stays quiet"},
    ]
    assert first["clauses"] == [
        {"text": "a: b", "start": 0, "end": 4, "cases": ["good"], "excuse": None},
        {"text": "c: d", "start": 5, "end": 9, "cases": [], "excuse": None},
        {"text": "e: f", "start": 9, "end": 13, "cases": [], "excuse": "because"},
    ]
    assert first["mutants"][:2] == [
        {"change": "always true", "start": 0, "end": 4, "noticed": ["bad"]},
        {"change": "always false", "start": 3, "end": 4, "noticed": []},
    ]


def test_an_alert_is_a_line_with_new_terms_only_where_there_are_any() -> None:
    found = [Alert("id", "name", 0, ("e\nf",)), Alert("id", "name", None, (), ("x", "y"))]
    assert decoded(json.alerts(found)) == [
        {"rule_id": "id", "rule_name": "name", "event_ids": ["e\nf"], "timestamp": "1970-01-01T00:00:00.000Z"},
        {"rule_id": "id", "rule_name": "name", "event_ids": [], "timestamp": None, "new_terms": ["x", "y"]},
    ]


def test_an_alert_of_a_group_has_its_threshold_result() -> None:
    group = Threshold((("user.name", "u"),), 12, 0, ("host.name", 3))
    grouped, whole = (
        Alert("id", "name", 5, ("e",), threshold=group),
        Alert("id", "name", None, (), threshold=Threshold((), 2)),
    )
    first, second = decoded(json.alerts([grouped, whole]))
    assert isinstance(first, dict) and isinstance(second, dict)
    assert first["threshold_result"] == {
        "count": 12, "from": "1970-01-01T00:00:00.000Z", "terms": [{"field": "user.name", "value": "u"}],
        "cardinality": [{"field": "host.name", "value": 3}],
    }  # fmt: skip
    assert second["threshold_result"] == {"count": 2, "from": None, "terms": [], "cardinality": []}


def test_a_note_is_counted_apart(note: Finding) -> None:
    (checked,) = decoded(json.check([note], ()))
    assert isinstance(checked, dict)
    assert [checked[name] for name in ("errors", "warnings", "notes")] == [0, 0, 1]
    assert checked["findings"][0]["level"] == "note"


def test_search_results_are_a_line_each() -> None:
    found = SearchResult(
        events=[{"a": {"b": 1}}], sequences=[Sequence(("k",), ({"a": 1}, None))],
        columns=[{"name": "x", "type": "long"}], rows=[[1], [None]],
    )  # fmt: skip
    assert decoded(json.search(found)) == [
        {"a": {"b": 1}}, {"join_keys": ["k"], "events": [{"a": 1}, None]}, {"x": 1}, {"x": None},
    ]  # fmt: skip


def test_explain_is_one_object() -> None:
    assert decoded(json.explain({"query": "a: b", "dsl": {}})) == [{"query": "a: b", "dsl": {}}]
