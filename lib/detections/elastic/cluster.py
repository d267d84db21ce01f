"""Plans over what is in a cluster already. Nothing is written: searches, points in time, EQL and ES|QL queries only."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from detections.catalog.patterns import covers, targets
from detections.elastic.answers import Overview, Resolved
from detections.elastic.capabilities import capabilities
from detections.elastic.runners import Place, way, why_not
from detections.elastic.search import Source, overview
from detections.elastic.server import Server
from detections.engine.alert import Alert
from detections.errors import ServerError, UsageError
from detections.plan import Plan, QueryPlan, TimeField, Window

_NO_NAME = re.compile(r'[\s/\\?"<>|#]')


@dataclass(frozen=True, slots=True)
class Found:
    """How many documents there are, when the first and the last one is, and how many there are on each day, which is
    named by its beginning; instants in milliseconds."""

    documents: int
    first: int | None
    last: int | None
    days: Mapping[int, int]


class Cluster:
    """The documents behind ``index``: names and patterns, joined by commas.

    A rule sees those in its own indices, or, with ``any_index``, all.
    """

    def __init__(self, server: Server, index: str, *, any_index: bool = False) -> None:
        """Raises UsageError for what is not a name of an index."""
        if not index or _NO_NAME.search(index):
            raise UsageError(f"'{index}' is not an index name or pattern")
        self._server = server
        self._any_index = any_index
        self._source = Source(server, index)

    @functools.cached_property
    def _place(self) -> Place:
        return Place(capabilities(self._server), ours=False)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def index(self) -> str:
        return self._source.index

    def count(self, start: int, end: int) -> int:
        """How many documents there are between two instants, both included, in milliseconds.

        Raises:
            UsageError: no index has such a name.
            ServerError: the index cannot be searched.
        """
        query = self._source.within({"match_all": {}}, TimeField(), start, end)
        answer = self._source.search({"size": 0, "track_total_hits": True, "query": query}, "")
        if answer.shards is None or answer.hits.total is None:
            raise ServerError("the answer does not count what it found", request=f"POST /{self.index}/_search")
        if not answer.shards.total:
            raise UsageError(f"no index is named '{self.index}' there, or none that these credentials may read")
        return answer.hits.total.value

    def overview(self, start: int, end: int) -> Found:
        """How many documents there are between two instants, and on which days.

        Raises:
            ServerError: the index cannot be searched.
        """
        return _found(overview(self._source, {"match_all": {}}, TimeField(), Window(start, end)))

    def selected(self, plan: QueryPlan, window: Window) -> int:
        """How many documents a plan selects.

        Raises:
            NotEvaluated: the plan has a part that no request says.
            ServerError: the cluster refuses the request, or does not answer.
        """
        source = self._searched(plan.indices)
        if source is None:
            return 0
        return _found(overview(source, source.asked(plan, window), plan.time, window, plan.rule_name)).documents

    def why_not(self, plan: Plan) -> str | None:
        """Why the cluster cannot run a plan; None where it can."""
        if self._searched(plan.indices) is None:
            return f"it searches {', '.join(plan.indices)}, and '{self.index}' has none of these indices"
        return why_not(plan, self._place)

    def run(self, plan: Plan, window: Window) -> Iterator[Alert]:
        """The alerts of a plan over a window; no more than a page of hits is held at a time.

        Raises:
            NotEvaluated: the cluster cannot run the plan, or it has a part that no request says.
            ServerError: the cluster refuses a request, or does not answer.
        """
        source = self._searched(plan.indices)
        return iter(()) if source is None else way(plan, self._place).run(source, window)

    def _searched(self, indices: tuple[str, ...]) -> Source | None:
        """What a rule sees of the documents: those in its own indices; None where these are none of them."""
        named, known = targets(indices), None if self._any_index else self._indices
        if not named or known is None:
            return self._source
        inside = [name for name, called in known.items() if any(covers(named, one) for one in called)]
        if len(inside) == len(known):
            return self._source
        return self._source.within_indices(inside) if inside else None

    @functools.cached_property
    def _indices(self) -> dict[str, list[str]] | None:
        """The indices behind :attr:`index`, each with the names by which rules know it: its own or its data stream's,
        and those of its aliases. None where these credentials may not ask."""
        answer = self._server.ask("GET", f"/_resolve/index/{self.index}", accept=(400, 403, 404, 405))
        if not answer.ok:
            return None
        resolved = answer.read(Resolved, "a list of indices")
        known: dict[str, list[str]] = {}
        for index in resolved.indices:
            known.setdefault(index.name, []).append(_plain(index.data_stream or index.name))
        for group in (*resolved.data_streams, *resolved.aliases):
            for name in group.members:
                known.setdefault(name, []).append(_plain(group.name))
        return known


def _found(answer: Overview) -> Found:
    if answer.hits.total is None or answer.aggregations is None:
        raise ServerError("the answer does not count what it found", request="POST /_search")
    said = answer.aggregations
    first, last = (None if one.value is None else round(one.value) for one in (said.first, said.last))
    return Found(answer.hits.total.value, first, last, {round(day.key): day.count for day in said.days.buckets})


def _plain(name: str) -> str:
    """A name without its cluster."""
    return name.rpartition(":")[2]
