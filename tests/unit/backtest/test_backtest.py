"""What a backtest says, and that a file keeps all of it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from detections.backtest import Backtest, Busiest, Noise, Sources, Value, read_backtest, write_backtest
from detections.backtest.model import day_of
from detections.errors import UsageError

FIRST = datetime.date(2026, 8, 1)
DAY = 86_400_000
START = (FIRST - datetime.date(1970, 1, 1)).days * DAY


def day(number: int) -> datetime.date:
    return FIRST + datetime.timedelta(days=number)


def noise(**days: int) -> Noise:
    counts = {day(int(name[1:])): count for name, count in days.items()}
    return Noise("id", "name", alerts=sum(counts.values()), days=counts)


def test_days_without_an_alert_count_for_the_median() -> None:
    assert noise(d0=3, d1=5, d2=10).median(3) == 5
    assert noise(d0=3, d1=5).median(4) == 1.5
    assert noise(d0=3, d1=5).median(5) == 0
    assert noise(d0=3, d1=0).median(1) == 3, "a day with none is a day without"
    assert noise().median(0) == 0
    assert noise(d0=7).median(10**9) == 0, "however many days there are"


def test_the_worst_day_is_the_earliest_of_several() -> None:
    assert noise(d2=4, d1=9, d0=9).worst == (day(0), 9)
    assert noise(d2=0).worst is None


def test_the_span_counts_both_ends() -> None:
    assert Sources((), first=START, last=START).span == 1
    assert Sources((), first=START + DAY - 1, last=START + DAY).span == 2
    assert Sources(()).span == 0
    assert Sources((), first=START, last=START - DAY).span == 0
    assert day_of(START + DAY - 1) == FIRST
    assert day_of(-1) == datetime.date(1969, 12, 31)


def test_a_file_keeps_all_of_it(tmp_path: Path) -> None:
    found = Noise("id", "name\u2028\x00", 5, 4, 1, 2, {day(3): 4}, START, START + 1, {"user.name": 2},
                  (Busiest("user.name", (Value("root", 4),), 2, True),), "why")  # fmt: skip
    whole = Backtest("title", Sources(("a", "b"), 1, 2, 3, 4, -DAY, START, {day(0): 2}), (found,), "Ctrl-C")
    write_backtest(tmp_path / "b.json", whole)
    assert read_backtest(tmp_path / "b.json") == whole
    assert whole.alerts == 4
    assert list(whole.not_evaluated) == [found]


def made(**changes: Any) -> dict[str, Any]:
    return {"title": "t", "sources": {"names": []}, "rules": []} | changes


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "Expected `object`"),
        ("", "is not a backtest"),
        ("\xff", "is not a backtest"),
        (json.dumps({"title": "t"}), "`sources`"),
        (json.dumps(made(rules=[{"rule_id": "a", "name": "b", "alerts": -1}])), "rules[0].alerts"),
        (json.dumps(made(rules=[{"rule_id": "a", "name": "b", "days": {"2026-13-01": 1}}])), "rules[0].days"),
        (json.dumps(made(sources={"names": [], "first": 10**17})), "sources.first"),
        (json.dumps(made(form=2)), "another version"),
        ("[" * 100_000, "is not a backtest"),
    ],
)
def test_what_is_no_backtest_is_said_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "b.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        read_backtest(tmp_path / "b.json")
    assert said in str(caught.value)
    assert "detections backtest" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_backtest(tmp_path / "b.json")
