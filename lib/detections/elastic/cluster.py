"""Plans over what is in a cluster already. Nothing is written: searches, points in time, EQL and ES|QL queries only."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from detections.elastic.capabilities import capabilities
from detections.elastic.runners import Place, way, why_not
from detections.elastic.search import Source
from detections.elastic.server import Server
from detections.engine.alert import Alert
from detections.errors import ServerError, UsageError
from detections.plan import Plan, TimeField, Window

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

    def why_not(self, plan: Plan) -> str | None:
        """Why the cluster cannot run a plan; None where it can."""
        return why_not(plan, self._place)

    def run(self, plan: Plan, window: Window) -> Iterator[Alert]:
        """The alerts of a plan over a window; no more than a page of hits is held at a time.

        Raises:
            NotEvaluated: the cluster cannot run the plan, or it has a part that no request says.
            ServerError: the cluster refuses a request, or does not answer.
        """
        return way(plan, self._place).run(self._source, window)
