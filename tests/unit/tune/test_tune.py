"""What is proposed for false positives, and what never is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.case import Bases, CaseFile
from detections.case.read import read_cases
from detections.compile.exceptions import ExceptionLists
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import UsageError
from detections.events import Document, batches
from detections.rule import Rule
from detections.schedule import replay
from detections.source import parse
from detections.tune import Labels, Readings, Subject, Tuning, tune
from detections.tune.write import as_object, queried
from made_rules import QUERY, new_terms, rule_of

START = 1_767_225_600_000
DAY = 86_400_000
EQL = "type = 'eql'\nlanguage = 'eql'\nquery = '{}'"
ESQL = "type = 'esql'\nlanguage = 'esql'\nquery = '{}'"
THRESHOLD = f"""{QUERY.replace('"query"', '"threshold"', 1)}
[rule.threshold]
field = ["user.name"]
value = 2
"""
KINDS = {
    "query": QUERY,
    "or": QUERY.replace(": a", ": a or event.action: b"),
    "new terms": new_terms("event.action: a", '"user.name"', "now-7d"),
    "threshold": THRESHOLD,
    "suppressed": f'{QUERY}\n[rule.alert_suppression]\ngroup_by = ["user.name"]',
    "eql": EQL.format('any where event.action == "a" or event.action == "b"'),
    "sequence": EQL.format('sequence by user.name [any where event.action == "a"] [any where event.action == "b"]'),
    "esql": ESQL.format('FROM logs-* METADATA _id | WHERE event.action == "a"'),
    "stats": ESQL.format('FROM logs-* | WHERE event.action == "a" | STATS n = COUNT(*) BY user.name'),
}


def event(
    number: int, user: str, ip: str = "10.0.0.1", agent: str = "curl", action: str = "a", **more: Any
) -> Document:
    return {
        "@timestamp": START + number * 60_000, "event": {"action": action, "id": f"e{number}"}, "user": {"name": user},
        "source": {"ip": ip}, "user_agent": {"original": agent}, **more,
    }  # fmt: skip


def subject(rule: Rule, file: CaseFile | None = None, root: Path = Path()) -> Subject:
    return Subject(rule, file, Bases(root))


def tuned(rule: Rule, events: Sequence[Document], ids: Sequence[str], *fields: str, **options: Any) -> Tuning:
    labels = Labels(frozenset(ids))
    made = options.pop("subject", subject(rule))
    return tune(made, labels, Readings(lambda: batches(events), **options), Embedded(), fields)


def alerts(rule: Rule, events: Sequence[Document], exceptions: ExceptionLists | None = None) -> list[Alert]:
    return list(replay([rule], batches(events), Embedded(), exceptions=exceptions or ExceptionLists()))


def excepted(rule: Rule, found: Tuning) -> tuple[Rule, ExceptionLists]:
    """The rule with what is proposed, as a project's files have it."""
    reference = {"id": "x", "list_id": "x", "type": "rule_default", "namespace_type": "single"}
    items = [as_object(item, "x", "why") for item in found.items]
    return replace(rule, exceptions_list=(reference,)), ExceptionLists({("single", "x"): items})


def cases(folder: Path, base: Document, more: str = "") -> CaseFile:
    """A file with an alert case, which is the base as it stands."""
    (folder / "base.json").write_text(json.dumps(base))
    return read_cases(parse(f'base = "base.json"\n[[case]]\nname = "one"\nverdict = "alert"\n{more}', "cases.toml"))


def texts(found: Tuning) -> list[str]:
    return [str(item) for item in found.items]


def test_one_entry_is_proposed_where_one_is_enough() -> None:
    events = [event(0, "ci"), event(1, "bob"), event(2, "ci", "10.0.0.9")]
    found = tuned(rule_of(QUERY), events, ["e0", "e2"])
    assert texts(found) == ["user.name is ci"]
    assert (found.alerts, found.false_positives, found.silenced, found.done) == (3, 2, 2, True)
    assert found.items[0].kibana() == [{"field": "user.name", "operator": "included", "type": "match", "value": "ci"}]
    assert found.query == 'event.action: a and not user.name: "ci"'


def test_two_entries_where_each_alone_silences_another_alert() -> None:
    events = [event(0, "ci", agent="aws"), event(1, "ci", agent="curl"), event(2, "bob", agent="aws")]
    found = tuned(rule_of(QUERY), events, ["e0"], "user.name", "user_agent.original")
    assert texts(found) == ["user.name is ci and user_agent.original is aws"]
    assert [(str(one.item), one.why) for one in found.refused] == [
        ("user.name is ci", "it would silence another alert, e1"),
        ("user_agent.original is aws", "it would silence another alert, e2"),
    ]
    assert found.query == 'event.action: a and not (user.name: "ci" and user_agent.original: "aws")'


def test_values_of_one_field_become_one_exception() -> None:
    events = [event(number, name) for number, name in enumerate(("ci", "cd", "bob"))]
    found = tuned(rule_of(QUERY), events, ["e0", "e1"], "user.name")
    assert texts(found) == ["user.name is one of ci, cd"]
    assert found.items[0].kibana()[0] | {"type": "match_any", "value": ["ci", "cd"]} == found.items[0].kibana()[0]


def test_a_network_is_proposed_for_many_addresses() -> None:
    events = [event(number, "x", f"10.1.2.{number}") for number in range(6)] + [event(9, "x", "10.1.3.1")]
    found = tuned(rule_of(QUERY), events, [f"e{number}" for number in range(6)], "source.ip")
    assert texts(found) == ["source.ip is in 10.1.2.0/24"]
    assert found.items[0].kibana() == [
        {"field": "source.ip", "operator": "included", "type": "match", "value": "10.1.2.0/24"}
    ]
    assert found.silenced == 6


def test_what_many_values_begin_with_is_proposed() -> None:
    events = [event(number, "x", agent=f"aws-cli/2.{number}.0 x") for number in range(5)] + [event(9, "x")]
    found = tuned(rule_of(QUERY), events, [f"e{number}" for number in range(5)], "user_agent.original")
    assert texts(found) == ["user_agent.original is like aws-cli/2.*"]
    assert found.query == r"event.action: a and not user_agent.original: aws-cli/2.*"


def test_what_nothing_tells_apart_is_left() -> None:
    found = tuned(rule_of(QUERY), [event(0, "x"), event(1, "x")], ["e0", "e7"])
    assert (found.items, found.left, found.missing, found.done) == ((), ("e0",), ("e7",), False)


def test_alert_cases_are_not_silenced(tmp_path: Path) -> None:
    file = cases(tmp_path, event(0, "ci"))
    rule = rule_of(QUERY)
    events = [event(0, "ci", "10.0.0.5"), event(1, "bob")]
    found = tuned(rule, events, ["e0"], "user.name", "source.ip", subject=subject(rule, file, tmp_path))
    assert texts(found) == ["source.ip is 10.0.0.5"]
    assert [(str(one.item), one.why) for one in found.refused] == [
        ("user.name is ci", "it would silence the case 'one'")
    ]
    added = read_cases(parse(found.cases, "cases.toml")).cases[-1]
    assert (added.name, added.verdict, dict(added.event.set)) == (
        "excepted: 10.0.0.5", "quiet", {"source.ip": "10.0.0.5"},
    )  # fmt: skip


def test_a_mutant_that_a_case_notices_is_still_noticed(tmp_path: Path) -> None:
    """The only quiet case would be quiet by the exception, whatever the query asks for."""
    other = '[[case]]\nname = "two"\nverdict = "quiet"\nset = { "event.action" = "z", "user.name" = "ci" }\n'
    file = cases(tmp_path, event(0, "bob"), other)
    rule = rule_of(QUERY)
    found = tuned(rule, [event(0, "ci"), event(1, "eve")], ["e0"], "user.name", subject=subject(rule, file, tmp_path))
    assert found.items == ()
    assert found.refused[-1].why.startswith("no case would notice a mutant of the rule any more: `event.action: a`")


def test_events_that_must_alert_are_not_silenced(tmp_path: Path) -> None:
    file = cases(tmp_path, event(0, "ann"), '[noise.april]\nmust_alert = ["m"]\n')
    rule = rule_of(QUERY)
    april = [{**event(0, "ci", "10.9.9.9"), "event": {"action": "a", "id": "m"}}]
    found = tuned(
        rule, [event(0, "ci", "10.0.0.5"), event(1, "bob")], ["e0"], "user.name", "source.ip",
        subject=subject(rule, file, tmp_path), data={"april": lambda: batches(april)},
    )  # fmt: skip
    assert texts(found) == ["source.ip is 10.0.0.5"]
    assert found.refused[0].why == "it would silence the must_alert event m"


def test_an_exception_that_lets_another_alert_rise_instead_is_refused() -> None:
    """Without its first event a new term is new with the next one."""
    rule = rule_of(KINDS["new terms"])
    events = [event(0, "ci", "10.0.0.5"), event(1, "ci", "10.0.0.6")]
    found = tuned(rule, events, ["e0"], "source.ip")
    assert (texts(found), found.silenced) == ([], 0)
    assert found.refused[0].why == "it would raise 1 other alert instead"
    assert texts(tuned(rule, events, ["e0"], "source.ip", "user.name")) == ["user.name is ci"]


def test_a_query_that_joins_events_gets_exceptions_only() -> None:
    rule = rule_of(KINDS["sequence"])
    events = [event(0, "ci"), event(1, "ci", action="b"), event(2, "bob"), event(3, "bob", action="b")]
    found = tuned(rule, events, ["e0"])
    assert texts(found) == ["user.name is ci"]
    assert found.no_query == "the query joins several events: make exceptions instead"


def test_fields_that_the_indices_do_not_have_are_refused() -> None:
    with pytest.raises(UsageError, match="--field message"):
        tuned(rule_of(QUERY), [event(0, "x")], ["e0"], "message")


def test_hostile_values_are_proposed_as_they_are() -> None:
    values = ['"x" or *', "a\\b", "c*d?", "", "é\n<script>", "x" * 5000, "NOT", "(", "a and b"]
    events = [event(number, value) for number, value in enumerate(values)] + [event(50, "bob")]
    rule = rule_of(QUERY)
    found = tuned(rule, events, [f"e{number}" for number in range(len(values))], "user.name")
    assert found.left == ("e3", "e5")  # nothing there, and longer than what is indexed
    assert [alert.event_ids for alert in alerts(queried(rule, found.query), events)] == [("e3",), ("e5",), ("e50",)]
    changed, lists = excepted(rule, found)
    assert [alert.event_ids for alert in alerts(changed, events, lists)] == [("e3",), ("e5",), ("e50",)]


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("ci", "bob", "eve")), st.sampled_from(("10.0.0.1", "10.0.0.2", "10.0.1.1", "2001:db8::1")),
        st.sampled_from(("curl", "aws-cli/2.1", "aws-cli/2.2", "Boto3/1.0")), st.sampled_from("ab"), st.booleans(),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(made=_EVENTS)
def test_no_alert_that_is_to_stay_is_lost(kind: str, made: list[tuple[str, str, str, str, bool]]) -> None:
    """Whatever is proposed for whatever labels: as exceptions and as clauses it silences false positives alone."""
    rule = rule_of(KINDS[kind])
    events = [event(number, *values) for number, (*values, _) in enumerate(made)]
    ids = [f"e{number}" for number, (*_, false) in enumerate(made) if false]
    found = tuned(rule, events, ids)
    before = alerts(rule, events)
    changed, lists = excepted(rule, found)
    after = alerts(changed, events, lists)
    false = [alert for alert in before if set(alert.event_ids).intersection(ids)]
    assert (found.alerts, found.false_positives) == (len(before), len(false))
    assert all(alert in before or _group(alert, before) for alert in after), "none rises instead"
    assert [alert for alert in before if alert not in false and not _group(alert, after)] == []
    assert found.silenced == len(before) - len(after)
    if found.query:
        assert list(map(_key, alerts(queried(rule, found.query), events))) == list(map(_key, after))


def _key(alert: Alert) -> object:
    return alert.terms if alert.threshold else (alert.event_ids, alert.new_terms, alert.row)


def _group(alert: Alert, among: list[Alert]) -> bool:
    """Whether the alert of its group is among others, on whichever of its events."""
    return _key(alert) in map(_key, among)
