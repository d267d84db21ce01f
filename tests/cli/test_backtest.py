"""``detections backtest``"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from detections.backtest import read_backtest

Run = Callable[..., Any]
NAME = "AWS EC2 Network Access Control List Creation"
ID = "7666efda-3063-43f1-b9e1-e1ef4d1cba19"


@pytest.fixture
def month(project: Path) -> Path:
    """Thirty days of raw records, a file a day: on day N the rule's event N times, of users that take turns."""
    base = json.loads((project / "tests/events/cloudtrail/create_network_acl.json").read_text())
    folder = project / "trail"
    folder.mkdir()
    for day in range(1, 31):
        some = []
        for number in range(day):
            arn = f"arn:aws:sts::111111111111:assumed-role/r/user-{number % 4}"
            who = {**base["userIdentity"], "arn": arn, "principalId": f"AROA:user-{number % 4}"}
            when = f"2026-04-{day:02}T{number % 24:02}:00:00Z"
            some.append({**base, "userIdentity": who, "eventTime": when, "eventID": f"{day}-{number}"})
        some.append({**base, "eventName": "DescribeVpcs", "eventTime": f"2026-04-{day:02}T12:00:00Z", "eventID": "x"})
        (folder / f"{day:02}.json.gz").write_bytes(gzip.compress(json.dumps({"Records": some}).encode()))
    return folder


def edit(project: Path, old: str, new: str) -> None:
    path = next((project / "rules/aws").iterdir())
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def git(project: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)


def test_the_numbers_of_a_month(run: Run, month: Path) -> None:
    done = run("backtest", "trail")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert re.fullmatch(
        r"trail: 495 events in 30 files, \d+ [kM]B, 2026-04-01 to 2026-04-30, 30 days with events", lines[0]
    )
    assert lines[3].split() == ["465", "15.5", "30", "on", "2026-04-30", "465", *NAME.split()]
    assert "1 account, 1 address; 2026-04-01T00:00:00.000Z to 2026-04-30T23:00:00.000Z" in lines[4]
    assert lines[-1] == "1 rule, 465 alerts"


def test_all_formats_agree_with_each_other_and_with_replay(run: Run, month: Path) -> None:
    replayed = run("replay", "trail", "--format", "json").out.splitlines()
    found = json.loads(run("backtest", "trail", "--format", "json").out)
    (rule,) = found["rules"]
    assert rule["alerts"] == found["alerts"] == len(replayed) == 465
    days: dict[str, int] = {}
    for line in replayed:
        day = json.loads(line)["timestamp"][:10]
        days[day] = days.get(day, 0) + 1
    assert rule["days"] == days
    assert (rule["median"], rule["worst"]) == (15.5, {"day": "2026-04-30", "alerts": 30})
    markdown = run("backtest", "trail", "--format", "markdown").out
    assert f"| 465 | 15.5 | 30 on 2026-04-30 | 465 | {NAME} |" in markdown
    suites = ElementTree.fromstring(run("backtest", "trail", "--format", "junit").out)
    assert suites.attrib | {"tests": "1", "failures": "0", "skipped": "0"} == suites.attrib
    assert suites.findtext(".//system-out") == "alerts 465, selected 465, a day 15.5\nworst day 30 on 2026-04-30"
    page = run("backtest", "trail", "--format", "html").out
    assert "<dt>Alerts</dt><dd>465</dd>" in page
    assert "<dt>A day, median</dt><dd>15.5</dd>" in page
    assert "<dd>30 <small>2026-04-30</small></dd>" in page
    for day, count in days.items():
        assert f"<title>{day}: {count} alert{'s' * (count != 1)}</title>" in page


def test_several_processes_say_the_same(run: Run, month: Path) -> None:
    one, two = (run("backtest", "trail", "--jobs", jobs, "--format", "json") for jobs in (1, 2))
    assert one == two


def test_a_window(run: Run, month: Path) -> None:
    done = run("backtest", "trail", "--start", "2026-04-10", "--end", "2026-04-11T23:59:59Z", "--format", "json")
    (rule,) = json.loads(done.out)["rules"]
    assert (rule["alerts"], rule["days"]) == (21, {"2026-04-10": 10, "2026-04-11": 11})
    assert run("backtest", "trail", "--start", "2026-04-10", "--end", "2026-04-09").code == 2


def test_it_is_written_to_a_file_and_kept_for_the_site(run: Run, project: Path, month: Path) -> None:
    done = run("backtest", "trail", "--format", "markdown", "-o", "b.md", "--save", "--title", "April")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (project / "b.md").read_text().startswith("### Backtest: 1 rule, 465 alerts\n\nApril: 495 events")
    assert read_backtest(project / "dist/backtest.json").alerts == 465
    assert run("site").code == 0
    assert "Backtest: April" in (project / "dist/site/backtest.html").read_text()
    assert "<dt>Alerts</dt><dd>465</dd>" in (project / f"dist/site/rules/{ID}.html").read_text()


def test_standard_input(project: Path, month: Path) -> None:
    lines = b"".join(gzip.decompress(path.read_bytes()) + b"\n" for path in sorted(month.iterdir()))
    command = [sys.executable, "-m", "detections", "backtest", "-"]
    done = subprocess.run(command, input=lines, capture_output=True, check=False, cwd=project)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"standard input: 495 events in 1 file")
    assert b"1 rule, 465 alerts" in done.stdout


def test_before_and_after_a_change_in_git(run: Run, project: Path, month: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "rules")
    git(project, "commit", "-qm", "x")
    edit(project, '\n    and event.outcome: "success"', '\n    and event.outcome: "success" and not user.id: *user-3')
    done = run("backtest", "trail", "--base", "HEAD")
    assert (done.code, done.err) == (0, "")
    lost = sum(len(range(3, day, 4)) for day in range(1, 31))
    assert f"0 gained, {lost} lost: 465 alerts before" in done.out
    assert "- 2026-04-04T03:00:00.000Z  4-3" in done.out
    assert done.out.endswith(f"1 rule, {465 - lost} alerts, compared with HEAD: 0 gained, {lost} lost\n")
    markdown = run("backtest", "trail", "--base", "HEAD", "--format", "markdown").out
    assert f"| {465 - lost} | 0 | {lost} |" in markdown
    assert "  - lost 2026-04-04T03:00:00.000Z  4-3" in markdown
    page = run("backtest", "trail", "--base", "HEAD", "--format", "html").out
    assert f"Before, it raised 465 alerts: 0 gained, {lost} lost." in page
    found = json.loads(run("backtest", "trail", "--base", "HEAD", "--format", "json").out)
    assert found["rules"][0]["difference"]["lost"] == lost


def test_rules_that_are_the_same_as_in_the_base_are_not_run(run: Run, project: Path, month: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "rules")
    git(project, "commit", "-qm", "x")
    done = run("backtest", "trail", "--base", "HEAD")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("0 rules, 0 alerts, compared with HEAD: 0 gained, 0 lost\n")


def test_a_folder_may_be_the_base(run: Run, project: Path, month: Path) -> None:
    shutil.copytree(project / "rules", project / "old/rules")
    edit(project, f'name = "{NAME}"', 'name = "renamed"')
    done = run("backtest", "trail", "--base", "old")
    assert (done.code, done.err) == (0, "")
    assert "the same alerts as before" in done.out
    assert "1 rule, 465 alerts, compared with old: 0 gained, 0 lost" in done.out
    for path in (project / "old/rules/aws").iterdir():
        path.write_text(path.read_text().replace(ID, "another"))
    done = run("backtest", "trail", "--base", "old/rules")
    assert "new: 465 alerts gained" in done.out
    assert "gone: 465 alerts lost" in done.out


@pytest.mark.parametrize("base", ["nowhere", "--help", "HEAD"])
def test_a_base_that_is_none_is_wrong_usage(run: Run, project: Path, month: Path, base: str) -> None:
    done = run("backtest", "trail", f"--base={base}")
    assert done.code == 2
    assert f"--base {base} is neither a folder nor a git revision" in done.err


def test_a_rule_of_the_base_that_does_not_load_is_told(run: Run, project: Path, month: Path) -> None:
    git(project, "init", "-q")
    (project / "rules/aws/broken.toml").write_text("[")
    git(project, "add", "rules")
    git(project, "commit", "-qm", "x")
    (project / "rules/aws/broken.toml").unlink()
    done = run("backtest", "trail", "--base", "HEAD")
    assert done.code == 1
    assert "HEAD:rules/aws/broken.toml:1:2: toml" in done.err
    assert "not done: 1 rule file of the base not loaded" in done.err


def test_what_could_not_be_read_is_told_and_the_rest_is_reported(run: Run, project: Path, month: Path) -> None:
    (month / "30.json.gz").write_bytes((month / "30.json.gz").read_bytes()[:-20])
    (month / "x.json").write_text("time,user\n2026-04-01,alice\n")
    done = run("backtest", "trail")
    assert done.code == 1
    assert "gzip data is cut off" in done.err
    assert "not done: 1 file not read, or not to the end" in done.err
    assert "on 2026-04-29" in done.out or "on 2026-04-30" in done.out


@pytest.mark.parametrize("content", ["time,user\n2026-04-01,alice\n", "", "[]"])
def test_no_event_at_all_is_an_error(run: Run, project: Path, content: str) -> None:
    (project / "x.json").write_text(content)
    done = run("backtest", "x.json")
    assert done.code == 1
    assert "no event was read" in done.err
    assert done.out.startswith("x.json: 0 events")


def test_rules_that_nothing_evaluates(run: Run, project: Path, month: Path) -> None:
    path = next((project / "rules/aws").iterdir())
    text = path.read_text()
    path.write_text(text.replace("(data_stream.dataset", "((data_stream.dataset", 1))
    done = run("backtest", "trail")
    assert done.code == 1
    assert f"not evaluated {NAME}: the query cannot be used" in done.out
    assert "not done: no rule could be run" in done.err
    (project / "rules/aws/fine.toml").write_text(text.replace(ID, "other").replace(NAME, "fine"))
    assert run("backtest", "trail").code == 0
    assert run("backtest", "trail", "--strict").code == 1


def test_what_events_say_does_not_act(run: Run, project: Path) -> None:
    record = json.loads((project / "tests/events/cloudtrail/create_network_acl.json").read_text())
    attack = "\x1b[31m<script>alert(1)</script>\n| **@team** |"
    some = [{**record, "userAgent": attack, "eventID": attack} for _ in range(2)]
    (project / "x.json").write_text(json.dumps({"Records": some}))
    text = run("backtest", "x.json").out
    assert "\x1b" not in text
    assert "<script>alert(1)" in text
    assert "\x1b" not in run("backtest", "x.json", "--format", "json").out
    markdown = run("backtest", "x.json", "--format", "markdown").out
    assert "<script>" not in markdown
    assert "@team" not in markdown
    page = run("backtest", "x.json", "--format", "html").out
    assert "<script>alert" not in page
    assert "\x1b" not in page
    ElementTree.fromstring(run("backtest", "x.json", "--format", "junit").out)


def test_an_interruption_reports_what_was_read(project: Path, month: Path) -> None:
    """A pipe that stays open: the command would wait for ever."""
    events = b"".join(gzip.decompress(path.read_bytes()) + b"\n" for path in sorted(month.iterdir()))
    os.mkfifo(project / "pipe.json")
    command = [sys.executable, "-m", "detections", "backtest", "trail", "pipe.json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=project)
    with (project / "pipe.json").open("wb") as pipe:
        pipe.write(events * 40)
        pipe.flush()
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(BrokenPipeError):
            pipe.write(events * 40)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted: what was read so far is reported" in err
    assert b"not all was read: it was interrupted" in out
    assert b"1 rule, " in out


def bound(project: Path, text: str) -> None:
    """Write bounds into the rule's case file, and name the month as a data set."""
    cases = next((project / "tests/rules/aws").iterdir())
    cases.write_text(f"{cases.read_text()}\n{text}")
    config = project / "pyproject.toml"
    config.write_text(f'{config.read_text()}\n[tool.detections.data]\napril = "trail"\n')


@pytest.mark.parametrize(
    "text",
    [
        "[noise.april]\nmax_alerts_per_day = 30",
        "[noise.april]\nmax_share = 0.94",
        '[noise.april]\nmust_alert = ["1-0", "30-29"]',
        "[noise.april]",
    ],
)
def test_bounds_that_hold(run: Run, project: Path, month: Path, text: str) -> None:
    bound(project, text)
    done = run("backtest", "--check")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("april: 495 events in 30 files")
    assert run("test").code == 0, "a case file with bounds is a case file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_alerts_per_day = 29", "max_alerts_per_day is 29: there were 30 on 2026-04-30"),
        ("max_share = 0.93", "max_share is 0.93: 465 alerts of 495 events are 0.94"),
        ("max_share = 0", "max_share is 0: 465 alerts"),
        ('must_alert = ["1-0", "x", "31-0"]', "must_alert: no alert on x, 31-0"),
    ],
)
def test_a_bound_that_is_broken_fails_in_every_format(
    run: Run, project: Path, month: Path, text: str, said: str
) -> None:
    bound(project, f"[noise.april]\n{text}")
    done = run("backtest", "--check")
    assert done.code == 1
    assert f"broken: {said}" in done.out
    assert "not done: 1 bound broken" in done.err
    assert done.out.endswith(", 1 bound broken\n")
    markdown = run("backtest", "--check", "--format", "markdown")
    assert (markdown.code, f"- **{NAME}** breaks a bound:" in markdown.out) == (1, True)
    failure = ElementTree.fromstring(run("backtest", "--check", "--format", "junit").out).find(".//failure")
    assert failure is not None
    assert said in failure.attrib["message"]
    (rule,) = json.loads(run("backtest", "--check", "--format", "json").out)["rules"]
    assert said in rule["broken"][0]
    assert f"Bound broken: {said}" in run("backtest", "--check", "--format", "html").out


def test_bounds_of_a_rule_that_is_not_run_are_not_kept(run: Run, project: Path, month: Path) -> None:
    bound(project, "[noise.april]\nmax_alerts_per_day = 1")
    edit(project, "(data_stream.dataset", "((data_stream.dataset")
    done = run("backtest", "--check")
    assert done.code == 1
    assert "broken: its bounds cannot be checked: the query cannot be used" in done.out


def test_events_may_stand_for_a_data_set(run: Run, project: Path, month: Path) -> None:
    bound(project, "[noise.april]\nmax_alerts_per_day = 29")
    last = month / "30.json.gz"
    assert run("backtest", last, "--check", "--data", "april").code == 1
    last.unlink()
    assert run("backtest", "trail", "--check", "--data", "april").code == 0
    assert run("backtest", "--data", "april").out.startswith("april: 464 events")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give at least one path of events, or --data"),
        (("--data", "may"), "unknown data set 'may' (in [tool.detections.data]: april)"),
        (("--check", "--data", "may"), "unknown data set 'may'"),
        (("--check", "trail"), "these events need the name of their data set: --data NAME"),
    ],
)
def test_wrong_usage_of_data_sets(run: Run, project: Path, month: Path, arguments: tuple[str, ...], said: str) -> None:
    bound(project, "[noise.april]")
    done = run("backtest", *arguments)
    assert done.code == 2
    assert said in done.err


def test_no_bounds_at_all_are_wrong_usage(run: Run, month: Path) -> None:
    done = run("backtest", "--check")
    assert done.code == 2
    assert "no case file has bounds" in done.err


def test_bounds_for_a_data_set_that_is_not_configured(run: Run, project: Path, month: Path) -> None:
    bound(project, "[noise.may]\nmax_alerts_per_day = 1")
    done = run("backtest", "--check")
    assert done.code == 1
    assert re.search(r"tests/rules/aws/\w+\.toml:\d+:8: noise unknown data set 'may'", done.err)
    assert "in [tool.detections.data]: april" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("noise = 1", "'noise' must hold a table for each data set"),
        ("[noise]\nmax_share = 1", "'noise' must hold a table for each data set"),
        ("[noise.april]\nmax_shar = 1", "did you mean max_share?"),
        ("[noise.april]\nmax_share = -1", "'max_share' must be a number, 0 or more"),
        ("[noise.april]\nmax_share = true", "'max_share' must be a number, 0 or more"),
        ("[noise.april]\nmax_alerts_per_day = nan", "'max_alerts_per_day' must be a number, 0 or more"),
        ("[noise.april]\nmust_alert = 'x'", "'must_alert' must be an array of strings"),
    ],
)
def test_bounds_that_are_none_are_told_at_their_place(run: Run, project: Path, text: str, said: str) -> None:
    cases = next((project / "tests/rules/aws").iterdir())
    whole = f"{text}\n{cases.read_text()}" if text.startswith("noise") else f"{cases.read_text()}\n{text}\n"
    cases.write_text(whole)
    done = run("test")
    assert done.code == 1
    assert said in done.out


def test_the_numbers_of_a_schedule_are_those_of_replay(run: Run, project: Path, month: Path) -> None:
    edit(project, 'from = "now-6m"', 'from = "now-30m"')
    edit(project, 'interval = "5m"', 'interval = "2h"')
    for options in ((), ("--start", "2026-04-10T00:30:00Z", "--end", "2026-04-20")):
        replayed = run("replay", "trail", "--schedule", "--format", "json", *options)
        days: dict[str, int] = {}
        for line in replayed.out.splitlines():
            day = json.loads(line)["timestamp"][:10]
            days[day] = days.get(day, 0) + 1
        found = json.loads(run("backtest", "trail", "--schedule", "--format", "json", *options).out)
        assert found["rules"][0]["days"] == days
        assert found["alerts"] == sum(days.values()) > 0
        assert found["rules"][0]["selected"] > found["alerts"], "the schedule leaves gaps"
        page = run("backtest", "trail", "--schedule", "--format", "html", *options).out
        assert f"<dt>Alerts</dt><dd>{found['alerts']:,}</dd>" in page
        assert f"1 rule, {found['alerts']:,} alerts\n" in run("backtest", "trail", "--schedule", *options).out


EXCEPTED = """
[[rule.exceptions_list]]
id = "own"
list_id = "own"
type = "rule_default"
namespace_type = "single"
"""
SUPPRESSED = """
[rule.alert_suppression]
group_by = ["user.id"]
missing_fields_strategy = "suppress"
duration = { value = 1, unit = "h" }
"""
OWN = """[exception_list]
list_id = "own"
name = "own"
description = "What deploys networks."
type = "rule_default"

[[items]]
item_id = "i"
name = "i"
type = "simple"
entries = [{ field = "user.id", type = "match", operator = "included", value = "AROA:user-3" }]
"""


@pytest.mark.parametrize("options", [(), ("--schedule",)])
def test_what_exceptions_and_suppression_take_off_is_the_same_everywhere(
    run: Run, project: Path, month: Path, options: tuple[str, ...]
) -> None:
    edit(project, 'from = "now-6m"', 'from = "now-1h"')
    edit(project, 'interval = "5m"', 'interval = "1h"')
    path = next((project / "rules/aws").iterdir())
    path.write_text(path.read_text() + EXCEPTED + SUPPRESSED)
    (project / "exceptions").mkdir()
    (project / "exceptions/own.toml").write_text(OWN)
    for copy in month.iterdir():  # each event twice, with another id
        records = json.loads(gzip.decompress(copy.read_bytes()))["Records"]
        records += [{**one, "eventID": f"again-{one['eventID']}"} for one in records]
        copy.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    replayed = run("replay", "trail", "--format", "json", *options).out.splitlines()
    found = json.loads(run("backtest", "trail", "--format", "json", *options).out)
    (rule,) = found["rules"]
    assert rule["alerts"] == found["alerts"] == len(replayed) > 0
    excepted = 2 * sum(len(range(3, day, 4)) for day in range(1, 31))
    assert (rule["selected"], rule["excepted"]) == (930, excepted)
    assert rule["suppressed"] == 930 - excepted - len(replayed) > 0
    assert rule["left_out"] == ""
    days: dict[str, int] = {}
    for line in replayed:
        day = json.loads(line)["timestamp"][:10]
        days[day] = days.get(day, 0) + 1
    assert rule["days"] == days
    said = f"{rule['suppressed']} suppressed", f"{excepted} excepted"
    assert "; ".join(said) in run("backtest", "trail", *options).out
    assert ", ".join(said) in run("backtest", "trail", "--format", "markdown", *options).out
    assert "\n".join(said) in run("backtest", "trail", "--format", "junit", *options).out
    page = run("backtest", "trail", "--format", "html", *options).out
    assert f"<dt>Suppressed</dt><dd>{rule['suppressed']}</dd>" in page
    assert f"<dt>Excepted</dt><dd>{excepted}</dd>" in page
    for day, count in days.items():
        assert f"<title>{day}: {count} alert{'s' * (count != 1)}</title>" in page


def test_a_rule_whose_alerts_are_all_excepted_is_told(run: Run, project: Path, month: Path) -> None:
    path = next((project / "rules/aws").iterdir())
    path.write_text(path.read_text() + EXCEPTED)
    (project / "exceptions").mkdir()
    (project / "exceptions/own.toml").write_text(OWN.replace('"match"', '"wildcard"').replace("user-3", "*"))
    done = run("backtest", "trail")
    assert (done.code, done.err) == (0, "")
    assert "           465 excepted\n" in done.out
