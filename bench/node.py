"""How long an ephemeral Elasticsearch takes to answer, and to be gone again.

`python bench/node.py` starts it several times with warm caches (jars and class data there; wanted: below 3 s), and
without class data; the medians are printed, with the memory the node holds. `--cold` also measures a very first start,
which fetches the jars.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from detections.elastic.jars import cache_folder, install
from detections.elastic.node import ephemeral

ROUNDS = 5
WANTED = 3.0


def start(cache: Path) -> tuple[float, float, float]:
    """Seconds to start, seconds to stop, MB resident (0 where /proc is not there)."""
    began = time.perf_counter()
    with ephemeral(cache=cache) as node:
        up = time.perf_counter()
        status = Path(f"/proc/{node.process.pid}/status")
        resident = status.read_text().partition("VmRSS:")[2].split()[0] if status.exists() else "0"
        stopping = time.perf_counter()
    gone = time.perf_counter()
    node.process.wait()  # what it writes in the background is not to slow down the next round
    return up - began, gone - stopping, int(resident) / 1000


def bare(folder: str) -> Path:
    """A cache with the jars and nothing else."""
    home = install(cache_folder()).home
    shutil.copytree(home, Path(folder) / home.name)
    return Path(folder)


def main() -> None:
    start(cache_folder())  # makes the class data, where they are missing
    ups, stops, residents = zip(*(start(cache_folder()) for _ in range(ROUNDS)), strict=True)
    print(f"start, warm caches        {statistics.median(ups):5.2f} s   (median of {ROUNDS}; wanted: below {WANTED} s)")
    print(f"stop                      {statistics.median(stops):5.2f} s")
    print(f"memory                    {statistics.median(residents):5.0f} MB")
    without = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            without.append(start(bare(folder))[0])
    print(f"start, without class data {statistics.median(without):5.2f} s   (median of 3; its making is included)")
    if "--cold" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            print(f"start, nothing there      {start(Path(folder))[0]:5.2f} s   (fetches 41 MB)")


if __name__ == "__main__":
    main()
