"""``--watch``: what changes is run again, the rest is taken over, and nothing ends it but Ctrl-C."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from detections.cli import test as test_command

Run = Callable[..., Any]
Step = Callable[[], Path]
RULE = "defense_evasion_ec2_network_acl_created.toml"


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let these steps happen while a command watches; each gives the path that it changed."""

    def start(*steps: Step) -> None:
        left = list(steps)

        def watch(*paths: Path, **options: Any) -> Iterator[set[tuple[watchfiles.Change, str]]]:
            assert all(path.exists() for path in paths)
            yield set()
            while left:
                path = left.pop(0)()
                yield {(watchfiles.Change.modified, str(path.absolute()))}
                yield set()

        monkeypatch.setattr(watchfiles, "watch", watch)

    return start


def edit(path: Path, old: str, new: str) -> Step:
    def step() -> Path:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    return step


def test_check_tells_the_mistake_and_that_it_is_gone(run: Run, project: Path, changing: Callable[..., None]) -> None:
    rule = project / "rules/aws" / RULE
    changing(edit(rule, "interval", "intervall"), edit(rule, "intervall", "interval"))
    done = run("check", "--watch")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if line.startswith("1 rule checked")] == [
        "1 rule checked, no findings",
        "1 rule checked, 1 error",
        "1 rule checked, no findings",
    ]
    assert done.err.count(RULE) == 2
    assert done.err.count("watching for changes") == 3


def test_test_proves_what_a_change_touches(
    run: Run, project: Path, changing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = project / "rules/aws" / RULE
    other = project / "rules/aws" / f"other_{RULE}"
    text = rule.read_text(encoding="utf-8")
    (project / "tests/rules/aws" / other.name).write_bytes((project / "tests/rules/aws" / RULE).read_bytes())
    other.write_text(text.replace('\nrule_id = "', '\nrule_id = "0').replace('\nname = "', '\nname = "Other '))
    proved: list[list[str]] = []
    prove = test_command.prove

    def counted(rules: Any, *rest: Any, **options: Any) -> Any:
        proved.append([Path(one.document.path).name for one in rules])
        return prove(rules, *rest, **options)

    monkeypatch.setattr(test_command, "prove", counted)
    cases = project / "tests/rules/aws" / RULE

    def touch() -> Path:
        return rule

    changing(
        edit(cases, 'verdict = "alert"', 'verdict = "no alert"'),
        edit(cases, 'verdict = "no alert"', 'verdict = "alert"'),
        touch,
    )
    done = run("test", "--watch")
    assert proved == [[RULE, other.name], [RULE], [RULE], []] or proved == [[other.name, RULE], [RULE], [RULE], []]
    assert done.out.count("2 rules") == 4


def test_a_run_that_cannot_go_on_waits_for_the_next_change(
    run: Run, project: Path, changing: Callable[..., None]
) -> None:
    settings = project / "pyproject.toml"
    changing(edit(settings, "profiles", "profile"), edit(settings, "profile", "profiles"))
    done = run("check", "--watch")
    assert done.code == 0
    assert "did you mean profiles?" in done.err
    assert done.out.count("1 rule checked") == 2


def test_only_the_embedded_engine_is_watched(run: Run, project: Path) -> None:
    done = run("test", "--watch", "--on", "elasticsearch")
    assert done.code == 2
    assert "--watch runs the cases in this process" in done.err


def test_without_watchfiles_it_says_what_to_install(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    done = run("check", "--watch")
    assert (done.code, done.err) == (2, "error: --watch needs watchfiles: pip install 'detections[watch]'\n")


def test_a_file_that_changes_is_seen(project: Path) -> None:
    command = [sys.executable, "-m", "detections", "check", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        late = threading.Timer(120, process.kill)
        late.start()
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert next(line for line in lines if "watching" in line)
        edit(project / "rules/aws" / RULE, "interval", "intervall")()
        assert next(line for line in lines if "1 error" in line)
        assert next(line for line in lines if "watching" in line)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 1
        late.cancel()
