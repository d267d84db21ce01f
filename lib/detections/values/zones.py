"""Time zones: by offset (``+02:00``, ``UTC-5``), or by name (``Europe/Paris``) as far as the machine knows them."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from detections.values.dates import parse_zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)
_CYCLE = 146_097 * 86_400_000
"""Milliseconds after which the calendar repeats itself."""
_YEAR_2 = -62_104_060_800_000
_YEAR_9998 = 253_339_228_800_000


@dataclass(frozen=True, slots=True)
class Zone:
    """``offset``: of an instant, how far the clocks are before UTC. ``utc``: the instant at which clocks show a time;
    one that they skip is as much later, of one that they show twice it is the first. All in milliseconds."""

    offset: Callable[[int], int]
    utc: Callable[[int], int]

    def local(self, instant: int) -> int:
        """What the clocks show, as if it were UTC."""
        return instant + self.offset(instant)


@functools.lru_cache(maxsize=64)
def zone(name: str) -> Zone | None:
    """A zone by its name or offset; None where there is none."""
    fixed = parse_zone(name)
    if fixed is not None:
        return Zone(lambda instant: fixed, lambda local: local - fixed)
    try:
        found = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None

    def offset(instant: int) -> int:
        return _milliseconds((_EPOCH + timedelta(milliseconds=_in_range(instant))).astimezone(found).utcoffset())

    def utc(local: int) -> int:
        at = (_LOCAL_EPOCH + timedelta(milliseconds=_in_range(local))).replace(tzinfo=found)
        return local - _milliseconds(at.utcoffset())

    return Zone(offset, utc)


def _in_range(instant: int) -> int:
    """The same place in the calendar, within the years that Python has."""
    return instant if _YEAR_2 <= instant < _YEAR_9998 else instant % _CYCLE


def _milliseconds(offset: timedelta | None) -> int:
    return 0 if offset is None else offset // timedelta(milliseconds=1)
