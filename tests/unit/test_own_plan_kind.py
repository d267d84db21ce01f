"""A kind of plan that only this test knows: cases, coverage, mutation, explain and replay work with it as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import detections
from detections.case import Bases, CaseLibrary, prove
from detections.case.model import Proof
from detections.cli import explain as explain_command
from detections.compile.planner import PLANNERS, common, selected
from detections.elastic import runners as on_a_server
from detections.elastic.runners import Place, Way
from detections.engine import Embedded, runners
from detections.engine.alert import Alert, Hit
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.hits import Hits
from detections.events import batches
from detections.mapping import Mapping
from detections.plan import Outline, Plan, SelectionPlan, Variant, Window
from detections.rule import Rule, load_rules
from detections.schedule import Record, SlicedReplay
from made_rules import rule_text

MINUTE = 60_000
NOON = 1_768_392_000_000
BODY = """from = "now-1h"
type = "threshold"
language = "kuery"
query = 'event.action: "fail" and not user.name: "test"'
[rule.threshold]
field = []
value = 2
"""
CASES = """
base = "fail.json"

[[case]]
name = "twice"
verdict = "alert"
history = [{ at = "-5m" }]

[[case]]
name = "once"
verdict = "quiet"

[[case]]
name = "something else"
verdict = "quiet"
set = { "event.action" = "open" }
history = [{ at = "-5m" }]

[[case]]
name = "a test twice"
verdict = "quiet"
set = { "user.name" = "test" }
history = [{ at = "-5m" }]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlan(SelectionPlan):
    """An alert where so many events are selected in the window; it stands on them all."""

    count: int

    @property
    def lookback(self) -> None:
        return None

    def variants(self) -> Iterator[Variant]:
        for count in (self.count - 1, self.count + 1):
            yield Variant(f"{count} instead of {self.count}", replace(self, count=count))

    def quiet(self) -> str:
        return f"less than {self.count} events"

    def asks(self) -> Iterator[Outline]:
        yield Outline(f"at least {self.count} events", tuple(SelectionPlan.asks(self)))


class CountCollector(Collector[list[Hit]]):
    def __init__(self, plan: CountPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._question = predicates.ready(plan.selects)
        self._hits = Hits(plan, window)
        self._found: list[Hit] = []
        self.paths = self._hits.paths

    def collect(self, evaluator: Evaluator) -> list[Hit]:
        rows = self._question(evaluator, evaluator.everything).true
        return [hit for _, hit in self._hits.among(evaluator, rows)]

    def merge(self, part: list[Hit]) -> None:
        self._found += part

    def alerts(self) -> Iterator[Alert]:
        if len(self._found) >= self._plan.count:
            yield Alert.on(self._plan, sorted(self._found))


def planner(rule: Rule, mapping: Mapping) -> CountPlan:
    predicate, condition = selected(rule, mapping)
    return CountPlan(**common(rule, mapping), predicate=predicate, filter=condition, count=2)


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANNERS, "threshold", planner)
    monkeypatch.setitem(runners.RUNNERS, CountPlan, CountCollector)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in (("rules/r.toml", rule_text(BODY)), ("cases/r.toml", CASES)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    (tmp_path / "events").mkdir()
    event = {"@timestamp": "2026-01-14T12:00:00Z", "event": {"action": "fail", "id": "f"}, "user": {"name": "alice"}}
    (tmp_path / "events/fail.json").write_text(json.dumps(event))
    return tmp_path


def proof(project: Path, *, with_mutants: bool = False) -> Proof:
    rules = load_rules(project / "rules")
    library = CaseLibrary(project / "cases", project / "rules", rules)
    (made,) = prove(rules, library, Bases(project / "events"), Embedded(), with_mutants=with_mutants)
    return made


def event(minute: int, action: str = "fail") -> dict[str, object]:
    return {"@timestamp": NOON + minute * MINUTE, "event": {"action": action, "id": str(minute)}}


def test_its_cases_are_run_and_covered(project: Path, kind: None) -> None:
    made = proof(project)
    assert [(verdict.case.name, verdict.problem) for verdict in made.verdicts] == [
        ("twice", ""), ("once", ""), ("something else", ""), ("a test twice", ""),
    ]  # fmt: skip
    assert [(clause.text, clause.cases) for clause in made.clauses] == [
        ('event.action: "fail"', ("twice",)), ('user.name: "test"', ("a test twice",)),
    ]  # fmt: skip
    assert made.findings == ()


def test_its_conditions_and_settings_are_mutated(project: Path, kind: None) -> None:
    noticed = {mutant.change: mutant.noticed for mutant in proof(project, with_mutants=True).mutants}
    assert noticed["1 instead of 2"] == ("once",)
    assert noticed["3 instead of 2"] == ("twice",)
    assert noticed['`not user.name: "test"`: not removed'] == ("twice", "a test twice")
    assert noticed['`event.action: "fail"`: always true'] == ("something else",)


@pytest.mark.parametrize(
    ("case", "hint"),
    [("once", "less than 2 events"), ("something else", 'not satisfied by its event: `event.action: "fail"`')],
)
def test_a_case_that_stays_quiet_says_why(project: Path, kind: None, case: str, hint: str) -> None:
    cases = project / "cases/r.toml"
    cases.write_text(CASES.replace(f'name = "{case}"\nverdict = "quiet"', f'name = "{case}"\nverdict = "alert"'))
    assert [finding.hint for finding in proof(project).findings if finding.code == "case"] == [hint]


def test_it_is_explained(project: Path, kind: None) -> None:
    shown = CliRunner().invoke(explain_command.command, [str(project / "rules/r.toml")], standalone_mode=False)
    assert shown.exception is None
    assert "  at least 2 events\n    all of\n      event.action = 'fail'" in shown.output


def test_it_is_replayed_in_one_window(project: Path, kind: None) -> None:
    rules = load_rules(project / "rules")
    alerts = list(detections.replay(rules, [event(0), event(1, "open"), event(2)]))
    assert [(alert.event_ids, alert.timestamp) for alert in alerts] == [(("0", "2"), NOON + 2 * MINUTE)]
    assert list(detections.replay(rules, [event(0), event(1)], start=NOON + MINUTE)) == []


def test_it_is_replayed_whole_where_time_is_cut(project: Path, kind: None) -> None:
    asked: list[Window] = []

    class Searched:
        def why_not(self, plan: Plan) -> str | None:
            return Embedded().why_not(plan)

        def run(self, plan: Plan, window: Window) -> Iterator[Alert]:
            asked.append(window)
            return Embedded().run([(plan, window)], batches([event(0), event(90)]))

    end = NOON + 120 * MINUTE
    replay = SlicedReplay(load_rules(project / "rules"), Searched(), NOON, end, lambda finding: None)
    alerts = list(replay.run(replay.pieces(60 * MINUTE), Record()))
    assert [alert.event_ids for alert in alerts] == [("0", "90")]
    assert asked == [Window(NOON, end, now=end)]


def test_where_nothing_runs_it_that_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANNERS, "threshold", planner)
    assert proof(project).not_run == "nothing in this process runs a CountPlan"
    told: list[str] = []
    replayed = detections.replay(load_rules(project / "rules"), [event(0)], report=lambda one: told.append(one.message))
    assert list(replayed) == []
    assert told == ["r is not replayed: nothing in this process runs a CountPlan"]


def test_what_nothing_evaluates_in_it_is_said(project: Path, kind: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountPlan, "unevaluated", lambda self: ("user.risk comes of an enrichment",))
    assert proof(project).not_run == "user.risk comes of an enrichment"


def test_a_server_runs_it_by_a_line_in_its_table(monkeypatch: pytest.MonkeyPatch, project: Path, kind: None) -> None:
    # What both ways to a server share: tests/unit/elastic has the servers.
    (rule,) = load_rules(project / "rules")
    plan = PLANNERS["threshold"](rule, Mapping.of({"event.action": "keyword", "user.name": "keyword"}))
    place = Place(can=None, ours=True)  # type: ignore[arg-type]
    assert on_a_server.why_not(plan, place) == "no request to Elasticsearch runs a CountPlan"
    monkeypatch.setitem(on_a_server.RUNNERS, CountPlan, lambda plan, place: Way(lambda source, window: iter(())))
    assert on_a_server.why_not(plan, place) is None
