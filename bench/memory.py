"""Peak memory of ``replay`` with all rules over ever more events that raise no alert: it should not grow.

``python bench/memory.py``; each measurement is a process of its own (the highest resident set it ever had).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from made.events import documents

COUNTS = (20_000, 80_000, 320_000)
BLOCK = 20_000
RULES = Path(__file__).parents[1] / "rules"
CHILD = """
import sys, resource, detections
from detections.engine import Embedded
from detections.events import read
from detections.schedule import replay
found = sum(1 for _ in replay(detections.load_rules(sys.argv[1]), read([sys.argv[2]], print), Embedded(report=print)))
print(found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write(path: Path, count: int) -> None:
    quiet = [json.dumps(document) for document in documents(BLOCK, loud=0)]
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count // BLOCK):
            file.write("\n".join(quiet) + "\n")


def main() -> None:
    unit = 1 if sys.platform == "darwin" else 1024
    empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(f"{'events':>10} {'alerts':>8} {'peak MB':>8}   (this process alone: {empty / 1e6:.0f})")
    with tempfile.TemporaryDirectory() as folder:
        for count in COUNTS:
            path = Path(folder) / "events.ndjson"
            write(path, count)
            done = subprocess.run(
                [sys.executable, "-c", CHILD, RULES, path], check=True, capture_output=True, text=True
            )
            alerts, peak = map(int, done.stdout.split())
            print(f"{count:>10,} {alerts:>8,} {peak * unit / 1e6:>8.0f}")


if __name__ == "__main__":
    main()
