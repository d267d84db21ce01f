"""How long a command takes from start to end, its process included: `detections --help` and `detections test`.

`python bench/start.py` runs each several times; the medians are printed. Wanted: below 0.2 s, and below 1 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 7
COMMANDS = {"--help": 0.2, "test": 1.0}


def seconds(argument: str) -> float:
    program = Path(sys.executable).with_name("detections")
    began = time.perf_counter()
    subprocess.run([program, argument], cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    for argument, wanted in COMMANDS.items():
        median = statistics.median(seconds(argument) for _ in range(ROUNDS))
        print(f"detections {argument:<8} {median:.2f} s   (median of {ROUNDS}; wanted: below {wanted} s)")


if __name__ == "__main__":
    main()
