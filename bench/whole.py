"""Whether the alerts over projected events are those over whole ones, on 100,000 made events or as many as said.

``python bench/whole.py [EVENTS]``: raw CloudTrail, with all rules of the project. Whole events are made one by one: a
million takes some minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from made.events import deliver

import detections
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.events import Counts, encoded, read
from detections.schedule import replay

RULES = Path(__file__).parents[1] / "rules"
EVENTS = 100_000


def replayed(folder: Path, *, whole: bool) -> tuple[list[Alert], Counts, float]:
    counts: list[Counts] = []
    found = encoded.projections
    if whole:
        encoded.projections = lambda paths, settings: []
    try:
        begin = time.perf_counter()
        engine = Embedded(report=lambda _: None, count=counts.append)
        alerts = list(replay(detections.load_rules(RULES), read([folder], lambda _: None), engine))
        return alerts, sum(counts, Counts()), time.perf_counter() - begin
    finally:
        encoded.projections = found


def main(folder: Path, count: int) -> None:
    deliver(folder, count)
    projected, some, fast = replayed(folder, whole=False)
    whole, every, slow = replayed(folder, whole=True)
    rules = {alert.rule_id for alert in whole}
    print(f"{every.events:,} events, {len(whole):,} alerts of {len(rules)} rules")
    print(f"projected  {some.events / fast:>10,.0f} events/s, {some.whole:,} events made whole")
    print(f"whole      {every.events / slow:>10,.0f} events/s")
    print("the same alerts" if projected == whole else "DIFFERENT ALERTS")
    if projected != whole:
        sys.exit(1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made), int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
