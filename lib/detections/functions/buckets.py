"""How BUCKET cuts a range (Elasticsearch 9.5): into ranges that people like, at most so many."""

from __future__ import annotations

import math

from detections.functions.dates import add as later
from detections.functions.dates import truncate
from detections.functions.numbers import finite
from detections.functions.signature import NUMERIC, Duration, Function, Period, function

_HOUR = 3_600_000
_INTERVALS: tuple[Period | Duration, ...] = (
    Period(months=12), Period(months=1), Period(days=7), Period(days=1), Duration(12 * _HOUR), Duration(3 * _HOUR),
    Duration(_HOUR), *(Duration(minutes * 60_000) for minutes in (30, 10, 5, 1)),
    *(Duration(seconds * 1000) for seconds in (30, 10, 5, 1)), *(Duration(one) for one in (100, 50, 10, 1)),
)  # fmt: skip
_MOST = 100_000


def date_interval(buckets: int, low: int, high: int) -> Period | Duration:
    """The finest interval of which at most so many ``buckets`` reach from one instant to another."""
    best = _INTERVALS[0]
    for interval in _INTERVALS[1:]:
        if not _reaches(interval, min(buckets, _MOST), low, high):
            break
        best = interval
    return best


def _reaches(interval: Period | Duration, buckets: int, low: int, high: int) -> bool:
    at = truncate(interval, low)
    for _ in range(buckets):
        at = later(at, interval)
        if at >= high:
            return True
    return False


def number_interval(buckets: float, low: float, high: float) -> float:
    """The interval for numbers: a power of ten, or half of one."""
    precise = (high - low) / buckets if buckets else math.inf
    if not precise > 0 or not math.isfinite(precise):
        return math.nan
    power = 10.0 ** math.ceil(math.log10(precise))
    return power / 2 if precise < power / 2 else power


FUNCTIONS: dict[str, Function] = {
    "bucket": function(
        lambda value, width: finite(math.floor(value / width) * width), NUMERIC, NUMERIC, result="double"
    ),
}
