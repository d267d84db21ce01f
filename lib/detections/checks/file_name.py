"""The file is not called `<tactic>_<what>.toml`. *Profile house.*

A folder of rules is read by its file names: the first tactic of the rule's ATT&CK mapping, then what it finds, in
lower case with underscores. The rule's cases are found under the same name.

Bad: `NetworkACL-Creation.toml`

Good: `defense_evasion_ec2_network_acl_created.toml`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from detections.errors import Finding, Location
from detections.rule import Rule

CODE = "file-name"
_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*\.toml")


def check(rule: Rule) -> Iterator[Finding]:
    name = PurePath(rule.document.path).name
    tactic = rule.threat[0]["tactic"]["name"] if rule.threat else ""
    if not _NAME.fullmatch(name):
        message = f"{name} is not lower case with underscores"
    elif tactic and not name.startswith(_slug(tactic) + "_"):
        message = f"{name} does not begin with the rule's first tactic, {_slug(tactic)}_"
    else:
        return
    yield Finding(CODE, message, Location(rule.document.path))


def _slug(tactic: str) -> str:
    return tactic.lower().replace(" ", "_")
