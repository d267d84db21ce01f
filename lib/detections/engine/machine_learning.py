"""Rule type machine_learning: anomalies are documents like others; where there are none, nothing can be said."""

from __future__ import annotations

from collections.abc import Iterator

from detections.engine.alert import Alert, Hit
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.plan import MachineLearningPlan, Window

NO_ANOMALIES = "there are no anomalies among the events, the documents of .ml-anomalies-*"


class MachineLearningCollector(Collector[list[Hit]]):
    """Each selected anomaly in the window is an alert."""

    def __init__(self, plan: MachineLearningPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._select = selecting(predicates, plan.predicate, plan.exceptions.condition)
        self._presupposed = selecting(predicates, plan.presupposes)
        self._hits = Hits(plan, window)
        self._found: list[Hit] = []
        self._any = False
        self.paths = self._hits.paths

    def collect(self, evaluator: Evaluator) -> list[Hit] | None:
        if not self._presupposed(evaluator):
            return None
        return [hit for _, hit in self._hits.among(evaluator, self._select(evaluator))]

    def merge(self, part: list[Hit]) -> None:
        self._any = True
        self._found += part

    def not_run(self) -> str:
        return "" if self._any else NO_ANOMALIES

    def alerts(self) -> Iterator[Alert]:
        return (Alert.on(self._plan, [hit]) for hit in self._found)
