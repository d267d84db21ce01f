"""What reports tell of: findings, and the proofs of a rule with a case that failed and of one that was not run."""

import pytest

from detections.case.model import Case, Clause, EventSpec, Mutant, Proof, Verdict
from detections.engine.alert import Alert
from detections.errors import Finding, Level, Location
from detections.rule import Rule, load
from detections.source import parse


def made_rule(name: str) -> Rule:
    made, findings = load(
        parse(
            f"""
[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"
[rule]
name = {name!r}
description = "d"
type = "query"
rule_id = "5a3f3a0e-9d9b-4a0c-8f2b-3c8f5b1c2d3e"
risk_score = 21
severity = "low"
query = "a: b"
index = ["logs-*"]
""",
            "rules/c.toml",
        )
    )
    assert made is not None, findings
    return made


@pytest.fixture
def error() -> Finding:
    return Finding(
        "query-syntax",
        "Expected value, 100% \x00 <sure>",
        Location("rules/a b.toml", 3, 5),
        excerpt="    x: ,",
        hint="quote it",
    )


@pytest.fixture
def warning() -> Finding:
    return Finding("unknown-field", "no such field", Location("rules/b.toml"), Level.WARNING)


@pytest.fixture
def note() -> Finding:
    return Finding("esql-opaque", "SAMPLE is not evaluated here", Location("rules/c.toml", 3, 1), Level.NOTE)


@pytest.fixture
def files() -> tuple[str, ...]:
    return "rules/a b.toml", "rules/b.toml", "rules/c.toml"


@pytest.fixture
def proofs() -> list[Proof]:
    event = EventSpec("a.json", {}, (), {}, (), "all", 0)
    good, bad = (Case(name, "alert", event, (), None, number) for number, name in enumerate(("good", "bad")))
    failure = Finding("case", "bad: the rule stays quiet", Location("tests/rules/c.toml", 9, 1))
    hole = Finding("coverage", "no case turns on `a: b` alone", Location("rules/c.toml", 12, 10))
    alert = Alert("id", "c", 0, ("e",))
    proof = Proof(
        made_rule("c"),
        (Verdict(good, (alert,), "", None), Verdict(bad, (), "the rule stays quiet", failure)),
        (Clause("a: b", (0, 4), ("good",)), Clause("c: d", (5, 9), ()), Clause("e: f", (9, 13), (), "because")),
        (
            Mutant("always true", (0, 4), ("bad",)),
            Mutant("always false", (3, 4), ()),
            Mutant("half the maxspan", (0, 0), ()),
        ),
        (failure, hole),
    )
    return [proof, Proof(made_rule("d"), not_run="no cases")]


@pytest.fixture
def gone_server() -> Proof:
    gone = Finding("server", "the cases of d were not run: nothing answers there", Location("rules/c.toml", 6, 1))
    return Proof(made_rule("d"), findings=(gone,), not_run="nothing answers")
