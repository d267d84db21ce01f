"""Sending requests, and sending again what failed and is safe to repeat.

elastic_transport brings TLS, pooling and timeouts; its own retries are switched off: they are over in milliseconds,
take no notice of Retry-After and repeat what must not be repeated.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import elastic_transport

from detections.errors import ServerError, ServerUnavailable

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

    def wait(self, attempt: int, asked: str | None) -> float | None:
        """Seconds to wait after a failed attempt (counted from 0), None for no more."""
        if attempt + 1 >= self.tries:
            return None
        if asked is not None and (seconds := self._seconds(asked)) is not None:
            return seconds if seconds <= self.longest_asked else None
        grown = min(self.longest, self.first * 2.0**attempt)
        return grown * random.uniform(0.5, 1.0)

    def _seconds(self, asked: str) -> float | None:
        """Retry-After is a number of seconds, or a date."""
        if asked.strip().isdigit():
            return float(asked)
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - self.clock())
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt brought: a value, or a status that says to come back, with what the server asked for."""

    status: int
    retry_after: str | None = None


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
        try:
            value = attempt()
        except elastic_transport.ConnectionError as error:
            wait = backoff.wait(number, None) if repeatable or _refused(error) else None
            if isinstance(error, elastic_transport.TlsError) or wait is None:
                raise ServerUnavailable(_why(error), request=what, sent=not _refused(error)) from None
        except elastic_transport.ConnectionTimeout:
            wait = backoff.wait(number, None) if repeatable else None
            if wait is None:
                raise ServerUnavailable("no answer in time", request=what, sent=True) from None
        except elastic_transport.TransportError as error:
            raise ServerError(str(error.message), request=what) from None
        else:
            again = judge(value)
            wait = None
            if again is not None and again.status in RETRIED and (repeatable or again.status == 429):
                wait = backoff.wait(number, again.retry_after)
            if wait is None:
                return value
        backoff.sleep(wait)
        number += 1


def _refused(error: elastic_transport.TransportError) -> bool:
    """Whether no connection was made at all, so that nothing can have been done."""
    return any(word in str(error) for word in ("NewConnectionError", "NameResolutionError", "Connection refused"))


def _why(error: elastic_transport.TransportError) -> str:
    text = str(error)
    if isinstance(error, elastic_transport.TlsError):
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return "its certificate is not trusted: name the authority's CA file"
        return "no TLS connection can be made: is the URL's scheme right?"
    if "NameResolutionError" in text:
        return "the host's name is not known"
    if "refused" in text or "NewConnectionError" in text:
        return "nothing answers there: is it running, and the URL right?"
    return "the connection was dropped"
