"""A rule that the schema refuses has its queries checked all the same, and no check trips over what it holds."""

from pathlib import Path

import pytest

from detections import checks
from detections.rule import load_rules

RULE = """
[metadata]
creation_date = "2026/01/02"
updated_date = "2026/03/04"
maturity = "production"

[rule]
name = "A rule"
rule_id = "5b0e5f4e-9d4c-4a51-8f6e-3f3b0e0c7a11"
description = "It finds something."
risk_score = 47
severity = "hihg"
type = "query"
query = '''
event.provider: "ec2.amazonaws.com" and
  event.action: )
'''
"""

KEYS = ("query", "threat", "threat_query", "threat_language", "threshold", "new_terms", "alert_suppression", "language")
WRONG = ("1", "[1, {}]", "{cardinality = 1, value = {}, group_by = [[]]}", "[[]]", "''", "nan")


def test_both_mistakes_are_said_in_one_run(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(RULE)
    found = checks.run(load_rules(tmp_path))
    assert [(finding.code, finding.location.line) for finding in found if finding.level == "error"] == [
        ("schema", 12),
        ("query-syntax", 16),
    ]


@pytest.mark.parametrize("kind", ["query", "threshold", "new_terms", "threat_match", "esql", "eql"])
def test_no_check_trips_over_wrong_types(tmp_path: Path, kind: str) -> None:
    head = RULE[: RULE.index("query = '''")].replace('"query"', f'"{kind}"')
    for key in KEYS:
        for number, wrong in enumerate(WRONG):
            query = "" if key == "query" else "query = 'a: 1'\n"
            (tmp_path / f"{key}_{number}.toml").write_text(f"{head}{query}{key} = {wrong}\n")
    rules = load_rules(tmp_path)
    assert len(rules.unsound) == len(rules.files) == len(KEYS) * len(WRONG)
    refused = {finding.location.path for finding in checks.run(rules) if finding.code == "schema"}
    assert refused == set(rules.files)
