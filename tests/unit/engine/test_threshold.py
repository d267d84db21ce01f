"""Threshold plans against their definition, in one process and in two, and what is kept of huge ones."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.engine import Embedded
from detections.engine.alert import Alert, Threshold
from detections.errors import Finding, NotEvaluated
from detections.events import Document, batches
from detections.mapping import Field, Mapping
from detections.plan import Cardinality, ThresholdPlan, Window
from detections.plan.predicate import Equals
from detections.plan.predicate import Test as Ask
from detections.values import limits

HOST, USER, PORT = Field("host", "keyword"), Field("user.name", "keyword"), Field("port", "long")
PLAN = ThresholdPlan(
    rule_id="t", rule_name="many", mapping=Mapping({}), fields=(HOST, USER), value=2,
    predicate=Ask(Field("kind", "keyword"), Equals(frozenset({"a"}))),
)  # fmt: skip


def event(number: int, time: Any, **fields: Any) -> Document:
    return {"@timestamp": time, "event": {"id": f"e{number}"}, "kind": "a", **fields}


def run(plan: ThresholdPlan, documents: list[Document], span: Window = Window(), size: int = 3) -> list[Alert]:  # noqa: B008
    return list(Embedded().run([(plan, span)], batches(documents, size)))


NAMES = st.one_of(st.none(), st.sampled_from("uv"), st.lists(st.sampled_from("uvw"), max_size=3))
EVENTS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), NAMES, NAMES, st.integers(0, 3)), max_size=25)
PLANS = st.builds(
    lambda fields, value, least: replace(
        PLAN, fields=fields, value=value, cardinality=None if least is None else Cardinality(PORT, least)
    ),
    st.sampled_from([(), (HOST,), (USER,), (HOST, USER)]), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 3)),
)  # fmt: skip
SPANS = st.one_of(st.just(Window()), st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: Window(*ends)))


@settings(max_examples=200, deadline=None)
@given(PLANS, EVENTS, SPANS, st.integers(1, 5))
def test_groups_are_what_kibana_defines(plan: ThresholdPlan, events: list[Any], span: Window, size: int) -> None:
    documents = [
        event(number, time, kind=kind, host=host, user={"name": user}, port=port)
        for number, (time, kind, host, user, port) in enumerate(events)
    ]
    found = {one.terms: replace(one, position=0) for one in run(plan, documents, span, size)}
    assert found == dict(defined(plan, events, span))


def defined(plan: ThresholdPlan, events: list[Any], span: Window) -> Iterator[tuple[tuple[str, ...], Alert]]:
    groups: dict[tuple[str, ...], list[tuple[int, int, int]]] = defaultdict(list)
    for number, (time, kind, host, user, port) in enumerate(events):
        if kind == "a" and (span.start is None or span.start <= time <= (span.end or 0)):
            values = [{HOST: host, USER: user}[field] for field in plan.fields]
            for terms in set(itertools.product(*(one if isinstance(one, list) else [one] for one in values))):
                if None not in terms:
                    groups[terms].append((time, number, port))
    for terms, members in groups.items():
        different = {port for _, _, port in members}
        if len(members) >= plan.value and (plan.cardinality is None or len(different) >= plan.cardinality.value):
            latest = sorted(members)[-limits.GROUP_EVENTS.most :]
            yield terms, Alert(
                "t", "many", max(time for time, _, _ in members), tuple(f"e{number}" for _, number, _ in latest), (),
                0,
                threshold=Threshold(
                    tuple((field.name, value) for field, value in zip(plan.fields, terms, strict=True)), len(members),
                    min(time for time, _, _ in members), plan.cardinality and ("port", len(different)),
                ),
            )  # fmt: skip


def test_the_alert_stands_on_the_latest_events() -> None:
    documents = [event(number, number, host="h", user={"name": "u"}) for number in range(50)]
    (alert,) = run(PLAN, documents[::-1])
    assert alert.event_ids == tuple(f"e{number}" for number in range(30, 50))
    assert (alert.timestamp, alert.threshold and alert.threshold.count) == (49, 50)


def test_an_event_without_a_time_counts_where_there_is_no_window() -> None:
    documents = [event(0, None, host="h", user={"name": "u"}), event(1, 7, host="h", user={"name": "u"})]
    (alert,) = run(PLAN, documents)
    assert (alert.timestamp, alert.event_ids) == (7, ("e1", "e0"))
    assert run(PLAN, documents, Window(0, 9)) == []


def test_terms_read_as_the_keys_of_an_aggregation() -> None:
    fields = (Field("at", "date"), Field("ip", "ip"), Field("port", "long"), Field("on", "boolean"))
    plan = replace(PLAN, fields=fields, value=1)
    (alert,) = run(plan, [event(0, 1, at="2026-01-14", ip="::ffff:10.0.0.1", port=22.0, on="true")])
    assert alert.terms == ("2026-01-14T00:00:00.000Z", "10.0.0.1", "22", "true")


def many(count: int) -> Iterator[Document]:
    return (event(number, number, host=f"h{number % 700}", user={"name": "u"}) for number in range(count))


def test_two_processes_find_the_same() -> None:
    plan = replace(PLAN, value=3)
    alone, together = (list(Embedded(jobs=jobs).run([(plan, Window())], batches(many(5000), 1000))) for jobs in (1, 2))
    assert len(alone) == 700
    assert together == alone


@pytest.mark.parametrize("jobs", [1, 2])
def test_too_many_groups_are_not_kept(monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(limits, "THRESHOLD", replace(limits.THRESHOLD, most=100))
    with pytest.raises(NotEvaluated, match=r"many: its groups.* more than 100: .*limit threshold"):
        list(Embedded(jobs=jobs).run([(PLAN, Window())], batches(many(1000), 250)))
    told: list[Finding] = []
    other = replace(PLAN, rule_id="o", fields=(USER,))
    found = list(
        Embedded(jobs=jobs, report=told.append).run([(PLAN, Window()), (other, Window())], batches(many(1000)))
    )
    assert [one.rule_id for one in found] == ["o"]
    assert [one.code for one in told] == [limits.CODE]
