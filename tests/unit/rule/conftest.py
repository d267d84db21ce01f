"""Rule files of every type, small and sound; tests change one thing in them."""

from collections.abc import Callable

import pytest

METADATA = """
[metadata]
creation_date = "2026/01/02"
updated_date = "2026/03/04"
maturity = "production"
"""

COMMON = """
[rule]
name = "A rule"
rule_id = "5b0e5f4e-9d4c-4a51-8f6e-3f3b0e0c7a11"
description = "It finds something."
risk_score = 47
severity = "medium"
"""

OWN = {
    "query": "",
    "saved_query": 'saved_id = "s"\n',
    "new_terms": 'query = "a: 1"\n[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["user.name", "host.id"]\n'
    '[[rule.new_terms.history_window_start]]\nfield = "history_window_start"\nvalue = "now-7d"\n',
    "esql": 'language = "esql"\nquery = "FROM a"\n',
    "eql": 'language = "eql"\nquery = "any where true"\n',
    "threshold": 'query = "a: 1"\n[rule.threshold]\nfield = "user.name"\nvalue = 5\n'
    '[[rule.threshold.cardinality]]\nfield = "host.id"\nvalue = 2\n',
    "threat_match": 'query = "a: 1"\nthreat_query = "b: 1"\nthreat_index = ["ti-*"]\n[[rule.threat_mapping]]\n'
    '[[rule.threat_mapping.entries]]\nfield = "a"\ntype = "mapping"\nvalue = "b"\n',
    "machine_learning": 'anomaly_threshold = 50\nmachine_learning_job_id = "job"\n',
}


def _rule_text(kind: str = "query", more: str = "") -> str:
    return f'{METADATA}{COMMON}type = "{kind}"\n{more}\n{OWN.get(kind, "")}'.lstrip()


@pytest.fixture
def rule_text() -> Callable[..., str]:
    """Makes a sound file of a type; what is given besides stands in [rule], before the tables below it."""
    return _rule_text


@pytest.fixture(params=OWN)
def kind(request: pytest.FixtureRequest) -> str:
    """Every rule type."""
    return str(request.param)
