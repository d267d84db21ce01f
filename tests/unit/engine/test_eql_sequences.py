"""Sequences and samples as users search for them and as rules alert on them; Elasticsearch's own cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.compile.eql import compile_eql
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding, NotEvaluated, UsageError
from detections.events import batches
from detections.mapping import Field, Mapping
from detections.plan import EqlPlan, TimeField, Window
from detections.plan.predicate import Equals, Predicate
from detections.plan.predicate import Test as Ask
from detections.query import parse
from detections.query.eql import ast
from made_rules import rule_of

DATA = Path(__file__).parents[3].parent / "shared/data/eql/elasticsearch"
TYPES = {bool: "boolean", int: "long", float: "float", str: "keyword"}
SUITES = [
    ("test_queries", "endgame-140", "serial_event_id", 39),
    ("additional_test_queries", "endgame-140", "serial_event_id", 6),
    ("test_extra", "extra", "sequence", 34),
]


def load(name: str) -> Any:
    if not DATA.is_dir():
        pytest.skip("../shared is not there: Elasticsearch's EQL cases are not run")
    text = (DATA / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text.replace("[runtime_random_keyword_type]", "keyword"))


def mapping(name: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """The declared fields, and those that Elasticsearch would add while it indexes the events."""
    declared: dict[str, Any] = {}
    waiting = [("", load(f"{name}.mapping")["properties"])]
    while waiting:
        path, properties = waiting.pop()
        for key, spec in properties.items():
            if "properties" in spec:
                waiting.append((f"{path}{key}.", spec["properties"]))
            else:
                declared[path + key] = spec
    for event in events:
        for key, value in event.items():
            one = value[0] if isinstance(value, list) and value else value
            if type(one) in TYPES:
                declared.setdefault(key, TYPES[type(one)])
    return declared


@pytest.mark.parametrize(("cases", "data", "identity", "least"), SUITES)
def test_elasticsearchs_own_cases(cases: str, data: str, identity: str, least: int) -> None:
    events = load(f"{data}.data")
    fields = mapping(data, events)
    count = 0
    for case in load(cases):
        if isinstance(parse(case["query"], "eql").tree.body, ast.EventFilter):
            continue
        count += 1
        found = detections.search(
            events, case["query"], "eql", fields=fields, tiebreaker_field=identity, event_category_field="event_type"
        ).sequences
        ids = [-1 if event is None else event[identity] for one in found for event in one.events]
        assert ids == case["expected_event_ids"], case
        if "join_keys" in case:
            keys = ["null" if key is None else str(key) for one in found for key in one.join_keys]
            assert keys == ["null" if key is None else str(key) for key in case["join_keys"]], case
    assert count >= least


# --- in our own words

FIELDS: dict[str, Any] = {
    "@timestamp": "date", "made": "date", "tie": "long", "event.category": "keyword", "kind": "keyword",
    "small": "integer", "large": "long", "half": "double", "on": "date", "ip": "ip", "name": "keyword",
}  # fmt: skip


def events(*made: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"@timestamp": number, "event": {"id": str(number)}, **one} for number, one in enumerate(made)]


def search(query: str, made: list[dict[str, Any]], **options: Any) -> list[tuple[Any, list[str | None]]]:
    found = detections.search(made, query, "eql", fields=FIELDS, **options).sequences
    return [(one.join_keys, [None if event is None else event["event"]["id"] for event in one.events]) for one in found]


def pair(by: str = "", other: str = "", join: str = "sequence") -> str:
    return f'{join} [any where kind == "a"]{by} [any where kind == "b"]{other or by}'


def test_keys_are_compared_with_their_types_and_shown_as_elasticsearch_does() -> None:
    made = events(
        {"kind": "a", "small": 1, "large": 1, "on": "1970-01-02", "ip": "::1", "half": 1.0},
        {"kind": "b", "small": 1, "large": 1, "on": 86_400_000, "ip": "0::1", "half": 1},
    )
    assert search(pair(" by on, ip"), made) == [(("1970-01-02T00:00:00.000Z", "::1"), ["0", "1"])]
    assert search(pair(" by large"), made) == [((1,), ["0", "1"])]
    assert search(pair(" by small", " by large"), made) == []
    assert search(pair(" by half", " by large"), made) == []
    assert search(pair(" by small", " by large", "sample"), made) == [((1,), ["0", "1"])]
    assert search(pair(" by on", join="sample"), made) == [((86_400_000,), ["0", "1"])]


def test_an_optional_key_joins_what_lacks_it_a_plain_one_leaves_it_out() -> None:
    made = events({"kind": "a"}, {"kind": "b", "name": []}, {"kind": "a", "name": "x"}, {"kind": "b"})
    assert search(pair(" by name"), made) == []
    assert search(pair(" by ?name"), made) == [((None,), ["0", "1"])]
    assert search(pair(" by ?nowhere"), made) == [((None,), ["0", "1"]), ((None,), ["2", "3"])]
    assert search(pair(" by ?name", join="sample"), made) == [((None,), ["0", "1"])]


def test_a_null_key_beside_a_missing_event_fails_the_search() -> None:
    query = 'sequence by ?name with maxspan=1m [any where kind == "a"] ![any where kind == "c"] [any where kind == "b"]'
    named = events({"kind": "a", "name": "x"}, {"kind": "b", "name": "x"})
    assert search(query, named) == [(("x",), ["0", None, "1"])]
    with pytest.raises(NotEvaluated, match="a join key is null"):
        search(query, [*named, *({**one, "name": None} for one in named)])
    rule = rule_of(f"type = 'eql'\nlanguage = 'eql'\nquery = '{query}'")
    told: list[Finding] = []
    lacking = [{**one, "name": None} for one in named]
    assert list(detections.replay([rule], [*named, *lacking], report=told.append)) == []
    assert any("the search fails" in one.message for one in told)


def test_time_goes_before_the_tiebreaker_and_that_before_the_input() -> None:
    made = events({"kind": "b", "tie": 1}, {"kind": "a", "tie": None}, {"kind": "a", "tie": 0}, {"kind": "b"})
    together = [{**one, "@timestamp": 5} for one in made]
    assert [ids for _, ids in search(pair(), together, tiebreaker_field="tie")] == [["2", "0"], ["1", "3"]]
    assert [ids for _, ids in search(pair(), together)] == [["2", "3"]]
    backwards = [{**one, "made": 10 - one["@timestamp"]} for one in made]
    assert [ids for _, ids in search(pair(), backwards, timestamp_field="made")] == [["1", "0"]]


def test_size_takes_the_last_sequences_and_the_first_samples() -> None:
    made = events(*[{"kind": kind, "name": kind_of} for kind_of in "xyz" for kind in "ab"])
    assert [keys for keys, _ in search(pair(" by name"), made)] == [("x",), ("y",), ("z",)]
    assert [keys for keys, _ in search(pair(" by name"), made, size=2)] == [("y",), ("z",)]
    assert [keys for keys, _ in search(f"{pair(' by name')} | head 2", made, size=1)] == [("x",)]
    assert [keys for keys, _ in search(f"{pair(' by name')} | tail 2 | head 1", made)] == [("y",)]
    # Three pipes are one: the third asks for two of those behind the first five, and there are only three.
    assert [keys for keys, _ in search(f"{pair(' by name')} | head 9 | tail 4 | head 2", made)] == [("y",), ("z",)]
    assert [keys for keys, _ in search(f"{pair(' by name')} | head 3 | tail 2 | head 1", made)] == [("y",)]
    assert [keys for keys, _ in search(pair(" by name", join="sample"), made, size=2)] == [("x",), ("y",)]
    assert search(pair(" by name"), made, size=0) == []
    assert [event["event"]["id"] for event in detections.search(made, "any where true", "eql", size=1).events] == ["5"]


def test_how_many_samples_of_a_key() -> None:
    made = events({"kind": "a", "name": "x"}, {"kind": "b", "name": "x"}, {"kind": "a", "name": "x"})
    query = pair(" by name", join="sample")
    assert [ids for _, ids in search(query, made, max_samples_per_key=5)] == [["0", "1"], ["2", "1"]]
    with pytest.raises(UsageError):
        search(query, made, max_samples_per_key=0)


def plan(query: str, condition: Predicate | None = None) -> EqlPlan:
    fields = Mapping.of(FIELDS)
    return EqlPlan(
        rule_id="r",
        rule_name="rule",
        time=TimeField("made"),
        mapping=fields,
        program=compile_eql(parse(query, "eql"), fields),
        filter=condition,
    )


def run(made: EqlPlan, found: list[dict[str, Any]], span: Window = Window(), jobs: int = 1) -> list[Alert]:  # noqa: B008
    return list(Embedded(jobs=jobs).run([(made, span)], batches(found, batch_size=3)))


def test_an_alert_names_all_events_of_its_sequence_and_has_the_time_of_the_last() -> None:
    missing = 'sequence with maxspan=1h [any where kind == "a"] ![any where kind == "x"] [any where kind == "b"]'
    made = [{**one, "made": 100 + one["@timestamp"]} for one in events({"kind": "c"}, {"kind": "a"}, {"kind": "b"})]
    assert run(plan(missing), made) == [Alert("r", "rule", 102, ("1", "2"), position=1)]
    assert [one.event_ids for one in run(plan('any where kind == "c"'), made)] == [("0",)]
    assert [one.event_ids for one in run(plan("any where true | tail 1"), made)] == [("2",)]


def test_the_window_and_the_filters_are_for_every_event_of_a_sequence() -> None:
    made = [{**one, "made": 100 + number} for number, one in enumerate(events(*[{"kind": kind} for kind in "abab"]))]
    assert [one.event_ids for one in run(plan(pair()), made, Window(101, 103))] == [("2", "3")]
    assert run(plan(pair()), made, Window(101, 102)) == []
    # An event that spoils a sequence must be in the window, too.
    spoilt = 'sequence with maxspan=1h [any where kind == "b"] ![any where kind == "a"]'
    assert [one.event_ids for one in run(plan(spoilt), made, Window(100, 101))] == [("1",)]
    only = Ask(Field("event.id", "keyword"), Equals(frozenset({"0", "3"})))
    assert [one.event_ids for one in run(plan(pair(), only), made)] == [("0", "3")]
    assert [one.event_ids for one in run(plan("any where true", only), made)] == [("0",), ("3",)]


def test_the_number_of_processes_does_not_matter() -> None:
    made = [{**one, "made": one["@timestamp"]} for one in events(*[{"kind": kind} for kind in "aabcbabacbcab" * 3])]
    plans = [plan(pair()), plan('sequence [any where kind == "a"] with runs=2 [any where kind == "c"]')]
    for one in plans:
        alerts = run(one, made)
        assert len(alerts) > 2
        assert run(one, made, jobs=2) == alerts
