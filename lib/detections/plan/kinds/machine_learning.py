"""Rule type machine_learning: anomalies, where there are such documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.mapping import Field
from detections.plan.kinds.selection import SelectionPlan
from detections.plan.outline import Outline
from detections.plan.plan import Variant
from detections.plan.predicate import And, Between, Equals, Exists, Predicate, Test

INDICES = (".ml-anomalies-*",)
TIME = "timestamp"
"""The time of an anomaly is that of its bucket's start."""

JOB, SCORE, KIND, INTERIM = (
    Field("job_id", "keyword"), Field("record_score", "double"), Field("result_type", "keyword"),
    Field("is_interim", "boolean"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLearningPlan(SelectionPlan):
    """Each final anomaly record of one of the ``jobs`` that scores ``threshold`` or more is an alert."""

    jobs: tuple[str, ...]
    threshold: int

    @property
    def lookback(self) -> int:
        return 0

    @property
    def presupposes(self) -> Predicate:
        return Test(KIND, Exists())

    def variants(self) -> Iterator[Variant]:
        for score in (self.threshold - 1, self.threshold + 1):
            yield Variant(f"a score of {score} instead of {self.threshold}", _changed(self, self.jobs, score))
        for job in self.jobs:
            left = tuple(one for one in self.jobs if one != job)
            if left:
                yield Variant(f"without the job {job}", _changed(self, left, self.threshold))

    def asks(self) -> Iterator[Outline]:
        yield Outline(f"anomalies: {', '.join(self.jobs)}, scored {self.threshold} or more")


def anomalies(jobs: tuple[str, ...], threshold: int) -> Predicate:
    """What the records that Kibana asks for satisfy."""
    return And((
        Test(KIND, Equals(frozenset({"record"}))), Test(JOB, Equals(frozenset(jobs))),
        Test(INTERIM, Equals(frozenset({False}))), Test(SCORE, Between(low=threshold)),
    ))  # fmt: skip


def _changed(plan: MachineLearningPlan, jobs: tuple[str, ...], threshold: int) -> MachineLearningPlan:
    return replace(plan, jobs=jobs, threshold=threshold, predicate=anomalies(jobs, threshold))
