"""The rule's prose is not what an analyst needs. *Profile house.*

At three in the morning the alert's texts are all there is. The house wants: a description of one to a few sentences; an
investigation guide in `note` that begins with `## Triage and analysis` and has an `### Investigating` heading that
names the rule; `setup`, which says under which settings the rule is blind; at least one entry in `false_positives`; at
least one reference, all of them https; and no line of the description with blanks at its end.

Bad:

```toml
description = "Detects deletion."
references = ["http://example.org/blog"]
```

Good: see any file in `rules/aws`.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.places import listed
from detections.errors import Finding
from detections.rule import Rule
from detections.source import Keys

CODE = "text"
SHORTEST, LONGEST = 40, 1_000
GUIDE = "## Triage and analysis"


def check(rule: Rule) -> Iterator[Finding]:
    for keys, offset, length, message in _problems(rule):
        yield rule.document.finding(CODE, message, keys, offset, length)


def _problems(rule: Rule) -> Iterator[tuple[Keys, int, int, str]]:
    description = rule.description.strip()
    if not SHORTEST <= len(description) <= LONGEST:
        message = f"the description has {len(description)} characters, not {SHORTEST} to {LONGEST}"
        yield ("rule", "description"), 0, 1, message
    yield from _guide(rule)
    if not (rule.setup or "").strip():
        yield ("rule",), 0, 1, "setup is missing: under which settings is the rule blind?"
    if not rule.false_positives:
        yield ("rule",), 0, 1, "false_positives is missing: what benign activity looks like this?"
    if not rule.references:
        yield ("rule",), 0, 1, "references is missing"
    for keys, reference in listed(rule, "rule", "references"):
        if not reference.startswith("https://"):
            yield keys, 0, len(reference), f"the reference {reference} is not https"


def _guide(rule: Rule) -> Iterator[tuple[Keys, int, int, str]]:
    note = rule.note or ""
    keys: Keys = ("rule", "note")
    if not note.strip():
        yield ("rule",), 0, 1, "note is missing: the investigation guide"
        return
    if not note.lstrip().startswith(GUIDE):
        yield keys, 0, 1, f"the investigation guide does not begin with {GUIDE!r}"
    start = note.find("### Investigating")
    if start < 0:
        yield keys, 0, 1, "the investigation guide has no heading '### Investigating <name of the rule>'"
        return
    heading = note[start:].partition("\n")[0]
    if rule.name not in heading:
        yield keys, start, len(heading), f"the guide's heading does not name the rule, {rule.name}"
