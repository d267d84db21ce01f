"""Public rules, where they are: every one goes through every check, and what is found in them has been looked at."""

import pytest

from detections import checks
from detections.checks.registry import PROFILES
from detections.errors import Level
from detections.rule import load_rules
from public_rules import PUBLIC, known_faults

HOUSE = {module.CODE for module in PROFILES["house"]}


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="../shared is not there")
def test_what_is_found_in_public_rules_is_listed_with_its_reason():
    rules = load_rules(PUBLIC)
    assert len(rules) > 900
    found = {}
    for finding in checks.run(rules, ("house",)):
        if finding.code not in HOUSE and finding.level is not Level.NOTE:
            name = finding.location.path.removeprefix(f"{PUBLIC}/")
            found.setdefault(name, set()).add(finding.code)
    assert found == known_faults()
