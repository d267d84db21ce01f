"""EQL programs over batches: stages are answered column by column, and what they select is joined when all was seen.

What is kept grows with the events that a stage selects, not with events. Putting together does not depend on the order
of batches or events: candidates are sorted first.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from detections.engine.alert import Alert, Hit
from detections.engine.collector import Collector
from detections.engine.combinations import combinations
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.engine.query import QueryCollector
from detections.engine.sample import sample
from detections.engine.sequence import Candidate, JoinKeys, Match, Rank, StageKeys, join
from detections.errors import Finding
from detections.events import Batch, Document
from detections.functions.operators import sort_key
from detections.mapping import Field
from detections.plan import EqlPlan, Window, program
from detections.plan.predicate import Predicate
from detections.values.bits import of_rows, rows_of
from detections.values.dates import format_date
from detections.values.ip import format_ip

Selected: TypeAlias = dict[int, int]
"""For each stage the rows of a batch that it selects."""

_ROW = (1 << 32) - 1
_DOUBLES = frozenset({"double", "float", "half_float", "scaled_float"})


class Result(NamedTuple):
    """Join keys (none for an event query) and events, None for a missing one."""

    keys: tuple[object, ...]
    events: tuple[Document | None, ...]


def find(
    asked: program.Program,
    batches: Iterable[Batch],
    *,
    size: int | None = None,
    samples_per_key: int = 1,
    report: Callable[[Finding], None] | None = None,
) -> Iterator[Result]:
    """What a program finds: single events, sequences or samples, in Elasticsearch's order.

    ``size`` is how many are wanted, None all: the last ones of events and sequences, as Elasticsearch gives them unless
    it is asked for the head; the first ones of samples. ``report`` is told what was wrong with events.

    Raises:
        NotEvaluated: a predicate has a regular expression that Elasticsearch refuses.
    """
    predicates = Predicates()
    finder = Finder(asked, predicates)
    paths = list(dict.fromkeys([*predicates.paths, *finder.paths]))
    candidates: list[Candidate] = []
    documents: dict[int, Document] = {}
    for batch in batches:
        evaluator = Evaluator(batch, predicates, paths)
        found = finder.candidates(evaluator, finder.selected(evaluator))
        candidates += found
        if report is not None:
            for finding in batch.findings:
                report(finding)
        documents.update((one.rank.position, batch.document(one.rank.position & _ROW)) for one in found)
    for keys, positions in finder.matches(candidates, size=size, samples_per_key=samples_per_key):
        events = [None if position is None else documents[position] for position in positions]
        yield Result(finder.shown(keys), tuple(events))


class _JoinKey(NamedTuple):
    """``kind`` is what tells equal values apart, None where all stages have the same kind of values."""

    field: Field
    optional: bool
    kind: str | None


class Finder:
    """A program made ready: it finds candidates in batches, and then what they make together.

    Only events that satisfy the ``conditions``, too, are candidates.
    """

    def __init__(self, asked: program.Program, predicates: Predicates, *conditions: Predicate | None) -> None:
        self._body = asked.body
        self._order = asked.order
        stages = program.stages_of(asked.body)
        self._selects = {
            number: selecting(predicates, *conditions, stage.predicate) for number, stage in stages.items()
        }
        self._keys = _join_keys(asked.body, stages)
        fields = [asked.order.timestamp, *(key.field for keys in self._keys.values() for key in keys)]
        if asked.order.tiebreaker is not None:
            fields.append(asked.order.tiebreaker)
        self.paths = list(dict.fromkeys(field.path for field in fields))

    def selected(self, evaluator: Evaluator) -> Selected:
        return {number: select(evaluator) for number, select in self._selects.items()}

    def candidates(self, evaluator: Evaluator, selected: Selected) -> list[Candidate]:
        """The selected events, but for those that lack a join key of their stage."""
        alike: dict[tuple[int, tuple[_JoinKey, ...]], list[int]] = {}
        for number, rows in selected.items():
            alike.setdefault((rows, self._keys[number]), []).append(number)
        stages: dict[int, list[StageKeys]] = {}
        for (rows, keys), numbers in alike.items():
            columns = [(key, evaluator.deciding(key.field, rows)) for key in keys] if rows else []
            places = tuple(sorted(numbers))
            for row in rows_of(rows):
                values = [(key, column.values(row)) for key, column in columns]
                several = _product(values, functools.partial(evaluator.tell, row))
                if several:
                    stages.setdefault(row, []).append((places, several))
        rank = self._rank_of(evaluator, of_rows(stages, evaluator.size))
        return [Candidate(rank(row), tuple(found)) for row, found in stages.items()]

    def _rank_of(self, evaluator: Evaluator, rows: int) -> Callable[[int], Rank]:
        times = evaluator.column(self._order.timestamp, rows)
        field = self._order.tiebreaker
        ties = None if field is None else evaluator.column(field, rows)
        as_ordered = sort_key("" if field is None else field.type)

        def rank(row: int) -> Rank:
            time = min(times.values(row), default=None)
            values = [] if ties is None else ties.values(row)
            tie = min(map(as_ordered, values) if as_ordered else values, default=None)
            return Rank(time is None, time or 0, tie is None, tie, (evaluator.ordinal << 32) + row)

        return rank

    def matches(
        self, candidates: list[Candidate], *, size: int | None = None, samples_per_key: int = 1
    ) -> Iterator[Match]:
        """What the candidates of all batches make, within the program's limits: one match an event, sequence or sample.

        Sorts the candidates.
        """
        candidates.sort()
        limits = self._body.limits
        match self._body:
            case program.Events():
                found: Iterator[Match] = (Match((), (candidate.rank.position,)) for candidate in candidates)
            case program.Sequence():
                found = join(self._body, candidates)
            case program.Sample():
                found = sample(self._body, candidates, samples_per_key=samples_per_key, order=self._key_order)
        if size is not None:
            kind = "head" if isinstance(self._body, program.Sample) else limits[0].kind if limits else "tail"
            limits = (program.Pipe(kind, size), *limits)
        return _limited(found, limits, events=isinstance(self._body, program.Events))

    def _key_order(self, keys: JoinKeys) -> tuple[object, ...]:
        """How a composite aggregation over the keys of the last stage orders its buckets."""
        made = []
        for key, value in zip(list(self._keys.values())[-1], keys, strict=True):
            as_ordered = sort_key(key.field.type)
            made.append((value is not None, as_ordered(value) if as_ordered and value is not None else value))
        return tuple(made)

    def shown(self, keys: JoinKeys) -> tuple[object, ...]:
        """Join keys as Elasticsearch shows them: addresses in text, and dates, but for those of samples."""
        dates_in_text = not isinstance(self._body, program.Sample)
        return tuple([_shown(key, value, dates_in_text) for key, value in zip(self._keys[0], keys, strict=True)])


def _join_keys(body: program.Body, stages: dict[int, program.Stage]) -> dict[int, tuple[_JoinKey, ...]]:
    """The join keys of each stage.

    A sequence compares their values as objects of Java: an integer 1 is not a long 1. A sample asks the index.
    """
    classes = {number: [_java_class(key.field) for key in stage.keys] for number, stage in stages.items()}
    mixed = [isinstance(body, program.Sequence) and len(set(one)) > 1 for one in zip(*classes.values(), strict=True)]
    return {
        number: tuple(
            [
                _JoinKey(key.field, key.optional, name if differs else None)
                for key, name, differs in zip(stage.keys, classes[number], mixed, strict=True)
            ]
        )
        for number, stage in stages.items()
    }


def _java_class(field: Field) -> str:
    if field.family == "number":
        return "double" if field.type in _DOUBLES else field.type
    return field.family


def _product(keys: list[tuple[_JoinKey, list[object]]], tell: Callable[[str], None]) -> tuple[JoinKeys, ...]:
    """Every choice of one value a key; none at all where a key that is not optional has no value."""
    choices: list[list[object]] = []
    for key, values in keys:
        if not values and not key.optional:
            return ()
        distinct = list(dict.fromkeys(values)) if len(values) > 1 else values
        choices.append(([(key.kind, value) for value in distinct] if key.kind else distinct) or [None])
    return tuple(combinations(choices, tell))


def _shown(key: _JoinKey, value: Any, dates_in_text: bool) -> object:
    if value is not None and key.kind is not None:
        _, value = value
    if value is None or key.field.family not in ("date", "ip"):
        return value
    if key.field.family == "ip":
        return format_ip(value)
    return format_date(value) if dates_in_text else value


def _limited(found: Iterator[Match], limits: tuple[program.Pipe, ...], *, events: bool) -> Iterator[Match]:
    """What is left behind pipes. Elasticsearch makes one of several, as if there were as many results as the first one
    takes; where there are fewer, single events are missed, and of sequences the last ones are taken."""
    if not limits:
        return found
    count, offset = _combined(limits)
    head = limits[0].kind == "head"
    if not offset or not count:
        return itertools.islice(found, count) if head else iter(deque(found, count))
    results = list(found) if head else list(found)[::-1]
    enough = events or len(results) >= count + offset
    results = results[offset : offset + count] if enough else results[-count:]
    return iter(results if head else results[::-1])


def _combined(limits: tuple[program.Pipe, ...]) -> tuple[int, int]:
    """One pipe of the first one's kind: how many results it takes, and how many before."""
    first, *others = limits
    count, offset = first.count, 0
    for limit in others:
        if limit.kind == first.kind:
            count = min(count, limit.count)
        elif limit.count < count:
            offset += count - limit.count
            count = limit.count
    return count, offset


Candidates: TypeAlias = tuple[list[Candidate], dict[int, Hit]]
"""The candidates of a batch, and for the position of each what an alert says of it."""


class EqlCollector(Collector[Candidates]):
    """Each event, sequence or sample among the events in the window is an alert.

    For a sequence that is the alert Kibana calls its shell: Kibana writes one more for each of its events, the building
    blocks, which are none of their own here. It names the events in the order of their stages (a missing one has none),
    and has the time of the latest of them.
    """

    def __init__(self, plan: EqlPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._finder = Finder(plan.program, predicates, plan.filter, plan.exceptions.condition)
        self._hits = Hits(plan, window)
        self._candidates: list[Candidate] = []
        self._found: dict[int, Hit] = {}
        self.paths = [*self._hits.paths, *self._finder.paths]

    def collect(self, evaluator: Evaluator) -> Candidates | None:
        selected = self._finder.selected(evaluator)
        rows = 0
        for some in selected.values():
            rows |= some
        hits = dict(self._hits.among(evaluator, rows))
        if not hits:
            return None
        inside = of_rows(hits, evaluator.size)
        candidates = self._finder.candidates(evaluator, {number: some & inside for number, some in selected.items()})
        return candidates, {hit.position: hit for hit in hits.values()}

    def merge(self, part: Candidates) -> None:
        candidates, hits = part
        self._candidates += candidates
        self._found.update(hits)

    def alerts(self) -> Iterator[Alert]:
        """Raises NotEvaluated: the search fails in Elasticsearch."""
        # All of them first: a search that fails has no results.
        for match in list(self._finder.matches(self._candidates)):
            yield Alert.on(self._plan, [self._found[position] for position in match.positions if position is not None])


def eql_collector(plan: EqlPlan, window: Window, predicates: Predicates) -> EqlCollector | QueryCollector:
    """Events without a limit need no order, and are collected as those of a query rule."""
    query = plan.as_query()
    return EqlCollector(plan, window, predicates) if query is None else QueryCollector(query, window, predicates)
