"""From a file to a :class:`Document`: ``tomllib`` reads, and what it refuses becomes a finding with its place."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from detections.errors import Finding, Location, SourceError
from detections.source.decode import decode
from detections.source.document import Document, line_starts, locate
from detections.source.files import content_of
from detections.source.scan import MAX_DEPTH, scan

CODE = "toml"

_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MARKS = {
    codecs.BOM_UTF8: "starts with a byte order mark, which TOML does not allow",
    codecs.BOM_UTF16_LE: "is UTF-16, and TOML is UTF-8",
    codecs.BOM_UTF16_BE: "is UTF-16, and TOML is UTF-8",
}
_ENCODING_HINT = "save the file as UTF-8 without a byte order mark"


def read(path: str | os.PathLike[str]) -> Document:
    """The document in a file. Raises SourceError where it cannot be opened, is not a file, not UTF-8 or not TOML."""
    name = os.fspath(path)
    try:
        content = content_of(Path(name))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError([Finding(CODE, f"cannot be read: {reason}", Location(name))]) from error
    return document_of(content, name)


def document_of(content: bytes, path: str) -> Document:
    """The document that a file's content is. Raises SourceError where it is not UTF-8 or not TOML."""
    return parse(_decode(content, path), path)


def unchanged(document: Document) -> bool:
    """Whether a document's file still has the text that it was read from."""
    try:
        return content_of(Path(document.path)) == document.text.encode("utf-8", "surrogatepass")
    except OSError:
        return False


def parse(text: str, path: str) -> Document:
    """The document in a text; ``path`` is only its name. Raises SourceError where the text is not TOML.

    What ``tomllib`` says is what counts. Refused besides: a text without anything in it, and tables or lists nested
    more than MAX_DEPTH deep, on which other readers run out of stack or memory.
    """
    if not text.strip():
        raise SourceError([Finding(CODE, "is empty", Location(path, 1, 1))])
    if _has_long_key(text):
        _refuse_depth(text, path)
    try:
        data = decode(text)
    except RecursionError:
        _refuse_depth(text, path)
        raise
    except ValueError as error:
        raise SourceError([_refusal(str(error), text, path)]) from error
    if is_deep(data):
        _refuse_depth(text, path)
    return Document(path, text, data)


def _decode(content: bytes, path: str) -> str:
    for mark, message in _MARKS.items():
        if content.startswith(mark):
            raise SourceError([Finding(CODE, message, Location(path, 1, 1), hint=_ENCODING_HINT)])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        location = locate(path, line_starts(before), len(before))
        message = f"is not UTF-8: byte {content[error.start]:#04x} at offset {error.start}"
        raise SourceError([Finding(CODE, message, location, hint=_ENCODING_HINT)]) from error


def _has_long_key(text: str) -> bool:
    """Whether a line has dots enough for a dotted key that is too deep; ``tomllib`` would take memory without end."""
    return text.count(".") > MAX_DEPTH and any(line.count(".") > MAX_DEPTH for line in text.split("\n"))


def is_deep(data: Mapping[str, Any], most: int = MAX_DEPTH) -> bool:
    """Whether tables and lists are nested more than ``most`` deep."""
    level: list[Any] = [data]
    for _ in range(most + 1):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _refuse_depth(text: str, path: str) -> None:
    """Raises SourceError if the text is nested too deeply."""
    too_deep = scan(text).too_deep
    if too_deep is not None:
        _refuse(f"is nested more than {MAX_DEPTH} levels deep", text, path, too_deep)


def _refuse(message: str, text: str, path: str, offset: int) -> NoReturn:
    starts = line_starts(text)
    location = locate(path, starts, offset)
    raise SourceError([_at(message, text, location)])


def _refusal(message: str, text: str, path: str) -> Finding:
    """What ``tomllib`` said, as a finding."""
    where = _WHERE.search(message)
    starts = line_starts(text)
    if where is None:  # int() refuses a number of many thousand digits, and does not know where it was
        digits = max(
            scan(text).root.leaves(), key=lambda place: (text[place.start] not in "\"'", place.end - place.start)
        )
        return _at("has a number with too many digits", text, locate(path, starts, digits.start))
    location = Location(path, int(where[1]), int(where[2])) if where[1] else locate(path, starts, len(text))
    message = message[: where.start()]
    if message == "Cannot overwrite a value":
        repeated = [place for offset in scan(text).repeated if (place := locate(path, starts, offset)) <= location]
        if repeated:  # tomllib points behind the second value
            return _at("has this key twice", text, repeated[0])
    return _at(message[:1].lower() + message[1:], text, location)


def _at(message: str, text: str, location: Location) -> Finding:
    lines = text.split("\n", location.line)
    excerpt = lines[location.line - 1].rstrip("\r") if location.line <= len(lines) else ""
    return Finding(CODE, message, location, excerpt=excerpt)
