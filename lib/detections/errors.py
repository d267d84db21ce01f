"""Errors, findings and places.

An exception means that this run cannot go on; a problem found *in a file* is a :class:`Finding`, a value.

    DetectionsError
    ├── UsageError              wrong arguments or configuration; the command line ends with exit code 2
    ├── SourceError             a file that is no TOML; carries its findings
    ├── RuleError               a TOML file that is no rule; carries its findings
    ├── QueryError              a query that cannot be used; carries the query, a span and a caret
    │   ├── QuerySyntaxError    the text is not of its language
    │   └── QueryTypeError      it parses, but the fields refuse it: Elasticsearch would answer with an error
    ├── NotEvaluated            sound, but nothing in this process can evaluate it; carries the reason
    ├── EventsError             events that cannot be read at all (a file that is not there, no event in it)
    ├── WorkerLost              a process of --jobs was killed
    └── ServerError             Elasticsearch or Kibana answered with an error; carries the request and the status
        ├── ServerUnavailable   no answer: not there, not trusted, dropped, too slow
        │   └── NotInstalled    an Elasticsearch of our own cannot be had on this machine; the message says what to do
        ├── TooManyResults      it finds more than one answer holds
        └── NotAllowed          401 or 403: wrong credentials, or a privilege is missing
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How much a finding matters: an error fails the run, a warning only does so with ``--strict``, a note never."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def fails(self, strict: bool) -> bool:
        return self is Level.ERROR or (strict and self is Level.WARNING)


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file. ``line`` and ``column`` count from 1, columns in code points; 0 where unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem found in a file.

    ``code`` is the name of the check (``query-syntax``), the word used to silence it. ``excerpt`` is the line of the
    file, ``length`` how many characters of it, from the location's column, the caret underlines (at least 1).
    ``hint`` says what to do, where something can be said. ``count`` is how many times the problem was found, where
    that is told once for a whole file.
    """

    code: str
    message: str
    location: Location
    level: Level = Level.ERROR
    excerpt: str = ""
    length: int = 1
    hint: str = ""
    count: int = 1

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.location}: {self.code} {self.message}{times}"

    def render(self) -> str:
        """The finding with its line and a caret, over several lines, without colour."""
        lines = [str(self)]
        if self.excerpt and self.location.column:
            lines += [f"    {line}" for line in _underlined(self.excerpt, self.location.column - 1, self.length)]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


def printable(text: str) -> str:
    """A line of foreign text: a character that does not print, and could move a cursor, is shown as U+FFFD."""
    return "".join(c if c == "\t" or c.isprintable() else "\ufffd" for c in text)


def _underlined(line: str, position: int, length: int, width: int = 160) -> tuple[str, str]:
    """A line, and carets under so many of its characters.

    Of a long line only what is near; a character that does not print is shown as U+FFFD.
    """
    start = max(0, min(position - width // 2, len(line) - width))
    part = line[start : start + width]
    caret = position - start
    pad = "".join("\t" if character == "\t" else " " for character in part[:caret])
    return printable(part), f"{pad}{'^' * max(1, min(length, len(part) - caret))}"


class DetectionsError(Exception):
    """Root of everything this package raises on purpose."""


class UsageError(DetectionsError):
    """Wrong arguments or a wrong configuration."""


class _Findings(DetectionsError):
    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(finding.render() for finding in findings))
        self.findings = tuple(findings)


class SourceError(_Findings):
    """A file that cannot be read as TOML."""


class RuleError(_Findings):
    """A TOML file that is no rule."""


class QueryError(DetectionsError):
    """A query that cannot be used.

    ``start`` and ``end`` are offsets into ``query`` in code points (``end`` exclusive, at least ``start + 1``, possibly
    behind the end of the query where something is missing there). ``text`` is what the exception prints, where that is
    not the message with the line and a caret: Kibana has a form of its own.
    """

    def __init__(
        self, message: str, query: str, start: int, end: int | None = None, *, text: str | None = None
    ) -> None:
        self.message = message
        self.query = query
        self.start = start
        self.end = max(start + 1, start + 1 if end is None else end)
        super().__init__(f"{message}\n{self.caret()}" if text is None else text)

    def caret(self) -> str:
        """The line of the query that holds the mistake, and a caret under it: as much of it as a finding shows."""
        begin = self.query.rfind("\n", 0, self.start) + 1
        stop = self.query.find("\n", self.start)
        whole = self.query[begin : len(self.query) if stop < 0 else stop].removesuffix("\r")
        return "\n".join(_underlined(whole, self.start - begin, self.end - self.start))


class QuerySyntaxError(QueryError):
    """The text is not of its language."""


class QueryTypeError(QueryError):
    """The query parses, but the types of its fields refuse it: Elasticsearch would answer with an error."""


class NotEvaluated(DetectionsError):
    """Sound, but nothing in this process can evaluate it. The message is the reason; ``span`` the part of the query
    that it speaks of, where that is known."""

    def __init__(self, reason: str, span: tuple[int, int] | None = None) -> None:
        self.span = span
        super().__init__(reason)


class EventsError(DetectionsError):
    """Events that cannot be read at all."""


class WorkerLost(DetectionsError):
    """A process that evaluates events was killed. The message names it."""


class ServerError(DetectionsError):
    """A server answered with an error. ``request`` is its method and path, ``status`` the HTTP status (0: none).

    The message never holds a secret: whoever raises it leaves headers and the user part of URLs out.
    """

    def __init__(self, message: str, *, request: str = "", status: int = 0) -> None:
        self.message = message
        self.request = request
        self.status = status
        answered = f" answered {status}" if status else ""
        super().__init__(f"{request}{answered}: {message}" if request else message)


class ServerUnavailable(ServerError):
    """No answer. ``sent`` says whether the request may have reached the server all the same."""

    def __init__(self, message: str, *, request: str = "", status: int = 0, sent: bool = False) -> None:
        super().__init__(message, request=request, status=status)
        self.sent = sent


class NotInstalled(ServerUnavailable):
    """What a node of our own is made of cannot be had: a package, or the jars. The message says what to do."""


class TooManyResults(ServerError):
    """A request finds more than one answer holds: ask for less."""


class NotAllowed(ServerError):
    """The server knows us not, or not well enough."""
