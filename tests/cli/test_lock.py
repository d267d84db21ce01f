"""``detections lock``, and what it says beside a commit."""

import json
import subprocess

import pytest

RULE = "rules/aws/defense_evasion_ec2_network_acl_created.toml"


@pytest.fixture
def path(project):
    return project / "etc/rules.lock.json"


def edit(project, old, new):
    file = project / RULE
    file.write_text(file.read_text().replace(old, new))


def git(folder, *arguments):
    names = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def version(path):
    [entry] = json.loads(path.read_text()).values()
    return entry["version"]


def test_a_version_for_each_change(run, project, path):
    assert run("lock", "--check").code == 1
    first = run("lock")
    assert (first.code, version(path)) == (0, 1)
    assert first.out.endswith("rules.lock.json: 1 rule\n")
    assert "nothing has changed" in run("lock").out
    edit(project, 'interval = "5m"', 'interval = "15m"')
    checked = run("lock", "--check")
    assert checked.code == 1
    assert "the rule has changed, but its version is still 1" in checked.out
    assert "run `detections lock`" in checked.out
    assert "version 1 -> 2" in run("lock").out
    assert run("lock", "--check").code == 0


def test_a_rule_that_goes(run, project, path):
    run("lock")
    text = (project / RULE).read_text()
    other = project / "rules/other.toml"
    other.write_text(text.replace('rule_id = "', 'rule_id = "0'))  # a project without any rule is a mistake
    run("lock")
    (project / RULE).unlink()
    gone = run("lock")
    assert gone.code == 1
    assert "was removed without being deprecated first" in gone.err
    (project / RULE).write_text(text.replace('maturity = "production"', 'maturity = "deprecated"'))
    assert "but the lock file does not say so" in run("lock", "--check").out
    assert ": deprecated" in run("lock").out
    (project / RULE).unlink()
    assert run("lock", "--check").code == 0
    (project / RULE).write_text(text)
    assert "no longer deprecated" in run("lock", "--check").out


def test_what_a_commit_had(run, project, path):
    git(project, "init", "-q")
    git(project, "commit", "-q", "--allow-empty", "-m", "Nothing")
    run("lock")
    assert run("lock", "--check", "--against", "HEAD").code == 0  # there was none
    edit(project, 'interval = "5m"', 'interval = "15m"')
    run("lock")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "Two")
    assert run("lock", "--check", "--against", "HEAD").code == 0
    path.unlink()
    run("lock")
    lowered = run("lock", "--check", "--against", "HEAD")
    assert lowered.code == 1
    assert "version 2 was lowered to 1" in lowered.out
    assert run("lock", "--check", "--against", "nothing").code == 2
    assert run("lock", "--against", "HEAD").code == 2


def test_a_commit_that_is_not_here(run, project, path):
    """What cannot be compared is not taken for fine."""
    run("lock")

    def said(revision="HEAD", code=2):
        outcome = run("lock", "--check", "--against", revision)
        assert outcome.code == code
        return outcome.err

    assert "not a git repository" in said()
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "One")
    assert "a shallow clone must fetch it first" in said("HEAD~1")
    assert said(code=0) == ""
    blob = subprocess.run(
        ["git", "rev-parse", "HEAD:etc/rules.lock.json"], cwd=project, check=True, capture_output=True, text=True
    ).stdout.strip()
    (project / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert "fatal: " in said()


def test_a_broken_rule_is_not_locked(run, project, path):
    run("lock")
    (project / RULE).write_text("[rule")
    assert run("lock").code == 1
    assert version(path) == 1
    assert run("lock", "--check").code == 1


def test_versions_are_taken_over(run, project, path):
    ours = (project / RULE).read_text().split('\nrule_id = "')[1].split('"')[0]
    theirs = project / "version.lock.json"
    branch = {"8.11": {"version": 110, "rule_name": "x", "sha256": "y", "max_allowable_version": 209}}
    entry = {"version": 212, "rule_name": "x", "sha256": "y", "type": "query", "previous": branch}
    theirs.write_text(json.dumps({ours: entry, "another": {"version": 3, "rule_name": "z"}}))
    taken = run("lock", "--from", theirs)
    assert (taken.code, version(path)) == (0, 212), taken
    assert f"{theirs}: 2 rules, 1 of them here\n" in taken.out
    assert run("lock", "--check").code == 0
    edit(project, 'interval = "5m"', 'interval = "15m"')
    assert "version 212 -> 213" in run("lock").out
    assert run("lock", "--from", theirs).code == 0
    assert version(path) == 213, "a version never goes down"


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 1}', '{"a": {"version": "x"}}', "\x00"])
def test_what_is_no_version_lock_changes_nothing(run, project, path, content):
    run("lock")
    before = path.read_bytes()
    (project / "theirs.json").write_text(content)
    refused = run("lock", "--from", "theirs.json")
    assert (refused.code, path.read_bytes()) == (2, before)
    assert refused.err.startswith("error: theirs.json"), refused.err
    assert run("lock", "--from", "theirs.json", "--check").code == 2
    assert run("lock", "--from", "none.json").code == 2
