"""A made-up month with planted events: each is found on its day, and nothing else is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made import month

REPO = Path(__file__).parents[2]
Run = Callable[..., Any]


@pytest.fixture
def trail(project: Path) -> Path:
    folder = project / "trail"
    folder.mkdir()
    month.write(folder)
    return folder


def planted() -> dict[str, dict[str, int]]:
    return {
        one.rule: {f"2026-04-{day:02}": count for day, count in one.expected.items() if count} for one in month.PLANTED
    }


@pytest.mark.parametrize("jobs", [1, 2])
def test_planted_events_are_found_each_on_its_day(run: Run, trail: Path, jobs: int) -> None:
    done = run("backtest", trail, "--rules", REPO / "rules", "--format", "json", "--jobs", jobs)
    assert done.code == 0
    found = json.loads(done.out)
    assert {rule["name"]: rule["days"] for rule in found["rules"] if rule["alerts"]} == planted()
    count = month.DAYS * month.QUIET + sum(sum(one.days.values()) for one in month.PLANTED)
    assert found["sources"]["events"] == sum(found["sources"]["days"].values()) == count
    assert list(found["sources"]["days"]) == [f"2026-04-{day:02}" for day in range(1, month.DAYS + 1)]


def test_every_format_and_replay_have_the_same_numbers(run: Run, trail: Path) -> None:
    def backtest(style: str) -> str:
        return str(run("backtest", trail, "--rules", REPO / "rules", "--format", style).out)

    text, markdown, page = backtest("text"), backtest("markdown"), backtest("html")
    for name, days in planted().items():
        alerts, (worst, day) = sum(days.values()), min((-count, day) for day, count in days.items())
        assert re.search(rf"^ +{alerts} +[\d.]+  {-worst} on {day} +\d+  {name}$", text, re.MULTILINE)
        assert re.search(rf"^\| {alerts} \| [\d.]+ \| {-worst} on {day} \| \d+ \| {name} \|$", markdown, re.MULTILINE)
        part = page[page.index(f"<summary>{name} ") :]
        part = part[: part.index("</details>")]
        assert f"<dt>Alerts</dt><dd>{alerts}</dd>" in part
        bars = dict(re.findall(r"<title>(\S+): (\d+) alerts?</title>", part))
        assert {day: int(count) for day, count in bars.items()} == days
    lines = run("replay", trail, "--rules", REPO / "rules", "--format", "json").out.splitlines()
    replayed: dict[str, dict[str, int]] = {}
    for alert in map(json.loads, lines):
        days = replayed.setdefault(alert["rule_name"], {})
        days[alert["timestamp"][:10]] = days.get(alert["timestamp"][:10], 0) + 1
    assert replayed == planted()


def test_the_schedule_finds_them_as_replay_does(run: Run, trail: Path) -> None:
    asked = (trail, "--rules", REPO / "rules", "--schedule", "--format", "json")
    found = {
        rule["name"]: rule["alerts"] for rule in json.loads(run("backtest", *asked).out)["rules"] if rule["alerts"]
    }
    replayed: dict[str, int] = {}
    for alert in map(json.loads, run("replay", *asked).out.splitlines()):
        replayed[alert["rule_name"]] = replayed.get(alert["rule_name"], 0) + 1
    assert found == replayed
    whole = {name: sum(days.values()) for name, days in planted().items()}
    assert found == whole | {"AWS EC2 Route Table Created": 2}, "after 23 days its user is new again"
