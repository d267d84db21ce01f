"""The guide and its buttons do not fit together.

An investigation guide places a button by kind and number: `$osquery_0` is the first `[[transform.osquery]]` of the
file, `$investigate_1` the second `[[transform.investigate]]`. In what is exported the button stands there, as Kibana's
Markdown has it. A number without a button would reach the analyst as it is. A button that the guide never names is not
shown, which is a warning.

Bad: `- $osquery_1` where the file has one `[[transform.osquery]]`

Good: `- $osquery_0`
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.errors import Finding, Level
from detections.rule import Rule
from detections.rule.guide import KINDS, placeholders

CODE = "transform"


def check(rule: Rule) -> Iterator[Finding]:
    has = {kind: len((rule.transform or {}).get(kind) or ()) for kind in KINDS}
    named = set()
    for place in placeholders(rule.note or ""):
        named.add((place.kind, place.number))
        if place.number >= has[place.kind]:
            keys, length = ("rule", "note"), len(place.text)
            message = f"{place.text} has no button: the file has {has[place.kind]} [[transform.{place.kind}]]"
            hint = f"the last one is ${place.kind}_{has[place.kind] - 1}" if has[place.kind] else ""
            yield rule.document.finding(CODE, message, keys, place.start, length, hint=hint)
    for kind, count in has.items():
        for number in range(count):
            if (kind, number) not in named:
                message = f"the guide does not name this button: ${kind}_{number}"
                yield rule.document.finding(CODE, message, ("transform", kind, number), 0, 1, Level.WARNING)
