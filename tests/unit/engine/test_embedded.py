"""Alerts: query and new_terms plans against their definitions, in one process and in two."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import made_rules
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding, Level, Location, NotEvaluated
from detections.events import Batch, Document, Documents, batches
from detections.mapping import Field, Mapping
from detections.plan import NewTermsPlan, QueryPlan, TimeField, Window
from detections.plan.predicate import Always, Equals, Like, Matches, Predicate
from detections.plan.predicate import Test as Ask
from detections.values import limits

USER, HOST, PORT = Field("user.name", "keyword", ignore_above=5), Field("host", "keyword"), Field("port", "long")
MAPPING = Mapping({})
TIME = TimeField()
EVERYTHING = Always(True)
SELECTED = Ask(Field("kind", "keyword"), Equals(frozenset({"a"})))


def query(predicate: Predicate, time: TimeField = TIME, rule_id: str = "q") -> QueryPlan:
    return QueryPlan(rule_id=rule_id, rule_name=f"rule {rule_id}", time=time, mapping=MAPPING, predicate=predicate)


def new_terms(fields: Sequence[Field], predicate: Predicate = EVERYTHING, rule_id: str = "n") -> NewTermsPlan:
    return NewTermsPlan(
        rule_id=rule_id,
        rule_name=f"rule {rule_id}",
        time=TIME,
        mapping=MAPPING,
        predicate=predicate,
        fields=tuple(fields),
        history_window_start="now-1d",
    )


def event(time: Any, **fields: Any) -> Document:
    number = next(_numbers)
    return {"@timestamp": time, "event": {"id": f"e{number}"}, **fields}


_numbers = itertools.count()


def run(plan: Any, documents: list[Document], span: Window = Window(), batch_size: int = 2) -> list[Alert]:  # noqa: B008
    return list(Embedded().run([(plan, span)], batches(documents, batch_size)))


def times(alerts: list[Alert]) -> list[int | None]:
    return [alert.timestamp for alert in alerts]


def test_an_alert_says_what_it_stands_on() -> None:
    found = run(query(SELECTED), [event(5, kind="b"), {**event(7, kind="a"), "event.id": "x"}, event(9, kind="a")])
    assert [(one.rule_id, one.rule_name, one.timestamp, one.position) for one in found] == [
        ("q", "rule q", 7, 1),
        ("q", "rule q", 9, 1 << 32),
    ]
    assert all(len(one.event_ids) == 1 and one.new_terms == () for one in found)


def test_both_ends_of_a_window_belong_to_it() -> None:
    documents = [event(time) for time in (1, 2, 3, 4, 5)]
    assert times(run(query(EVERYTHING), documents, Window(2, 4))) == [2, 3, 4]
    assert times(run(query(EVERYTHING), documents, Window(2, None))) == [2, 3, 4, 5]
    assert times(run(query(EVERYTHING), documents, Window(None, 2))) == [1, 2]


def test_an_event_without_a_time_is_in_no_window_that_has_an_end() -> None:
    documents = [event(None), event("no date"), event(1)]
    assert times(run(query(EVERYTHING), documents, Window(0, 9))) == [1]
    assert times(run(query(EVERYTHING), documents)) == [1, None, None]


def test_the_override_goes_before_the_timestamp() -> None:
    documents = [event(1, ingested=5), event(2), event(9, ingested=2)]
    both = TimeField("ingested", "@timestamp")
    assert times(run(query(EVERYTHING, both), documents, Window(2, 5))) == [2, 2, 5]
    alone = TimeField("ingested")
    assert times(run(query(EVERYTHING, alone), documents, Window(2, 5))) == [2, 5]


def test_alerts_come_by_time_then_rule_then_input() -> None:
    documents = [event(3), event(1), event(1)]
    tasks = [(query(EVERYTHING, rule_id="b"), Window()), (query(EVERYTHING, rule_id="a"), Window())]
    found = list(Embedded().run(tasks, batches(documents, 2)))
    order = [(one.timestamp, one.rule_id, one.position) for one in found]
    assert order == [
        (1, "a", 1), (1, "a", 1 << 32), (1, "b", 1), (1, "b", 1 << 32), (3, "a", 0), (3, "b", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("documents", "span", "terms"),
    [
        # Everything is new once where there is no history, on its first event by time.
        ([(5, "a"), (3, "a"), (4, "b")], Window(), [(3, "a"), (4, "b")]),
        # A term seen before the window is old, one exactly at its start too.
        ([(1, "a"), (10, "b"), (11, "a"), (12, "b"), (13, "c")], Window(10, 20), [(13, "c")]),
        ([(10, "a"), (11, "a")], Window(10, 20), []),
        ([(11, "a"), (12, "a")], Window(10, 20), [(11, "a")]),
        # What is older than the history does not count; its own first moment does.
        ([(4, "a"), (12, "a"), (5, "b"), (12, "b")], Window(10, 20, 5), [(12, "a")]),
        # What comes behind the window counts for nothing.
        ([(21, "a"), (20, "b")], Window(10, 20, 5), [(20, "b")]),
    ],
)
def test_when_a_term_is_new(documents: list[tuple[int, str]], span: Window, terms: list[tuple[int, str]]) -> None:
    found = run(new_terms([HOST]), [event(time, host=host) for time, host in documents], span)
    assert [(one.timestamp, one.new_terms[0]) for one in found] == terms


def test_history_is_the_rules_own_query() -> None:
    documents = [event(1, kind="b", host="x"), event(12, kind="a", host="x")]
    assert times(run(new_terms([HOST], SELECTED), documents, Window(10, 20, 0))) == [12]


def test_terms_are_the_product_of_values_and_need_every_field() -> None:
    documents = [
        event(1, host=["x", "y", "x"], user={"name": ["a", "b"]}, port=1),
        event(2, host="z", port=1),
        event(3, host="z", user={"name": "too long"}, port=1),
        event(4, host="x", user={"name": "b"}, port=[1, "2", "no number"]),
    ]
    found = run(new_terms([HOST, USER, PORT]), documents)
    assert [(one.timestamp, one.new_terms) for one in found] == [
        (1, ("x", "a", "1")), (1, ("x", "b", "1")), (1, ("y", "a", "1")), (1, ("y", "b", "1")), (4, ("x", "b", "2")),
    ]  # fmt: skip


def test_terms_are_shown_as_an_aggregation_shows_its_keys() -> None:
    fields = [Field("a", "ip"), Field("b", "boolean"), Field("c", "date"), Field("d", "double")]
    (found,) = run(new_terms(fields), [event(1, a="::ffff:10.0.0.1", b="true", c=0, d=1)])
    assert found.new_terms == ("10.0.0.1", "true", "1970-01-01T00:00:00.000Z", "1.0")


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 12), st.sampled_from("ab"),
        st.one_of(st.sampled_from("xyz"), st.lists(st.sampled_from("xyz"), max_size=2), st.none()),
        st.one_of(st.sampled_from("uv"), st.none()),
    ),
    max_size=14,
)  # fmt: skip
SPANS = st.one_of(
    st.just(Window()),
    st.builds(lambda start, length, back: Window(start, start + length, start - back), st.integers(2, 8),
              st.integers(0, 5), st.integers(1, 9)),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(EVENTS, SPANS, st.integers(1, 5))
def test_new_terms_are_what_kibana_defines(events: list[Any], span: Window, batch_size: int) -> None:
    documents = [event(time, kind=kind, host=host, user={"name": user}) for time, kind, host, user in events]
    found = run(new_terms([HOST, USER], SELECTED), documents, span, batch_size)
    assert sorted((one.timestamp, one.new_terms) for one in found) == sorted(defined(events, span))
    assert times(found) == sorted(times(found))


def defined(events: list[Any], span: Window) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The definition, read aloud: D, T, first_seen, and the oldest event of a tuple in the window."""
    chosen = [
        (time, (one, user))
        for time, kind, host, user in events
        if kind == "a" and user is not None
        for one in (host if isinstance(host, list) else [host])
        if one is not None
    ]
    start, end = (-1, 99) if span.start is None else (span.start, span.end or 0)
    history = start if span.history is None else span.history
    for terms in {terms for time, terms in chosen if start <= time <= end}:
        first_seen = min(time for time, those in chosen if those == terms and history <= time <= end)
        if first_seen > start:
            yield min(time for time, those in chosen if those == terms and start <= time <= end), terms


class Broken(Documents):
    """A batch that finds something wrong with its events when they are read."""

    @property
    def findings(self) -> list[Finding]:
        return [Finding("events", f"batch {self.ordinal}", Location("x"), Level.WARNING)]


def many() -> Iterator[Batch]:
    for ordinal in range(12):
        yield Broken(
            ordinal,
            [
                {"@timestamp": (row * 7) % 50, "event": {"id": f"{ordinal}.{row}"}, "host": f"h{(ordinal + row) % 30}"}
                for row in range(40)
            ],
        )


def test_many_processes_raise_the_same_alerts_in_the_same_order() -> None:
    tasks = [
        (query(Ask(HOST, Like(("h1",)))), Window()),
        (query(EVERYTHING, rule_id="z"), Window(3, 5)),
        (new_terms([HOST]), Window(20, 40, 10)),
        (new_terms([HOST, Field("event.id", "keyword")], rule_id="m"), Window()),
    ]
    said: dict[int, list[str]] = {1: [], 2: []}
    one = list(Embedded(1, lambda finding: said[1].append(finding.message)).run(tasks, many()))
    two = list(Embedded(2, lambda finding: said[2].append(finding.message)).run(tasks, many()))
    assert len(one) > 500
    assert one == two
    assert said[1] == said[2] == [f"batch {ordinal}" for ordinal in range(12)]


class Unreadable(Documents):
    def column(self, path: str, rows: int) -> tuple[list[Any], int]:
        raise OSError("gone")


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_goes_wrong_in_a_batch_is_raised(jobs: int) -> None:
    with pytest.raises(OSError, match="gone"):
        list(Embedded(jobs).run([(query(EVERYTHING), Window())], iter([Unreadable(0, [{}])])))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_plan_that_cannot_be_made_ready_is_raised(jobs: int) -> None:
    with pytest.raises(NotEvaluated, match="too complex"):
        list(Embedded(jobs).run([(query(Ask(HOST, Matches(".*a.{20}"))), Window())], batches([event(1)])))


def test_alerts_that_stand_are_given_before_the_next_batch_is_read() -> None:
    read: list[int] = []

    def some() -> Iterator[Batch]:
        for batch in batches([event(1), event(2), event(3)], 1):
            read.append(batch.ordinal)
            yield batch

    found = Embedded().found([(query(EVERYTHING), Window()), (new_terms([USER]), Window())], some())
    assert next(found).timestamp == 1
    assert read == [0]
    assert [(one.rule_id, one.timestamp) for one in found] == [("q", 2), ("q", 3)], "none has a user.name"


def test_alerts_carry_the_values_that_their_plan_shows() -> None:
    shown = (USER, Field("at", "date"), Field("source.ip", "ip"), Field("note", "text"), PORT, Field("gone", "keyword"))
    documents = [
        event(1, user={"name": ["b", "a", "b", "too long"]}, at="2026-01-31", note="Two words", port=[22, 80]),
        event(2, source={"ip": "::ffff:10.0.0.1"}),
    ]
    plan = dataclasses.replace(query(EVERYTHING), shown=shown)
    assert [one.shown for one in run(plan, documents)] == [
        (("b", "a"), ("2026-01-31T00:00:00.000Z",), (), ("Two words",), ("22", "80"), ()),
        ((), (), ("10.0.0.1",), (), (), ()),
    ]
    assert run(query(EVERYTHING), documents)[0].shown == ()


def test_a_new_term_shows_the_event_that_it_stands_on() -> None:
    plan = dataclasses.replace(new_terms([PORT]), shown=(USER,))
    documents = [event(9, port=1, user={"name": "later"}), event(5, port=1, user={"name": "first"})]
    assert [(one.new_terms, one.shown) for one in run(plan, documents)] == [(("1",), (("first",),))]


def test_a_sequence_shows_the_values_of_all_its_events() -> None:
    rule = made_rules.rule_of('type = "eql"\nlanguage = "eql"\nquery = "sequence [any where true] [any where true]"')
    plan = dataclasses.replace(make_plan(rule), shown=(USER, PORT))
    documents = [event(1, user={"name": "a"}, port=1), event(2, user={"name": "b"}, port=1)]
    assert [one.shown for one in run(plan, documents)] == [(("a", "b"), ("1",))]


def test_of_very_many_values_only_the_first_are_shown() -> None:
    plan = dataclasses.replace(query(EVERYTHING), shown=(PORT,))
    (found,) = run(plan, [event(1, port=list(range(1000)))])
    assert found.shown == (tuple(map(str, range(limits.SHOWN_VALUES.most))),)
