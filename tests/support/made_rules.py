"""Small sound rules for tests that are about something else."""

from __future__ import annotations

from detections.rule import Rule, load
from detections.source import parse

LOGS = 'index = ["logs-*"]\n'

_HEAD = """[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"

[rule]
author = ["x"]
description = "x"
name = "{name}"
risk_score = 21
rule_id = "{rule_id}"
severity = "low"
"""
QUERY = 'type = "query"\nlanguage = "kuery"\nquery = "event.action: a"'


def rule_text(body: str, name: str = "r", *, rule_id: str | None = None, index: str = LOGS) -> str:
    """The text of a file; ``body`` is what is left of [rule], and the tables below it."""
    return _HEAD.format(name=name, rule_id=name if rule_id is None else rule_id) + index + body


def rule_of(body: str, name: str = "r", *, rule_id: str | None = None, index: str = LOGS) -> Rule:
    """The rule in such a file."""
    found, findings = load(parse(rule_text(body, name, rule_id=rule_id, index=index), f"{name}.toml"))
    assert found is not None, findings
    return found


def new_terms(query: str, fields: str, history: str) -> str:
    """The body of a new terms rule; ``fields`` as they stand between the brackets of a list."""
    return f"""type = "new_terms"
language = "kuery"
query = "{query}"
[rule.new_terms]
field = "new_terms_fields"
value = [{fields}]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "{history}"
"""
