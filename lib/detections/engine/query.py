"""Rule types query and saved_query. Each selected event is an alert at once, so nothing has to be kept."""

from __future__ import annotations

from collections.abc import Iterator

from detections.engine.alert import Alert, Hit
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.plan import QueryPlan, Window


class QueryCollector(Collector[list[Hit]]):
    """Each selected event in the window is an alert."""

    def __init__(self, plan: QueryPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._select = selecting(predicates, plan.predicate, plan.filter, plan.exceptions.condition)
        self._hits = Hits(plan, window)
        self._found: list[Hit] = []
        self.paths = self._hits.paths

    def collect(self, evaluator: Evaluator) -> list[Hit] | None:
        selected = self._select(evaluator)
        return [hit for _, hit in self._hits.among(evaluator, selected)] if selected else None

    def merge(self, part: list[Hit]) -> None:
        self._found += part

    def ready(self) -> Iterator[Alert]:
        found, self._found = self._found, []
        return (Alert.on(self._plan, [hit]) for hit in found)

    def alerts(self) -> Iterator[Alert]:
        return self.ready()
