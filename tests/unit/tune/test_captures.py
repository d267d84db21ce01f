"""Alerts of real captures, half of them marked benign: none of the other half is lost."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from detections.case import Bases
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.events import read
from detections.plan import Window
from detections.rule import Rule
from detections.tune import Labels, Readings, Subject, tune
from detections.tune.write import queried
from made_rules import new_terms, rule_of

CAPTURES = Path(__file__).parents[4] / "shared" / "data" / "cloudtrail"
INDEX = 'index = ["logs-aws.cloudtrail-*"]\n'
RULES = {
    "query": "type = 'query'\nlanguage = 'kuery'\nquery = 'event.dataset: aws.cloudtrail'",
    "new terms": new_terms("event.dataset: aws.cloudtrail", '"user.name", "event.action"', "now-30d"),
    "eql": "type = 'eql'\nlanguage = 'eql'\nquery = 'any where event.dataset == \"aws.cloudtrail\"'",
}
HALVES: dict[str, Callable[[Alert], object]] = {
    "each alert by itself": lambda alert: alert.event_ids,
    "by user": lambda alert: alert.shown[0],
    "by address": lambda alert: alert.shown[1],
}


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="../shared is not there")
@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("kind", RULES)
def test_no_true_alert_is_lost(kind: str, half: str) -> None:
    rule = rule_of(RULES[kind], index=INDEX)
    subject = Subject(rule, None, Bases(Path()))
    readings = Readings(lambda: read([CAPTURES], lambda finding: None, {}))
    before = {alert.event_ids: alert for alert in _alerts(rule)}
    benign = {names for names, alert in before.items() if zlib.crc32(repr(HALVES[half](alert)).encode()) % 2}
    assert len(before) // 5 < len(benign) < len(before)
    labels = Labels(alerts=frozenset((frozenset(names), before[names].terms) for names in benign))
    found = tune(subject, labels, readings, Embedded())
    assert (found.alerts, found.missing) == (len(list(_alerts(rule))), ())
    after = {alert.event_ids for alert in _alerts(queried(rule, found.query))}
    assert before.keys() - benign <= after <= before.keys()
    if half != "each alert by itself":  # without its first event a new term may be new with the next one
        assert found.silenced >= found.false_positives * (0.8 if kind == "new terms" else 1)


def _alerts(rule: Rule) -> list[Alert]:
    plan = make_plan(rule)
    fields = map(plan.mapping.get, ("user.name", "source.ip"))
    plan = replace(plan, shown=tuple(field for field in fields if field is not None))
    return list(Embedded().run([(plan, Window())], read([CAPTURES], lambda finding: None, {})))
