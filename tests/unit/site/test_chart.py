"""Charts stay small and true, whatever the days and the counts."""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.site.chart import BARS, binned, histogram, nice, share, short, spark

FIRST = datetime.date(2026, 8, 1)
DAYS = st.dictionaries(st.dates(), st.integers(0, 10**15), max_size=30)


def day(number: int) -> datetime.date:
    return FIRST + datetime.timedelta(days=number)


def bars(svg: str) -> list[ET.Element]:
    return ET.fromstring(svg).findall("rect")


def test_a_bar_a_day() -> None:
    found = bars(histogram({day(0): 3, day(2): 6}, day(0), day(3), "alert"))
    assert [bar.findtext("title") for bar in found] == ["2026-08-01: 3 alerts", "2026-08-03: 6 alerts"]
    assert float(found[1].attrib["height"]) == pytest.approx(2 * float(found[0].attrib["height"]), abs=0.02)


def test_it_is_said_in_words() -> None:
    svg = histogram({day(0): 1500, day(2): 6}, day(0), day(3), "alert")
    label = ET.fromstring(svg).attrib["aria-label"]
    assert label == "1,506 alerts from 2026-08-01 to 2026-08-04; most a day: 1,500"


def test_an_event_of_1970_makes_no_bar_a_day_since() -> None:
    first = datetime.date(1970, 1, 1)
    svg = histogram({first: 1, FIRST: 9}, first, FIRST, "alert")
    assert len(bars(svg)) == 2
    step, counts = binned({first: 1, FIRST: 9}, first, FIRST)
    assert len(counts) <= BARS
    assert step * len(counts) >= (FIRST - first).days
    assert bars(svg)[0].findtext("title") == f"1970-01-01 and {step - 1:,} days: 1 alert"


@given(DAYS, st.dates(), st.dates())
def test_every_alert_has_its_place(days: dict[datetime.date, int], one: datetime.date, other: datetime.date) -> None:
    first, last = sorted((one, other))
    step, counts = binned(days, first, last)
    assert sum(counts) == sum(days.values())
    assert len(counts) <= BARS
    for svg in (histogram(days, first, last, "alert"), spark(days, first, last)):
        assert len(svg) < 25_000
        box = [float(number) for number in ET.fromstring(svg).attrib["viewBox"].split()]
        for bar in bars(svg):
            x, y, width, height = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
            assert x >= 0 and x + width <= box[2] + 0.01
            assert y >= 0 and y + height <= box[3] + 0.01
    assert step >= 1


@given(st.integers(0, 10**18))
def test_the_scale_is_round_and_not_much_higher(peak: int) -> None:
    top = nice(peak)
    assert top >= max(1, peak)
    assert peak == 0 or top < 2.5 * peak
    assert re.fullmatch(r"[1245]0*", str(top))


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0"), (2.5, "2.5"), (950, "950"), (1500, "1.5k"), (20e6, "20M"), (3e9, "3G")]
)
def test_counts_on_an_axis_are_short(number: float, said: str) -> None:
    assert short(number) == said


def test_shares() -> None:
    assert 'width="50.0"' in share(1, 2)
    assert 'width="100.0"' in share(3, 2)
    assert 'width="1.0"' in share(1, 10**9), "something is seen of the least"
    assert 'width="0.0"' in share(0, 0)
