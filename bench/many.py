"""How fast ``replay`` is with many rules: with 500 and with all of the public rules that run here, beside untyped
msgspec decoding of the same bytes; and whether asking first what settled fields exclude changes what is selected.

``python bench/many.py [EVENTS] [RULES]``: ECS documents of every kind that these rules ask about (bench/made/mixed.py),
made CloudTrail, and the folder of rules, ../shared/data/rules-corpus where none is named.
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from made import events, mixed

import detections
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.errors import DetectionsError
from detections.events import read
from detections.plan import Plan, Window

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "rules-corpus"
EVENTS = 50_000
SOME = 500
ROUNDS = 3


def runnable(folder: Path) -> list[Plan]:
    engine = Embedded()
    plans = []
    for rule in detections.load_rules(folder):
        with contextlib.suppress(DetectionsError):
            plan = make_plan(rule)
            if not engine.why_not(plan):
                plans.append(plan)
    return plans


def write(path: Path, documents: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n")


def untyped(path: Path) -> int:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        return sum(decoder.decode(line) is not None for line in file)


def replayed(plans: Sequence[Plan], path: Path) -> list[Alert]:
    tasks = [(plan, Window(None, None)) for plan in plans]
    return list(Embedded(report=lambda _: None).run(tasks, read([path], lambda _: None)))


def differing(plans: Sequence[Plan], path: Path) -> int:
    """How many events are selected by one of the conditions in a full scan and not with all rules asked together, or
    the other way around."""
    together, alone = Predicates(), Predicates()
    conditions = [condition.predicate for plan in plans for condition in plan.conditions()]
    asked = [(selecting(together, one), alone.ready(one)) for one in conditions]
    differ = 0
    for batch in read([path], lambda _: None):
        first, second = (Evaluator(batch, each, together.paths) for each in (together, alone))
        for select, question in asked:
            differ += (select(first) ^ question(second, second.everything).true).bit_count()
    return differ


def measured(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    found = work()
    return time.process_time() - begin, found


def main(folder: Path, count: int, public: Path) -> None:
    every = runnable(public)
    some = [every[at * len(every) // SOME] for at in range(SOME)] if len(every) > SOME else every
    files = {"mixed": folder / "mixed.ndjson", "CloudTrail": folder / "cloudtrail.ndjson"}
    write(files["mixed"], mixed.documents(every, count))
    write(files["CloudTrail"], events.documents(count))
    empty = folder / "empty.ndjson"
    write(empty, [{}])
    print(f"{count:,} events; seconds of CPU, median of {ROUNDS}, without the start")
    for name, path in files.items():
        work = {"msgspec, untyped": lambda path=path: untyped(path)}
        for plans in (some, every):
            work[f"{len(plans)} rules"] = lambda plans=plans, path=path: len(replayed(plans, path))
        start = {
            f"{len(plans)} rules": measured(lambda plans=plans: replayed(plans, empty))[0] for plans in (some, every)
        }
        times: dict[str, list[float]] = {each: [] for each in work}
        found: dict[str, int] = {}
        for _ in range(ROUNDS):
            for each, run in work.items():
                taken, found[each] = measured(run)
                times[each].append(taken)
        speed = {each: count / (statistics.median(taken) - start.get(each, 0)) for each, taken in times.items()}
        print(f"\n{name}, {path.stat().st_size / count:,.0f} bytes each")
        for each in work:
            share = speed[each] / speed["msgspec, untyped"]
            alerts = "" if each == "msgspec, untyped" else f"   {found[each]:>7,} alerts"
            print(f"{each:<20} {speed[each]:>10,.0f} events/s   {share:>5.2f}{alerts}")
        print(f"selected otherwise by a full scan: {differing(every, path):,} events")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:,.0f} MB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(
            Path(made),
            int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS,
            Path(sys.argv[2]) if len(sys.argv) > 2 else PUBLIC,
        )
