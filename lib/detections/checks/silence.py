"""Silencing a finding where it is right and the check is wrong.

A comment in the rule's file, on a line of its own or behind a value, switches one check off for this file:

```toml
# detections: allow aws-operation: the event is new, botocore 1.44 does not know it yet
```

The word after `allow` is the code that the finding shows; what follows the second colon is the reason, for the next
reader. A silence without a reason silences nothing, and one that silenced nothing is dead: both are findings of this
check, and so is a code that no check has. A silence holds for the whole file. Errors that keep a file from being
loaded at all cannot be silenced.

Bad:

```toml
# detections: allow attack
```

Good:

```toml
# detections: allow attack: T1685 is ATT&CK v19, which this rule is written for
```
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from detections.errors import Finding, Level, Location
from detections.rule import Rule
from detections.source import Document

CODE = "silence"
_COMMENT = re.compile(r"detections:\s*allow\b\s*(?P<code>[\w-]*)\s*:?\s*(?P<reason>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Silence:
    """One comment: the code it allows, why, and its line."""

    code: str
    reason: str
    line: int


def silences(document: Document) -> list[Silence]:
    """The silences in a file, from the top."""
    if "detections:" not in document.text:
        return []
    found = []
    for line, text in document.comments():
        match = _COMMENT.match(text)
        if match:
            found.append(Silence(match["code"], match["reason"].strip(), line))
    return found


def apply(findings: Iterable[Finding], rules: Iterable[Rule], codes: Collection[str]) -> Iterator[Finding]:
    """The findings that are left, and one for each silence that is wrong or dead; ``codes`` are the known ones."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.location.path, []).append(finding)
    for rule in rules:
        document = rule.document
        here = by_path.pop(document.path, [])
        for silence in silences(document):
            left = [finding for finding in here if finding.code != silence.code]
            problem = _problem(silence, dead=len(left) == len(here), known=silence.code in codes)
            if problem:
                yield _finding(document, silence, problem)
            else:
                here = left
        yield from here
    for rest in by_path.values():
        yield from rest


def _problem(silence: Silence, *, dead: bool, known: bool) -> str | None:
    if not silence.code:
        return "a silence names no check"
    if silence.code == CODE:
        return "silences themselves cannot be silenced"
    if not known:
        return f"no check is called {silence.code}"
    if not silence.reason:
        return f"the silence of {silence.code} gives no reason, so it silences nothing"
    if dead:
        return f"the silence of {silence.code} silenced nothing"
    return None


def _finding(document: Document, silence: Silence, problem: str) -> Finding:
    excerpt = document.excerpt(silence.line)
    column = excerpt.find("detections:") + 1
    return Finding(
        CODE,
        problem,
        Location(document.path, silence.line, max(1, column)),
        Level.WARNING,
        excerpt,
        max(1, len(excerpt.rstrip()) - column + 1),
        hint="write: # detections: allow <code>: <reason>",
    )
