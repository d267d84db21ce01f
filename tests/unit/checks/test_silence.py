from pathlib import Path

from detections import checks
from detections.checks import silence
from detections.rule import load_rules
from detections.source import parse

BASE = (Path(__file__).parents[2] / "corpus" / "check" / "base.toml").read_text(encoding="utf-8")
WRONG = BASE.replace('severity = "medium"', 'severity = "low"')


def test_a_comment_is_read_with_its_line():
    text = "# detections: allow attack: because: reasons\na = 1 #detections:allow dates:x\n"
    assert silence.silences(parse(text, "x.toml")) == [
        silence.Silence("attack", "because: reasons", 1),
        silence.Silence("dates", "x", 2),
    ]


def test_it_holds_for_its_file_only(tmp_path):
    (tmp_path / "a.toml").write_text("# detections: allow severity: agreed\n" + WRONG, encoding="utf-8")
    other = WRONG.replace("6cd9f4ee", "6cd9f4ef").replace('"Base"', '"Other"')
    (tmp_path / "b.toml").write_text(other, encoding="utf-8")
    found = checks.run(load_rules(tmp_path), ())
    assert [(finding.code, Path(finding.location.path).name) for finding in found] == [("severity", "b.toml")]


def test_findings_of_loading_can_be_silenced_where_the_rule_loads(tmp_path):
    odd = BASE.replace("[rule]\n", '[rule]\nmy_own_key = "x"\n')
    (tmp_path / "a.toml").write_text(odd, encoding="utf-8")
    (code,) = {finding.code for finding in checks.run(load_rules(tmp_path), ())}
    (tmp_path / "a.toml").write_text(f"# detections: allow {code}: ours\n" + odd, encoding="utf-8")
    assert checks.run(load_rules(tmp_path), ()) == []


def test_an_error_that_keeps_the_file_out_stays(tmp_path):
    broken = BASE.replace('severity = "medium"', 'severity = "sever"')
    (tmp_path / "a.toml").write_text(broken, encoding="utf-8")
    (finding,) = load_rules(tmp_path).findings
    (tmp_path / "a.toml").write_text(f"# detections: allow {finding.code}: no\n" + broken, encoding="utf-8")
    assert [one.code for one in checks.run(load_rules(tmp_path), ())] == [finding.code]
