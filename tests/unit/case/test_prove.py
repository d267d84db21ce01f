"""The proof of a rule: its verdicts, what covers it, and why it could not be proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from detections.case import Bases, CaseLibrary, prove
from detections.case.model import Proof
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.protocol import Engine, Task
from detections.errors import NotEvaluated, ServerUnavailable
from detections.events import Batch
from detections.plan import Plan, QueryPlan
from detections.rule import load_rules
from made_cases import bases_of, case, event
from made_rules import QUERY, rule_text

STOP = QUERY.replace("event.action: a", "event.action: stop")
CASES = 'base = "stop.json"\n' + case("an alert", "alert") + case("a failure", "alert", 'at = "-2h"')


class Other:
    """The embedded engine, as long as nothing keeps it from running."""

    def __init__(self, why: str | None = None, error: Exception | None = None) -> None:
        self._why, self._error = why, error

    def why_not(self, plan: Plan) -> str | None:
        return self._why

    def run(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
        if self._error is not None:
            raise self._error
        return Embedded().run(tasks, batches)


def proof(folder: Path, body: str, engine: Engine, text: str | None = CASES, *, with_mutants: bool = False) -> Proof:
    (folder / "rules").mkdir()
    (folder / "rules/r.toml").write_text(rule_text(body))
    (folder / "cases").mkdir()
    if text is not None:
        (folder / "cases/r.toml").write_text(text)
    rules = load_rules(folder / "rules")
    library = CaseLibrary(folder / "cases", folder / "rules", rules)
    bases: Bases = bases_of(folder / "events", event("stop"))
    (made,) = prove(rules, library, bases, engine, with_mutants=with_mutants)
    return made


def test_a_proof_has_verdicts_clauses_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    made = proof(tmp_path, STOP, Embedded())
    assert (made.passed, len(made.verdicts), made.not_run) == (1, 2, "")
    assert [clause.cases for clause in made.clauses] == [("an alert",)]
    assert made.mutants == ()
    assert [(finding.code, finding.hint) for finding in made.findings] == [
        ("case", "its event is not in the rule's window, from now-6m to now"),
    ]


def told(made: Proof) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.message, finding.hint) for finding in made.findings]


def test_a_base_that_is_not_there_is_one_finding_where_it_is_named(tmp_path: Path) -> None:
    text = 'base = "stpo.json"\n' + case("one", "alert") + case("two", "alert") + case("three", "quiet")
    made = proof(tmp_path, STOP, Embedded(), text)
    message = f"base 'stpo.json' in {tmp_path / 'events'}: No such file or directory"
    assert told(made) == [("case", message, "did you mean stop.json?")]
    assert [finding.excerpt for finding in made.findings] == ['base = "stpo.json"']
    assert [verdict.problem for verdict in made.verdicts] == [message] * 3


def test_a_base_of_a_history_is_shown_there(tmp_path: Path) -> None:
    text = 'base = "stop.json"\n' + case("c", "alert", 'history = [{ base = "x.json", at = "-1m" }]')
    (finding,) = proof(tmp_path, STOP, Embedded(), text).findings
    assert finding.message.startswith("base 'x.json'")
    assert finding.excerpt == 'history = [{ base = "x.json", at = "-1m" }]'


def test_what_a_misspelt_key_keeps_from_being_read_is_not_missed_in_the_query(tmp_path: Path) -> None:
    text = CASES.replace("verdict", "verdit").replace("now-2h", "now")
    assert told(proof(tmp_path, STOP, Embedded(), text)) == []  # the file's own finding says it


def test_mutants_are_made_where_they_are_wanted(tmp_path: Path) -> None:
    assert len(proof(tmp_path, STOP, Embedded(), with_mutants=True).mutants) == 4


LEARNED = 'type = "machine_learning"\nanomaly_threshold = 50\nmachine_learning_job_id = ["j"]\n'


@pytest.mark.parametrize(
    ("body", "text", "engine", "why"),
    [
        (LEARNED, CASES, Other(), "none of its cases has an anomaly"),
        (QUERY.replace("event.action: a", "source.ip: x*"), CASES, Other(), "the query cannot be used: Can only use"),
        (STOP, CASES, Other("no EQL"), "no EQL"),
        (STOP, CASES, Other(error=NotEvaluated("a part of it")), "a part of it"),
    ],
)
def test_a_rule_that_is_not_run_says_why(tmp_path: Path, body: str, text: str | None, engine: Engine, why: str) -> None:
    made = proof(tmp_path, body, engine, text)
    assert made.not_run.startswith(why)
    assert (made.verdicts, made.clauses, made.findings) == ((), (), ())


def test_a_server_that_is_gone_is_an_error(tmp_path: Path) -> None:
    made = proof(tmp_path, STOP, Other(error=ServerUnavailable("gone")))
    assert made.not_run == "gone"
    assert [finding.message for finding in made.findings] == ["the cases of r were not run: gone"]


def test_what_only_another_engine_runs_has_no_coverage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QueryPlan, "unevaluated", lambda self: ("user.risk comes of an enrichment",))

    class Elsewhere(Other):
        def run(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
            list(batches)
            return iter([Alert(plan.rule_id, plan.rule_name, 0, ("own:1",)) for plan, _ in tasks])

    made = proof(tmp_path, STOP, Elsewhere(), with_mutants=True)
    assert [verdict.passed for verdict in made.verdicts] == [True, True]
    assert (made.clauses, made.mutants, made.findings) == ((), (), ())
