"""Sending again what failed and is safe to repeat.

The retries of elastic_transport and urllib3 do not fit: they are over in milliseconds, ignore Retry-After, or repeat
what must not be repeated.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeVar

from detections.errors import ServerUnavailable
from detections.server.wire import Lost

T = TypeVar("T")
RETRIED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Backoff:
    """How patient we are: ``tries`` in all, waits that double from ``first`` seconds to at most ``longest``.

    A server's Retry-After is obeyed up to ``longest_asked`` seconds; one that asks for more ends the tries. ``sleep``
    and ``clock`` are there for tests.
    """

    tries: int = 5
    first: float = 0.5
    longest: float = 20.0
    longest_asked: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def wait(self, attempt: int, answer: Answer | None = None) -> float | None:
        """Seconds to wait after a failed attempt (counted from 0), None for no more."""
        if attempt + 1 >= self.tries:
            return None
        asked = None if answer is None else answer.seconds(self.clock)
        if asked is not None:
            return asked if asked <= self.longest_asked else None
        grown = min(self.longest, self.first * 2.0**attempt)
        return grown * random.uniform(0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a request may be tried again: the status, and the headers Retry-After and Date that came with it."""

    status: int
    retry_after: str | None = None
    date: str | None = None

    def seconds(self, clock: Callable[[], float]) -> float | None:
        """How long the server asks to wait: a number of seconds, or until a date.

        A date is measured from the server's own Date: its clock may be another than ours.
        """
        if self.retry_after is None:
            return None
        text = self.retry_after.strip()
        if text.isascii() and text.isdigit():
            return float(text)
        until = _instant(text)
        if until is None:
            return None
        now = _instant(self.date or "")
        return max(0.0, until - (clock() if now is None else now))


def _instant(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date; one without a zone is UTC."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def patiently(
    attempt: Callable[[], T], judge: Callable[[T], Answer | None], backoff: Backoff, *, repeatable: bool, what: str
) -> T:
    """The value of the first attempt that needs no repeating, or of the last one.

    ``judge`` returns None for a value to keep, else why it may be tried again (an Answer with one of :data:`RETRIED`).
    429 was refused before anything was done and is always tried again; 502 to 504, a dropped connection and a timeout
    only where the request is ``repeatable``. ``what`` names the request in errors (``POST /_search``).

    Raises:
        ServerUnavailable: no connection, or none that lasted, after the last try.
    """
    number = 0
    while True:
        wait: float | None
        try:
            value = attempt()
        except Lost as lost:
            wait = backoff.wait(number) if (repeatable or not lost.sent) and not lost.final else None
            if wait is None:
                raise ServerUnavailable(lost.why, request=what, sent=lost.sent) from None
        else:
            again = judge(value)
            wait = None
            if again is not None and again.status in RETRIED and (repeatable or again.status == 429):
                wait = backoff.wait(number, again)
            if wait is None:
                return value
        backoff.sleep(wait)
        number += 1
