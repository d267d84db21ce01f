"""Rule type threshold: groups of many events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from detections.mapping import Field
from detections.plan.kinds.selection import SelectionPlan
from detections.plan.outline import Outline
from detections.plan.plan import AnyFound, Found, Variant
from detections.values.coerce import Scalar, coerce


@dataclass(frozen=True, slots=True)
class Cardinality:
    """The events of a group must have so many different values of a field."""

    field: Field
    value: int


@dataclass(frozen=True, slots=True)
class Alerted:
    """A group that has alerted: its values, as alerts show them, and the time of its latest document."""

    terms: tuple[str, ...]
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdPlan(SelectionPlan):
    """Each group of at least ``value`` selected documents in the window is an alert.

    A group are the documents with one tuple of the ``fields``' values (cartesian product of several values; a document
    that lacks one is in none). Without fields all documents are one group. ``alerted`` are groups that alerts were
    raised for already: documents in them, up to their latest, do not count any more, in no group.
    """

    fields: tuple[Field, ...]
    value: int
    cardinality: Cardinality | None = None
    alerted: tuple[Alerted, ...] = ()

    @property
    def lookback(self) -> None:
        return None

    def variants(self) -> Iterator[Variant]:
        for count in (self.value - 1, self.value + 1):
            if count:
                yield Variant(f"threshold of {count} instead of {self.value}", replace(self, value=count))
        for number, field in enumerate(self.fields):
            left = self.fields[:number] + self.fields[number + 1 :]
            yield Variant(f"threshold without {field.name}", replace(self, fields=left))
        if self.cardinality is not None:
            asked = self.cardinality
            yield Variant(f"without {asked.value} values of {asked.field.name}", replace(self, cardinality=None))
            for count in (asked.value - 1, asked.value + 1):
                change = f"{count} instead of {asked.value} values of {asked.field.name}"
                yield Variant(change, replace(self, cardinality=replace(asked, value=count)))

    def since(self, start: int) -> ThresholdPlan:
        return replace(self, alerted=tuple(one for one in self.alerted if one.until >= start))

    def following(self, alerts: Sequence[Found]) -> ThresholdPlan:
        until = {one.terms: one.until for one in self.alerted}
        until |= {alert.terms: alert.timestamp for alert in alerts if alert.timestamp is not None}
        return replace(self, alerted=tuple(Alerted(*item) for item in until.items()))

    def reached(self, alerts: list[AnyFound], most: int) -> list[AnyFound]:
        # The pages of the aggregation come in the order of their keys.
        return sorted(alerts, key=lambda alert: [_key(*one) for one in zip(self.fields, alert.terms, strict=True)])

    def quiet(self) -> str:
        return f"the query finds its event, but there are not {self._asked} in the window"

    def asks(self) -> Iterator[Outline]:
        yield Outline(f"threshold: {self._asked}")
        yield from SelectionPlan.asks(self)

    @property
    def _asked(self) -> str:
        names = ", ".join(field.name for field in self.fields)
        among = f" with the same {names}" if names else ""
        values = f", with {self.cardinality.value} values of {self.cardinality.field.name}" if self.cardinality else ""
        return f"{self.value} events{among}{values}"


def _key(field: Field, term: str) -> tuple[bool, Scalar | bytes]:
    """What puts the terms of a field in order: texts by their bytes."""
    value = coerce(field.type, term)
    return value is None, value if isinstance(value, int | float) else term.encode("utf-8", "surrogatepass")
