"""Every case of every rule: the same alerts from both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from detections.case import Bases, CaseLibrary
from detections.case.event import documents
from detections.case.run import case_alerts, window
from detections.compile.planner import plan as make_plan
from detections.elastic.engine import Elasticsearch
from detections.elastic.server import Server
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding
from detections.events import batches
from detections.plan import Plan
from detections.rule import Rule, load_rules

ROOT = Path(__file__).parents[2]
RULES = load_rules(ROOT / "rules")
LIBRARY = CaseLibrary(ROOT / "tests" / "rules", ROOT / "rules", RULES)
BASES = Bases(ROOT / "tests" / "events")


@pytest.fixture(scope="module")
def refused() -> list[Finding]:
    """What Elasticsearch said of the events."""
    return []


@pytest.fixture(scope="module")
def engine(server: Server, refused: list[Finding]) -> Iterator[Elasticsearch]:
    with Elasticsearch(server, refused.append) as made:
        yield made


def runnable(rule: Rule, engine: Elasticsearch) -> Plan:
    plan = make_plan(rule)
    why = engine.why_not(plan)
    if why is not None:
        pytest.skip(why)
    return plan


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: Path(rule.document.path).stem)
def test_cases(rule: Rule, engine: Elasticsearch, refused: list[Finding], agreed: Callable[[int, str], None]) -> None:
    plan = runnable(rule, engine)
    cases = LIBRARY.files[rule.document.path].cases
    for case in cases:
        expected = case_alerts(rule, plan, case, BASES, Embedded())
        assert case_alerts(rule, plan, case, BASES, engine) == expected, case.name
    assert refused == []
    agreed(1, "rules")
    agreed(len(cases), "cases")


def test_all_rules_at_once_over_all_events(engine: Elasticsearch, agreed: Callable[[int, str], None]) -> None:
    """As in a replay: the events of all cases, and all plans, with and without a window."""
    plans = [plan for rule in RULES if engine.why_not(plan := make_plan(rule)) is None]
    events = []
    tasks = []
    for rule in RULES:
        for case in LIBRARY.files[rule.document.path].cases:
            now, made = documents(case, BASES)
            events += made
        tasks += [(plan, window(rule, plan, now)) for plan in plans if plan.rule_id == rule.rule_id]

    def alerts(runner: Embedded | Elasticsearch) -> list[Alert]:
        return list(runner.run(tasks, batches(events)))

    found = alerts(engine)
    assert found == alerts(Embedded())
    agreed(len(found), "alerts of all rules at once")
