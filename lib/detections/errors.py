"""Errors, findings and places.

An exception means that this run cannot go on; a problem found *in a file* is a :class:`Finding`, a value.

    DetectionsError
    ├── UsageError              wrong arguments or configuration; the command line ends with exit code 2
    ├── SourceError             a file that is not TOML; carries its findings
    ├── RuleError               a TOML file that is not a rule; carries its findings
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
import unicodedata
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
        return printable(f"{self.location}: {self.code} {self.message}{self.times}")

    @property
    def times(self) -> str:
        """`` (12 times)``, empty for a problem found once."""
        return f" ({self.count:,} times)" if self.count > 1 else ""

    def below(self) -> list[str]:
        """What stands below the finding: its line, a caret, the hint."""
        lines: list[str] = []
        if self.excerpt and self.location.column:
            lines += underlined(self.excerpt, self.location.column - 1, self.length)
        return [*lines, printable(self.hint)] if self.hint else lines

    def render(self) -> str:
        """The finding with its line and a caret, over several lines, without colour."""
        return "\n".join([str(self), *(f"    {line}" for line in self.below())])


def printable(text: str) -> str:
    """A text from elsewhere as one line: each character that does not print, and so could break the line, move a cursor
    or turn the reading direction, is shown as its escape (``\\n``, ``\\x1b``, ``\\u202e``)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def underlined(line: str, position: int, length: int, width: int = 160) -> tuple[str, str]:
    """A line, and carets under so many of its characters; of a long line only what is near."""
    start = max(0, min(position - width // 2, len(line) - width))
    stop = start + width
    end = min(position + length, stop)
    before, marked, after = (
        printable(part.replace("\t", "    ")) for part in (line[start:position], line[position:end], line[end:stop])
    )
    return before + marked + after, " " * cells(before) + "^" * max(1, cells(marked))


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class DetectionsError(Exception):
    """Root of everything this package raises on purpose: a message of one line, and ``details`` below it."""

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n    ".join([self.headline, *self.details])

    @property
    def headline(self) -> str:
        """The message, with what was asked of whom."""
        return self.message


class UsageError(DetectionsError):
    """Wrong arguments or a wrong configuration."""


class FindingsError(DetectionsError):
    """Carries findings, which are its text."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(finding.render() for finding in findings))
        self.findings = tuple(findings)


class SourceError(FindingsError):
    """A file that cannot be read as TOML."""


class RuleError(FindingsError):
    """A TOML file that is not a rule."""


class QueryError(DetectionsError):
    """A query that cannot be used.

    ``start`` and ``end`` are offsets into ``query`` in code points (``end`` exclusive, at least ``start + 1``, possibly
    behind the end of the query where something is missing there). ``text`` is what the exception prints, where that is
    not the message with the line and a caret: Kibana has a form of its own.
    """

    def __init__(
        self, message: str, query: str, start: int, end: int | None = None, *, text: str | None = None
    ) -> None:
        self.query = query
        self.start = start
        self.end = max(start + 1, start + 1 if end is None else end)
        super().__init__(message, details=self._underlined())
        self._text = "\n".join([message, *self.details]) if text is None else text

    def __str__(self) -> str:
        return self._text

    def caret(self) -> str:
        """The line of the query that holds the mistake, and a caret under it: as much of it as a finding shows."""
        return "\n".join(self.details)

    def _underlined(self) -> tuple[str, str]:
        begin = self.query.rfind("\n", 0, self.start) + 1
        stop = self.query.find("\n", self.start)
        whole = self.query[begin : len(self.query) if stop < 0 else stop].removesuffix("\r")
        return underlined(whole, self.start - begin, self.end - self.start)


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

    def __init__(self, message: str, *, request: str = "", status: int = 0, details: Sequence[str] = ()) -> None:
        super().__init__(message, details=details)
        self.request = request
        self.status = status

    @property
    def headline(self) -> str:
        answered = f" answered {self.status}" if self.status else ""
        return f"{self.request}{answered}: {self.message}" if self.request else self.message


class ServerUnavailable(ServerError):
    """No answer. ``sent`` says whether the request may have reached the server all the same."""

    def __init__(
        self, message: str, *, request: str = "", status: int = 0, sent: bool = False, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message, request=request, status=status, details=details)
        self.sent = sent


class NotInstalled(ServerUnavailable):
    """What a node of our own is made of cannot be had: a package, or the jars. The message says what to do."""


class TooManyResults(ServerError):
    """A request finds more than one answer holds: ask for less."""


class NotAllowed(ServerError):
    """Authentication failed, or a privilege is missing."""
