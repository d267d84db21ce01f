"""What a server answered, decoded once: a body that is not what was asked for ends here, in one line."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from detections.errors import ServerError, ServerUnavailable
from detections.server.wire import Raw

T = TypeVar("T")
Form = Literal["json", "ndjson", "text"]
"""What a body is to be: one JSON value, one a line, or lines of text (which Kibana calls ndjson, too)."""

_TITLE = re.compile(rb"<title[^>]*>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)
_REDIRECTS = range(300, 400)
_MIMES: Mapping[Form, tuple[str, ...]] = {
    "json": ("application/json",), "ndjson": ("application/ndjson", "application/x-ndjson"),
    "text": ("application/ndjson",),
}  # fmt: skip
_NAMES: Mapping[Form, str] = {"json": "JSON", "ndjson": "ndjson", "text": "text"}
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Why a body is not what it should be. ``cut``: it ends too early."""

    reason: str
    cut: bool = False


def decode(body: bytes, form: Form) -> Any:
    """A body in a form: a JSON value, a list of them, or a list of lines without the empty ones; else an Undecoded.

    Nothing else is raised by what a server may send: broken UTF-8 and JSON, numbers out of range and a nesting that no
    decoder holds end here.
    """
    try:
        if form == "text":
            return [line for line in body.decode().split("\n") if line]
        if form == "ndjson":
            return [msgspec.json.decode(line) for line in body.splitlines() if line.strip()]
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        return Undecoded(f"invalid UTF-8 at byte {error.start}")
    except msgspec.MsgspecError as error:
        text = str(error)
        return Undecoded(text, cut="truncated" in text)
    except RecursionError:
        return Undecoded("it is nested too deeply")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status. ``request`` is method and path, for messages; ``value`` is the body as
    :func:`decode` gives it; ``tries`` is how often the request was sent; ``clean`` makes text fit for a person."""

    request: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    value: Any = field(repr=False)
    form: Form = "json"
    tries: int = 1
    clean: Callable[[str], str] = field(default=str, repr=False)

    @classmethod
    def of(cls, raw: Raw, request: str, form: Form, tries: int, clean: Callable[[str], str]) -> Response:
        """An error is JSON whatever was asked for."""
        form = form if 200 <= raw.status < 300 else "json"
        return cls(request, raw.status, raw.headers, raw.body, decode(raw.body, form), form, tries, clean)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_cut(self) -> bool:
        """Whether the body is of the right kind and ends too early, as when a connection is dropped behind a proxy."""
        return isinstance(self.value, Undecoded) and self.value.cut and bool(self.body) and self._has_mime

    @property
    def _has_mime(self) -> bool:
        mime = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return mime in _MIMES[self.form] or (self.form == "json" and mime.endswith("+json"))

    def decoded(self) -> Any:
        """The value.

        Raises:
            ServerUnavailable: the body was cut off.
            ServerError: it is something else, a proxy's page for one.
        """
        if self.form == "text" and not self._has_mime:
            raise self.foreign()
        if not isinstance(self.value, Undecoded):
            return self.value
        if not self._has_mime or self.body.lstrip()[:1] == b"<":
            raise self.foreign()
        if self.value.cut:
            raise self.cut_off()
        raise self.unexpected(_NAMES[self.form], self.value.reason)

    def read(self, kind: type[T], what: str) -> T:
        """The value as one of a type: what the type names is there and of its types; other keys are passed over.

        ``what`` says what is expected, for the message (``a list of spaces``).

        Raises:
            ServerUnavailable, ServerError: as :meth:`decoded`, or the value is something else.
        """
        return self.convert(self.decoded(), kind, what)

    def convert(self, value: Any, kind: type[T], what: str) -> T:
        """A part of the value as one of a type; see :meth:`read`."""
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise self.unexpected(what, str(error)) from None

    def cut_off(self) -> ServerUnavailable:
        """The error of an answer that ends too early."""
        return ServerUnavailable("the answer was cut off", request=self.request, status=self.status, sent=True)

    def unexpected(self, what: str, reason: str = "") -> ServerError:
        """The error of an answer that is not what was asked for."""
        text = f"the answer is not {what}{f': {reason}' if reason else ''}"
        return ServerError(self.clean(text), request=self.request, status=self.status)

    def foreign(self) -> ServerError:
        """The error of an answer that comes from something else, a proxy's page for one."""
        text = f"{self.clean(self.other_than_json())}; is the URL right, with its base path?"
        return ServerError(text, request=self.request, status=self.status)

    def other_than_json(self) -> str:
        """What a body is that is not JSON, for a person."""
        if self.status in _REDIRECTS:
            return f"it redirects to {self.headers.get('location') or 'nowhere'}"
        if not self.body:
            return "the answer is empty"
        if title := _TITLE.search(self.body):
            return f"an HTML page, '{html.unescape(title[1].decode(errors='replace')).strip()}'"
        if self.body.lstrip()[:1] == b"<":
            return "an HTML page"
        return self.body[:_SHOWN].decode(errors="replace")
