"""Rule type threshold. What is kept grows with groups and the values they have, not with events, and has a limit."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterator

from detections.engine.alert import Alert, Hit, Threshold
from detections.engine.collector import Collector
from detections.engine.combinations import combinations
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.engine.terms import Terms, written
from detections.errors import NotEvaluated
from detections.plan import Alerted, ThresholdPlan, Window
from detections.values import limits
from detections.values.bits import of_rows
from detections.values.coerce import Scalar, coerce


class Group:
    """The events with one tuple of terms. ``latest`` is a heap of the last ones, ``values`` are those that cardinality
    counts."""

    __slots__ = ("count", "first", "last", "latest", "values")

    def __init__(self) -> None:
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None
        self.latest: list[Hit] = []
        self.values: set[Scalar] = set()

    @property
    def size(self) -> int:
        """How much it keeps."""
        return 1 + len(self.latest) + len(self.values)

    def add(self, hit: Hit, values: list[Scalar]) -> None:
        self.count += 1
        self._extend(hit.timestamp, hit.timestamp)
        self._keep(hit)
        self.values.update(values)

    def merge(self, other: Group) -> None:
        self.count += other.count
        self._extend(other.first, other.last)
        for hit in other.latest:
            self._keep(hit)
        self.values |= other.values

    def _extend(self, first: int | None, last: int | None) -> None:
        if first is not None and (self.first is None or first < self.first):
            self.first = first
        if last is not None and (self.last is None or last > self.last):
            self.last = last

    def _keep(self, hit: Hit) -> None:
        if len(self.latest) < limits.GROUP_EVENTS.most:
            heapq.heappush(self.latest, hit)
        else:
            heapq.heappushpop(self.latest, hit)


class Groups:
    """Groups by their terms. Once they are more than the limit allows, nothing more is kept."""

    def __init__(self) -> None:
        self.found: dict[Terms, Group] = {}
        self.size = 0

    @property
    def too_many(self) -> bool:
        return self.size > limits.THRESHOLD.most

    def add(self, terms: Terms, hit: Hit, values: list[Scalar]) -> None:
        group = self._at(terms)
        before = group.size
        group.add(hit, values)
        self._grown(group.size - before)

    def merge(self, other: Groups) -> None:
        if other.too_many:
            self._grown(other.size)
        for terms, group in other.found.items():
            if self.too_many:
                return
            mine = self._at(terms)
            before = mine.size
            mine.merge(group)
            self._grown(mine.size - before)

    def _at(self, terms: Terms) -> Group:
        group = self.found.get(terms)
        if group is None:
            group = self.found[terms] = Group()
            self.size += 1
        return group

    def _grown(self, by: int) -> None:
        self.size += by
        if self.too_many:
            self.found = {}


class ThresholdCollector(Collector[Groups]):
    """Each group with enough events, and enough different values among them, is an alert."""

    def __init__(self, plan: ThresholdPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._select = selecting(predicates, plan.predicate, plan.filter, plan.exceptions.condition)
        self._hits = Hits(plan, window)
        self._groups = Groups()
        self._alerted = {_terms_of(plan, one): one.until for one in plan.alerted}
        self._fields = [*plan.fields, *([plan.cardinality.field] if plan.cardinality else [])]
        self.paths = [*self._hits.paths, *(field.path for field in self._fields)]

    def collect(self, evaluator: Evaluator) -> Groups | None:
        selected = self._select(evaluator)
        if not selected:
            return None
        groups = Groups()
        hits = list(self._hits.among(evaluator, selected))
        rows = of_rows([row for row, _ in hits], evaluator.size)
        columns = [evaluator.deciding(field, rows) for field in self._fields]
        width = len(self._plan.fields)
        for row, hit in hits:
            values = [column.values(row) for column in columns]
            terms = [list(dict.fromkeys(some)) for some in values[:width]]
            counted = values[width] if self._plan.cardinality else []
            tuples = list(combinations(terms, functools.partial(evaluator.tell, row)))
            if self._alerted and any(hit.time <= self._alerted.get(one, hit.time - 1) for one in tuples):
                continue
            for one in tuples:
                if groups.too_many:
                    return groups
                groups.add(one, hit, counted)
        return groups

    def merge(self, part: Groups) -> None:
        self._groups.merge(part)

    def alerts(self) -> Iterator[Alert]:
        """Raises NotEvaluated: there are too many groups to keep."""
        if self._groups.too_many:
            raise NotEvaluated(
                f"{self._plan.rule_name}: its groups, their events and values are more than {limits.THRESHOLD.most:,}: "
                f"a shorter window has less (limit {limits.THRESHOLD.name})"
            )
        asked = self._plan.cardinality
        for terms, group in self._groups.found.items():
            if group.count >= self._plan.value and (asked is None or len(group.values) >= asked.value):
                yield self._alert(terms, group)

    def _alert(self, terms: Terms, group: Group) -> Alert:
        fields, asked = self._plan.fields, self._plan.cardinality
        pairs = zip([field.name for field in fields], written(fields, terms), strict=True)
        values = None if asked is None else (asked.field.name, len(group.values))
        result = Threshold(tuple(pairs), group.count, group.first, values)
        return Alert.of_group(self._plan, sorted(group.latest), group.last, result)


def _terms_of(plan: ThresholdPlan, group: Alerted) -> Terms:
    """The values that an alert has shown."""
    values = (coerce(field.type, term) for field, term in zip(plan.fields, group.terms, strict=True))
    return tuple(value for value in values if value is not None)
