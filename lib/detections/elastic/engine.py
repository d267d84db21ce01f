"""Plans over events on a real Elasticsearch: the same protocol as the embedded engine.

The events go into an index of our own, which is there for as long as the engine is open. The events of one run are told
from those of another by their routing, so that one index serves any number of runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from detections.elastic.capabilities import Capabilities, capabilities
from detections.elastic.documents import TemporaryIndex
from detections.elastic.runners import Place, Way, way, why_not
from detections.elastic.search import PLACE, Source, combined_name
from detections.elastic.server import Server
from detections.elastic.template import Substitution, needed, template
from detections.engine.alert import Alert
from detections.engine.column import Column
from detections.engine.indices import hidden, index_names
from detections.errors import Finding, Level, Location, NotAllowed, ServerUnavailable
from detections.events import Batch, Document
from detections.mapping import Field, Mapping
from detections.plan import Plan, TimeField, Window

REFUSED = "refused-event"

_WRITTEN = "a combined timestamp written at index time instead of Kibana's runtime field"


class Elasticsearch:
    """Runs plans on a server, in a ``with``: leaving it deletes what was indexed.

    ``report`` is told of what was wrong with the events, and of those that Elasticsearch refused.
    """

    def __init__(self, server: Server, report: Callable[[Finding], None] | None = None) -> None:
        self._server = server
        self._report = report or (lambda finding: None)
        self._capabilities: Capabilities | None = None
        self._indices: dict[Mapping, TemporaryIndex] = {}
        self._declared: set[tuple[str, str]] = set()
        self._substitutions: dict[tuple[str, str], dict[str, None]] = {}
        self._remarks: dict[str, None] = {}
        self._runs = itertools.count()
        self._gone: ServerUnavailable | NotAllowed | None = None

    def __enter__(self) -> Elasticsearch:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._gone is None:
            for index in self._indices.values():
                index.delete()

    @property
    def capabilities(self) -> Capabilities:
        """What the server can do, asked once."""
        if self._capabilities is None:
            self._capabilities = capabilities(self._server)
        return self._capabilities

    @property
    def substitutions(self) -> list[str]:
        """What stood in for what the server lacks, in words."""
        found = (Substitution(*pair, tuple(fields)) for pair, fields in sorted(self._substitutions.items()))
        return [*map(str, found), *self._remarks]

    @property
    def _place(self) -> Place:
        return Place(self.capabilities, ours=True)

    def why_not(self, plan: Plan) -> str | None:
        """Why the server cannot run a plan, None where it can. Without EQL an EQL plan may still run as Query DSL."""
        return why_not(plan, self._place)

    def run(self, tasks: Sequence[tuple[Plan, Window]], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its window, sorted by timestamp (none last), then rule_id, then input.

        Raises:
            NotEvaluated: the server cannot run one of the plans.
            ServerError: it refuses a request, or does not answer. Once it is gone, or lets us in no more, every
                further run says so at once.
        """
        if self._gone is not None:
            raise self._gone
        try:
            ways = [(plan, window, way(plan, self._place)) for plan, window in tasks]
            alerts = self._alerts(ways, list(batches))
        except (ServerUnavailable, NotAllowed) as error:
            self._gone = error
            raise
        yield from sorted(alerts, key=attrgetter("order"))

    def _alerts(self, ways: Sequence[tuple[Plan, Window, Way]], batches: Sequence[Batch]) -> list[Alert]:
        """Plans made for one mapping share an index."""
        by_mapping: dict[Mapping, list[tuple[Plan, Window, Way]]] = {}
        for plan, window, way_to in ways:
            by_mapping.setdefault(plan.mapping, []).append((plan, window, way_to))
        alerts: list[Alert] = []
        names = frozenset(name for batch in batches for name in index_names(batch) if name is not None)
        for mapping, asked in by_mapping.items():
            placed = any(hidden(indices, names) for plan, _, _ in asked for indices in plan.searched)
            source = replace(self._indexed(mapping, [plan.time for plan, _, _ in asked], batches, placed), names=names)
            for plan, window, way_to in asked:
                if way_to.remark:
                    self._remarks[way_to.remark] = None
                alerts += way_to.run(source.seen_by(plan.indices), window)
        for batch in batches:
            for finding in batch.findings:
                self._report(finding)
        return alerts

    def _indexed(self, mapping: Mapping, times: Iterable[TimeField], batches: Iterable[Batch], placed: bool) -> Source:
        """The events in an index of ours; ``placed``: each says at :data:`PLACE` in which index it was."""
        index = self._index(mapping)
        self._declare(index, mapping, batches)
        written = self.capabilities.why_not("painless") is not None
        combined = dict.fromkeys(time for time in times if written and time.fallback is not None)
        for time in combined:
            name = combined_name(time)
            if (index.name, name) not in self._declared:
                index.declare({name: {"type": "date"}})
                self._declared.add((index.name, name))
                self._remarks[_WRITTEN] = None
        if placed and (index.name, PLACE) not in self._declared:
            index.declare({PLACE: {"type": "keyword"}})
            self._declared.add((index.name, PLACE))
        routing = str(next(self._runs))
        for refused in index.add(_documents(batches, tuple(combined), routing, placed), routing):
            place = Location(f"event {refused.id.partition(':')[2]}")
            self._report(Finding(REFUSED, f"Elasticsearch refuses it: {refused.reason}", place, Level.WARNING))
        return Source(self._server, index.name, ({"term": {"_routing": routing}},), written)

    def _index(self, mapping: Mapping) -> TemporaryIndex:
        if mapping not in self._indices:
            made = template(mapping, self.capabilities.types, () if mapping.dynamic else None)
            self._remember(made.substitutions)
            index = TemporaryIndex(self._server, made)
            index.create()
            self._indices[mapping] = index
        return self._indices[mapping]

    def _declare(self, index: TemporaryIndex, mapping: Mapping, batches: Iterable[Batch]) -> None:
        """Declare what these documents and queries need of a mapping that lists not all its fields."""
        wanted = needed(mapping, (document for batch in batches for document in batch.documents()))
        new = [name for name in wanted or () if (index.name, name) not in self._declared]
        if new:
            made = template(mapping, self.capabilities.types, new)
            self._remember(made.substitutions)
            index.extend(made.mappings["properties"])
            self._declared.update((index.name, name) for name in new)

    def _remember(self, substitutions: Iterable[Substitution]) -> None:
        for substitution in substitutions:
            self._substitutions.setdefault((substitution.type, substitution.instead), {}).update(
                dict.fromkeys(substitution.fields)
            )


def _documents(
    batches: Iterable[Batch], combined: tuple[TimeField, ...], routing: str, placed: bool
) -> Iterator[tuple[str, Document]]:
    """The events with ids that end in their place in the input, and with their combined timestamps."""
    for batch in batches:
        times = [(time, [_dates(batch, name) for name in time.names]) for time in combined]
        places = index_names(batch) if placed else []
        for row in range(len(batch)):
            document = batch.document(row)
            made: dict[str, Any] = {PLACE: places[row]} if placed and places[row] is not None else {}
            for time, columns in times:
                instant = next((min(values) for column in columns if (values := column.values(row))), None)
                made[combined_name(time)] = instant
            yield f"{routing}:{(batch.ordinal << 32) + row}", {**document, **made} if made else document


def _dates(batch: Batch, name: str) -> Column:
    return Column(Field(name, "date"), batch.columns([name])[0])
