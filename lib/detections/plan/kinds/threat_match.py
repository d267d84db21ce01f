"""Rule type threat_match: events that share values with indicators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.mapping import Field
from detections.plan.kinds.selection import SelectionPlan
from detections.plan.outline import Outline, outline
from detections.plan.plan import Condition, Role, Variant
from detections.plan.predicate import Predicate


@dataclass(frozen=True, slots=True)
class Entry:
    """An event's ``field`` has the value of an indicator's field ``value``; negated, it has it not."""

    field: Field
    value: Field
    negate: bool = False

    def __str__(self) -> str:
        return f"{self.field.name} {'is not' if self.negate else 'is'} {self.value.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreatMatchPlan(SelectionPlan):
    """Each selected document in the window is an alert for which there is an indicator so that all entries of one of
    the ``groups`` hold. Indicators are the documents in ``threat_indices`` that ``indicators`` and ``indicator_filter``
    select, whenever they were; ``event_indices`` are those of the events, ``indices`` both.
    """

    groups: tuple[tuple[Entry, ...], ...]
    indicators: Predicate
    indicator_filter: Predicate | None = None
    event_indices: tuple[str, ...] = ()
    threat_indices: tuple[str, ...] = ()

    @property
    def lookback(self) -> None:
        return None

    @property
    def searched(self) -> tuple[tuple[str, ...], ...]:
        return (self.indices, self.event_indices, self.threat_indices)

    def conditions(self) -> Iterator[Condition]:
        yield from SelectionPlan.conditions(self)
        yield Condition(
            self.indicators, "indicators", lambda new: replace(self, indicators=new, sent=None), Role.INDICATOR
        )
        if self.indicator_filter is not None:
            yield Condition(
                self.indicator_filter, "filters of the indicators",
                lambda new: replace(self, indicator_filter=new, sent=None), Role.INDICATOR,
            )  # fmt: skip

    def variants(self) -> Iterator[Variant]:
        for number, group in enumerate(self.groups):
            others = (*self.groups[:number], *self.groups[number + 1 :])
            if others:
                yield Variant(f"without the mapping {_joined(group)}", replace(self, groups=others))
            for at, entry in enumerate(group):
                left = (*group[:at], *group[at + 1 :])
                if any(not one.negate for one in left):
                    groups = (*self.groups[:number], left, *self.groups[number + 1 :])
                    yield Variant(f"mapping without {entry}", replace(self, groups=groups))

    def quiet(self) -> str:
        return f"the query finds its event, but no indicator of the case goes with it: {self._asked}"

    def asks(self) -> Iterator[Outline]:
        yield Outline(f"indicator match: {self._asked}")
        yield from SelectionPlan.asks(self)
        inside = (self.indicators, *([self.indicator_filter] if self.indicator_filter else []))
        where = f" in {', '.join(self.threat_indices)}" if self.threat_indices else ""
        yield Outline(f"indicators{where}", tuple(map(outline, inside)))

    @property
    def _asked(self) -> str:
        return ", or ".join(map(_joined, self.groups))


def _joined(group: tuple[Entry, ...]) -> str:
    return " and ".join(map(str, group))
