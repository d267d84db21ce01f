"""Public rules, where they are: every one goes through every check, and what is found in them has been looked at."""

from collections import Counter
from pathlib import Path

import pytest

from detections import check
from detections.check.registry import PROFILES
from detections.rule import load_rules

HOUSE = {module.CODE for module in PROFILES["house"]}
CORPUS = Path(__file__).parents[4] / "shared" / "data" / "rules-corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared is not there")
def test_public_rules_go_through_every_check():
    rules = load_rules(CORPUS)
    found = check.run(rules, ("house",))
    assert len(rules) > 900
    # Kibana runs these rules: what any team needs must not call them broken.
    counts = Counter(finding.code for finding in found if finding.level == "error" and finding.code not in HOUSE)
    # One of them does name a button that it has not: https://github.com/elastic/detection-rules, insmod's $osquery_6.
    assert counts == {"transform": 1}
