"""Rule type threat_match. Events that may match and indicators are kept until all are seen; each has a limit.

An indicator is looked up by the first entry of a group that is not negated, so that a million of them cost one lookup
an event; what else the group asks is compared then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from detections.engine.alert import Alert, Enrichment, Hit
from detections.engine.collector import Collector
from detections.engine.evaluator import EVENT_ID, Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.engine.indices import Searched
from detections.errors import NotEvaluated
from detections.mapping import Field
from detections.plan import ThreatMatchPlan, Window
from detections.plan.kinds.threat_match import Entry
from detections.values import limits
from detections.values.analysis import standard_tokens
from detections.values.bits import of_rows, rows_of
from detections.values.coerce import coerce
from detections.values.ip import parse_cidr

_EXACT = ("keyword", "constant_keyword", "wildcard", "ip")
"""Types for which Kibana sends one ``terms`` query for a group of one entry, instead of a ``match`` an indicator."""
_BITS = 128
Values: TypeAlias = dict[str, list[object]]


class Indicator(NamedTuple):
    """The texts of an indicator, by field. ``position`` is its number in the input."""

    position: int
    name: str
    texts: dict[str, list[str]]


class Candidate(NamedTuple):
    hit: Hit
    values: Values


Part: TypeAlias = tuple[list[Candidate], list[Indicator]]


class ThreatMatchCollector(Collector[Part]):
    """Each event that an indicator matches is an alert, with the indicators it matches."""

    def __init__(self, plan: ThreatMatchPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._excepted = plan.exceptions.condition
        self._select = selecting(predicates, plan.predicate, plan.filter, self._excepted)
        self._indicating = selecting(predicates, plan.indicators, plan.indicator_filter, self._excepted)
        self._hits = Hits(plan, window)
        self._searched = Searched({plan.event_indices, plan.threat_indices})
        entries = [entry for group in plan.groups for entry in group]
        self._fields = list(dict.fromkeys(entry.field for entry in entries))
        # Whatever an indicator's field is, its text is asked of the event's.
        self._values = [Field(name, "keyword", path) for name, path in
                        dict.fromkeys((entry.value.name, entry.value.path) for entry in entries)]  # fmt: skip
        self._events: list[Candidate] = []
        self._indicators: list[Indicator] = []
        fields = [*self._fields, *self._values]
        self.paths = list(dict.fromkeys([*self._hits.paths, *self._searched.paths, *(field.path for field in fields)]))

    def collect(self, evaluator: Evaluator) -> Part | None:
        seen = self._searched.seen(evaluator).rows
        events = list(self._candidates(evaluator, self._select(evaluator) & seen[self._plan.event_indices]))
        rows = self._indicating(evaluator) & seen[self._plan.threat_indices]
        indicators = list(self._indicators_of(evaluator, rows))
        return (events, indicators) if events or indicators else None

    def _candidates(self, evaluator: Evaluator, selected: int) -> Iterator[Candidate]:
        hits = list(self._hits.among(evaluator, selected)) if selected else []
        rows = of_rows([row for row, _ in hits], evaluator.size)
        columns = [(field.name, evaluator.deciding(field, rows)) for field in self._fields] if hits else []
        for row, hit in hits:
            values = {name: column.values(row) for name, column in columns}
            if any(all(values[entry.field.name] for entry in group if not entry.negate) for group in self._plan.groups):
                yield Candidate(hit, values)

    def _indicators_of(self, evaluator: Evaluator, rows: int) -> Iterator[Indicator]:
        columns = [(field.name, evaluator.column(field, rows)) for field in self._values] if rows else []
        names = evaluator.column(EVENT_ID, rows)
        for row in rows_of(rows):
            texts = {name: column.values(row) for name, column in columns}
            if any(all(texts[entry.value.name] for entry in group if not entry.negate) for group in self._plan.groups):
                name = names.values(row)
                yield Indicator((evaluator.ordinal << 32) + row, name[0] if name else "", texts)

    def merge(self, part: Part) -> None:
        if max(len(self._events), len(self._indicators)) <= limits.INDICATORS.most:
            self._events += part[0]
            self._indicators += part[1]

    def alerts(self) -> Iterator[Alert]:
        """Raises NotEvaluated: there are too many events or indicators to keep."""
        most = limits.INDICATORS.most
        if max(len(self._events), len(self._indicators)) > most:
            raise NotEvaluated(
                f"{self._plan.rule_name}: more than {most:,} events or indicators to compare (limit "
                f"{limits.INDICATORS.name})"
            )
        indicators = sorted(self._indicators)
        groups = [_Group(group, indicators) for group in self._plan.groups]
        for event in self._events:
            found = dict.fromkeys(one for group in groups for one in group.matching(event))
            if found:
                yield replace(Alert.on(self._plan, [event.hit]), indicators=tuple(found)[: limits.MATCHES.most])


def takes_several(entries: tuple[Entry, ...]) -> bool:
    """Whether a group takes every value of an event: one entry on exact fields does."""
    return len(entries) == 1 and {entries[0].field.type, entries[0].value.type} <= set(_EXACT)


class _Group:
    """The entries of one group, with the indicators that have what it asks."""

    def __init__(self, entries: tuple[Entry, ...], indicators: Iterable[Indicator]) -> None:
        # A group of one entry on exact fields takes every value of an event, and the first of an indicator; any other
        # takes an event and an indicator with one value only.
        self._first = next(entry for entry in entries if not entry.negate)
        self._others = [entry for entry in entries if entry is not self._first]
        self._several = takes_several(entries)
        self._found: dict[object, list[Indicator]] = defaultdict(list)
        self._lengths: dict[int, None] = {}
        for indicator in indicators:
            texts = indicator.texts[self._first.value.name]
            if texts and (self._several or len(texts) == 1):
                for key in self._keys(texts[0]):
                    self._found[key].append(indicator)

    def _keys(self, text: str) -> Iterator[object]:
        block = parse_cidr(text) if self._first.field.family == "ip" else None
        if block is None:
            yield from _asked(self._first.field, text)
            return
        low, high = block
        length = _BITS - (high - low).bit_length()
        self._lengths[length] = None
        yield length, low

    def matching(self, event: Candidate) -> Iterator[Enrichment]:
        """The indicators that an event matches, each with what it matches in."""
        values = event.values[self._first.field.name]
        if not values or (len(values) > 1 and not self._several):
            return
        for value in values:
            for key in self._looked_up(value):
                for indicator in self._found.get(key, ()):
                    if all(_holds(entry, event, indicator) for entry in self._others):
                        yield Enrichment(self._first.field.name, indicator.texts[self._first.value.name][0],
                                         indicator.name)  # fmt: skip

    def _looked_up(self, value: object) -> Iterator[object]:
        if isinstance(value, tuple):
            yield from value  # the tokens of a text
            return
        yield value
        if isinstance(value, int):
            for length in self._lengths:
                yield length, value >> (_BITS - length) << (_BITS - length)


def _asked(field: Field, text: str) -> Iterator[object]:
    """What a ``match`` query asks a field for: any token of a text, elsewhere the value."""
    if field.family == "text":
        yield from dict.fromkeys(standard_tokens(text))
        return
    value = coerce(field.type, text)
    if value is not None:
        yield value


def _holds(entry: Entry, event: Candidate, indicator: Indicator) -> bool:
    values, texts = event.values[entry.field.name], indicator.texts[entry.value.name]
    if entry.negate:
        if len(texts) > 1:
            return True  # Kibana passes over such a clause
        return not _equal(entry.field, values, texts[0]) if texts else bool(values)
    return len(values) == 1 and len(texts) == 1 and _equal(entry.field, values, texts[0])


def _equal(field: Field, values: list[object], text: str) -> bool:
    block = parse_cidr(text) if field.family == "ip" else None
    if block is not None:
        return any(isinstance(value, int) and block[0] <= value <= block[1] for value in values)
    asked = set(_asked(field, text))
    return any(not asked.isdisjoint(value) if isinstance(value, tuple) else value in asked for value in values)
