from pathlib import Path

from detections import checks
from detections.rule import load_rules

BASE = (Path(__file__).parents[2] / "corpus" / "check" / "base.toml").read_text(encoding="utf-8")


def write(path: Path, rule_id: str, name: str) -> None:
    path.parent.mkdir(exist_ok=True)
    text = BASE.replace("6cd9f4ee-7a9c-4b7e-b1d3-70b2a2a8b4c1", rule_id)
    path.write_text(text.replace('name = "Base"', f'name = "{name}"'), encoding="utf-8")


def test_what_tells_rules_apart_is_told_at_the_second(tmp_path):
    one, other = "0b0f5b3c-6a0c-4a55-9b8a-3a1b6f1f2b01", "0b0f5b3c-6a0c-4a55-9b8a-3a1b6f1f2b02"
    write(tmp_path / "a" / "x.toml", one, "First")
    write(tmp_path / "b" / "x.toml", other, "Second")
    write(tmp_path / "b" / "y.toml", one, "first")
    found = [finding for finding in checks.run(load_rules(tmp_path), ()) if finding.code == "unique"]
    assert [
        (Path(finding.location.path).name, finding.message.split(" ")[1], finding.location.line > 0)
        for finding in found
    ] == [
        ("x.toml", "file", False),
        ("y.toml", "name", True),
        ("y.toml", "rule_id", True),
    ]
    assert all("a/x.toml" in finding.message for finding in found)


def test_different_rules_are_fine(tmp_path):
    write(tmp_path / "x.toml", "0b0f5b3c-6a0c-4a55-9b8a-3a1b6f1f2b01", "First")
    write(tmp_path / "y.toml", "0b0f5b3c-6a0c-4a55-9b8a-3a1b6f1f2b02", "Second")
    assert not [finding for finding in checks.run(load_rules(tmp_path), ()) if finding.code == "unique"]
