import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.values import datemath, dates

NOW = 1_729_079_254_000  # 2024-10-16T11:47:34Z, a Wednesday


@pytest.mark.parametrize(
    ("raw", "low", "high"),
    [
        ("2024", "2024-01-01T00:00:00.000Z", "2024-01-01T23:59:59.999Z"),
        (2024, "2024-01-01T00:00:00.000Z", "2024-01-01T23:59:59.999Z"),
        ("2024-02", "2024-02-01T00:00:00.000Z", "2024-02-01T23:59:59.999Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-02-29T23:59:59.999Z"),
        ("2024-02-29T", "2024-02-29T00:00:00.000Z", "2024-02-29T23:59:59.999Z"),
        ("2024-02-29T10", "2024-02-29T10:00:00.000Z", "2024-02-29T10:59:59.999Z"),
        ("2024-02-29T10Z", "2024-02-29T10:00:00.000Z", "2024-02-29T10:59:59.999Z"),
        ("2024-02-29T10:11", "2024-02-29T10:11:00.000Z", "2024-02-29T10:11:59.999Z"),
        ("2024-02-29T10:11:12", "2024-02-29T10:11:12.000Z", "2024-02-29T10:11:12.999Z"),
        ("2024-02-29T10:11:12.5Z", "2024-02-29T10:11:12.500Z", "2024-02-29T10:11:12.500Z"),
        ("2024-02-29T10:11:12,123456789Z", "2024-02-29T10:11:12.123Z", "2024-02-29T10:11:12.123Z"),
        ("2024-02-29T10:11:12+02:00", "2024-02-29T08:11:12.000Z", "2024-02-29T08:11:12.999Z"),
        ("2024-02-29T10:11:12.0-0530", "2024-02-29T15:41:12.000Z", "2024-02-29T15:41:12.000Z"),
        ("2024-02-29T10:11:12.0UTC+1", "2024-02-29T09:11:12.000Z", "2024-02-29T09:11:12.000Z"),
        ("1729079254000", "2024-10-16T11:47:34.000Z", "2024-10-16T11:47:34.000Z"),
        (1729079254000, "2024-10-16T11:47:34.000Z", "2024-10-16T11:47:34.000Z"),
        (1729079254000.25, "2024-10-16T11:47:34.000Z", "2024-10-16T11:47:34.000Z"),
        ("-1.5", "1969-12-31T23:59:59.998Z", "1969-12-31T23:59:59.998Z"),
        ("2024-02-29T10:11:12.0UTC", "2024-02-29T10:11:12.000Z", "2024-02-29T10:11:12.000Z"),
        ("2024-02-29T10:11:12.0+02", "2024-02-29T08:11:12.000Z", "2024-02-29T08:11:12.000Z"),
        ("-1", "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z", "0001-01-01T23:59:59.999Z"),
    ],
)
def test_reads_what_elasticsearch_reads(raw: str | int | float, low: str, high: str) -> None:
    instant, last = dates.parse_date(raw), dates.parse_date(raw, round_up=True)
    assert instant is not None
    assert last is not None
    assert (dates.format_date(instant), dates.format_date(last)) == (low, high)


@pytest.mark.parametrize(
    "raw",
    [
        "", " ", "now", "2024-1-1", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-32", "2024-01-01 10:00",
        "2024-01-01T24:00:00Z", "2024-01-01T10:60", "2024-01-01T10:11:60Z", "2024-01-01Z", "2024-01-01TZ",
        "2024-01-01T10:11:12.Z", "2024-01-01T10:11:12.1234567890Z", "2024-01-01T10:11:12+19:00",
        "2024-01-01T10:11:12+02:60", "2024-01-01T10:11:12Q", "2024-01-01T10:11:12+2", "9223372036854775808", "1e12",
        "12345678901234567890", True, "\u0662\u0660\u0662\u0664",
        "9" * 10_000_000,
    ],
)  # fmt: skip
def test_refuses_what_elasticsearch_refuses(raw: str) -> None:
    assert dates.parse_date(raw) is None


def test_a_text_without_zone_takes_the_given_one() -> None:
    two_hours = dates.parse_zone("+02:00")
    assert two_hours == 7_200_000
    assert dates.parse_date("2024-01-01T10", zone=two_hours) == dates.parse_date("2024-01-01T08Z")
    assert dates.parse_date("2024-01-01T10Z", zone=two_hours) == dates.parse_date("2024-01-01T10Z")


@given(st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)))
def test_agrees_with_datetime(moment: datetime.datetime) -> None:
    moment = moment.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    instant = since // datetime.timedelta(milliseconds=1)
    assert dates.parse_date(moment.isoformat()) == instant
    assert dates.parse_date(dates.format_date(instant)) == instant


@given(st.integers(-(10**9), 10**9))
def test_calendar_there_and_back(days: int) -> None:
    assert dates.days_from_civil(*dates.civil_from_days(days)) == days


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        ("now", "2024-10-16T11:47:34.000Z", "2024-10-16T11:47:34.000Z"),
        ("now-6m", "2024-10-16T11:41:34.000Z", "2024-10-16T11:41:34.000Z"),
        ("now-7d/d", "2024-10-09T00:00:00.000Z", "2024-10-09T23:59:59.999Z"),
        ("now+1h/h", "2024-10-16T12:00:00.000Z", "2024-10-16T12:59:59.999Z"),
        ("now/H", "2024-10-16T11:00:00.000Z", "2024-10-16T11:59:59.999Z"),
        ("now/m", "2024-10-16T11:47:00.000Z", "2024-10-16T11:47:59.999Z"),
        ("now/s", "2024-10-16T11:47:34.000Z", "2024-10-16T11:47:34.999Z"),
        ("now/w", "2024-10-14T00:00:00.000Z", "2024-10-20T23:59:59.999Z"),
        ("now/M", "2024-10-01T00:00:00.000Z", "2024-10-31T23:59:59.999Z"),
        ("now/y", "2024-01-01T00:00:00.000Z", "2024-12-31T23:59:59.999Z"),
        ("now-1y-2w+d", "2023-10-03T11:47:34.000Z", "2023-10-03T11:47:34.000Z"),
        ("2024-01-31||+1M", "2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z"),
        ("2024-01-01||+1M/d", "2024-02-01T00:00:00.000Z", "2024-02-01T23:59:59.999Z"),
        ("2024-01-01", "2024-01-01T00:00:00.000Z", "2024-01-01T23:59:59.999Z"),
    ],
)
def test_date_math(expression: str, low: str, high: str) -> None:
    assert dates.format_date(datemath.resolve(expression, NOW)) == low
    assert dates.format_date(datemath.resolve(expression, NOW, round_up=True)) == high


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("now-", "'-' is not date math"),
        ("now-6", "'-6' is not date math"),
        ("now-6x", "is not date math"),
        ("now/2d", "is not date math"),
        ("now6m", "is not date math"),
        ("yesterday", "'yesterday' is not a date"),
        ("2024-01-01||", None),
        ("now-99999999999d", "too large"),
        ("now-9999999999y", "out of the calendar"),
        ("x" * 10_000_000, "..."),
    ],
)
def test_date_math_says_what_is_wrong(expression: str, said: str | None) -> None:
    if said is None:
        assert datemath.resolve(expression, NOW) == dates.parse_date("2024-01-01")
        return
    with pytest.raises(ValueError, match=r".+") as caught:
        datemath.resolve(expression, NOW)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200
