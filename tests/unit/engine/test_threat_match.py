"""Indicator match plans: by hand, against a naive reading, and with very many indicators."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.alert import Alert, Enrichment
from detections.errors import Finding, NotEvaluated
from detections.events import Document, batches
from detections.mapping import Mapping
from detections.plan import ThreatMatchPlan, Window
from detections.schedule import executions
from detections.values import limits
from made_rules import rule_of

NOON = 1_768_392_000_000
MAPPING = Mapping.of({
    "@timestamp": "date", "event.ingested": "date", "event.id": "keyword", "event.action": "keyword", "ip": "ip",
    "user": "keyword", "host": "keyword", "port": "long", "message": "text", "ti.ip": "ip", "ti.user": "keyword",
    "ti.host": "keyword", "ti.port": "long", "ti.text": "keyword", "ti.kind": "keyword", "_index": "keyword",
    "data_stream.dataset": "constant_keyword",
})  # fmt: skip


def body(*groups: str, query: str = "event.action: a", threat: str = "ti.kind: bad") -> str:
    entries = "\n".join(f"[[rule.threat_mapping]]\nentries = [{group}]" for group in groups)
    return f'''type = "threat_match"
language = "kuery"
query = "{query}"
threat_query = "{threat}"
threat_index = ["logs-ti_*"]
{entries}
'''


def entry(field: str, value: str, *, negate: bool = False) -> str:
    return f'{{ field = "{field}", type = "mapping", value = "{value}"{", negate = true" if negate else ""} }}'


def plan(*groups: str, **more: str) -> ThreatMatchPlan:
    made = make_plan(rule_of(body(*groups, **more)), MAPPING)
    assert isinstance(made, ThreatMatchPlan)
    return made


def event(number: int, **fields: Any) -> Document:
    return {"@timestamp": NOON + number, "event": {"id": f"e{number}", "action": "a"}, **fields}


def indicator(number: int, **fields: Any) -> Document:
    return {"_index": "logs-ti_x", "event": {"id": f"i{number}"}, "ti": {"kind": "bad", **fields}}


def run(asked: Any, documents: list[Document], window: Window = Window(), size: int = 3) -> list[Alert]:  # noqa: B008
    return list(Embedded().run([(asked, window)], batches(documents, size)))


def found(asked: Any, documents: list[Document]) -> list[tuple[str, list[str]]]:
    return [(alert.event_ids[0], [one.event_id for one in alert.indicators]) for alert in run(asked, documents)]


IP = entry("ip", "ti.ip")
USER, HOST = entry("user", "ti.user"), entry("host", "ti.host")


def test_an_event_alerts_that_shares_a_value_with_an_indicator() -> None:
    documents = [
        event(0, ip="10.0.0.1"), event(1, ip="10.0.0.2"), event(2), indicator(0, ip="10.0.0.1"), indicator(1, user="x"),
    ]  # fmt: skip
    (alert,) = run(plan(IP), documents)
    assert (alert.event_ids, alert.indicators) == (("e0",), (Enrichment("ip", "10.0.0.1", "i0"),))


def test_a_block_of_addresses_is_an_indicator_too() -> None:
    blocks = [indicator(0, ip="10.0.0.0/8"), indicator(1, ip="10.1.0.0/16"), indicator(2, ip="2001:db8::/32")]
    events = [event(0, ip="10.1.2.3"), event(1, ip="10.2.0.1"), event(2, ip="11.0.0.1"), event(3, ip="2001:db8::1")]
    assert found(plan(IP), [*blocks, *events]) == [("e0", ["i0", "i1"]), ("e1", ["i0"]), ("e3", ["i2"])]


def test_all_entries_of_a_group_are_of_one_indicator() -> None:
    asked = plan(f"{USER}, {HOST}")
    apart = [indicator(0, user="u", host="x"), indicator(1, user="x", host="h")]
    assert found(asked, [event(0, user="u", host="h"), *apart]) == []
    assert found(asked, [event(0, user="u", host="h"), *apart, indicator(2, user="u", host="h")]) == [("e0", ["i2"])]


def test_any_group_will_do() -> None:
    documents = [
        event(0, user="u"),
        event(1, host="h"),
        event(2, ip="::1"),
        indicator(0, user="u"),
        indicator(1, host="h"),
    ]
    assert found(plan(USER, HOST), documents) == [("e0", ["i0"]), ("e1", ["i1"])]


def test_which_indicators_count() -> None:
    away = {**indicator(0, user="u"), "_index": "logs-other"}
    good = {**indicator(1, user="u"), "ti": {"kind": "good", "user": "u"}}
    assert found(plan(USER), [event(0, user="u"), away, good]) == []
    anywhere = indicator(2, user="u")
    del anywhere["_index"]
    assert found(plan(USER), [event(0, user="u"), away, good, anywhere]) == [("e0", ["i2"])]
    only = 'threat_filters = [{ query = { exists = { field = "ti.host" } } }]'
    filtered = rule_of(body(USER).replace("threat_index", f"{only}\nthreat_index"))
    asked = make_plan(filtered, MAPPING)
    assert found(asked, [event(0, user="u"), indicator(0, user="u"), indicator(1, user="u", host="h")]) == [
        ("e0", ["i1"])
    ]


def test_the_window_is_for_events_only() -> None:
    old = {**indicator(0, user="u"), "@timestamp": 0}
    assert [one.event_ids for one in run(plan(USER), [event(0, user="u"), old], Window(NOON - 1, NOON + 1))] == [
        ("e0",)
    ]
    assert run(plan(USER), [event(0, user="u"), old], Window(NOON + 1, NOON + 2)) == []
    recent = plan(USER, threat="ti.kind: bad and @timestamp >= now-30d")
    assert run(recent, [event(0, user="u"), old], Window(NOON - 1, NOON + 1, now=NOON)) == []


def test_several_values() -> None:
    one, many = indicator(0, user="u"), indicator(1, user=["v", "u"])
    # A group of one entry on exact fields: every value of the event, the first of the indicator.
    assert found(plan(USER), [event(0, user=["u", "v"]), one, many]) == [("e0", ["i0", "i1"])]
    # Any other: one value only, on either side.
    asked = plan(f"{USER}, {HOST}")
    assert found(asked, [event(0, user=["u", "v"], host="h"), indicator(0, user="u", host="h")]) == []
    assert found(asked, [event(0, user="u", host="h"), indicator(0, user=["u", "v"], host="h")]) == []
    text = plan(entry("message", "ti.text"))
    assert found(text, [event(0, message=["a b", "c"]), indicator(0, text="a")]) == []


def test_texts_match_by_any_token_and_numbers_by_value() -> None:
    text = plan(entry("message", "ti.text"))
    documents = [event(0, message="The Backup job"), event(1, message="other"), indicator(0, text="backup server")]
    assert found(text, documents) == [("e0", ["i0"])]
    port = plan(entry("port", "ti.port"))
    assert found(port, [event(0, port=22), event(1, port="80"), indicator(0, port="22"), indicator(1, port=80.0)]) == [
        ("e0", ["i0"]), ("e1", ["i1"]),
    ]  # fmt: skip


def test_a_negated_entry() -> None:
    asked = plan(f"{USER}, {entry('host', 'ti.host', negate=True)}")
    both = [indicator(0, user="u", host="h")]
    assert found(asked, [event(0, user="u", host="x"), event(1, user="u", host="h"), event(2, user="u"), *both]) == [
        ("e0", ["i0"]), ("e2", ["i0"]),
    ]  # fmt: skip
    # Without a value of the indicator the event must have the field; several are passed over.
    assert found(asked, [event(0, user="u", host="x"), event(1, user="u"), indicator(0, user="u")]) == [("e0", ["i0"])]
    assert found(asked, [event(0, user="u", host="h"), indicator(0, user="u", host=["h", "i"])]) == [("e0", ["i0"])]
    with pytest.raises(NotEvaluated, match="no entry that is not negated"):
        plan(entry("host", "ti.host", negate=True))


def test_conditions_variants_and_outline() -> None:
    asked = plan(f"{USER}, {HOST}", IP)
    assert [condition.label for condition in asked.conditions()] == ["query", "indicators"]
    assert [variant.change for variant in asked.variants()] == [
        "without the mapping user is ti.user and host is ti.host", "mapping without user is ti.user",
        "mapping without host is ti.host", "without the mapping ip is ti.ip",
    ]  # fmt: skip
    said = "user is ti.user and host is ti.host, or ip is ti.ip"
    assert asked.quiet() == f"the query finds its event, but no indicator of the case goes with it: {said}"
    assert [line.text for line in asked.asks()] == [f"indicator match: {said}", "event.action = 'a'  (keyword)",
                                                    "indicators in logs-ti_*"]  # fmt: skip


VALUES = st.one_of(st.none(), st.sampled_from("xyz"), st.lists(st.sampled_from("xyz"), max_size=2))
EVENTS = st.lists(st.tuples(VALUES, VALUES), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), max_size=8), EVENTS, st.booleans(), st.booleans(), st.integers(1, 5))
def test_the_definition_read_aloud(events: Any, indicators: Any, both: bool, negate: bool, size: int) -> None:
    group = f"{USER}, {entry('host', 'ti.host', negate=negate)}" if both else USER
    documents = [event(number, user=user, host=host) for number, (user, host) in enumerate(events)]
    documents += [indicator(number, user=user, host=host) for number, (user, host) in enumerate(indicators)]
    expected = [
        (f"e{number}", names)
        for number, one in enumerate(events)
        if (names := [f"i{at}" for at, other in enumerate(indicators) if goes_with(one, other, both, negate)])
    ]
    assert found_by(group, documents, size) == expected


def found_by(group: str, documents: list[Document], size: int) -> list[tuple[str, list[str]]]:
    alerts = run(plan(group), documents, size=size)
    return [(one.event_ids[0], sorted({match.event_id for match in one.indicators})) for one in alerts]


def goes_with(one: Any, other: Any, both: bool, negate: bool) -> bool:
    (user, host), (bad_user, bad_host) = (tuple(map(listed, pair)) for pair in (one, other))
    if not both:
        return bool(bad_user) and bad_user[0] in user
    if not (len(user) == 1 and bad_user == user):
        return False
    if negate:
        return bool(host) if not bad_host else len(bad_host) > 1 or bad_host[0] not in host
    return len(host) == 1 and bad_host == host


def listed(value: Any) -> list[str]:
    return [] if value is None else list(dict.fromkeys(value)) if isinstance(value, list) else [value]


def test_as_the_scheduler_runs_it_an_indicator_counts_from_when_it_came() -> None:
    minute = 60_000
    late = indicator(0, user="u")
    late["event"]["ingested"] = NOON + 7 * minute
    events = [
        event(0, user={"name": "u"}),
        event(2 * minute, user={"name": "u"}),
        event(8 * minute, user={"name": "u"}),
        late,
    ]
    rule = rule_of(body(entry("user.name", "ti.user")))
    found = executions([rule], batches(events), Embedded(), start=NOON, end=NOON + 20 * minute)  # fmt: skip
    assert [((one.now - NOON) // minute, [alert.event_ids[0] for alert in one.alerts]) for one in found] == [
        (10, [f"e{8 * minute}"]),
    ]  # fmt: skip


def test_two_processes_find_the_same() -> None:
    chosen = random.Random(5)
    documents = [event(number, user=f"u{chosen.randrange(900)}") for number in range(3000)]
    documents += [indicator(number, user=f"u{number * 7}") for number in range(100)]
    alone, together = (
        list(Embedded(jobs=jobs).run([(plan(USER), Window())], batches(documents, 500))) for jobs in (1, 2)
    )
    assert alone == together and len(alone) > 100


def test_too_many_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INDICATORS", replace(limits.INDICATORS, most=50))
    documents = [indicator(number, user=f"u{number}") for number in range(100)]
    told: list[Finding] = []
    assert list(Embedded(report=told.append).run([(plan(USER), Window())], batches(documents, 20))) == []
    assert "more than 50 events or indicators to compare (limit indicators)" in told[0].message


def test_an_alert_names_no_more_than_so_many_indicators() -> None:
    documents = [event(0, user="u"), *(indicator(number, user="u") for number in range(300))]
    (alert,) = run(plan(USER), documents)
    assert len(alert.indicators) == limits.MATCHES.most
