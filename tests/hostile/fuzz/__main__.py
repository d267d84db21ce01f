"""``python -m fuzz``: many inputs of each boundary, each find in a file that runs again by one command."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import selectors
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fuzz.boundaries import BOUNDARIES
from fuzz.boundary import REPO
from fuzz.shrink import shrunk
from fuzz.watch import Find, fresh_folder, limit_memory, run, watching

FINDS = REPO / "build" / "fuzz"
_PATIENCE = 300
"""Seconds without a word after which a process hangs: its own watch has failed."""
_HEAD = 200


def main() -> None:
    """The command. The exit code is 1 where something was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("boundaries", nargs="*", metavar="BOUNDARY", help=f"of {', '.join(BOUNDARIES)}; default: all")
    parser.add_argument("--minutes", type=float, default=0, help="how long")
    parser.add_argument("--count", type=int, default=0, help="instead: how many inputs of each boundary")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", default="", help="the inputs are the same for the same seed")
    parser.add_argument("--input", type=Path, help="run this one input again; its folder names the boundary")
    parser.add_argument("--shrink", action="store_true", help="with --input: make it as small as it stays a find")
    asked = parser.parse_args()
    if asked.input is not None:
        sys.exit(_again(asked.input, shrink=asked.shrink))
    unknown = [name for name in asked.boundaries if name not in BOUNDARIES]
    if unknown:
        parser.error(f"no boundary {unknown[0]}")
    if not asked.minutes and not asked.count:
        parser.error("--minutes or --count")
    seed = asked.seed or str(random.SystemRandom().randrange(10**9))
    names = asked.boundaries or list(BOUNDARIES)
    total = _Total(seed)
    _say(f"seed {seed}, {len(names)} boundaries, {asked.jobs} processes")
    jobs = [_Job(f"{seed}-{number}", names, asked.count, total) for number in range(asked.jobs)]
    end = time.monotonic() + asked.minutes * 60 if asked.minutes else float("inf")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while any(job.alive for job in jobs) and time.monotonic() < end:
            for job in jobs:
                job.step()
    except KeyboardInterrupt:
        _say("interrupted")
    finally:
        for job in jobs:
            job.stop()
    sys.exit(total.close())


def _again(path: Path, *, shrink: bool) -> int:
    """One input, in this process."""
    boundary = BOUNDARIES[path.resolve().parent.name]
    data = path.read_bytes()
    boundary.make(random.Random(0))
    limit_memory()
    with watching(), fresh_folder() as folder:
        found = run(boundary, data, folder)
        if found is None:
            _say(f"{path}: all is well")
            return 0
        if shrink:
            small = shrunk(boundary, data, found.signature, folder)
            path.with_suffix(".small").write_bytes(small)
            _say(f"{path.with_suffix('.small')}: {len(data):,} -> {len(small):,} bytes")
    _say(f"{found.trace}\n{found.signature}")
    return 1


@dataclass
class _Total:
    """What all processes did and found."""

    seed: str
    counts: Counter[str] = field(default_factory=Counter)
    finds: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def keep(self, name: str, data: bytes, found: Find) -> None:
        """Write a find down, the first ones of each fault."""
        self.finds[found.signature] += 1
        if self.finds[found.signature] > 3:
            return
        path = FINDS / name / hashlib.sha256(data).hexdigest()[:12]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        shown = path.relative_to(REPO)
        _say(f"{found.trace.rstrip()}\nFIND {name}: {found.signature}\n    make fuzz INPUT={shown}")

    def progress(self) -> None:
        if time.monotonic() - self.told > 60:
            self.told = time.monotonic()
            _say(str(self))

    def __str__(self) -> str:
        seconds = time.monotonic() - self.begun
        found = f"{len(self.finds)} faults in {sum(self.finds.values())} of them" if self.finds else "nothing found"
        return f"{sum(self.counts.values()):,} inputs in {seconds / 60:.1f} min, {found}"

    def close(self) -> int:
        """Say what it comes to."""
        for name, count in sorted(self.counts.items()):
            _say(f"{count:>10,}  {name}")
        for signature, count in self.finds.most_common():
            _say(f"{count:>10,}  {signature}")
        _say(f"{self} (seed {self.seed})")
        return int(bool(self.finds))


class _Job:
    """One process that makes inputs, started anew where it was killed."""

    def __init__(self, seed: str, names: list[str], count: int, total: _Total) -> None:
        self._seed = seed
        self._names = names
        self._count = count
        self._total = total
        self._next = dict.fromkeys(names, 0)
        self._lost = 0
        FINDS.mkdir(parents=True, exist_ok=True)
        self._current = FINDS / f"current-{seed}"
        self._start(0)

    @property
    def alive(self) -> bool:
        return self._process is not None

    def _start(self, first: int) -> None:
        command = [sys.executable, "-m", "fuzz.child", self._seed, str(first), str(self._count), str(self._current)]
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            [*command, *self._names], stdout=subprocess.PIPE, env=os.environ | {"PYTHONHASHSEED": "0"}
        )
        assert self._process.stdout is not None
        self._out: IO[bytes] = self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)
        self._heard = time.monotonic()

    def step(self) -> None:
        """Listen for a while."""
        if self._process is None:
            return
        if self._selector.select(1.0):
            line = self._out.readline()
            self._heard = time.monotonic()
            if line:
                self._take(json.loads(line))
            else:
                self._ended(self._process.wait())
        elif time.monotonic() - self._heard > _PATIENCE:
            self._process.kill()
            self._process.wait()
            self._ended(None)
        self._total.progress()

    def _take(self, said: dict[str, object]) -> None:
        name = str(said.get("boundary", ""))
        if "done" in said:
            self._total.counts[name] += int(str(said["done"]))
            self._next[name] = int(str(said["next"]))
        elif "signature" in said:
            data = BOUNDARIES[name].make(random.Random(f"{self._seed} {name} {said['number']}"))
            self._total.keep(name, data, Find(str(said["signature"]), str(said["trace"])))

    def _ended(self, code: int | None) -> None:
        """It came to its end, or something ended it: then what it was at is a find."""
        self._process = None
        self._out.close()
        if code == 0:
            return
        why = "hangs outside of Python" if code is None else f"ended by {code}"
        content = self._current.read_bytes() if self._current.exists() else b""
        try:
            head = json.loads(content[:_HEAD])
        except ValueError:
            sys.exit(f"the process ended ({why}) before its first input")
        data = content[_HEAD : _HEAD + head["length"]]
        self._total.keep(head["boundary"], data, Find(f"{why}: {head['boundary']}", ""))
        self._lost += 1
        if self._lost < 20 and not self._count:
            self._start(max(*self._next.values(), head["number"]) + 1)

    def stop(self) -> None:
        """End the process, if it is still there."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._out.close()
        self._current.unlink(missing_ok=True)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
