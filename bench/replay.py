"""How fast ``replay`` is with all rules of the project, beside untyped msgspec decoding of the same bytes.

``python bench/replay.py [EVENTS.ndjson]`` (made by bench/made/events.py where no file is given). Both are run several
times in turn, in one process, and medians compared, so that what else the machine does hits both.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from made.events import write

import detections
from detections.engine import Embedded
from detections.events import read
from detections.schedule import replay

RULES = Path(__file__).parents[1] / "rules"
EVENTS = 100_000
ROUNDS = 5


def decode(path: Path) -> int:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        return sum(decoder.decode(line) is not None for line in file)


def measure(work: Callable[[], int]) -> tuple[float, int]:
    begin = time.perf_counter()
    count = work()
    return time.perf_counter() - begin, count


def main(path: Path) -> None:
    rules = detections.load_rules(RULES)
    times: dict[str, list[float]] = {"decode": [], "replay": []}
    events = alerts = 0
    for _ in range(ROUNDS):
        taken, events = measure(lambda: decode(path))
        times["decode"].append(taken)
        taken, alerts = measure(
            lambda: sum(1 for _ in replay(rules, read([path], lambda _: None), Embedded(report=lambda _: None)))
        )
        times["replay"].append(taken)
    speed = {name: events / statistics.median(taken) for name, taken in times.items()}
    size = path.stat().st_size
    print(f"{events:,} events of {size / events:,.0f} bytes, {len(rules)} rules, {alerts:,} alerts; median of {ROUNDS}")
    print(f"msgspec, untyped  {speed['decode']:>10,.0f} events/s")
    print(f"replay            {speed['replay']:>10,.0f} events/s")
    print(f"ratio             {speed['replay'] / speed['decode']:>10.2f}   (wanted: 0.33 or more)")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "events.ndjson"
            write(made, EVENTS)
            main(made)
