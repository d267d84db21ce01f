"""One request over the wire, once: urllib3's TLS and open connections, one deadline for all of it, and a bound for what
is read."""

from __future__ import annotations

import functools
import http.client
import io
import socket
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elastic_transport import Urllib3HttpNode
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from detections.server.connection import Connection
from detections.values import limits

MAX_ANSWER = limits.ANSWER.most
"""Bytes of one answer, decompressed."""
_PIECE = 1024 * 1024
_SOONEST = 0.001
_DROPPED = (http.client.RemoteDisconnected, http.client.IncompleteRead)


class Lost(Exception):
    """There is no answer. ``sent``: the request may have reached the server; ``final``: another try fares no better."""

    def __init__(self, why: str, *, sent: bool = True, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
        self.final = final


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back; the names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """The connections to one server."""

    def __init__(self, connection: Connection) -> None:
        """Raises UsageError for a CA file that is not there."""
        config = connection.node()
        self._prefix = config.path_prefix
        self._headers = connection.headers
        self._node = Urllib3HttpNode(config)  # for its TLS; it sends nothing here, and so logs nothing
        self._pool = self._node.pool
        self._pool.ConnectionCls = _Secure if config.scheme == "https" else _Plain

    def close(self) -> None:
        """Close the connections."""
        self._node.close()

    def send(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str], timeout: float) -> Raw:
        """Send a request once. ``timeout`` is in seconds, for the whole of it: a server that gives a byte now and then
        is no faster than one that gives none. A redirect is an answer like any other: it is not followed.

        Raises:
            Lost: there is no answer, none in time, or one larger than MAX_ANSWER.
        """
        try:
            response = self._pool.urlopen(
                method, self._prefix + target, body=content, headers={**headers, **self._headers}, retries=False,
                redirect=False, timeout=Timeout(total=timeout), preload_content=False,
            )  # fmt: skip
            return Raw(response.status, {k.lower(): v for k, v in response.headers.items()}, _body(response))
        except (HTTPError, http.client.HTTPException, OSError, ValueError, zlib.error) as error:
            raise _lost(error) from None


def _body(response: BaseHTTPResponse) -> bytes:
    """All of an answer, at most MAX_ANSWER bytes of it."""
    whole = False
    try:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        body = b"".join(_bounded(_pieces(response, encoding)))
        whole = True
    finally:
        if not whole:
            response.close()  # what is still to come would be taken for the answer to the next request
        response.release_conn()
    return body


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_ANSWER:
            raise Lost(f"the answer is larger than {MAX_ANSWER:,} bytes, the most that is read", final=True)
        yield piece


def _pieces(response: BaseHTTPResponse, encoding: str) -> Iterator[bytes]:
    """A body, decompressed. No compression is asked for, but a proxy may have its own mind; urllib3 would not see that
    a compressed body ends too early."""
    if encoding in ("identity", ""):
        while piece := response.read(_PIECE, decode_content=False):
            yield piece
        return
    if encoding != "gzip":
        raise Lost("the answer is compressed in an unknown way", final=True)
    gzip = zlib.decompressobj(wbits=31)
    while piece := response.read(_PIECE, decode_content=False):
        while piece:
            yield gzip.decompress(piece, _PIECE)
            piece = gzip.unconsumed_tail
        if gzip.unused_data:
            raise Lost("the answer is not the gzip that it claims to be")
    if not gzip.eof:
        raise Lost("the answer was cut off")


class _Timed(io.RawIOBase):
    """What a socket reads until an instant of the monotonic clock. A timeout of the socket's own is for each piece."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw = raw
        self._socket = sock
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(max(left, _SOONEST))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer whose status, headers and body have to come before one deadline."""

    def __init__(self, sock: socket.socket, *args: Any, until: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, until))


class _Deadline(HTTPConnection):
    def getresponse(self) -> Any:
        """urllib3 has set ``timeout`` to what is left for reading, less the time that connecting and sending took."""
        assert isinstance(self.timeout, int | float)
        until = time.monotonic() + self.timeout
        self.response_class = functools.partial(_Response, until=until)  # type: ignore[assignment]  # it is only called
        return super().getresponse()


class _Plain(_Deadline):
    pass


class _Secure(_Deadline, HTTPSConnection):
    pass


def _lost(error: Exception) -> Lost:
    cause = error.args[-1] if error.args and isinstance(error.args[-1], Exception) else None
    if isinstance(error, NameResolutionError):
        return Lost("the host is unknown", sent=False, final=True)
    if isinstance(error, NewConnectionError):
        return Lost("cannot connect: is the server running, and the URL right?", sent=False)
    if isinstance(error, ConnectTimeoutError):
        return Lost("no connection in time", sent=False)
    if isinstance(error, ReadTimeoutError | TimeoutError):
        return Lost("no answer in time")
    if isinstance(error, SSLError):
        return Lost(_tls(str(error)), sent=False, final=True)
    if isinstance(error, zlib.error):
        return Lost("the answer is not the gzip that it claims to be")
    for reason in (error, cause):
        if isinstance(reason, http.client.HTTPException) and not isinstance(reason, _DROPPED):
            return Lost("the answer is not HTTP: is the URL right?")
    return Lost("the connection was dropped")


def _tls(text: str) -> str:
    if "mismatch" in text or "doesn't match" in text:
        return "its certificate is for another host"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted: name the authority's CA file"
    return "TLS handshake failed: is the URL's scheme right?"
