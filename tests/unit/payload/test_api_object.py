"""A rule file becomes the object that Kibana imports: all that the file says about the rule, and nothing else."""

import datetime
from pathlib import Path

import msgspec
import pytest

from detections import bundle
from detections.payload import to_api
from detections.rule import load, load_rules
from detections.source import parse

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "data" / "rules-corpus"

NEW_TERMS = """
[metadata]
creation_date = "2026/01/02"
updated_date = "2026/03/04"
maturity = "production"
upstream_rule_id = "0a1b"
owner = "me"

[transform]
osquery = []

[rule]
zebra = { last = 1, first = [2026-01-02, 07:32:00] }
name = "A rule"
rule_id = "5b0e5f4e-9d4c-4a51-8f6e-3f3b0e0c7a11"
description = "It finds something."
risk_score = 47
severity = "medium"
type = "new_terms"
from = "now-9m"
query = '''
a: "\\é"
'''

[rule.new_terms]
field = "new_terms_fields"
value = ["user.name", "host.id"]

[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-7d"

[[rule.threat_mappings]]
framework = "MITRE ATT&CK"
version = "19"
threat = []

[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0005"
name = "Defense Evasion"
reference = "https://attack.mitre.org/tactics/TA0005/"
"""


def test_the_object_of_a_new_terms_rule() -> None:
    rule, _ = load(parse(NEW_TERMS, "x.toml"))
    assert rule is not None
    found = to_api(rule)
    assert found == {
        "rule_id": "5b0e5f4e-9d4c-4a51-8f6e-3f3b0e0c7a11",
        "name": "A rule",
        "description": "It finds something.",
        "type": "new_terms",
        "query": 'a: "\\é"\n',
        "severity": "medium",
        "risk_score": 47,
        "from": "now-9m",
        "history_window_start": "now-7d",
        "new_terms_fields": ["user.name", "host.id"],
        "required_fields": [{"name": "a", "type": "unknown"}],
        "threat": [
            {
                "framework": "MITRE ATT&CK",
                "tactic": {
                    "id": "TA0005",
                    "name": "Defense Evasion",
                    "reference": "https://attack.mitre.org/tactics/TA0005/",
                },
            }
        ],
        "zebra": {"last": 1, "first": [datetime.date(2026, 1, 2), datetime.time(7, 32)]},
    }
    assert list(found)[:3] == ["rule_id", "name", "description"]
    assert list(found)[-3:] == ["required_fields", "threat", "zebra"]
    assert b'"zebra":{"last":1,"first":["2026-01-02","07:32:00"]}' in bundle.to_ndjson([found])


def test_the_file_is_left_as_it_is() -> None:
    document = parse(NEW_TERMS, "x.toml")
    rule, _ = load(document)
    assert rule is not None
    to_api(rule)["new_terms_fields"].append("x")
    assert document.data == parse(NEW_TERMS, "x.toml").data


def test_the_order_of_the_keys_in_the_file_does_not_matter() -> None:
    moved = NEW_TERMS.replace('from = "now-9m"\n', "").replace("[rule]\n", '[rule]\nfrom = "now-9m"\n')
    first, second = (load(parse(text, "x.toml"))[0] for text in (NEW_TERMS, moved))
    assert first is not None
    assert second is not None
    assert bundle.to_ndjson([to_api(first)]) == bundle.to_ndjson([to_api(second)])


@pytest.mark.parametrize("folder", [ROOT / "rules", CORPUS], ids=["ours", "public"])
def test_rules_survive_the_bundle(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip("../shared is not there")
    rules = load_rules(folder)
    objects = [to_api(rule) for rule in rules]
    assert bundle.from_ndjson(bundle.to_ndjson(objects), "a.ndjson")[0] == msgspec.to_builtins(objects)
    assert bundle.to_ndjson(objects) == bundle.to_ndjson(map(to_api, load_rules(folder)))
    for rule, found in zip(rules, objects, strict=True):
        assert found.get("query") == rule.document.data["rule"].get("query")
        assert not {"metadata", "transform", "new_terms", "threat_mappings"} & found.keys()
