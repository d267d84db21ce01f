"""The process that makes inputs and runs them. Its parent knows from it what it is at, and ends it when it hangs.

It writes the input that it is at into a file (so that the parent finds it there when this process is gone), and a line
of JSON for each find and each second or so to standard output.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzz.boundaries import BOUNDARIES
from fuzz.watch import empty, fresh_folder, limit_memory, run, watching

_SLICE = 2.0
_BATCH = 10


def main(arguments: Sequence[str]) -> None:
    """``seed``, the number to begin with, how many inputs of each boundary (0: without end), the file of the present
    input, and the names of the boundaries."""
    seed, first, count, at, *names = arguments
    current = os.open(at, os.O_WRONLY | os.O_CREAT, 0o600)
    with watching(), fresh_folder() as folder:
        for name in names:
            BOUNDARIES[name].make(random.Random(0))
            _say(ready=name)
        limit_memory()
        numbers = dict.fromkeys(names, int(first))
        end = int(first) + int(count) if int(count) else None
        while names:
            for name in list(names):
                numbers[name] = _slice(seed, name, numbers[name], end, current, folder)
                if numbers[name] == end:
                    names.remove(name)


def _slice(seed: str, name: str, number: int, end: int | None, current: int, folder: Path) -> int:
    """Inputs of one boundary for a while, up to ``end``. Gives the number of the next."""
    boundary, until, seen = BOUNDARIES[name], time.monotonic() + _SLICE, Counter[str]()
    begun = number
    while number != end and (time.monotonic() < until or number % _BATCH):
        data = boundary.make(random.Random(f"{seed} {name} {number}"))
        head = json.dumps({"boundary": name, "number": number, "length": len(data)}).encode().ljust(200)
        os.pwrite(current, head + data, 0)
        found = run(boundary, data, folder)
        empty(folder)
        if found is not None and seen[found.signature] < 3:
            seen[found.signature] += 1
            _say(boundary=name, number=number, signature=found.signature, trace=found.trace)
        number += 1
    _say(boundary=name, done=number - begun, next=number)
    return number


def _say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
