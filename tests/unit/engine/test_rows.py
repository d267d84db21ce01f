"""The alerts of ES|QL rules: rows that are documents, and rows that are made of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.compile.planner import plan as make_plan
from detections.compile.tables import tables as made_tables
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding
from detections.events import Document, batches, read
from detections.mapping import Mapping as Fields
from detections.plan import GroupsPlan, Window
from detections.report.json import encode
from detections.values import limits
from made_rules import rule_of

NOON = 1_768_392_000_000
FIELDS = Fields.of(
    {"@timestamp": "date", "event.id": "keyword", "user.name": "keyword", "event.outcome": "keyword", "n": "long"}
)


def event(at: int, user: str | list[str] | None, outcome: str = "failure", **more: Any) -> Document:
    return {
        "@timestamp": NOON + at * 1000, "event": {"id": f"e{at}", "outcome": outcome}, "user": {"name": user}, **more,
    }  # fmt: skip


EVENTS = [event(0, "alice"), event(1, "bob"), event(2, "alice"), event(3, "alice", "success"), event(4, "bob")]


def alerts(
    query: str,
    events: list[Document] = EVENTS,
    *,
    tables: Mapping[str, Any] | None = None,
    window: Window = Window(),  # noqa: B008
    size: int = 1000,
    fields: Fields = FIELDS,
) -> list[Alert]:
    body = f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''{query}'''"
    plan = make_plan(rule_of(body, index=""), fields, made_tables(tables))
    return list(Embedded().run([(plan, window)], batches(events, batch_size=size)))


def rows(found: list[Alert]) -> list[tuple[tuple[str, ...], dict[str, object]]]:
    return [(one.event_ids, dict(one.row)) for one in found]


STATS = 'FROM logs-* | STATS failures = COUNT(*) WHERE event.outcome == "failure", most = MAX(n) BY user.name'


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_row_of_stats_is_an_alert_on_the_events_of_its_group(size: int) -> None:
    found = alerts(f"{STATS} | WHERE failures >= 2", size=size)
    assert rows(found) == [
        (("e0", "e2", "e3"), {"failures": 2, "user.name": "alice"}),
        (("e1", "e4"), {"failures": 2, "user.name": "bob"}),
    ]
    assert [one.timestamp for one in found] == [NOON + 3000, NOON + 4000]


def test_an_event_with_several_values_is_behind_several_rows_and_null_is_a_group() -> None:
    events = [event(0, ["alice", "bob"]), event(1, None), event(2, "bob")]
    found = rows(alerts("FROM logs-* | STATS c = COUNT(*) BY user.name", events))
    assert found == [
        (("e0",), {"c": 1, "user.name": "alice"}), (("e1",), {"c": 1}), (("e0", "e2"), {"c": 2, "user.name": "bob"}),
    ]  # fmt: skip


def test_one_stats_after_another_keeps_the_events_behind_both() -> None:
    query = "FROM logs-* | STATS c = COUNT(*) BY user.name | STATS users = COUNT(*), most = MAX(c) | WHERE users > 1"
    assert rows(alerts(query)) == [(("e0", "e1", "e2", "e3", "e4"), {"users": 2, "most": 3})]


def test_that_there_is_nothing_is_an_alert_on_no_event() -> None:
    query = 'FROM logs-* | WHERE user.name == "nobody" | STATS c = COUNT(*) | WHERE c == 0'
    (found,) = alerts(query)
    assert (found.event_ids, found.timestamp, found.row) == ((), None, (("c", 0),))
    assert alerts(query.replace("nobody", "bob")) == []
    assert alerts(query.replace(" | STATS c", " | SORT n | LIMIT 9 | STATS c"))[0].row == (("c", 0),)


def test_only_events_in_the_window_count() -> None:
    found = alerts(f"{STATS} | WHERE failures >= 2", window=Window(NOON + 1000, NOON + 4000))
    assert rows(found) == [(("e1", "e4"), {"failures": 2, "user.name": "bob"})]


def test_an_alert_names_the_latest_events_of_a_large_group() -> None:
    events = [event(at, "alice") for at in (*range(30, 60), *range(30))]
    (found,) = alerts(STATS, events, size=7)
    assert found.event_ids == tuple(f"e{at}" for at in range(40, 60))
    assert dict(found.row)["failures"] == 60
    assert found.timestamp == NOON + 59_000


def test_values_are_shown_as_the_api_shows_them() -> None:
    query = "FROM logs-* | STATS t = MAX(@timestamp), who = VALUES(user.name), a = AVG(n), f = TO_IP(MAX(event.id))"
    (found,) = alerts(query, [event(0, "b", n=1), event(1, "a", n=2)])
    assert found.row == (("t", "2026-01-14T12:00:01.000Z"), ("who", ("b", "a")), ("a", 1.5))
    assert encode(dict(found.row)) == '{"t":"2026-01-14T12:00:01.000Z","who":["b","a"],"a":1.5}'


def test_rows_that_are_documents_show_what_the_query_has_made() -> None:
    query = (
        'FROM logs-* METADATA _id | WHERE n > 1 | EVAL twice = n * 2, user.name = "x" | KEEP _id, twice, n, user.name'
    )
    (found,) = alerts(query, [event(0, "a", n=1), event(1, "a", n=2)])
    assert (found.event_ids, found.row) == (("e1",), (("twice", 4), ("user.name", "x")))


def test_rows_with_one_id_are_one_alert() -> None:
    tables = {"l": [{"user.name": "alice", "role": "admin"}, {"user.name": "alice", "role": "dev"}]}
    join = "FROM logs-* METADATA _id | WHERE n == 1 | LOOKUP JOIN l ON user.name"
    one = [event(0, "alice", n=1)]
    assert rows(alerts(join, one, tables=tables)) == [(("e0",), {"role": "admin"})]
    assert rows(alerts(f"{join} | KEEP role", one, tables=tables)) == [
        (("e0",), {"role": "admin"}), (("e0",), {"role": "dev"}),
    ]  # fmt: skip


def test_what_mv_expand_makes_are_alerts_of_their_own() -> None:
    events = [event(0, ["alice", "bob", "alice"])]
    query = "FROM logs-* METADATA _id | MV_EXPAND user.name"
    assert rows(alerts(query, events)) == [(("e0",), {"user.name": "alice"}), (("e0",), {"user.name": "bob"})]
    assert rows(alerts(f"{query} | DROP user.name", events)) == [(("e0",), {})]


def test_inline_stats_leaves_documents() -> None:
    query = "FROM logs-* METADATA _id | INLINE STATS c = COUNT(*) BY user.name | WHERE c == 2"
    assert rows(alerts(query)) == [(("e1",), {"c": 2}), (("e4",), {"c": 2})]


def test_enrich_looks_up_what_is_given() -> None:
    tables = {"roles": {"rows": [{"name": "bob", "role": "admin"}], "match": "name"}}
    query = 'FROM logs-* | ENRICH roles ON user.name WITH role | WHERE role == "admin" | STATS c = COUNT(*) BY role'
    assert rows(alerts(query, tables=tables)) == [(("e1", "e4"), {"c": 2, "role": "admin"})]


def test_several_processes_say_the_same(tmp_path: Path) -> None:
    lines = [encode(event(at, f"user{at % 7}", n=at)) for at in range(5000)]
    (tmp_path / "e.ndjson").write_text("\n".join(lines))
    query = f"{STATS} | EVAL h = SUBSTRING(user.name, 1, 4) | STATS v = VALUES(user.name), l = MAX(most) BY h"
    rule = rule_of(f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''{query}'''", index="")
    plan = make_plan(rule, FIELDS)
    found = []
    for jobs in (1, 2):
        given = read([tmp_path / "e.ndjson"], lambda finding: None, {})
        found.append(list(Embedded(jobs=jobs).run([(plan, Window())], given)))
    assert found[0] == found[1]
    assert dict(found[0][0].row)["l"] == 4999


def test_too_many_groups_are_told_and_the_other_rules_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GROUPS", replace(limits.GROUPS, most=3))
    rules = [
        rule_of(f'type = "esql"\nlanguage = "esql"\nquery = "FROM logs-* | STATS c = COUNT(*) BY {key}"', key, index="")
        for key in ("event.id", "event.outcome")
    ]
    told: list[Finding] = []
    found = list(detections.replay(rules, EVENTS, report=told.append))
    assert [one.rule_id for one in found] == ["event.outcome", "event.outcome"]
    assert [one.message for one in told if one.code == "limit"] == [
        "not evaluated: STATS makes more than 3 groups (limit groups)"
    ]


def test_what_nothing_here_evaluates_has_a_plan_that_says_so() -> None:
    body = 'type = "esql"\nlanguage = "esql"\nquery = "FROM logs-* | STATS c = COUNT(*) BY h = n | CHANGE_POINT c ON h"'
    plan = make_plan(rule_of(body, index=""), FIELDS)
    assert isinstance(plan, GroupsPlan)
    assert plan.unevaluated() == ("CHANGE_POINT is not evaluated here",)
    assert Embedded().why_not(plan) == "CHANGE_POINT is not evaluated here"
    join = make_plan(rule_of(body.replace("CHANGE_POINT c ON h", "LOOKUP JOIN t ON h"), index=""), FIELDS)
    assert Embedded().why_not(join) == "LOOKUP JOIN without the table t is not evaluated here"
