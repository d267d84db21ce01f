"""A made-up month of CloudTrail with planted events: a file a day, as S3 delivers it, and what is to be found in it.

``python bench/made/month.py FOLDER`` writes the month, and prints what was planted.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from made.events import RECORDS, records

DAYS = 30
QUIET = 300
"""Records of a day that no rule is about."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The record of a file below tests/events, so many times on each day, for a rule of this name; ``alerts`` are those
    it is to raise, by day, where that is not one a record."""

    rule: str
    record: str
    days: Mapping[int, int]
    alerts: Mapping[int, int] = field(default_factory=dict)

    @property
    def expected(self) -> Mapping[int, int]:
        return self.alerts or self.days


PLANTED = (
    Planted("AWS EC2 Network Access Control List Creation", "create_network_acl", {3: 1, 17: 40, 30: 2}),
    Planted("AWS EC2 Serial Console Access Enabled", "enable_serial_console_access", {1: 1}),
    Planted("AWS EKS Cluster Created or Deleted", "delete_cluster", {day: day % 3 for day in range(1, DAYS + 1)}),
    Planted("AWS EC2 Snapshot Shared Externally", "modify_snapshot_attribute", {8: 3, 9: 1}),
    Planted("AWS EC2 Route Table Created", "create_route_table", {5: 4, 6: 1, 29: 2}, {5: 1}),
)
"""The last is a rule of new terms: one user, who is new once in a replay of the whole month."""


def write(folder: Path, seed: int = 24) -> None:
    """The month, gzipped files of one day each; where in a day a planted record stands is drawn by lot."""
    chance = random.Random(seed)
    quiet = records(DAYS * QUIET, seed, loud=0)
    for day in range(1, DAYS + 1):
        some = [*itertools.islice(quiet, QUIET), *_planted(day)]
        chance.shuffle(some)
        for number, record in enumerate(some):
            seconds = number * 86_400 // len(some)
            when = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
            record |= {"eventTime": f"2026-04-{day:02}T{when}Z", "eventID": f"{day:02}-{number}"}
        text = json.dumps({"Records": some}, separators=(",", ":"))
        (folder / f"2026-04-{day:02}.json.gz").write_bytes(gzip.compress(text.encode(), 1))


def _planted(day: int) -> Iterator[dict[str, Any]]:
    for planted in PLANTED:
        record = json.loads((RECORDS / f"{planted.record}.json").read_text())
        yield from (dict(record) for _ in range(planted.days.get(day, 0)))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    for one in PLANTED:
        print(f"{sum(one.expected.values()):4} alerts on {sum(map(bool, one.expected.values())):2} days  {one.rule}")
