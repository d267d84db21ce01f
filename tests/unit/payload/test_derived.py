"""What a rule's file need not say: its integrations and the fields that its query reads."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from detections.catalog.integrations import lowest, packages
from detections.payload import normalise, to_api
from detections.payload.lock import digest
from detections.rule import load, load_rules
from detections.rule.guide import restored
from detections.source import parse

SHARED = Path(__file__).parents[4] / "shared" / "data"
PAYLOADS = SHARED / "upstream-payloads/payloads.ndjson.gz"

RULE = """
[metadata]
creation_date = "2026/01/02"
updated_date = "2026/01/02"
maturity = "production"
{metadata}
[rule]
rule_id = "5b0e5f4e-9d4c-4a51-8f6e-3f3b0e0c7a11"
name = "A rule"
description = "It finds something."
risk_score = 47
severity = "medium"
{rule}
"""


def made(rule: str, metadata: str = ""):
    found, problems = load(parse(RULE.format(rule=rule, metadata=metadata), "x.toml"))
    assert found is not None, problems
    return found


def related(rule: str, metadata: str = "") -> list[tuple[str, str | None]]:
    said = to_api(made(rule, metadata)).get("related_integrations", [])
    assert all(one["version"] == packages()[one["package"]].compatible for one in said)
    return [(one["package"], one.get("integration")) for one in said]


@pytest.mark.parametrize(
    ("rule", "metadata", "wanted"),
    [
        ('type = "query"\nquery = "a: b"', 'integration = ["okta"]', [("okta", None)]),
        ('type = "query"\nquery = "event.dataset: aws.cloudtrail"', 'integration = "aws"', [("aws", "cloudtrail")]),
        (
            'type = "query"\nquery = "data_stream.dataset: (azure.activitylogs or azure.signinlogs)"',
            'integration = "azure"',
            [("azure", "activitylogs"), ("azure", None)],
        ),
        ('type = "query"\nquery = "a: b"\nindex = ["logs-okta.system-*", "filebeat-*"]', "", [("okta", None)]),
        (
            'type = "eql"\nlanguage = "eql"\nquery = \'any where event.dataset in ("gcp.audit")\'',
            "",
            [("gcp", "audit")],
        ),
        (
            """type = "esql"\nlanguage = "esql"\nquery = 'FROM logs-aws* | WHERE event.dataset == "aws.cloudtrail"'""",
            "",
            [("aws", "cloudtrail")],
        ),
        ('type = "query"\nquery = "a: b"', 'integration = "nobodys"', []),
        ('type = "query"\nquery = "("\nindex = ["logs-okta*"]', "", [("okta", None)]),
        ('type = "query"\nquery = "a: b"\nrelated_integrations = []', 'integration = ["okta"]', []),
    ],
)
def test_integrations(rule, metadata, wanted):
    assert related(rule, metadata) == wanted


def test_required_fields_are_those_of_the_query_with_their_types():
    rule = made('type = "query"\nquery = "source.ip: * and nobody.s: 1 and event.*: x"\nindex = ["logs-okta*"]')
    assert to_api(rule)["required_fields"] == [
        {"name": "nobody.s", "type": "unknown"},
        {"name": "source.ip", "type": "ip"},
    ]


def test_what_is_worked_out_is_no_part_of_the_version():
    plain = 'type = "query"\nquery = "source.ip: *"'
    said = '\n[[rule.required_fields]]\nname = "source.ip"\ntype = "ip"\n'
    assert digest(made(plain)) != digest(made(plain + said))
    assert to_api(made(plain)) == to_api(made(plain + said))


@pytest.mark.parametrize(
    ("versions", "wanted"),
    [
        ("^6.0.0", (6, 0, 0)), (">=2.41.0", (2, 41, 0)), ("~1.2", (1, 2, 0)), ("1.x", (1, 0, 0)), ("*", (0, 0, 0)),
        ("^8.19.8 || ^9.2.2", (8, 19, 8)), (">=1.2 <3", (1, 2, 0)), ("<3", (0, 0, 0)), ("1.2.3 - 2.0.0", (1, 2, 3)),
        (">1.0.0", (1, 0, 1)), ("9.6.0-prerelease.0", (9, 6, 0)), ("", None), ("new", None), ("^6.0.0 or so", None),
        ("^6.0.0 ||", None),
    ],
)  # fmt: skip
def test_the_lowest_version_of_a_range(versions, wanted):
    assert lowest(versions) == wanted


@pytest.mark.skipif(not PAYLOADS.is_file(), reason="../shared is not there")
def test_public_rules_get_what_their_makers_send():
    """Packages, integrations and names of fields; where they differ docs/compatibility.md says why."""
    rules = {rule.rule_id: rule for rule in load_rules(SHARED / "rules-corpus")}
    counts: Counter[str] = Counter()
    for line in gzip.decompress(PAYLOADS.read_bytes()).splitlines():
        theirs = json.loads(line)
        rule = rules[theirs["rule_id"]]
        ours = to_api(rule)
        counts["rules"] += 1
        counts["integrations"] += pairs(ours) == pairs(theirs)
        if rule.type != "esql":
            counts["queries"] += 1
            counts["fields"] += names(ours) == {name for name in names(theirs) if "*" not in name}
    # Five of the others keep EQL's back-quotes in the names of fields, one names an object.
    assert counts == {"rules": 885, "integrations": 872, "queries": 817, "fields": 811}


@pytest.mark.skipif(not PAYLOADS.is_file(), reason="../shared is not there")
def test_public_rules_differ_only_where_the_page_says_so():
    rules = {rule.rule_id: rule for rule in load_rules(SHARED / "rules-corpus")}
    for line in gzip.decompress(PAYLOADS.read_bytes()).splitlines():
        theirs = normalise(json.loads(line))
        rule = rules[theirs["rule_id"]]
        ours = normalise(to_api(rule))
        for known in ("version", "related_integrations", "required_fields"):
            ours.pop(known, None)
            theirs.pop(known, None)
        assert _like_theirs(ours, rule.transform) == _like_theirs(theirs, rule.transform), rule.document.path


def _like_theirs(payload: dict, transform: dict | None) -> dict:
    """The payload with prose folded and the guide's buttons named. They move sections on setup out of the guide, so of
    the two together only the words are compared."""
    prose = {"description": "", "false_positives": [], "threat_query": "", "note": "", "setup": ""} | payload
    guide = f"{restored(prose['note'], transform)} {prose.pop('setup')}"
    prose["note"] = " ".join(sorted(word for word in guide.split() if word not in ("##", "###", "####", "Setup")))
    folded = {name: " ".join(prose[name].split()) for name in ("description", "threat_query")}
    return prose | folded | {"false_positives": [" ".join(one.split()) for one in prose["false_positives"]]}


def pairs(payload: dict) -> set[tuple[str, str | None]]:
    return {(one["package"], one.get("integration")) for one in payload.get("related_integrations", ())}


def names(payload: dict) -> set[str]:
    return {one["name"] for one in payload.get("required_fields", ())}
