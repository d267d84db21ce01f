"""The rule's tags do not follow the house's standard. *Profile house.*

People filter alerts and rules by tags, so the same thing must have the same tag everywhere. Every rule has a `Domain:`,
a `Data Source:`, a `Use Case:`, and a `Tactic:` for each tactic of its ATT&CK mapping (and for no other); a rule
with an investigation guide says `Resources: Investigation Guide`. A rule of the AWS integration has `Domain: Cloud`,
`Data Source: AWS`, `Data Source: Amazon Web Services` and `Data Source: AWS <service>`. No tag is listed
twice, none has blanks at its ends.

Bad:

```toml
tags = ["aws", "Tactic: defense evasion"]
```

Good:

```toml
tags = [
    "Domain: Cloud",
    "Data Source: AWS",
    "Data Source: Amazon Web Services",
    "Data Source: AWS EC2",
    "Use Case: Network Security Monitoring",
    "Tactic: Defense Evasion",
    "Resources: Investigation Guide",
]
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.catalog import aws
from detections.checks.places import listed
from detections.errors import Finding
from detections.rule import Rule
from detections.source import Keys

CODE = "tags"
KINDS = ("Domain", "Data Source", "Use Case", "Tactic", "Resources", "OS", "Rule Type", "Promotion")
GUIDE = "Resources: Investigation Guide"
_AWS = ("Domain: Cloud", "Data Source: AWS", "Data Source: Amazon Web Services")


def check(rule: Rule) -> Iterator[Finding]:
    tags = dict.fromkeys(rule.tags)
    for missing in _missing(rule, tags):
        place: Keys = ("rule", "tags") if rule.tags else ("rule",)
        yield rule.document.finding(CODE, f"the tag {missing!r} is missing", place)
    tactics = _tactics(rule)
    seen: set[str] = set()
    for keys, tag in listed(rule, "rule", "tags"):
        kind, colon, name = tag.partition(": ")
        if tag in seen:
            message = f"the tag {tag!r} is listed twice"
        elif tag != tag.strip() or not colon or not name.strip():
            message = f"the tag {tag!r} is not of the form 'Kind: name'"
        elif kind not in KINDS:
            meant = aws.closest(kind, KINDS)
            message = f"the tag {tag!r} is of no known kind" + (f": did you mean {meant}?" if meant else "")
        elif kind == "Tactic" and name not in tactics:
            message = f"the tag {tag!r} is of no tactic in the rule's ATT&CK mapping"
        else:
            message = ""
        seen.add(tag)
        if message:
            yield rule.document.finding(CODE, message, keys, length=None)


def _tactics(rule: Rule) -> list[str]:
    return [entry["tactic"]["name"] for entry in rule.threat]


def _missing(rule: Rule, tags: dict[str, None]) -> Iterator[str]:
    aws_rule = "aws" in rule.metadata.integration
    if aws_rule:
        yield from (tag for tag in _AWS if tag not in tags)
    for start in ("Data Source: AWS ", "Use Case: ") if aws_rule else ("Domain: ", "Data Source: ", "Use Case: "):
        if not any(tag.startswith(start) for tag in tags):
            yield f"{start}..."
    yield from (tag for name in dict.fromkeys(_tactics(rule)) if (tag := f"Tactic: {name}") not in tags)
    if rule.note and GUIDE not in tags:
        yield GUIDE
