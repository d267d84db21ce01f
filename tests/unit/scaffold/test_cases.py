"""Cases made from queries: every clause is covered, and the engine agrees with what the query's logic says."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.errors import NotEvaluated, QueryError
from detections.rule import Rule, load
from detections.scaffold import Scaffold, scaffold
from detections.source import parse

RULE = """
[metadata]
creation_date = "2026/11/24"
updated_date = "2026/11/24"
maturity = "production"

[rule]
rule_id = "one"
name = "One"
description = "d"
risk_score = 21
severity = "low"
"""
KQL = 'type = "query"\nlanguage = "kuery"\nindex = ["logs-okta.system-*"]\nquery = {query!r}\n'
EQL = 'type = "eql"\nlanguage = "eql"\nindex = ["logs-endpoint.events.*"]\nquery = {query!r}\n'
ESQL = 'type = "esql"\nlanguage = "esql"\nquery = {query!r}\n'


def rule(body: str) -> Rule:
    made, findings = load(parse(RULE + body, "r.toml"))
    assert made is not None, findings
    return made


def cases(body: str) -> Scaffold:
    made = scaffold(rule(body), "x/r")
    assert made is not None
    return made


@pytest.mark.parametrize(
    "query",
    [
        'event.action: "stop"',
        'event.action: ("a" or "b") and not user.name: (root or adm*)',
        "source.ip: 10.0.0.0/8 and not source.ip: 10.1.0.0/16",
        "destination.port >= 1024 and destination.port < 2048 and not destination.port: 1500",
        "user.name: * and not event.outcome: *",
        'process.command_line: (*curl* and *http*) and not process.args: "--help"',
        '(event.action: a and event.outcome: success) or (event.action: b and event.outcome: failure)',
        'not (event.action: a and user.name: b) and host.name: c',
    ],
)  # fmt: skip
def test_kql(query: str) -> None:
    made = cases(KQL.format(query=query))
    assert (made.open, made.unlike) == ((), ())
    assert made.alerts >= 1


@pytest.mark.parametrize(
    "query",
    [
        'process where event.type == "start" and process.name in ("rm", "shred")',
        'process where length(process.command_line) > 20 and process.name : "c*d.exe"',
        'any where not (process.pid == 4 or user.id == "S-1-5-18")',
        'process where process.name regex~ "[a-f]{3}[0-9]+"',
        'file where startsWith~(file.path, "/tmp/") and file.size != 0',
        "process where process.args_count >= 3 and length(process.name) != 4",
        'sequence by host.id with maxspan=1m [process where process.name : "curl"] [file where file.extension == "sh"]',
        'sequence by user.id with maxspan=1m [process where true] ![file where file.name == "ok"] [network where true]',
        'sample by host.id [process where process.name == "a"] [process where process.name == "b"]',
        'sequence with maxspan=5s [process where process.name == "ssh"] with runs=3',
    ],
)
def test_eql(query: str) -> None:
    made = cases(EQL.format(query=query))
    assert (made.open, made.unlike) == ((), ())


@pytest.mark.parametrize(
    "query",
    [
        'FROM logs-* METADATA _id | WHERE event.action == "stop" AND source.port > 5',
        'FROM logs-* METADATA _id | EVAL n = LENGTH(user.name) | WHERE n > 8 AND user.name LIKE "a*"',
        'FROM logs-* METADATA _id | WHERE event.outcome IS NULL | WHERE host.name IN ("a", "b") | KEEP _id, host.name',
    ],
)
def test_esql(query: str) -> None:
    made = cases(ESQL.format(query=query))
    assert (made.open, made.unlike) == ((), ())


def test_a_threshold_has_as_many_events_as_it_asks_for() -> None:
    threshold = '[rule.threshold]\nfield = ["source.ip"]\nvalue = 4\n'
    counted = '[[rule.threshold.cardinality]]\nfield = "user.name"\nvalue = 3\n'
    body = KQL.format(query='event.outcome: "failure"').replace('"query"', '"threshold"', 1)
    made = cases(f"{body}{threshold}{counted}")
    assert (made.open, made.unlike) == ((), ())
    assert {"one event less than 4", "one value of user.name only"} <= names(made)
    with pytest.raises(NotEvaluated, match="more than 100 events"):
        cases(f"{body}{threshold.replace('4', '4000')}")


def test_new_terms_are_seen_in_the_history_or_not() -> None:
    terms = (
        '[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["user.name"]\n'
        '[[rule.new_terms.history_window_start]]\nfield = "history_window_start"\nvalue = "now-7d"\n'
    )
    body = KQL.format(query='event.outcome: "failure"').replace('"query"', '"new_terms"', 1)
    made = cases(body + terms)
    assert (made.open, made.unlike) == ((), ())
    assert {"user.name: seen in the history", "user.name: seen before the history only"} <= names(made)


def names(made: Scaffold) -> set[str]:
    return {case["name"] for case in parse(made.text, "cases").data["case"]}


def test_what_a_case_cannot_say_is_left_out() -> None:
    made = cases(KQL.format(query="@timestamp >= now-5m and event.action: x"))
    assert (made.open, made.unlike) == ((), ("without `@timestamp >= now-5m`",))  # a case's event is always now


def test_what_nothing_satisfies_has_no_cases() -> None:
    assert scaffold(rule(KQL.format(query="event.action: a and not event.action: *")), "r") is None


def test_types_that_nothing_here_runs_have_none() -> None:
    with pytest.raises(NotEvaluated):
        scaffold(rule('type = "machine_learning"\nanomaly_threshold = 5\nmachine_learning_job_id = "x"\n'), "r")


def test_the_file_says_that_nobody_has_looked_at_it() -> None:
    assert parse(cases(KQL.format(query="event.action: x")).text, "cases").data["scaffolded"] is True


CORPUS = Path(__file__).parents[4] / "shared/data/rules-corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of public rules is not there")
@pytest.mark.parametrize("folder", ["integrations/okta", "integrations/github", "integrations/pad"])
def test_four_of_five_clauses_of_public_rules_are_covered(folder: str) -> None:
    found = sorted((CORPUS / folder).glob("*.toml"))
    clauses = covered = 0
    for path in found:
        made, _ = load(parse(path.read_text(), str(path)))
        assert made is not None
        try:
            done = scaffold(made, "r")
        except (NotEvaluated, QueryError):
            continue
        clauses += len(done.clauses) if done else 1
        covered += len(done.clauses) - len(done.open) if done else 0
    assert found
    assert covered >= 0.8 * clauses
