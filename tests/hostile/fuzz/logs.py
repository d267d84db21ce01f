"""Files of events: NDJSON, JSON, raw CloudTrail and gzip; read whole, and replayed and searched."""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import detections
from detections.api import SearchResult
from detections.compile.exceptions import ExceptionLists, Values
from detections.compile.planner import plan
from detections.engine import Embedded
from detections.errors import EventsError, NotEvaluated
from detections.events import read
from detections.plan import Plan
from detections.plan.window import Window
from detections.rule import load_rules
from fuzz import raw as raw_samples
from fuzz.boundary import REPO
from fuzz.mutate import MOST, broken, encoded, reshaped, words
from fuzz.queries import events
from fuzz.shown import shown
from made_rules import new_terms, rule_of

_VOCABULARY = (
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "null",
    "true",
    "1e400",
    "-",
    "\n",
    "\r\n",
    "\x1e",
    '{"Records":[',
    "]}",
    "}{",
)


@functools.cache
def records() -> list[dict[str, Any]]:
    """Raw records of CloudTrail."""
    return [json.loads(path.read_text()) for path in sorted((REPO / "tests/events/cloudtrail").glob("*.json"))]


@functools.cache
def tasks() -> list[tuple[Plan, Window]]:
    """A plan of each kind that is evaluated: those of the project, and some over what attackers write."""
    rules = [
        *load_rules(REPO / "rules"),
        rule_of(
            'type = "query"\nlanguage = "kuery"\nquery = "name: a* or ip: 1.2.3.4 or port > 1 or params.a.b: *"', "q"
        ),
        rule_of(new_terms("name: *", '"name", "ip", "port"', "now-1d"), "n"),
        rule_of(
            'type = "eql"\nlanguage = "eql"\nquery = "sequence by name [any where true] [any where port > 0]"', "e"
        ),
        rule_of('type = "eql"\nlanguage = "eql"\nquery = "sample by ip [any where true] [any where true]"', "s"),
        rule_of(
            'type = "esql"\nlanguage = "esql"\nquery = "FROM logs-* METADATA _id | WHERE LENGTH(name) > 1"',
            "l",
            index="",
        ),
    ]
    items = {("single", "l"): raw_samples.EXCEPTIONS_OF_IT}
    lists = ExceptionLists(items, {"v": Values("ip_range", ("1.2.3.0/24", "10.0.0.1-10.0.0.9"))})
    made = []
    for rule in rules:
        with contextlib.suppress(NotEvaluated):
            made.append((plan(rule, exceptions=lists), Window()))
    return made


@dataclass(frozen=True)
class Log:
    """One form of files of events."""

    form: str

    @property
    def name(self) -> str:
        return f"events_{self.form}"

    def make(self, rng: random.Random) -> bytes:
        raw = raw_samples.RECORDS if self.form == "sources" else records()
        things = [_some(rng, raw) for _ in range(rng.choice((0, 1, 2, 2, 5, 9)))]
        lines = [encoded(thing, indent=rng.choice((None, None, None, 1))) for thing in things]
        form = self.form if self.form != "gzip" else rng.choice(("ndjson", "json", "cloudtrail"))
        if form in ("ndjson", "sources"):
            data = rng.choice((b"\n", b"\n", b"\r\n", b"", b" ", b"\x1e", b",\n")).join(lines)
        elif form == "json":
            data = b"[" + b",\n".join(lines) + b"]"
        else:
            data = b'{"Records":[' + b",".join(lines) + b"]}"
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            if rng.random() < 0.5:
                data = broken(data, rng)
            else:
                text = data.decode("utf-8", "surrogateescape")
                data = words(text, rng, _VOCABULARY, lambda text=text: text).encode("utf-8", "surrogatepass")
        data = data[: 5 * MOST]
        if self.form == "gzip":
            data = gzip.compress(data, 1, mtime=0) * rng.choice((1, 1, 1, 2))
            if rng.random() < 0.6:
                data = broken(data, rng)
        return data

    def run(self, data: bytes, folder: Path) -> None:
        path = folder / ("log.json.gz" if self.form == "gzip" else "log.json")
        path.write_bytes(data)
        findings: list[detections.Finding] = []
        with contextlib.suppress(EventsError):
            read_ = list(detections.read_events(path, report=findings.append))
            shown("search", SearchResult(events=read_))
        assert all(str(finding) for finding in findings)
        small = len(data) % 3
        batches = read([path], findings.append, size=1 << 8 if small == 0 else 1 << 22)
        shown("alerts", list(Embedded(report=findings.append).run(tasks(), batches)))
        shown("check", findings, ())


def _some(rng: random.Random, raw: Sequence[Any]) -> Any:
    """An event, perhaps with something wrong in it."""
    thing = json.loads(json.dumps(rng.choice(raw if rng.random() < 0.6 else events())))
    for _ in range(rng.choice((0, 1, 1, 3))):
        thing = reshaped(thing, rng)
    return thing


BOUNDARIES = tuple(Log(form) for form in ("ndjson", "json", "cloudtrail", "gzip", "sources"))
