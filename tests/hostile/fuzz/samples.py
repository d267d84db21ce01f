"""Good files of each kind, where the repo has none or too few."""

from __future__ import annotations

import functools
import tomllib
from typing import Any

from fuzz.boundary import REPO
from made_rules import new_terms, rule_text

_BODIES = (
    """type = "eql"
language = "eql"
query = "sequence by user.name with maxspan=5m [any where true] [any where true]"
""",
    """type = "esql"
language = "esql"
query = 'FROM logs-* METADATA _id, _index, _version | WHERE event.action == "a"'
""",
    """type = "query"
language = "lucene"
query = "event.action:a*"
[[rule.filters]]
[rule.filters.meta]
negate = true
[rule.filters.query.match_phrase]
"event.action" = "b"
[[rule.filters]]
[rule.filters.query.bool]
should = [{ exists = { field = "a" } }, { range = { x = { gte = 1 } } }]
""",
    """type = "threshold"
language = "kuery"
query = "a: 1"
[rule.threshold]
field = ["user.name"]
value = 5
[[rule.threshold.cardinality]]
field = "source.ip"
value = 2
""",
    """type = "threat_match"
language = "kuery"
query = "a: *"
threat_index = ["ti-*"]
threat_query = "*:*"
threat_language = "kuery"
threat_indicator_path = "threat.indicator"
[[rule.threat_mapping]]
[[rule.threat_mapping.entries]]
field = "source.ip"
type = "mapping"
value = "threat.indicator.ip"
""",
    """type = "machine_learning"
anomaly_threshold = 50
machine_learning_job_id = ["x"]
""",
    """type = "query"
language = "kuery"
query = "event.action: a"
interval = "5m"
from = "now-9m"
max_signals = 100
timestamp_override = "event.ingested"
note = '''## Triage
!{osquery{"label": "x", "query": "select 1"}}'''
[rule.alert_suppression]
group_by = ["user.name"]
missing_fields_strategy = "suppress"
[rule.alert_suppression.duration]
value = 5
unit = "m"
[[rule.actions]]
id = "c"
group = "default"
action_type_id = ".webhook"
[rule.actions.params]
body = "x"
[[rule.exceptions_list]]
id = "x"
list_id = "l"
type = "detection"
namespace_type = "single"
[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0005"
name = "Defense Evasion"
reference = "https://attack.mitre.org/tactics/TA0005/"
""",
)


@functools.cache
def rules() -> list[str]:
    """A rule of each type, and those of the checks' cases that are whole tables."""
    bodies = [new_terms("event.action: *", '"user.name", "source.ip", "event.action"', "now-14d"), *_BODIES]
    texts = [rule_text(body, f"r{number}") for number, body in enumerate(bodies)]
    for path in sorted((REPO / "tests/corpus/check").glob("*.toml")):
        cases = tomllib.loads(path.read_text()).get("case", [])
        texts += [rule_text(_body(case["rule"])) for case in cases if "rule" in case]
    return texts


def _body(rule: str) -> str:
    kind = "" if "type =" in rule else 'type = "query"\n'
    return kind + ("" if "language =" in rule else 'language = "kuery"\n') + rule


CASES = (
    """base = "cloudtrail/create_network_acl.json"
[[case]]
name = "a"
verdict = "alert"
raw = { "userIdentity.arn" = "arn:aws:iam::1:user/x", "requestParameters.tags.0" = { repeat = "x", times = 9000 } }
raw_unset = ["userAgent"]
retain = "flattened"
set = { "user.name" = "bob", "source.ip" = "1.2.3.4", list = { repeat = { a = "{n}" }, times = 30 } }
unset = ["event.outcome"]
at = "-10m"
new_terms = [["1", "x"]]
[[case]]
name = "b"
verdict = "quiet"
history = [{ at = "-7d" }, { at = "+30s", base = "cloudtrail/stop_instances.json", set = { "x.y" = 1 } }]
[[uncovered]]
leaf = 'a: "b"'
why = "c"
""",
)
CONFIGURATIONS = (
    """[tool.detections]
profiles = ["house"]
rules = "rules"
cases = "tests/rules"
output = "dist/x.ndjson"
state = "state"
[tool.detections.environments.dev]
url = "https://kibana.example.com:5601/base"
space = "security"
timeout = 30
tag = "Managed by: us"
[tool.detections.environments.dev.overrides]
enabled = true
interval = "15m"
[[tool.detections.environments.dev.rules]]
tags = ["a"]
overrides = { index = ["logs-*"], from = "now-20m", actions = [{ id = "c", group = "default", action_type_id = ".x" }] }
""",
    '[tool.detections]\nenvironments = "environments.toml"\n',
)
ENVIRONMENTS = (
    CONFIGURATIONS[0].partition("[tool.detections.environments.dev]")[2].join(("[dev]", "")).replace(
        "tool.detections.environments.", ""
    ),
    '[prod]\ncloud_id = "x:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyRhYmMkZGVm"\nca_file = "ca.pem"\n[stage]\nurl = "http://localhost"\n',
)  # fmt: skip
EXCEPTIONS = (
    """[exception_list]
list_id = "l"
name = "L"
description = "D"
type = "detection"
namespace_type = "agnostic"
[[items]]
item_id = "i"
name = "I"
type = "simple"
expire_time = "2026-01-01T00:00:00Z"
[[items.entries]]
field = "x"
type = "list"
operator = "included"
list = { id = "v", type = "ip" }
[[items.entries]]
field = "y"
type = "nested"
entries = [{ field = "z", type = "match", operator = "included", value = "w" }]
""",
)
VALUE_LISTS = ('[value_list]\nid = "v"\nname = "V"\ndescription = "D"\ntype = "ip"\nmeta = { a = 1 }\n',)
CONNECTORS = (
    '[connector]\nid = "c"\nname = "C"\nconnector_type_id = ".webhook"\n[connector.config]\nmethod = "post"\n'
    'url = "<not pulled: url>"\nheaders = { a = "b" }\n',
)
_BODY: dict[str, Any] = {
    "rule_id": "a", "name": "A", "description": "A.", "type": "query", "query": "a: 1", "language": "kuery",
    "risk_score": 21, "severity": "low", "tags": ["Managed by: detections"], "version": 1, "index": ["logs-*"],
    "threat": [{"framework": "MITRE ATT&CK", "tactic": {"id": "TA0005", "name": "x", "reference": "https://x"}}],
    "author": ["x"], "note": "## x\n\n!{investigate{}}", "from": "now-9m", "interval": "5m",
}  # fmt: skip
RULE_OBJECTS: tuple[dict[str, Any], ...] = (
    _BODY,
    _BODY | {
        "rule_id": "b", "type": "new_terms", "new_terms_fields": ["a"], "history_window_start": "now-7d",
        "actions": [{"id": "c", "action_type_id": ".webhook", "group": "default", "params": {"body": "x"}}],
        "exceptions_list": [{"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}],
        "filters": [{"meta": {"negate": True}, "query": {"match_phrase": {"a": "b"}}}],
    },
    _BODY | {"rule_id": "c", "type": "eql", "language": "eql", "query": "any where true", "immutable": True},
    _BODY | {"rule_id": "d", "type": "threshold", "threshold": {"field": ["a"], "value": 3, "cardinality": []}},
)  # fmt: skip
OBJECTS: tuple[dict[str, Any], ...] = (
    *RULE_OBJECTS,
    {"list_id": "l", "name": "L", "description": "L.", "type": "detection", "namespace_type": "single"},
    {"item_id": "i", "list_id": "l", "name": "I", "description": "I.", "type": "simple", "namespace_type": "single",
     "comments": [], "os_types": [], "tags": [],
     "entries": [{"field": "x", "type": "list", "operator": "included", "list": {"id": "v", "type": "ip"}}]},
    {"id": "c", "type": "action", "references": [],
     "attributes": {"actionTypeId": ".webhook", "name": "C", "config": {"method": "post", "url": "https://h/x"},
                    "isMissingSecrets": True, "secrets": {}}},
    {"exported_count": 7, "missing_rules": []},
)  # fmt: skip
