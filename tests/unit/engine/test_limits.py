"""What one event, or one query, can make the engine do."""

from __future__ import annotations

from itertools import islice

import pytest

import detections
from detections.compile.eql import compile_eql
from detections.engine.combinations import combinations
from detections.engine.eql import Finder
from detections.engine.evaluator import Evaluator, Predicates
from detections.errors import Finding
from detections.events import Document, batches
from detections.mapping import catalog_mapping
from detections.query import parse
from detections.values import limits
from made_rules import new_terms, rule_of

TIME = 1_768_392_000_000
MOST = limits.COMBINATIONS.most


def event(number: int, values: int) -> Document:
    several = {name: [f"{name}{value:03}" for value in reversed(range(values))] for name in ("a", "b", "c")}
    return {"@timestamp": TIME + number, "event": {"category": "x", "id": str(number)}, **several}


def test_few_combinations_are_all_of_them_in_the_order_of_the_event() -> None:
    told: list[str] = []
    assert list(combinations([["b", "a"], [2, 1]], told.append)) == [("b", 2), ("b", 1), ("a", 2), ("a", 1)]
    assert list(combinations([["b"], []], told.append)) == []
    assert list(combinations([], told.append)) == [()]
    assert told == []


@pytest.mark.parametrize("most", [5, 6])
def test_of_too_many_the_first_in_the_order_of_their_values_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(limits, "COMBINATIONS", limits.Limit("combinations", most, "", "", ""))
    told: list[str] = []
    found = list(combinations([["b", "a"], [None, 3, 2]], told.append))
    if most == 6:
        assert len(found) == 6 and told == []
    else:
        assert found == [("a", None), ("a", 2), ("a", 3), ("b", None), ("b", 2)]
        assert told == ["its values have 6 combinations: the first 5 are looked at (limit combinations)"]


def test_one_event_raises_no_more_new_terms_than_a_page_and_is_named() -> None:
    rule = rule_of(new_terms("*", '"a", "b", "c"', "now-7d"))
    told: list[Finding] = []
    alerts = list(detections.replay([rule], [event(7, 200), event(8, 1)], report=told.append))
    assert len([alert for alert in alerts if alert.event_ids == ("7",)]) == MOST
    assert alerts[0].new_terms == ("a000", "b000", "c000")
    assert [str(finding) for finding in told if finding.code == limits.CODE] == [
        f"event 7: limit its values have 8,000,000 combinations: the first {MOST:,} are looked at (limit combinations)"
    ]


@pytest.mark.parametrize(("fields", "most"), [(3, MOST), (4, MOST * 3 // 4), (300, 100), (100_000, 1)])
def test_of_many_fields_there_are_fewer_combinations(fields: int, most: int) -> None:
    told: list[str] = []
    made = list(combinations([list("abcdefghijklmnopqrstuvwxyz")] * fields, told.append))
    assert len(made) == most
    assert f"the first {most:,} are looked at" in told[0] and len(told[0]) < 200


@pytest.mark.parametrize("query", [
    "sample by a, b, c [any where true] [any where true]",
    "sequence by a, b, c [any where true] [any where true]",
])  # fmt: skip
def test_one_event_joins_by_no_more_keys_than_a_page_and_is_named(query: str) -> None:
    told: list[Finding] = []
    found = detections.search([event(1, 50), event(2, 50)], query, "eql", report=told.append)
    assert len(found.sequences) == MOST
    assert {finding.location.path for finding in told} == {"event 1", "event 2"}
    assert all("125,000 combinations" in finding.message for finding in told)


def test_a_condition_over_several_fields_tries_no_more_choices_than_a_page() -> None:
    told: list[Finding] = []
    query = 'any where concat(?a, ?b, ?c) == "a000b000c007" or concat(?a, ?b, ?c) == "a199b199c199"'
    found = detections.search([event(1, 200)], query, "eql", report=told.append)
    assert len(found.events) == 1
    assert {finding.location.path for finding in told} == {"event 1"}
    query = 'any where concat(?a, ?b, ?c) == "a199b199c199"'
    assert detections.search([event(1, 200)], query, "eql", report=told.append).events == []


def test_runs_are_kept_once_an_event_however_many_there_are() -> None:
    program = compile_eql(parse("sequence by host.name [any where true] with runs=100", "eql"), catalog_mapping())
    predicates = Predicates()
    finder = Finder(program, predicates)
    (batch,) = batches([{"@timestamp": TIME + at, "host": {"name": "a"}} for at in range(3)])
    evaluator = Evaluator(batch, predicates)
    candidates = finder.candidates(evaluator, finder.selected(evaluator))
    assert [candidate.stages for candidate in candidates] == 3 * [((tuple(range(100)), (("a",),)),)]


def test_a_sample_wants_as_many_as_are_asked_for_of_any_number_of_events() -> None:
    events = [{"@timestamp": TIME + at, "event": {"id": str(at)}, "host": {"name": "a"}} for at in range(2_000)]
    query = "sample by host.name [any where true] [any where true]"
    found = detections.search(events, query, "eql", max_samples_per_key=500).sequences
    pairs = [(int(one["event"]["id"]), int(two["event"]["id"])) for one, two in (each.events for each in found)]  # type: ignore[index]
    expected = ((one, two) for one in range(2_000) for two in range(2_000) if one != two)
    assert pairs == list(islice(expected, 500))


@pytest.mark.parametrize(
    ("function", "fits", "beyond"),
    [("MV_APPEND(z, z)", 16, 17), ("CONCAT(z, z)", 20, 21)],
)
def test_a_function_makes_no_value_without_end(function: str, fits: int, beyond: int) -> None:
    def size(times: int) -> object:
        steps = "".join(f", z = {function}" for _ in range(times))
        query = f"FROM x | EVAL z = name{steps} | EVAL n = MV_COUNT(z) * LENGTH(MV_FIRST(z)) | KEEP n"
        return detections.search([{"name": "a"}], query, "esql", fields={"name": "keyword"}).rows[0][0]

    assert size(fits) == 2**fits
    assert size(beyond) is None
    assert size(40) is None


def test_a_text_is_not_split_into_values_without_end() -> None:
    def parts(count: int) -> object:
        query = 'FROM x | EVAL n = MV_COUNT(SPLIT(name, ",")) | KEEP n'
        event = {"name": "," * (count - 1)}
        return detections.search([event], query, "esql", fields={"name": "text"}).rows[0][0]

    most = limits.VALUES.most
    assert (parts(most), parts(most + 1)) == (most, None)
