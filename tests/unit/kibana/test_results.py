"""What Kibana answers, read."""

from __future__ import annotations

import msgspec
import pytest

from detections.kibana.answers import BulkAnswer, ImportAnswer, Rule
from detections.kibana.results import (
    BulkResult,
    ImportResult,
    Problem,
    Status,
    bulk_result,
    export_of,
    import_result,
    kind_of,
)


def error(message="no", status=400, **named):
    return {**named, "error": {"message": message, "status_code": status}}


def imported(body, sent=()):
    return import_result(msgspec.convert(body, ImportAnswer), sent)


GOOD = {
    "success": True, "success_count": 2, "rules_count": 2, "errors": [],
    "exceptions_success": True, "exceptions_success_count": 1, "exceptions_errors": [],
    "action_connectors_success": True, "action_connectors_success_count": 1, "action_connectors_errors": [],
    "action_connectors_warnings": [{"type": "simple", "message": "secrets are missing"}],
}  # fmt: skip


def test_a_good_import():
    result = imported(GOOD)
    assert result.success
    assert (result.rules, result.exceptions, result.connectors) == (2, 1, 1)
    assert result.warnings == ("secrets are missing",)


@pytest.mark.parametrize("flag", ["success", "exceptions_success", "action_connectors_success"])
def test_each_flag_is_a_failure_without_any_error(flag):
    assert not imported({**GOOD, flag: False}).success


@pytest.mark.parametrize("field", ["errors", "exceptions_errors", "action_connectors_errors"])
def test_each_error_is_a_failure_whatever_the_flags_say(field):
    assert not imported({**GOOD, field: [error(id="x")]}).success


def test_problems_say_what_they_are_about():
    body = {
        **GOOD, "success": False,
        "errors": [error("taken", 409, rule_id="r")],
        "exceptions_errors": [error(list_id="l"), error(item_id="i", list_id="l")],
        "action_connectors_errors": [error(id="c")],
    }  # fmt: skip
    result = imported(body)
    assert [(one.kind, one.id) for one in result.problems] == [
        ("rule", "r"), ("exception_list", "l"), ("exception_item", "i"), ("connector", "c")
    ]  # fmt: skip
    assert result.refused() == {"r": Problem("rule", "r", "taken", 409)}
    assert str(result.problems[0]) == "rule r: taken"


def test_connectors_of_an_earlier_request_may_be_there():
    body = {**GOOD, "action_connectors_success": False, "action_connectors_errors": [error(status=409, id="c")]}
    assert imported(body, {"c"}).success
    assert not imported(body, {"other"}).success
    both = {**body, "action_connectors_errors": [error(status=409, id="c"), error(status=400, id="d")]}
    assert [one.id for one in imported(both, {"c"}).problems] == ["d"]
    assert not imported(both, {"c"}).success


def test_imports_add_up():
    failed = imported({**GOOD, "success": False, "success_count": 1, "errors": [error(rule_id="r")]})
    total = ImportResult() + imported(GOOD) + failed
    assert (total.rules, total.success, len(total.problems), len(total.warnings)) == (3, False, 1, 2)


BULK = {
    "message": "Bulk edit partially failed", "status_code": 500,
    "attributes": {
        "summary": {"failed": 2, "succeeded": 1, "skipped": 1, "total": 4},
        "results": {"updated": [{"id": "1"}], "created": [], "deleted": [], "skipped": [{"id": "9"}]},
        "errors": [
            {"message": "no", "status_code": 500, "err_code": "IMMUTABLE", "rules": [{"id": "2", "name": "Two"}]},
            {"message": "Rule not found", "status_code": 404, "rules": [{"id": "3"}]},
        ],
    },
}  # fmt: skip


def test_a_bulk_action_is_told_per_rule():
    result = bulk_result(msgspec.convert(BULK, BulkAnswer))
    assert (result.succeeded, result.failed, result.skipped, result.success) == (1, 2, 1, False)
    assert result.problems == (
        Problem("rule", "2", "no", 500, "IMMUTABLE", "Two"),
        Problem("rule", "3", "Rule not found", 404),
    )
    assert str(result.problems[0]) == "rule Two: no"
    assert (result + BulkResult(succeeded=1)).succeeded == 2


def test_a_rule_that_is_gone_is_deleted():
    result = bulk_result(msgspec.convert(BULK, BulkAnswer), gone_is_done=True)
    assert (result.succeeded, result.failed, [one.id for one in result.problems]) == (2, 1, ["2"])


@pytest.mark.parametrize(
    ("version", "supported"),
    [("8.19.0", True), ("8.19.5", True), ("9.0.0", True), ("9.12.1-SNAPSHOT", True), ("8.18.4", False),
     ("8.2.0", False), ("7.17.0", False), ("10.0.0", False), ("", False)],
)  # fmt: skip
def test_versions(version, supported):
    assert bool(Status(version, "available").unsupported) is not supported


LINES = [
    ({"rule_id": "r", "exceptions_list": [{"list_id": "l"}]}, "rule"),
    ({"list_id": "l", "type": "detection"}, "exception_list"),
    ({"list_id": "l", "item_id": "i", "entries": []}, "exception_item"),
    ({"id": "c", "type": "action", "attributes": {"name": "C", "actionTypeId": ".email"}}, "connector"),
    ({"exported_count": 4, "missing_rules": [{"rule_id": "gone"}]}, "summary"),
]


@pytest.mark.parametrize(("line", "kind"), LINES)
def test_kinds_are_told_by_shape(line, kind):
    assert kind_of(line) == kind


def test_an_export_is_sorted():
    export, problems = export_of([line for line, _ in reversed(LINES)])
    assert [rule.rule_id for rule in export.rules] == ["r"]
    assert [exceptions.key for exceptions in export.exception_lists] == ["single/l"]
    assert [item.key for item in export.exception_items] == ["single/i"]
    assert [connector.attributes.actionTypeId for connector in export.connectors] == [".email"]
    assert export.whole and problems == []
    assert not export_of([line for line, _ in LINES[:-1]])[0].whole


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (17, "not a rule: Expected `object`, got `int`"),
        ({"name": "x"}, "not a rule: Object missing required field `rule_id`"),
        ({"rule_id": "r", "actions": [1]}, "not a rule (r): Expected `object`, got `int` - at `$.actions[0]`"),
        ({"list_id": 1}, "not an exception list: Expected `str`, got `int` - at `$.list_id`"),
        ({"item_id": "i"}, "not an exception item (i): Object missing required field `list_id`"),
        ({"id": "c", "attributes": []}, "not a connector (c): Expected `object`, got `array` - at `$.attributes`"),
        ({"exported_count": "1"}, "not the summary of an export: Expected `int`, got `str` - at `$.exported_count`"),
    ],
)
def test_what_is_none_of_them_is_told_and_the_rest_is_taken(line, problem):
    export, problems = export_of([line, LINES[0][0]])
    assert problems == [problem]
    assert [rule.rule_id for rule in export.rules] == ["r"]


def test_a_stored_object_has_all_of_it_beside_what_is_relied_on():
    body = {"id": "1", "rule_id": "r", "tags": None, "body": "x", "too_deep": "y", "own": [1]}
    rule = Rule.of(body)
    assert (rule.id, rule.tags, rule.body, rule.too_deep) == ("1", (), body, False)
    assert rule.writer == "unknown at an unknown time"
    deep = []
    for _ in range(500):
        deep = [deep]
    rule = Rule.of({"id": "1", "rule_id": "r", "meta": deep, "name": "R"})
    assert (rule.too_deep, rule.body) == (True, {"id": "1", "rule_id": "r", "name": "R"})


def test_nothing_asked_is_a_success() -> None:
    assert ImportResult().success and BulkResult().success
    assert ImportResult() + imported(GOOD) == imported(GOOD) == imported(GOOD) + ImportResult()


def test_bulk_results_are_added_up() -> None:
    problem = Problem("rule", "r", "no", 400)
    one, other = BulkResult(1, 2, 3, (problem,)), BulkResult(10, 20, 30)
    assert one + other == BulkResult(11, 22, 33, (problem,))
    assert not BulkResult(failed=1).success
    assert not BulkResult(problems=(problem,)).success
