"""Rule type eql: events, sequences and samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.plan.kinds.query import QueryPlan
from detections.plan.outline import Outline, outline
from detections.plan.plan import AnyFound, Condition, Plan, Role, Variant
from detections.plan.predicate import Predicate
from detections.plan.program import Body, Events, Joined, Program, Sample, Sequence, Stage
from detections.plan.window import TimeField


@dataclass(frozen=True, slots=True, kw_only=True)
class EqlPlan(Plan):
    """Each event, sequence or sample that the program finds among the events in the window is an alert.

    ``time`` is the rule's time filter; what puts the events in order is the program's own business (Kibana sends
    ``timestamp_field`` for that and filters by ``timestamp_override``). ``filter`` are the rule's filters.
    """

    program: Program
    filter: Predicate | None = None

    def as_query(self) -> QueryPlan | None:
        """The same as a query, where each event alone decides; None where events are joined or counted."""
        match self.program.body:
            case Events(predicate, ()):
                return QueryPlan(
                    rule_id=self.rule_id, rule_name=self.rule_name, time=self.time, indices=self.indices,
                    mapping=self.mapping, shown=self.shown, exceptions=self.exceptions, predicate=predicate,
                    suppression=self.suppression, building_block=self.building_block, filter=self.filter,
                )  # fmt: skip
        return None

    @property
    def lookback(self) -> int | None:
        match self.program.body:
            case Events(limits=limits):
                return None if limits else 0
            case Sequence(maxspan=int(maxspan)) as sequence:
                # A sequence is found where it ends, so what comes after its last event must not matter; and it must be
                # in the order of the time that slices are cut by.
                cut_here = self.time == TimeField(self.program.order.timestamp.name)
                plain = not sequence.limits and not any(stage.missing for stage in sequence.stages)
                return maxspan if cut_here and plain else None
        return None

    def conditions(self) -> Iterator[Condition]:
        """A stage that runs several times has one condition."""
        match self.program.body:
            case Events() as events:
                yield Condition(events.predicate, "query", lambda new: self._with(replace(events, predicate=new)))
            case Sequence() | Sample() as joined:
                yield from self._stages(joined)
        if self.filter is not None:
            yield Condition(self.filter, "filters", lambda new: replace(self, filter=new, sent=None), Role.FILTER)

    def _stages(self, joined: Joined) -> Iterator[Condition]:
        before: Stage | None = None
        for number, stage in enumerate(joined.stages, 1):
            if not _is_again(stage, before):

                def put(new: Predicate, old: Stage = stage) -> EqlPlan:
                    stages = tuple(replace(one, predicate=new) if _is_again(one, old) else one for one in joined.stages)
                    return self._with(replace(joined, stages=stages))

                role = Role.ABSENT if stage.missing else Role.JOINED
                yield Condition(stage.predicate, f"event {number}", put, role)
            before = stage
        if isinstance(joined, Sequence) and joined.until is not None:
            sequence, until = joined, joined.until
            yield Condition(
                until.predicate, "until",
                lambda new: self._with(replace(sequence, until=replace(until, predicate=new))), Role.ABSENT,
            )  # fmt: skip

    def variants(self) -> Iterator[Variant]:
        """The joins with one key, span of time, end or place in the order changed."""
        joined = self.program.body
        if isinstance(joined, Events):
            return
        for number, key in enumerate(joined.stages[0].keys):
            yield Variant(f"without join key {key.field.name}", self._with(joined.without_key(number)))
        if isinstance(joined, Sample):
            return
        if joined.maxspan is not None:
            yield Variant("half the maxspan", self._with(replace(joined, maxspan=joined.maxspan // 2)))
            yield Variant("twice the maxspan", self._with(replace(joined, maxspan=joined.maxspan * 2)))
        if joined.until is not None:
            yield Variant("without until", self._with(replace(joined, until=None)), joined.until.span)
        stages = joined.stages
        for number in range(1, len(stages)):
            first, second = stages[number - 1 : number + 1]
            if first != second:
                swapped = (*stages[: number - 1], second, first, *stages[number + 1 :])
                change = f"stage {number + 1} before stage {number}"
                yield Variant(change, self._with(replace(joined, stages=swapped)), second.span)

    def reached(self, alerts: list[AnyFound], most: int) -> list[AnyFound]:
        # The size of the search: Elasticsearch gives the last ones.
        return alerts[-most:]

    def quiet(self) -> str:
        if isinstance(self.program.body, Events):
            return ""
        return "each event of the query is there: see their order, join keys and times, and what must not be between"

    def asks(self) -> Iterator[Outline]:
        if self.filter is not None:
            yield Outline("filters", (outline(self.filter),))
        yield from self.program.outline()

    def _with(self, body: Body) -> EqlPlan:
        """The plan with another program for the same events."""
        return replace(self, program=replace(self.program, body=body), sent=None)


def _is_again(stage: Stage, other: Stage | None) -> bool:
    """Whether two stages are the runs of one in the text."""
    return other is not None and stage.span == other.span and stage == other
