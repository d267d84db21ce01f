"""How fast an EQL sequence is beside the same leaves as event queries: a million events of which 1 % match a stage.

``python bench/sequence.py``. Time and memory are those of the engine: making the events is not counted. Each
measurement is a process of its own; the fastest of some rounds, taken in turn, so that what else the machine does hits
both.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

from detections.compile.eql import compile_eql
from detections.engine import Embedded
from detections.events import Batch, Documents
from detections.mapping import catalog_mapping
from detections.plan import EqlPlan, Window
from detections.query import parse

EVENTS = 1_000_000
BATCH = 4_096
ROUNDS = 3
STAGES = [
    'any where event.action == "StopInstances" and event.outcome == "success"',
    'any where event.action : ("ModifyInstance*", "ModifyAttribute*") and event.outcome == "success"',
    'any where event.action == "StartInstances" and event.outcome == "success"',
]
KEYS = "user.name, cloud.account.id"
QUERIES = {
    "event queries": STAGES,
    "sequence": [f"sequence by {KEYS} with maxspan=15m {' '.join(f'[{stage}]' for stage in STAGES)}"],
    "sequence, no maxspan": [f"sequence by {KEYS} {' '.join(f'[{stage}]' for stage in STAGES)}"],
    "missing event": [f"sequence by {KEYS} with maxspan=15m [{STAGES[0]}] ![{STAGES[1]}] [{STAGES[2]}]"],
}
LOUD = ["StopInstances", "ModifyInstanceAttribute", "StartInstances"]
QUIET = [f"Describe{number}" for number in range(200)]


def events() -> Iterator[list[dict[str, object]]]:
    dice = random.Random(1)
    made: list[dict[str, object]] = []
    for number in range(EVENTS):
        action = dice.choice(LOUD) if number % 100 == 0 else dice.choice(QUIET)
        made.append(
            {
                "@timestamp": 1_767_225_600_000 + number * 20,
                "event": {"action": action, "outcome": "success", "id": f"{number:036}"},
                "user": {"name": f"user-{number // 100 % 50}"},
                "cloud": {"account": {"id": "123456789012"}},
            }
        )
        if len(made) == BATCH:
            yield made
            made = []
    yield made


def measure(name: str) -> None:
    """Prints alerts, seconds, and the peak of the resident set in kB."""
    fields = catalog_mapping()
    tasks = [
        (
            EqlPlan(
                rule_id=f"r{number}",
                rule_name=query,
                mapping=fields,
                program=compile_eql(parse(query, "eql"), fields),
            ),
            Window(),
        )
        for number, query in enumerate(QUERIES.get(name, []))
    ]
    making = 0.0

    def batches() -> Iterator[Batch]:
        nonlocal making
        begin = time.perf_counter()
        for ordinal, documents in enumerate(events()):
            making += time.perf_counter() - begin
            yield Documents(ordinal, documents)
            begin = time.perf_counter()

    begin = time.perf_counter()
    alerts = sum(1 for _ in Embedded().run(tasks, batches()))
    taken = time.perf_counter() - begin - making
    print(alerts, taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    best: dict[str, float] = {}
    unit = 1 if sys.platform == "darwin" else 1024
    print(f"{EVENTS:,} events, 1 % of them match a stage; fastest of {ROUNDS} rounds")
    print(f"{'':<22}{'alerts':>9}{'events/s':>12}{'ratio':>7}{'peak MB':>9}")
    shown: dict[str, tuple[int, int]] = {}
    for _ in range(ROUNDS):
        for name in ("nothing", *QUERIES):
            done = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True)
            alerts, taken, peak = done.stdout.split()
            best[name] = min(best.get(name, float(taken)), float(taken))
            shown[name] = int(alerts), int(peak)
    usual = best["event queries"]
    for name, (alerts, peak) in shown.items():
        print(f"{name:<22}{alerts:>9,}{EVENTS / best[name]:>12,.0f}{usual / best[name]:>7.2f}{peak * unit / 1e6:>9.0f}")
    print("wanted: a ratio of 0.33 or more")


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
