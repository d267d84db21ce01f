"""Workers that are killed, and workers whose parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from detections.engine import Embedded
from detections.errors import WorkerLost
from detections.events import Documents
from detections.mapping import Mapping
from detections.plan import QueryPlan, Window
from detections.plan.predicate import Always

PLAN = QueryPlan(rule_id="r", rule_name="r", mapping=Mapping.of({}), predicate=Always(True))
PARENT = """
import os, sys, time
from detections.engine import Embedded
from detections.events import Documents
from detections.mapping import Mapping
from detections.plan import QueryPlan, Window
from detections.plan.predicate import Always

class Slow(Documents):
    def column(self, path, rows):
        os.write(1, b"%d\\n" % os.getpid())
        time.sleep(600)

plan = QueryPlan(rule_id="r", rule_name="r", mapping=Mapping.of({}), predicate=Always(True))
list(Embedded(jobs=3).run([(plan, Window())], (Slow(number, [{}]) for number in range(3))))
"""
PATIENCE = 60.0
"""Seconds after which something is not going to happen any more."""


class Deadly(Documents):
    """Events that kill who reads them."""

    def column(self, path: str, rows: int) -> tuple[list[Any], int]:
        os.kill(os.getpid(), signal.SIGKILL)
        return [], 0


def is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_worker_that_is_killed_is_named() -> None:
    with pytest.raises(WorkerLost, match=r"worker process \d+ of 2 was killed by signal 9 .*use fewer --jobs"):
        list(Embedded(jobs=2).run([(PLAN, Window())], iter([Deadly(0, [{}])])))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc to look for processes in")
def test_workers_end_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            workers = {int(parent.stdout.readline()) for _ in range(3)}
            assert len(workers) == 3 and all(map(is_running, workers))
        finally:
            parent.kill()
    late = time.monotonic() + PATIENCE
    while any(map(is_running, workers)) and time.monotonic() < late:
        time.sleep(0.05)
    assert not any(map(is_running, workers))
