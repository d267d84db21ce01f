"""A replay in slices finds what a replay of the whole span finds, wherever it is cut and interrupted."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.events import batches
from detections.plan import Plan, Window
from detections.schedule import Record, SlicedReplay, replay
from made_rules import QUERY, new_terms, rule_of

Events = list[dict[str, Any]]

START, END = 1_000_000, 1_040_000
BODIES = {
    "query": QUERY,
    "terms": new_terms("event.action: (a or b)", '"user.name"', "now-10s"),
    "event": 'type = "eql"\nlanguage = "eql"\nquery = "any where event.action == \\"b\\""',
    "sequence": """type = "eql"
language = "eql"
query = '''sequence by user.name with maxspan=5s
  [any where event.action == "a"] [any where event.action == "b"] [any where event.action == "a"]
  until [any where event.action == "c"]'''
""",
    "long": "type = 'eql'\nlanguage = 'eql'\nquery = 'sequence [any where event.action == \"a\"] "
    "[any where event.action == \"c\"]'",
    "missing": "type = 'eql'\nlanguage = 'eql'\nquery = 'sequence with maxspan=3s [any where event.action == \"a\"] "
    "![any where event.action == \"b\"]'",
    "tail": "type = 'eql'\nlanguage = 'eql'\nquery = 'any where event.action == \"a\" | tail 1'",
}  # fmt: skip


RULES = [rule_of(body, name) for name, body in BODIES.items()]


class Searched:
    """Events that are somewhere already: here, in the embedded engine."""

    def __init__(self, events: Events) -> None:
        self.events = events

    def why_not(self, plan: Plan) -> str | None:
        return None

    def run(self, plan: Plan, span: Window) -> Iterator[Alert]:
        return Embedded().run([(plan, span)], batches(self.events))


@st.composite
def eventful(draw: st.DrawFn) -> Events:
    times = draw(st.lists(st.integers(START - 12_000, END + 2000), max_size=25, unique=True))
    # Times that are near each other, and on the seams.
    times = [time - time % 500 for time in times]
    return [
        {
            "@timestamp": time + number % 2,
            "event": {"id": f"e{number}", "action": draw(st.sampled_from("abc"))},
            "user": {"name": draw(st.sampled_from("uv"))},
        }
        for number, time in enumerate(sorted(times))
    ]


def key(alert: Alert) -> tuple[Any, ...]:
    return alert.timestamp or 0, alert.rule_id, alert.event_ids, alert.new_terms


def whole(events: Events) -> list[tuple[Any, ...]]:
    return sorted(key(one) for one in replay(RULES, batches(events), Embedded(), start=START, end=END))


@settings(max_examples=60)
@given(eventful(), st.integers(500, 45_000).map(lambda width: width - width % 500))
def test_slices_together_are_the_whole(events: Events, width: int) -> None:
    sliced = SlicedReplay(RULES, Searched(events), START, END, pytest.fail)
    assert sorted(map(key, sliced.run(sliced.pieces(width), Record()))) == whole(events)
    assert not sliced.failed


@settings(max_examples=30)
@given(eventful(), st.sampled_from((4000, 15_000)), st.lists(st.integers(0, 5), max_size=4))
def test_interrupted_anywhere_no_alert_is_lost_or_given_twice(events: Events, width: int, stops: list[int]) -> None:
    with TemporaryDirectory() as folder:
        given_out: list[tuple[Any, ...]] = []
        for stop in [*stops, 10_000]:
            record = Record(Path(folder, "record"))
            record.begin({"index": "x"})
            sliced = SlicedReplay(RULES, Searched(events), START, END, pytest.fail)
            with contextlib.closing(sliced.run(sliced.pieces(width), record)) as running:
                taken = [key(alert) for alert in itertools.islice(running, stop)]
            # Who stops at an alert may not have used it: it comes again.
            given_out += taken[1:] if taken[:1] == given_out[-1:] else taken
        sliced = SlicedReplay(RULES, Searched(events), START, END, pytest.fail)
        assert given_out == [key(alert) for alert in sliced.run(sliced.pieces(width), Record())]
