"""What is said of a case that should alert and does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detections.case import Bases, CaseLibrary, prove
from detections.engine import Embedded
from detections.rule import load_rules
from made_rules import rule_text

QUERY = """type = "query"
language = "kuery"
query = '''event.action: "stop" and (user.name: "bob" or
  user.name: "carol") and not event.outcome: "success"'''
"""
NEW_TERMS = """type = "new_terms"
language = "kuery"
query = 'event.action: "start"'
[rule.new_terms]
field = "new_terms_fields"
value = ["user.name", "source.ip"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-7d"
"""
FILTER = """type = "query"
language = "kuery"
query = 'event.action: "start"'
filters = [{ query = { term = { "user.name" = "bob" } } }]
"""
SEQUENCE = """type = "eql"
language = "eql"
query = '''sequence by user.name with maxspan=10m
  [any where event.action == "stop" and not (event.outcome == "success" or user.name == "x")]
  ![any where event.action == "check"]
  [any where event.action == "start"]'''
"""


def hints(folder: Path, rule: str, case: str) -> list[str]:
    for name, text in (
        ("rules/r.toml", rule_text(f'from = "now-60m"\n{rule}')),
        ("cases/r.toml", f'base = "start.json"\n[[case]]\nname = "c"\n{case}'),
    ):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "events").mkdir()
    for action in ("stop", "start"):
        event = {"action": action, "outcome": "success", "id": action}
        document = {"@timestamp": "2026-01-14T10:00:00Z", "event": event, "user": {"name": "alice"}}
        (folder / f"events/{action}.json").write_text(json.dumps(document))
    rules = load_rules(folder / "rules")
    assert not rules.findings
    library = CaseLibrary(folder / "cases", folder / "rules", rules)
    (proof,) = prove(rules, library, Bases(folder / "events"), Embedded())
    return [finding.hint for finding in proof.findings if finding.code == "case"]


STOP = 'history = [{ at = "-5m", base = "stop.json"'


@pytest.mark.parametrize(
    ("rule", "case", "hint"),
    [
        (QUERY, "", 'not satisfied by its event: `event.action: "stop"`, `user.name: "bob" or user.name: "carol"`, '
                    '`not event.outcome: "success"`'),
        (QUERY, 'set = { "event.action" = "stop", "user.name" = "bob" }',
         'not satisfied by its event: `not event.outcome: "success"`'),
        (QUERY, 'at = "-2h"', "its event is not in the rule's window, from now-60m to now"),
        (FILTER, "", "not satisfied by its event: a filter of the rule"),
        (NEW_TERMS, "", "the query finds its event: user.name, source.ip are not new, or one of them has no value"),
        (NEW_TERMS, 'unset = ["event.action"]', 'not satisfied by its event: `event.action: "start"`'),
        (SEQUENCE, f"{STOP} }}]", "no event of the case is the query's event 1; the nearest lacks "
                       '`not (event.outcome == "success" or user.name == "x")`'),
        (SEQUENCE, f'base = "stop.json"\nset = {{ "event.outcome" = "failure" }}\n{STOP} }}]',
         'no event of the case is the query\'s event 3; the nearest lacks `event.action == "start"`'),
        (SEQUENCE, f'{STOP}, set = {{ "event.outcome" = "failure", "user.name" = "bob" }} }}]',
         "each event of the query is there: see their order, join keys and times, and what must not be between"),
    ],
)  # fmt: skip
def test_a_quiet_rule_is_explained(tmp_path: Path, rule: str, case: str, hint: str) -> None:
    assert hints(tmp_path, rule, f'verdict = "alert"\n{case}') == [hint]


def test_other_failures_are_not(tmp_path: Path) -> None:
    assert hints(tmp_path, FILTER, 'verdict = "quiet"\nset = { "user.name" = "bob" }') == [""]
