"""The JSON Schema for editors says what the marshmallow schemas say, and the committed copy is the one they make."""

import json
import shutil
import subprocess
import sysconfig
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from detections.rule import load, load_rules
from detections.rule.jsonschema import json_schema, text
from detections.source import parse

Text = Callable[..., str]
ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "data" / "rules-corpus"


@pytest.fixture(scope="module")
def validator() -> Any:
    found = json_schema()
    Draft7Validator.check_schema(found)
    return Draft7Validator(found)


def test_the_committed_copy_is_fresh() -> None:
    committed = (ROOT / "etc" / "rule.schema.json").read_text(encoding="utf-8")
    assert committed == text(), "make it again: python -m detections.rule.jsonschema"
    assert "python -m detections.rule.jsonschema" in json.loads(committed)["$comment"]


def test_sound_files_of_every_type_are_valid(validator: Any, rule_text: Text, kind: str) -> None:
    assert list(validator.iter_errors(tomllib.loads(rule_text(kind)))) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"medium"', '"hihg"', ["rule", "severity"]),
        ("risk_score = 47", "risk_score = 101", ["rule", "risk_score"]),
        ("risk_score = 47", "risk_score = '47'", ["rule", "risk_score"]),
        ('name = "A rule"', "", ["rule"]),
        ('name = "A rule"', 'name = ""', ["rule", "name"]),
        ('name = "A rule"', 'name = "A"\ntags = [1]', ["rule", "tags", 0]),
        ('name = "A rule"', 'name = "A"\nfrom = "6m"', ["rule", "from"]),
        ('"2026/01/02"', '"2026-01-02"', ["metadata", "creation_date"]),
        ('maturity = "production"', "", ["metadata"]),
        ('type = "', 'type = "x', ["rule", "type"]),
    ],
)
def test_both_refuse_the_same(validator: Any, rule_text: Text, kind: str, old: str, new: str, path: list[Any]) -> None:
    changed = rule_text(kind).replace(old, new)
    assert path in [list(error.absolute_path) for error in validator.iter_errors(tomllib.loads(changed))]
    rule, findings = load(parse(changed, "x.toml"))
    assert rule is None
    assert findings


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("new_terms", '"host.id"', '"a", "b", "c"'),
        ("new_terms", "[rule.new_terms]", "[rule.terms]"),
        ("threshold", "value = 5", "value = 0"),
        ("threshold", '"user.name"', "7"),
        ("threat_match", 'type = "mapping"', 'type = "match"'),
        ("eql", 'language = "eql"', ""),
        ("esql", 'language = "esql"', 'language = "kuery"'),
        ("saved_query", 'saved_id = "s"', ""),
        ("machine_learning", "anomaly_threshold = 50", ""),
    ],
)
def test_both_refuse_the_same_of_a_type(validator: Any, rule_text: Text, kind: str, old: str, new: str) -> None:
    changed = rule_text(kind).replace(old, new)
    assert changed != rule_text(kind)
    assert not validator.is_valid(tomllib.loads(changed))
    assert load(parse(changed, "x.toml"))[0] is None


def test_the_rules_of_the_project_are_valid(validator: Any) -> None:
    rules = load_rules(ROOT / "rules")
    assert len(rules) == len(rules.files) > 0
    for rule in rules:
        assert list(validator.iter_errors(rule.document.data)) == [], rule.document.path


def test_the_public_rules_are_valid(validator: Any) -> None:
    if not CORPUS.is_dir():
        pytest.skip("../shared is not there")
    for path in sorted(CORPUS.rglob("*.toml"))[::10]:
        assert list(validator.iter_errors(tomllib.loads(path.read_text(encoding="utf-8")))) == [], path


def tombi(folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("tombi", path=sysconfig.get_path("scripts"))
    assert program is not None, "tombi is a dependency for development"
    command = [program, "lint", "--offline", "--error-on-warnings", "rules"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_editor_that_reads_tombis_settings_finds_the_schema(tmp_path: Path, rule_text: Text, kind: str) -> None:
    shutil.copy(ROOT / "tombi.toml", tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "rule.schema.json").write_text(text(), encoding="utf-8")
    (tmp_path / "rules" / "aws").mkdir(parents=True)
    file = tmp_path / "rules" / "aws" / "a.toml"
    file.write_text(rule_text(kind))
    good = tombi(tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    file.write_text(rule_text(kind, "refrences = []").replace('"medium"', '"hihg"').replace('name = "A rule"', ""))
    bad = tombi(tmp_path)
    assert bad.returncode == 1
    said = bad.stdout + bad.stderr
    assert '"refrences"' in said
    assert '"hihg"' in said
    assert '"name" is required' in said


def test_taplos_settings_name_the_same_files() -> None:
    taplo = tomllib.loads((ROOT / ".taplo.toml").read_text(encoding="utf-8"))
    tombis = tomllib.loads((ROOT / "tombi.toml").read_text(encoding="utf-8"))
    assert [(one["schema"]["path"], one["include"]) for one in taplo["rule"]] == [
        (one["path"], one["include"]) for one in tombis["schemas"]
    ]
    assert (ROOT / taplo["rule"][0]["schema"]["path"]).is_file()
