"""Checking rules that are loaded."""

from __future__ import annotations

from collections.abc import Sequence

from detections.checks import silence
from detections.checks.registry import PAGES, QUERIES, chosen, findings_of
from detections.errors import Finding
from detections.rule import Rule, Rules


def run(rules: Rules, profiles: Sequence[str] = ("house",), beside: Sequence[Rule] = ()) -> list[Finding]:
    """Every finding about the rules, those of loading them too, silenced ones left out, sorted by place.

    ``beside`` are the other rules of the project: nothing is said of them, but what shows only beside others (a rule_id
    that is taken) is found in these rules all the same.

    Raises:
        UsageError: a profile does not exist.
    """
    files = set(rules.files)
    found = list(rules.findings)
    for module in chosen(profiles):
        if beside and hasattr(module, "check_all"):
            every = [*(one for one in beside if one.document.path not in files), *rules]
            found += (one for one in findings_of(module, every) if one.location.path in files)
        else:
            found += findings_of(module, rules)
    found += (finding for module in QUERIES for finding in findings_of(module, rules.unsound))
    left = silence.apply(found, rules, {module.CODE for module in PAGES})
    return sorted(left, key=lambda finding: (finding.location, finding.code, finding.message))
