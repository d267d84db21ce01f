"""A version grows when a rule's meaning changes, and only then."""

from pathlib import Path

import pytest

from detections.errors import UsageError
from detections.payload.lock import (
    Lock,
    Locked,
    digest,
    problems,
    read_lock,
    regressions,
    unusable,
    updated,
    write_lock,
)
from detections.rule import Rule, load
from detections.source import parse

TEXT = """
[metadata]
creation_date = "2026/01/02"
updated_date = "2026/03/04"
maturity = "production"

[rule]
rule_id = "r"
name = "R"
description = "d"
risk_score = 1
severity = "low"
type = "query"
query = "a: b"
tags = ["x", "y"]
"""


def rule(old: str = "", new: str = "", text: str = TEXT) -> Rule:
    found, _ = load(parse(text.replace(old, new), "r.toml"))
    assert found is not None
    return found


def changed() -> Rule:
    return rule("a: b", "a: c")


LOCK = updated(Lock(), [rule()])


def test_a_new_rule_begins_at_one_or_where_its_file_says() -> None:
    assert LOCK.entries["r"] == Locked("R", 1, digest(rule()))
    assert updated(Lock(), [rule('tags = ["x", "y"]', "version = 7")]).entries["r"].version == 7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ('["x", "y"]', '["y", "x"]'),
        ('name = "R"', 'name = "R"\ninterval = "5m"\nnote = ""'),
        ("2026/03/04", "2026/12/31"),
        ("[rule]", "# said\n[rule]"),
    ],
)
def test_the_same_meaning_keeps_its_version(old: str, new: str) -> None:
    assert updated(LOCK, [rule(old, new)]) == LOCK
    assert problems(LOCK, [rule(old, new)], "lock") == []


def test_another_meaning_is_another_version() -> None:
    found = problems(LOCK, [changed()], "lock")
    assert [str(one) for one in found] == ["r.toml:9:9: lock the rule has changed, but its version is still 1"]
    new = updated(LOCK, [changed()])
    assert new.entries["r"].version == 2
    assert problems(new, [changed()], "lock") == []
    assert updated(new, [changed()]) == new
    assert updated(new, [rule()]).entries["r"].version == 3  # back again is a change, too


def test_a_version_in_the_file_counts_where_it_is_higher() -> None:
    ahead = rule('tags = ["x", "y"]', 'tags = ["x", "y"]\nversion = 9')
    assert "but 1 is locked" in str(problems(LOCK, [ahead], "lock")[0])
    new = updated(LOCK, [ahead])
    assert new.entries["r"].version == 9
    assert problems(new, [rule()], "lock") == []


def test_a_version_in_the_file_that_cannot_stand() -> None:
    nine = Lock({"r": Locked("R", 9, digest(rule()))})
    lowered = rule('tags = ["x", "y"]', 'tags = ["x", "y"]\nversion = 8')
    assert "version was lowered to 8, but 9 is locked" in str(unusable(nine, [lowered])[0])
    taken = rule("a: b", "a: c", TEXT.replace("tags", "version = 9\ntags"))
    assert "version 9 is taken" in str(unusable(nine, [taken])[0])
    assert unusable(nine, [taken]) == problems(nine, [taken], "lock")
    assert not unusable(LOCK, [rule(), changed()])


def test_a_rule_goes_when_it_has_been_deprecated() -> None:
    [gone] = problems(LOCK, [], "lock")
    assert "R (r) was removed without being deprecated first" in str(gone)
    assert updated(LOCK, []) == LOCK
    deprecated = rule('"production"', '"deprecated"')
    assert "but the lock file does not say so" in str(problems(LOCK, [deprecated], "lock")[0])
    new = updated(LOCK, [deprecated])
    assert new.entries["r"].deprecated
    assert problems(new, [], "lock") == []
    assert problems(new, [deprecated], "lock") == []


def test_only_production_rules_are_locked() -> None:
    draft = rule('"production"', '"development"')
    assert updated(Lock(), [draft]) == Lock()
    assert problems(Lock(), [draft], "lock") == []
    assert "is not in the lock file" in str(problems(Lock(), [rule()], "lock")[0])


def test_what_a_lock_may_not_do_to_an_earlier_one() -> None:
    old = Lock({"r": Locked("R", 3, "h"), "s": Locked("S", 1, "h", deprecated=True)})
    assert regressions(old, old, "lock") == []
    for entries, said in (
        ({"r": Locked("R", 2, "h")}, "version 3 was lowered to 2"),
        ({"r": Locked("R", 3, "i")}, "version 3 was used for something else before"),
        ({}, "was removed without being deprecated first"),
    ):
        [found] = regressions(Lock(entries), old, "lock")
        assert said in str(found)
    assert regressions(Lock({"r": Locked("R", 4, "i")}), old, "lock") == []


def test_a_lock_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "rules.lock.json"
    assert read_lock(path) == Lock()
    lock = Lock({"r": Locked("Ré", 3, "h"), "s": Locked("S", 1, "h", deprecated=True)})
    write_lock(path, lock)
    assert read_lock(path).entries == lock.entries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ('{"r": 1}', "is not a lock file"),
        ('{"r": {"name": "R", "version": "1", "hash": "h"}}', "is not a lock file"),
        ('{"r": {"name": "R", "version": 0, "hash": "h"}}', "the version of r is less than 1"),
        ('{\n<<<<<<< HEAD\n "r": 1\n=======\n>>>>>>> x\n}', "lock.json:2: unresolved merge conflict"),
        ("[" * 20_000, "is not valid JSON"),
        ("\xff", "is not valid JSON"),
    ],
)
def test_a_file_that_is_no_lock(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "lock.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=said):
        read_lock(path)
