"""What `detections check` costs a file: the first time, and again with nothing changed.

`python bench/check.py [FOLDER]`, the project's rules by default. CPU of the whole process less that of checking one
file, which is mostly the start; medians. Wanted: 1 ms a file, a third of it the second time, and 200 MB.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 3
RULES = Path(__file__).parents[1] / "rules"


def cost(cache: Path, *arguments: str | Path) -> tuple[float, float]:
    """CPU seconds and megabytes of a run."""
    program = Path(sys.executable).with_name("detections")
    command = [program, "check", "--profile", "none", *arguments]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=cache, env=environment)
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(folder: Path) -> None:
    files = sorted(folder.rglob("*.toml"))
    start, first, again, memory = [], [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as cache:
            start.append(cost(Path(cache), files[0])[0])
            seconds, most = cost(Path(cache), folder)
            first.append(seconds)
            memory.append(most)
            again.append(cost(Path(cache), folder)[0])
    begun = statistics.median(start)
    print(f"{len(files):,} files, start {begun:.2f} s, at most {max(memory):.0f} MB")
    for name, seconds in (("first", first), ("again", again)):
        print(f"{name}  {(statistics.median(seconds) - begun) / len(files) * 1000:.2f} ms CPU a file")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else RULES).resolve())
