"""The HTTP client of both servers: what is safe to repeat is repeated, and every error is one line without a secret."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from detections.errors import NotAllowed, ServerError, ServerUnavailable, printable
from detections.server.connection import Connection
from detections.server.mask import Mask
from detections.server.response import Form, Response
from detections.server.send import RETRIED, Answer, Backoff, patiently
from detections.server.wire import Wire

Query = Mapping[str, str | int | bool | None]
_LONGEST = 1000
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Http:
    """Sends requests to one server. ``close`` it, or use it in a ``with``.

    ``words`` is what an answer of this server's that is an error says.
    """

    def __init__(
        self, connection: Connection, words: Callable[[Response], str], backoff: Backoff | None = None
    ) -> None:
        """Nothing is sent yet. Raises UsageError for a CA file that is not there."""
        self.url = connection.url
        self.backoff = backoff or Backoff()
        self._words = words
        self._timeout = connection.timeout
        self._mask = Mask(connection.secrets)
        self._wire = Wire(connection)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def send(
        self, method: str, path: str, *, query: Query | None = None, content: bytes | None = None,
        headers: Mapping[str, str] | None = None, repeatable: bool | None = None, timeout: float = 0.0,
        form: Form = "json", name: str = "",
    ) -> Response:  # fmt: skip
        """Send a request, again and again where that is safe, and give the last answer, whatever its status.

        ``repeatable`` says that sending it twice does what sending it once does; None: GET, PUT and DELETE are, POST is
        not. ``timeout`` is in seconds, where the connection's is too short for this request. ``form`` is what the body
        of the answer is to be. ``name`` takes the place of the path in messages about the answer.

        Raises:
            ServerUnavailable: there is no answer.
        """
        request = f"{method} {name or path}"
        target = quote(path, safe="/,*") + _query(query or {})
        limit = max(self._timeout, timeout)
        tries = itertools.count(1)

        def attempt() -> Response:
            number = next(tries)
            raw = self._wire.send(method, target, content, headers or {}, limit)
            return Response.of(raw, request, form, number, self.clean)

        again = method in _SAFE if repeatable is None else repeatable
        return patiently(attempt, _judge, self.backoff, repeatable=again, what=f"{method} {self.url}{path}")

    def error(self, response: Response, hint: str = "") -> ServerError:
        """The error an answer stands for; of its text, what a person can use, and the hint behind it."""
        message = self.clean(self._words(response)) + (f"; {hint}" if hint else "")
        request, status = response.request, response.status
        if status == 401:
            return NotAllowed(f"authentication failed: {message}", request=request, status=status)
        if status == 403:
            return NotAllowed(f"a privilege is missing: {message}", request=request, status=status)
        if status in RETRIED:
            return ServerUnavailable(message, request=request, status=status, sent=status != 429)
        return ServerError(message, request=request, status=status)

    def clean(self, text: str) -> str:
        """A server's text for a person: one line, no secret, not too long."""
        text = printable(self._mask(" ".join(text.split())))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _judge(response: Response) -> Answer | None:
    """Why a request may be tried again: the status of its answer, or an answer that ends too early."""
    if response.status in RETRIED:
        return Answer(response.status, response.headers.get("retry-after"), response.headers.get("date"))
    return Answer(502) if response.ok and response.is_cut else None


def _query(query: Query) -> str:
    texts = {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in query.items()
        if value is not None
    }
    return f"?{urlencode(texts)}" if texts else ""
