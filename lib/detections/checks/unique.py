"""Two rules share what must tell them apart.

Kibana knows a rule by its `rule_id`: of two rules with the same one, an import keeps only the last. The name is what
an analyst sees on the alert, and the file's name is what colleagues and cases call it; both must lead to one rule.
A deprecated rule may leave its name, and its file's, to its successor.

Bad: a rule copied to a new file, with a new name and query but the old `rule_id`.

Good: a new UUID for every new rule (`python -c "import uuid; print(uuid.uuid4())"`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from detections.errors import Finding, Location
from detections.rule import Rule
from detections.source import Keys

CODE = "unique"


def check_all(rules: Sequence[Rule]) -> Iterator[Finding]:
    seen: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        for what, value, keys in _named(rule):
            first = seen.setdefault((what, value.lower()), rule)
            if first is not rule:
                yield _finding(rule, first, what, value, keys)


def identities(rule: Rule) -> tuple[tuple[str, str], ...]:
    """What no other rule may have: (``rule_id``, its value), in lower case."""
    return tuple((what, value.lower()) for what, value, _ in _named(rule))


def _named(rule: Rule) -> Iterator[tuple[str, str, Keys]]:
    yield "rule_id", rule.rule_id, ("rule", "rule_id")
    if rule.metadata.maturity == "deprecated":
        return
    yield "name", rule.name, ("rule", "name")
    yield "file name", PurePath(rule.document.path).name, ()


def _finding(rule: Rule, first: Rule, what: str, value: str, keys: Keys) -> Finding:
    message = f"the {what} {value!r} is already that of {first.document.path}"
    if not keys:
        return Finding(CODE, message, Location(rule.document.path))
    return rule.document.finding(CODE, message, keys, length=None)
