"""How fast ``replay`` is over raw CloudTrail, with all rules of the project, beside reading the same files into dicts.

``python bench/raw.py [EVENTS]``: gzipped files of 500 records, as S3 has them, and the same events as NDJSON of ECS
documents. Everything is run in turn, and medians compared, so that what else the machine does hits all alike.
"""

from __future__ import annotations

import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import orjson
from made.events import deliver, write

import detections
from detections.engine import Embedded
from detections.events import read, unpack
from detections.schedule import replay

RULES = Path(__file__).parents[1] / "rules"
EVENTS = 100_000
ROUNDS = 5


def into_dicts(files: list[Path]) -> int:
    """What a script does: the standard library's gzip, and orjson."""
    return sum(len(orjson.loads(gzip.decompress(path.read_bytes()))["Records"]) for path in files)


def untyped(path: Path) -> int:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        return sum(decoder.decode(line) is not None for line in file)


def replayed(rules: detections.api.Rules, path: Path, jobs: int, *, fast: bool = True) -> int:
    library = unpack.library
    if not fast:
        unpack.library = lambda: None
    try:
        engine = Embedded(jobs=jobs, report=lambda _: None)
        return sum(1 for _ in replay(rules, read([path], lambda _: None), engine))
    finally:
        unpack.library = library


def main(folder: Path, count: int) -> None:
    rules = detections.load_rules(RULES)
    files = deliver(folder / "raw", count)
    ecs = folder / "ecs.ndjson"
    write(ecs, count)
    work: dict[str, Callable[[], int]] = {
        "gzip and orjson": lambda: into_dicts(files),
        "replay, standard zlib": lambda: replayed(rules, folder / "raw", 1, fast=False),
        "replay": lambda: replayed(rules, folder / "raw", 1),
        "replay --jobs 2": lambda: replayed(rules, folder / "raw", 2),
        "msgspec, untyped": lambda: untyped(ecs),
        "replay of ECS": lambda: replayed(rules, ecs, 1),
        "replay of ECS --jobs 2": lambda: replayed(rules, ecs, 2),
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    found: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, run in work.items():
            begin = time.perf_counter()
            found[name] = run()
            times[name].append(time.perf_counter() - begin)
    speed = {name: count / statistics.median(taken) for name, taken in times.items()}
    packed, document = sum(path.stat().st_size for path in files) / count, ecs.stat().st_size / count
    print(f"{count:,} events in {len(files)} files, {packed:,.0f} bytes each, as ECS {document:,.0f};")
    print(f"{len(rules)} rules, {found['replay']:,} alerts; median of {ROUNDS}; unpacked by {unpack.library()}")
    for name, of in (
        ("gzip and orjson", "gzip and orjson"),
        ("replay, standard zlib", "gzip and orjson"),
        ("replay", "gzip and orjson"),
        ("replay --jobs 2", "replay"),
        ("msgspec, untyped", "msgspec, untyped"),
        ("replay of ECS", "msgspec, untyped"),
        ("replay of ECS --jobs 2", "replay of ECS"),
    ):
        print(f"{name:<24} {speed[name]:>10,.0f} events/s   {speed[name] / speed[of]:>5.2f} of {of}")
    assert len({found[name] for name in work if name.startswith("replay")}) == 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "raw").mkdir()
        main(Path(made), int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
