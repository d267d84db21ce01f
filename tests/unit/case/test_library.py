"""Where cases are looked for, and which are nobody's."""

from __future__ import annotations

from pathlib import Path

from detections.case import CaseLibrary
from detections.rule import load_rules
from made_rules import QUERY, rule_text


def test_cases_of_a_rule_that_is_no_sound_one_are_its_own_all_the_same(tmp_path: Path) -> None:
    texts = {
        "good": rule_text(QUERY), "schema": rule_text(QUERY).replace('severity = "low"', 'severity = "huge"'),
        "toml": "[rule",
    }  # fmt: skip
    for folder in ("rules/a", "cases/a"):
        (tmp_path / folder).mkdir(parents=True)
    for name, text in texts.items():
        (tmp_path / f"rules/a/{name}.toml").write_text(text)
    for name in (*texts, "nobody"):
        (tmp_path / f"cases/a/{name}.toml").write_text('base = "x.json"\n[[case]]\nname = "c"\nverdict = "alert"\n')
    rules = load_rules(tmp_path / "rules")
    assert len(rules) == 1 and len(rules.unsound) == 1
    library = CaseLibrary(tmp_path / "cases", tmp_path / "rules", rules)
    strays = library.strays(rules.files)
    assert [finding.location.path for finding in strays] == [str(tmp_path / "cases/a/nobody.toml")]
    assert strays[0].message == "no rule file has these cases"
