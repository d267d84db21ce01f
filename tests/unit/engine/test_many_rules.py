"""All rules asked together, what excludes an event first, select what each selects by itself in a full scan."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made import mixed

import detections
import naive_predicates
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.errors import DetectionsError
from detections.events import Documents
from detections.plan import Plan
from detections.plan.predicate import AnyField, Compute, Predicate, is_relative, leaves
from detections.values.bits import rows_of

ROOT = Path(__file__).parents[3]
PUBLIC = ROOT.parent / "shared" / "data" / "rules-corpus"
NOW = 1_769_904_000_000
OTHERS = 6
"""So many documents that were not made for a rule are asked about one by one."""


def runnable(folder: Path) -> Iterator[Plan]:
    for rule in detections.load_rules(folder):
        with contextlib.suppress(DetectionsError):
            plan = make_plan(rule)
            if not Embedded().why_not(plan):
                yield plan


def plainly(predicate: Predicate, documents: list[dict[str, Any]], rows: list[int]) -> list[int]:
    """Those of some rows that a predicate selects, each asked about by itself."""
    if is_relative(predicate) or any(isinstance(leaf, (Compute, AnyField)) for leaf in leaves(predicate)):
        alone = Predicates()
        evaluator = Evaluator(Documents(0, [documents[row] for row in rows]), alone, now=NOW)
        return [rows[at] for at in rows_of(alone.ready(predicate)(evaluator, evaluator.everything).true)]
    return [row for row in rows if naive_predicates.answer(predicate, documents[row])]


@pytest.mark.parametrize("folder", [ROOT / "rules", PUBLIC], ids=["ours", "public"])
def test_asking_together_selects_what_a_full_scan_of_each_does(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip("../shared is not there")
    plans = list(runnable(folder))
    documents: list[dict[str, Any]] = []
    own: list[range] = []
    for plan in plans:
        made = mixed.matching(plan)
        own.append(range(len(documents), len(documents) + len(made)))
        documents += made
    together = Predicates()
    asked = [
        (rows, condition.predicate, selecting(together, condition.predicate))
        for plan, rows in zip(plans, own, strict=True)
        for condition in plan.conditions()
    ]
    evaluator = Evaluator(Documents(0, documents), together, together.paths, NOW)
    chance = random.Random(24)
    found = 0
    for rows, predicate, select in asked:
        selected = set(rows_of(select(evaluator)))
        looked_at = sorted(
            {*rows, *chance.sample(range(len(documents)), min(OTHERS, len(documents))), *[*selected][:OTHERS]}
        )
        assert [row for row in looked_at if row in selected] == plainly(predicate, documents, looked_at)
        found += bool(selected)
    assert found > len(asked) / 2
