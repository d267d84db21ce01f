"""A cache never changes what is found, whatever happens to the files in between."""

import random
from pathlib import Path

import pytest

from detections import checks
from detections.checks import Cache, Files
from detections.errors import UsageError
from detections.rule import load_rules, rule_files

BASE = (Path(__file__).parents[2] / "corpus" / "check" / "base.toml").read_text(encoding="utf-8")
RULE_ID = "6cd9f4ee-7a9c-4b7e-b1d3-70b2a2a8b4c1"
SILENCE = "# detections: allow unique: the other one goes next week\n"
IDS = (RULE_ID, "0b0f5b3c-6a0c-4a55-9b8a-3a1b6f1f2b01", "0b0f5b3c-6a0c-4a55-9b8a-3a1b6f1f2b02")


def text(rng: random.Random) -> str:
    made = BASE.replace(RULE_ID, rng.choice(IDS)).replace('name = "Base"', f'name = "{rng.choice("ABC")}"')
    if rng.random() < 0.3:
        made = SILENCE + made
    if rng.random() < 0.2:
        made = made.replace('severity = "', 'severity = "x')
    return made[: len(made) // 2] if rng.random() < 0.1 else made


def change(folder: Path, rng: random.Random) -> None:
    path = folder / rng.choice("ab") / f"{rng.choice('xyz')}.toml"
    if rng.random() < 0.2:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(rng), encoding="utf-8")


@pytest.mark.parametrize("seed", range(5))
def test_the_findings_are_those_of_looking_at_every_file(tmp_path, seed):
    rng = random.Random(seed)
    rules, kept = tmp_path / "rules", tmp_path / "cache.json"
    (rules / "a").mkdir(parents=True)
    (rules / "a" / "x.toml").write_text(BASE, encoding="utf-8")
    clashes = 0
    for _ in range(25):
        change(rules, rng)
        if not list(rules.glob("*/*.toml")):
            continue
        cache = Cache(kept)
        files, findings = rule_files(rules)
        loaded = load_rules(rules)
        found = checks.run_on(Files(files), ("house",), (), cache)
        assert [*findings, *found] == checks.run(loaded, ("house",))
        clashes += any(finding.code == "unique" for finding in found)
        some = rng.choice(files)
        others = tuple(file for file in files if file != some)
        beside = [rule for rule in loaded if rule.document.path != some]
        assert checks.run_on(Files((some,), others), (), (), cache) == checks.run(load_rules(some), (), beside)
        cache.save()
    assert clashes


def test_a_file_that_is_known_is_not_looked_at(tmp_path, monkeypatch):
    path, kept = tmp_path / "x.toml", tmp_path / "cache" / "check.json"
    path.write_text(BASE.replace('severity = "', 'severity = "x'), encoding="utf-8")
    cache = Cache(kept)
    first = checks.run_on(Files((str(path),)), (), (), cache)
    cache.save()
    assert first
    asked = []
    monkeypatch.setattr("detections.checks.files.run", lambda rules, *rest: asked.extend(rules.files) or [])
    assert checks.run_on(Files((str(path),)), (), (), Cache(kept)) == first
    assert asked == []
    checks.run_on(Files((str(path),)), ("house",), (), Cache(kept))
    assert asked == [str(path)], "other profiles, other findings"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}', b'{"x": {"digest": 1}}', b"\xff", b"[" * 10**6])
def test_what_is_no_cache_counts_as_empty(tmp_path, content):
    path, kept = tmp_path / "x.toml", tmp_path / "check.json"
    path.write_text(BASE, encoding="utf-8")
    kept.write_bytes(content)
    cache = Cache(kept)
    assert checks.run_on(Files((str(path),)), (), (), cache) == []
    cache.save()
    assert str(path).encode() in kept.read_bytes()


def test_a_cache_that_cannot_be_written_is_no_matter(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(BASE, encoding="utf-8")
    cache = Cache(path / "check.json")
    assert checks.run_on(Files((str(path),)), (), (), cache) == []
    cache.save()


def test_files_that_are_gone_are_forgotten(tmp_path):
    one, other, kept = tmp_path / "x.toml", tmp_path / "y.toml", tmp_path / "check.json"
    for path, rule_id in ((one, IDS[1]), (other, IDS[2])):
        path.write_text(BASE.replace(RULE_ID, rule_id).replace('"Base"', f'"{path.stem}"'), encoding="utf-8")
    cache = Cache(kept)
    checks.run_on(Files((str(one), str(other))), (), (), cache)
    cache.save()
    other.unlink()
    one.write_text(one.read_text().replace("# ", "#  "), encoding="utf-8")
    cache = Cache(kept)
    checks.run_on(Files((str(one),)), ("house",), (), cache)
    cache.save()
    assert str(other) not in kept.read_text()


def test_an_unknown_profile_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(BASE, encoding="utf-8")
    with pytest.raises(UsageError, match="hous"):
        checks.run_on(Files((str(path),)), ("hous",), (), Cache())
