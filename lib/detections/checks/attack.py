"""An ATT&CK reference is wrong.

Coverage reports, Kibana's ATT&CK page and analysts trust `[[rule.threat]]`. The check looks every id up in ATT&CK
Enterprise v18.1: it exists, is not revoked or deprecated, a technique belongs to the tactic it stands under, a
sub-technique to its technique, and the name and the URL are those of the id. Two entries for the same tactic should
be one.

Bad:

```toml
[[rule.threat]]
framework = "MITRE ATT&CK"
[[rule.threat.technique]]
id = "T1089"
name = "Disabling Security Tools"
reference = "https://attack.mitre.org/techniques/T1089/"
[rule.threat.tactic]
id = "TA0005"
name = "Defence Evasion"
reference = "https://attack.mitre.org/tactics/TA0005/"
```

Good: what revoked it, and the tactic's name as ATT&CK spells it:

```toml
[[rule.threat]]
framework = "MITRE ATT&CK"
[[rule.threat.technique]]
id = "T1562"
name = "Impair Defenses"
reference = "https://attack.mitre.org/techniques/T1562/"
[[rule.threat.technique.subtechnique]]
id = "T1562.001"
name = "Disable or Modify Tools"
reference = "https://attack.mitre.org/techniques/T1562/001/"
[rule.threat.tactic]
id = "TA0005"
name = "Defense Evasion"
reference = "https://attack.mitre.org/tactics/TA0005/"
```

A rule written for another version of ATT&CK silences this check with that reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from detections.catalog import attack
from detections.errors import Finding, Level
from detections.rule import Rule
from detections.source import Keys

CODE = "attack"
_FRAMEWORK = "MITRE ATT&CK"


def check(rule: Rule) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, entry in enumerate(rule.threat):
        if entry["framework"] != _FRAMEWORK:
            continue
        keys: Keys = ("rule", "threat", index)
        tactic_id = entry["tactic"]["id"]
        yield from _check_tactic(rule, (*keys, "tactic"), entry["tactic"], seen)
        for number, technique in enumerate(entry.get("technique", ())):
            at = (*keys, "technique", number)
            yield from _check_technique(rule, at, technique, tactic_id, None)
            for inner, sub in enumerate(technique.get("subtechnique", ())):
                yield from _check_technique(rule, (*at, "subtechnique", inner), sub, tactic_id, technique["id"])


def _check_tactic(rule: Rule, keys: Keys, place: dict[str, Any], seen: set[str]) -> Iterator[Finding]:
    tactic_id = place["id"]
    tactic = attack.tactic(tactic_id)
    if tactic is None:
        message = f"ATT&CK {attack.VERSION} has no tactic {tactic_id}"
        yield _finding(rule, (*keys, "id"), message, _earlier(tactic_id))
        return
    if tactic_id in seen:
        message = f"the tactic {tactic_id} is listed twice"
        yield rule.document.finding(CODE, message, (*keys, "id"), length=None, level=Level.WARNING)
    seen.add(tactic_id)
    yield from _agree(rule, keys, place, tactic)


def _check_technique(
    rule: Rule, keys: Keys, place: dict[str, Any], tactic_id: str, parent: str | None
) -> Iterator[Finding]:
    identifier = place["id"]
    technique = attack.technique(identifier)
    at = (*keys, "id")
    if technique is None:
        message = f"ATT&CK {attack.VERSION} has no technique {identifier}"
        yield _finding(rule, at, message, _earlier(identifier))
        return
    if technique.revoked:
        hint = f"{technique.successor} replaced it" if technique.successor else ""
        yield _finding(rule, at, f"the technique {identifier} is revoked", hint)
    elif technique.deprecated:
        yield _finding(rule, at, f"the technique {identifier} is deprecated")
    elif attack.tactic(tactic_id) and tactic_id not in technique.tactics:
        hint = f"it belongs to {', '.join(technique.tactics)}"
        yield _finding(rule, at, f"the technique {identifier} does not belong to {tactic_id}", hint)
    if technique.parent != parent:
        hint = f"it belongs under {technique.parent}" if technique.parent else "it is not a sub-technique"
        message = f"{identifier} does not belong under {parent}" if parent else f"{identifier} is a sub-technique"
        yield _finding(rule, at, message, hint)
    yield from _agree(rule, keys, place, technique)


def _agree(rule: Rule, keys: Keys, place: dict[str, Any], known: attack.Tactic | attack.Technique) -> Iterator[Finding]:
    """Name and URL are those of the id."""
    if place["name"] != known.name:
        yield _finding(rule, (*keys, "name"), f"{known.id} is called {known.name!r}, not {place['name']!r}")
    if place["reference"].rstrip("/") != known.reference.rstrip("/"):
        yield _finding(rule, (*keys, "reference"), f"the page of {known.id} is {known.reference}")


def _earlier(identifier: str) -> str:
    """Where an id of v19 comes from."""
    old = [f"{one.id} in {' and '.join(one.tactics)}" for one in attack.before_v19(identifier)]
    return f"it is of ATT&CK v19, and was {' or '.join(old)}" if old else ""


def _finding(rule: Rule, keys: Keys, message: str, hint: str = "") -> Finding:
    return rule.document.finding(CODE, message, keys, length=None, hint=hint)
