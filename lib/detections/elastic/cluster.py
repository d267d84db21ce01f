"""Plans over what is in a cluster already. Nothing is written: searches, points in time, EQL and ES|QL queries only."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from detections.compile.dsl import to_dsl
from detections.elastic.capabilities import Capabilities, capabilities
from detections.elastic.eql import eql
from detections.elastic.esql import esql
from detections.elastic.new_terms import new_terms
from detections.elastic.search import Source, events
from detections.elastic.server import Server
from detections.engine.alert import Alert
from detections.errors import NotEvaluated, UsageError
from detections.plan import EqlPlan, NewTermsPlan, Plan, QueryPlan, RowsPlan, TimeField, Window

_NO_NAME = re.compile(r'[\s/\\?"<>|#]')


class Cluster:
    """The documents behind ``index``: names and patterns, joined by commas."""

    def __init__(self, server: Server, index: str) -> None:
        """Raises UsageError for what is no name of an index."""
        if not index or _NO_NAME.search(index):
            raise UsageError(f"'{index}' is no name or pattern of an index")
        self._server = server
        self._source = Source(server, index)

    @functools.cached_property
    def _can(self) -> Capabilities:
        return capabilities(self._server)

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
        if not answer["_shards"]["total"]:
            raise UsageError(f"no index is named '{self.index}' there, or none that these credentials may read")
        return int(answer["hits"]["total"]["value"])

    def why_not(self, plan: Plan) -> str | None:
        """Why the cluster cannot run a plan; None where it can."""
        match plan:
            case RowsPlan():
                return self._can.why_not("esql")
            case EqlPlan() if (why := self._can.why_not("eql")) and not _is_search(plan):
                return why
            case NewTermsPlan() if plan.time.fallback is not None:
                return self._can.why_not("painless")
            case _:
                return self._can.why_not("pit")

    def run(self, plan: Plan, window: Window) -> Iterator[Alert]:
        """The alerts of a plan over a window; no more than a page of hits is held at a time.

        Raises:
            NotEvaluated: the plan has a part that no request says.
            ServerError: the cluster refuses a request, or does not answer.
        """
        match plan:
            case QueryPlan():
                return events(self._source, plan, window)
            case NewTermsPlan():
                return new_terms(self._source, plan, window)
            case RowsPlan():
                return esql(self._source, plan, window)
            case EqlPlan() if self._can.why_not("eql"):
                query = plan.as_query()
                if query is None:
                    raise NotEvaluated("no search joins or counts events")
                return events(self._source, query, window)
            case EqlPlan():
                return eql(self._source, plan, window)


def _is_search(plan: EqlPlan) -> bool:
    """Whether a search can find what the plan finds."""
    query = plan.as_query()
    try:
        return query is not None and bool(to_dsl(query.predicate))
    except NotEvaluated:
        return False
