"""Batches: how events travel from a reader to an engine.

A batch may still be undecoded bytes; who evaluates it asks for the fields it needs, for the rows still in question, and
no more is decoded than that. Batches can be pickled (another process evaluates them), and decode the same there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from detections.errors import Finding
from detections.events.counts import Counts
from detections.events.span import TimeRange

Document: TypeAlias = dict[str, Any]
"""An ECS document: nested objects, dotted keys, or both."""


Report: TypeAlias = Callable[[Finding], None]
"""Told of what is wrong."""

Count: TypeAlias = Callable[[Counts], None]
"""Told of how much was read; what it is told adds up."""


class Share(ABC):
    """Events that one process takes on as a whole. A share can be pickled."""

    @abstractmethod
    def batches(self, report: Report, count: Count) -> Iterator[Batch]:
        """The events. What is wrong with files as such is reported, and the files are counted."""

    def mark(self) -> str:
        """The same for the same share of the same events in another run; empty where nothing says that they are."""
        return ""


@runtime_checkable
class Shared(Protocol):
    """Events that several processes can take on, share by share.

    ``needs_fresh``: they must be read by processes that have nothing of this one; None says the same of processes that
    are started after the first share was asked for.
    """

    @property
    def needs_fresh(self) -> bool | None: ...

    def narrow(self, span: TimeRange) -> None:
        """Leave out, before they are read, files that have no event of a time, as far as their names say so."""
        ...

    def shares(self, jobs: int, *, marked: bool = False) -> Iterator[Share]:
        """What each of so many processes takes next. ``marked``: shares that have a mark, though they be unfair."""
        ...


class Batch(Share):
    """Some thousand events in input order.

    ``ordinal`` puts the batches of one input in order; ``(ordinal << 32) + row`` is an event's position in the input.
    """

    def __init__(self, ordinal: int) -> None:
        self.ordinal = ordinal
        self._told: list[Finding] = []

    def batches(self, report: Report, count: Count) -> Iterator[Batch]:
        yield self

    def expect(self, paths: Sequence[str]) -> None:
        """Be told which paths will be asked for, before any is: they can be had together for less."""
        return

    @abstractmethod
    def __len__(self) -> int:
        """How many events there are (this may decode them)."""

    @abstractmethod
    def column(self, path: str, rows: int) -> tuple[list[Any], int]:
        """A raw value a row for a dotted path, and the rows that the values are of, at least ``rows``: bit ``n`` is
        row ``n``. Elsewhere stands None. The list is the batch's own, and gets more values as more are asked for.

        A raw value is None (nothing there, or null), a scalar, a dict (the path leads to an object) or a list of
        these, arrays on the way flattened, values of ``{"a": {"b": 1}}`` and ``{"a.b": 2}`` put together. A list of
        one means the same as its value, an empty list the same as None. Lists and dicts belong to the batch: they
        are not to be changed. Dicts can be nested as deep as JSON decoders allow (some hundred levels).
        """

    def columns(self, paths: Sequence[str]) -> list[list[Any]]:
        """All values of some paths."""
        self.expect(paths)
        everything = (1 << len(self)) - 1
        return [self.column(path, everything)[0] for path in paths]

    def lacking(self) -> Mapping[str, tuple[int, str]]:
        """Of the paths that were expected those whose values cannot be known in some rows, for lack of what they are
        looked up in: the rows, and what is missing."""
        return {}

    @abstractmethod
    def document(self, row: int) -> Document:
        """One whole event."""

    def documents(self) -> Iterator[Document]:
        """All whole events, in order."""
        return (self.document(row) for row in range(len(self)))

    @property
    def findings(self) -> list[Finding]:
        """What was wrong with the events, as far as they were decoded."""
        return self._told

    def tell(self, finding: Finding) -> None:
        """Add something that who looks at the events found to be wrong with one."""
        self._told.append(finding)

    def counts(self) -> Counts:
        """What the batch holds, in numbers."""
        return Counts(events=len(self))
