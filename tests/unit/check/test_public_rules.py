"""Public rules, where they are: every one goes through every check, and what is found in them has been looked at."""

from collections import Counter
from pathlib import Path

import pytest
from detections import check
from detections.rule import load_rules

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "rules-corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared is not there")
def test_public_rules_go_through_every_check():
    rules = load_rules(CORPUS)
    found = check.run(rules, ("house",))
    assert len(rules) > 900
    counts = Counter(finding.code for finding in found if finding.level == "error")
    # Kibana runs these rules, so what any team needs must not call them broken.
    assert not {code: counts[code] for code in ("query-syntax", "field-type", "unique", "new-terms", "schedule")} - {}
