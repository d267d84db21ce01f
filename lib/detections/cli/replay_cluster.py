"""``detections replay --on elasticsearch``: over what a cluster has, slice by slice."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detections.cli.on_elasticsearch import named_server
from detections.cli.output import tell as tell_person
from detections.cli.progress import progress
from detections.cli.reading import Done
from detections.cli.resuming import digest
from detections.compile.exceptions import ExceptionLists
from detections.elastic.cluster import Cluster
from detections.elastic.server import Server
from detections.engine.alert import Alert
from detections.errors import Finding, UsageError
from detections.report.count import plural
from detections.rule import Rule, Rules
from detections.schedule import Record, Slice, SlicedReplay
from detections.server import Connection
from detections.values import datemath, limits
from detections.values.dates import format_date

_WIDTH = re.compile("[0-9]{1,9}[smhdw]")
_MOST = limits.SLICES.most


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say. ``start`` and ``end`` in milliseconds, ``width`` like ``1d``."""

    url: str | None
    index: str | None
    any_index: bool
    start: int | None
    end: int | None
    width: str | None
    resume: Path | None

    def events(self) -> tuple[Connection, str, int]:
        """The server, the indices, and the start.

        Raises:
            UsageError: one of them is not given.
        """
        named = named_server(self.url, os.environ)
        if named is None:
            raise UsageError("name the cluster: --elasticsearch URL, or ELASTICSEARCH_URL")
        if self.index is None or self.start is None:
            raise UsageError("say which events: --index and --start")
        return named, self.index, self.start

    def milliseconds(self, start: int, end: int) -> int:
        """How long a slice is.

        Raises:
            UsageError: it is not a duration, or makes too many slices.
        """
        width = self.width or "1d"
        if not _WIDTH.fullmatch(width):
            raise UsageError(f"--slice: '{width}' is not a duration like 30m, 6h or 1d")
        found = datemath.resolve(f"now+{width}", 0)
        if end < start:
            raise UsageError("--end is before --start")
        if not found or (end - start) // found >= _MOST:
            raise UsageError(f"--slice: '{width}' makes more than {_MOST:,} slices; take longer ones")
        return found


def run(
    rules: Rules, asked: Asked, exceptions: ExceptionLists, report: Callable[[Finding], None], done: Done
) -> Generator[Alert]:
    """The alerts. ``done`` counts those of the part that was finished before, too.

    Raises:
        UsageError: the options are wrong, or the record is that of another replay.
        ServerUnavailable, NotAllowed: the cluster does not answer, or not to us.
    """
    named, index, start = asked.events()
    record = Record(asked.resume)
    end = asked.end
    if end is None:
        # A replay that goes on ends where it was to end when it began.
        known = record.replay.get("end")
        end = round(time.time() * 1000) if known is None else _known(known)
    width = asked.milliseconds(start, end)
    with Server(named) as server, progress() as shown:
        cluster = Cluster(server, index, any_index=asked.any_index)
        documents = cluster.count(start, end)
        record.begin(
            {
                "url": cluster.url, "index": cluster.index, "start": format_date(start), "end": format_date(end),
                "slice": width, "rules": digest(rules),
            }
        )  # fmt: skip
        sliced = SlicedReplay(rules, cluster, start, end, report, exceptions)
        pieces = sliced.pieces(width)
        tell_person(f"{plural(documents, 'event')}, {plural(len(pieces), 'slice')}")
        if len(record):
            tell_person(f"{plural(len(record), 'slice')} finished before")
        yield from _alerts(sliced, pieces, record, shown, asked.resume)
    done.alerts = record.alerts


def _alerts(
    sliced: SlicedReplay,
    pieces: list[Slice],
    record: Record,
    shown: Callable[[str], None] | None,
    resume: Path | None,
) -> Generator[Alert]:
    def tell(number: int, rule: Rule) -> None:
        if shown:
            day = "the whole time" if pieces[number].whole else format_date(pieces[number].start)
            shown(f"slice {number + 1} of {len(pieces)}, {day}: {plural(record.alerts, 'alert')} so far; {rule.name}")

    try:
        with contextlib.closing(sliced.run(pieces, record, tell)) as alerts:
            for alert in alerts:
                if shown:
                    shown("")
                yield alert
    except BaseException:
        if shown:
            shown("")
        kept = f"go on with --resume {resume}" if resume else "with --resume FILE it could have gone on from here"
        tell_person(f"{len(record)} of {plural(len(pieces), 'slice')} finished; {kept}")
        raise


def _known(end: Any) -> int:
    try:
        return datemath.resolve(str(end), 0)
    except ValueError:
        raise UsageError("the record of the replay has no end time") from None
