"""What the pages know of each rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from detections.backtest import Backtest, Busiest, Noise, Sources, Value
from detections.case import Clause, Proof, Verdict
from detections.payload import Lock
from detections.payload.lock import Locked
from detections.rule import Rule
from detections.site import gather
from detections.site.history import History
from detections.site.noise import View
from detections.site.project import ListedRule, State
from detections.site.rule_page import context, named_fields
from made_rules import QUERY, rule_of


def entries(*rules: Rule, proofs: Any = (), **given: Any) -> tuple[ListedRule, ...]:
    lock = given.pop("lock", Lock())
    return gather(rules, proofs, lock, History(), **({"backtest": None, "executions": None} | given))


def test_rules_stand_by_name_whatever_the_case() -> None:
    found = entries(*(rule_of(QUERY, name) for name in ("b", "C", "a", "B")))
    assert [entry.rule.name for entry in found] == ["a", "B", "b", "C"]


def test_pages_are_named_by_rule_id_where_it_can_name_a_file() -> None:
    ids = ["7666efda-3063-43f1-b9e1-e1ef4d1cba19", "Same", "same", "..", "a/b", "con", "x" * 81, "ü", "-", "a b"]
    found = entries(*(rule_of(QUERY, f"{number:02}", rule_id=one) for number, one in enumerate(ids)))
    slugs = [entry.slug for entry in found]
    assert slugs[:3] == ["7666efda-3063-43f1-b9e1-e1ef4d1cba19", "Same", "same-2"]
    assert all(slug.startswith("rule-") for slug in slugs[3:])
    assert len({slug.lower() for slug in slugs}) == len(ids)


def proof(rule: Rule, passed: bool = True, *clauses: Clause) -> Proof:
    return Proof(rule, (Verdict(None, (), "" if passed else "no", None),), clauses)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("passed", "clauses", "state"),
    [
        (True, (), State.PROVED),
        (False, (), State.FAILING),
        (True, (Clause("a", (0, 1), ("x",)), Clause("b", (0, 1), (), "why")), State.PROVED),
        (True, (Clause("a", (0, 1), ()),), State.FAILING),
    ],
)
def test_a_rule_is_proved_by_all_of_its_cases_and_clauses(passed: bool, clauses: Any, state: State) -> None:
    rule = rule_of(QUERY)
    assert entries(rule, proofs=[proof(rule, passed, *clauses)])[0].state is state


def test_without_cases_a_rule_is_not_proved() -> None:
    rule = rule_of(QUERY)
    assert entries(rule)[0].state is State.NOT_PROVED
    assert entries(rule, proofs=[Proof(rule)])[0].state is State.NOT_PROVED
    assert entries(rule, proofs=[replace(proof(rule), not_run="why")])[0].state is State.NOT_PROVED


def test_a_rule_has_its_version_and_its_noise() -> None:
    backtest = Backtest("t", Sources(()), (Noise("r", "r", alerts=3), Noise("other", "o")))
    (found,) = entries(rule_of(QUERY), lock=Lock({"r": Locked("r", 4, "another")}), backtest=backtest)
    assert found.version == 5
    assert found.noise is not None
    assert found.noise.alerts == 3


def test_sources_are_the_integrations_else_what_tags_say() -> None:
    assert entries(rule_of('tags = ["Data Source: Okta", "x"]\n' + QUERY))[0].sources == ("Okta",)


def test_fields_with_their_types_and_who_says_them() -> None:
    body = """type = "query"
language = "kuery"
query = "source.ip: 1.2.3.4 and our.own: x and event.*: y and their.own: z and source.ip: 5"
[[rule.required_fields]]
name = "their.own"
type = "long"
[[rule.required_fields]]
name = "user.name"
type = "keyword"
"""
    assert [(one.name, one.type, one.origin) for one in named_fields(rule_of(body))] == [
        ("source.ip", "ip", ""), ("our.own", "", "not in the catalog"), ("event.*", "several", "not in the catalog"),
        ("their.own", "long", "as the rule says"), ("user.name", "keyword", ""),
    ]  # fmt: skip


BODIES = {
    "new_terms": """type = "new_terms"
language = "kuery"
query = "a: b"
[rule.new_terms]
field = "new_terms_fields"
value = ["user.name", "host.name"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-14d"
""",
    "threshold": """type = "threshold"
language = "kuery"
query = "a: b"
[rule.threshold]
field = ["user.name"]
value = 1200
[[rule.threshold.cardinality]]
field = "host.name"
value = 3
[rule.alert_suppression.duration]
value = 5
unit = "h"
""",
    "threat_match": """type = "threat_match"
language = "kuery"
query = "a: b"
threat_query = "*:*"
threat_index = ["ti-*"]
[[rule.threat_mapping]]
[[rule.threat_mapping.entries]]
field = "source.ip"
type = "mapping"
value = "threat.indicator.ip"
""",
    "machine_learning": 'type = "machine_learning"\nanomaly_threshold = 70\nmachine_learning_job_id = ["a", "b"]\n',
}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("new_terms", {"New terms": ["user.name with host.name, not seen since now-14d"]}),
        ("threshold", {"Threshold": ["1,200 events or more", "by user.name", "3 values of host.name or more"],
                       "Suppressed by": ["for 5 h"]}),
        ("threat_match", {"Matches": ["source.ip = threat.indicator.ip"], "Indicators in": ["ti-*"]}),
        ("machine_learning", {"Jobs": ["a", "b"], "Anomaly score": ["70 or more"]}),
    ],
)  # fmt: skip
def test_what_a_type_adds_to_the_query_is_said(kind: str, facts: dict[str, list[str]]) -> None:
    index = "" if kind == "machine_learning" else 'index = ["logs-*"]\n'
    found = context(entries(rule_of(BODIES[kind], index=index))[0])
    said = {name: list(values) for name, values in found["facts"]}
    assert {name: said.get(name) for name in facts} == facts
    assert len(found["queries"]) == {"threat_match": 2, "machine_learning": 0}.get(kind, 1)


def test_what_is_indented_in_the_file_is_no_code() -> None:
    body = 'false_positives = ["""\n      Scanners\n      do it.\n      """]\n' + QUERY
    found = context(entries(rule_of(body))[0])
    assert found["false_positives"] == ["<p>Scanners do it.</p>\n"]


def test_a_backtest_without_events_has_no_days() -> None:
    view = View(Backtest("t", Sources(("x",)), ()))
    assert (view.period, view.days, view.events, view.loudest({})) == (None, 0, "", [])


def test_values_of_events_are_shown_on_one_line_and_not_longer_than_a_cell() -> None:
    values = tuple(Value(text, 1) for text in ("a\n b", "\x1b[31m\u202e", "", "x" * 300))
    noise = Noise("r", "r", alerts=4, busiest=(Busiest("f", values, 1_000_000, True), Busiest("g", values[:1], 1)))
    (name, about, bars), (_, exact, _) = View.bars(noise)
    assert (name, about, exact) == ("f", "about 1,000,000 values", "1 value")
    assert [bar.text for bar in bars] == ["a b", r"\x1b[31m\u202e", "(empty)", "x" * 200 + "…"]
    assert all('width="25.0"' in bar.bar for bar in bars)
