"""Conditions on what cannot be known are not evaluated, and the report says so; all else is decided as ever."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.engine import Embedded
from detections.engine.lacking import assuming, paths_of
from detections.errors import Finding
from detections.events import read
from detections.mapping import Field
from detections.plan.predicate import Always, And, Equals, IsTrue, Not, Or, Predicate
from detections.plan.predicate import Test as Ask
from detections.schedule import replay
from made_rules import new_terms, rule_of
from naive_predicates import answer

KNOWN, *UNKNOWN = (Ask(Field(name, "keyword"), Equals(frozenset({"x"}))) for name in ("k", "u", "v"))


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Predicate]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(several.map(And), several.map(Or), inner.map(Not), inner.map(IsTrue))


PREDICATES = st.recursive(st.sampled_from([KNOWN, *UNKNOWN, Always(True), Always(False)]), combined, max_leaves=8)


@given(PREDICATES, st.sampled_from(["x", "y"]))
def test_what_is_assumed_bounds_the_answer_for_any_values(predicate: Predicate, known: str) -> None:
    worst, best = (assuming(predicate, {"u", "v"}, way) for way in (False, True))
    assert paths_of(worst) | paths_of(best) <= {"k"}
    document = {"k": known}
    for values in itertools.product("xy", repeat=2):
        actual = answer(predicate, {**document, **dict(zip("uv", values, strict=True))})
        assert not answer(worst, document) or actual
        assert not actual or answer(best, document)


def replayed(tmp_path: Path, query: str, body: str = "") -> tuple[list[str], list[tuple[str, int]]]:
    record = {"eventName": "GetObject", "eventSource": "s3.amazonaws.com", "sourceIPAddress": "198.51.100.7"}
    records = [
        {**record, "eventID": "1", "userIdentity": {"type": "IAMUser", "userName": "mira"}},
        {**record, "eventID": "2", "userIdentity": {"type": "IAMUser", "userName": "jo"}},
    ]
    (tmp_path / "raw.json").write_text(json.dumps({"Records": records}))
    (tmp_path / "ecs.json").write_text(
        json.dumps({"event": {"id": "3", "action": "GetObject"}, "source": {"geo": {"country_name": "Germany"}}})
    )
    findings: list[Finding] = []
    rule = rule_of(body or f"type = 'query'\nlanguage = 'kuery'\nquery = '{query}'")
    alerts = list(replay([rule], read([tmp_path], findings.append), Embedded(report=findings.append)))
    told = [(finding.message, finding.count) for finding in findings if finding.code == "event-lacking"]
    return [name for alert in alerts for name in alert.event_ids], told


LACK = "not evaluated for lack of source.geo.country_name: name a folder of databases with --geoip"


@pytest.mark.parametrize(
    ("query", "alerts", "told"),
    [
        ("event.action: GetObject and source.geo.country_name: Germany", ["3"], [(LACK, 2)]),
        ("event.action: GetObject and not source.geo.country_name: France", ["3"], [(LACK, 2)]),
        ("user.name: mira or source.geo.country_name: Germany", ["3", "1"], [(LACK, 1)]),
        ("user.name: mira and source.geo.country_name: Germany", [], [(LACK, 1)]),
        ("user.name: mira and (event.action: GetObject or source.geo.country_name: Germany)", ["1"], []),
        ("event.action: PutObject and source.geo.country_name: Germany", [], []),
    ],
)
def test_rules_on_raw_records(tmp_path: Path, query: str, alerts: list[str], told: list[tuple[str, int]]) -> None:
    found, said = replayed(tmp_path, query)
    assert sorted(found) == sorted(alerts)
    assert said == told


def test_new_terms_that_cannot_be_known_are_told(tmp_path: Path) -> None:
    body = new_terms("event.action: GetObject", '"source.geo.country_name"', "now-5d")
    found, said = replayed(tmp_path, "", body)
    assert found == ["3"]
    assert said == [(LACK, 2)]
