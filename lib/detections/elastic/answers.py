"""What Elasticsearch answers (8.19 and 9.x), as far as it is relied on: other keys are passed over."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct, field

Scalar: TypeAlias = str | int | float | bool | None


class Number(Struct, frozen=True):
    number: str


class Root(Struct, frozen=True):
    """``GET /``"""

    version: Number


class NodeInfo(Struct, frozen=True):
    version: str


class Nodes(Struct, frozen=True):
    """``GET /_nodes``"""

    nodes: dict[str, NodeInfo]


class Shards(Struct, frozen=True):
    total: int = 0
    failed: int = 0
    failures: list[object] = []


class ClusterDetails(Struct, frozen=True):
    failures: list[object] = []


class Clusters(Struct, frozen=True):
    details: dict[str, ClusterDetails] = {}


class Completeness(Struct, frozen=True):
    """What any answer says of how much of it is there. ``shard_failures`` are EQL's, ``is_partial`` is ES|QL's."""

    shards: Shards = field(default=Shards(), name="_shards")
    clusters: Clusters = field(default=Clusters(), name="_clusters")
    shard_failures: list[object] = []
    is_partial: bool = False
    timed_out: bool = False


class RawHit(Struct, frozen=True):
    """A hit of a search. ``missing``: an EQL sequence lacks an event here."""

    id: str = field(default="", name="_id")
    fields: dict[str, list[object]] = {}
    sort: list[Scalar] = []
    source: dict[str, Any] = field(default_factory=dict, name="_source")
    matched_queries: list[str] = []
    missing: bool = False


class Total(Struct, frozen=True):
    value: int


class Hits(Struct, frozen=True):
    hits: list[RawHit]
    total: Total | None = None


class Top(Struct, frozen=True):
    """A ``top_hits`` aggregation."""

    hits: Hits


class Metric(Struct, frozen=True):
    value: int | float | None


class Bucket(Struct, frozen=True):
    """The documents with one tuple of values."""

    key: dict[str, Scalar]
    count: int = field(default=0, name="doc_count")
    first_seen: Metric = Metric(None)
    last_seen: Metric = Metric(None)
    cardinality: Metric = Metric(None)
    oldest: Top = Top(Hits([]))
    latest: Top = Top(Hits([]))


class Composite(Struct, frozen=True):
    buckets: list[Bucket]
    after_key: dict[str, Scalar] | None = None


class Aggregations(Struct, frozen=True):
    """``terms`` of the documents, or what is aggregated of all of them."""

    terms: Composite | None = None
    first_seen: Metric = Metric(None)
    last_seen: Metric = Metric(None)
    cardinality: Metric = Metric(None)


class Day(Struct, frozen=True):
    """A bucket of a ``date_histogram``, from the instant ``key`` on."""

    key: float
    count: int = field(name="doc_count")


class Days(Struct, frozen=True):
    buckets: list[Day]


class Overviews(Struct, frozen=True):
    first: Metric
    last: Metric
    days: Days


class Overview(Struct, frozen=True):
    """A ``_search`` that asks how many documents there are, and when."""

    hits: Hits
    aggregations: Overviews | None = None


class Search(Struct, frozen=True):
    """``_search``"""

    hits: Hits
    shards: Shards | None = field(default=None, name="_shards")
    pit_id: str | None = None
    aggregations: Aggregations | None = None


class PointInTime(Struct, frozen=True):
    """``_pit``"""

    id: str


class Sequence(Struct, frozen=True):
    events: list[RawHit]


class EqlHits(Struct, frozen=True):
    events: list[RawHit] = []
    sequences: list[Sequence] = []


class Eql(Struct, frozen=True):
    """``_eql/search``"""

    hits: EqlHits


class Column(Struct, frozen=True):
    name: str


class Rows(Struct, frozen=True):
    """``_query``"""

    columns: list[Column]
    values: list[list[object]]


class Indexed(Struct, frozen=True):
    id: str = field(name="_id")
    status: int
    error: object = None


class Bulk(Struct, frozen=True):
    """``_bulk``: an object with one key each, the action's name."""

    items: list[dict[str, Indexed]]


class Created(Struct, frozen=True):
    """``PUT /<index>``"""

    shards_acknowledged: bool = True


class LanguageContext(Struct, frozen=True):
    language: str = ""


class Languages(Struct, frozen=True):
    """``GET /_script_language``"""

    language_contexts: list[LanguageContext] = []


class ResolvedIndex(Struct, frozen=True):
    name: str
    data_stream: str | None = None


class ResolvedGroup(Struct, frozen=True):
    """A data stream with its backing indices, or an alias with those it stands for: one or several names."""

    name: str
    backing_indices: list[str] | str = []
    indices: list[str] | str = []

    @property
    def members(self) -> list[str]:
        """The names of its indices."""
        found = self.backing_indices or self.indices
        return [found] if isinstance(found, str) else found


class Resolved(Struct, frozen=True):
    """``GET /_resolve/index/<names>``"""

    indices: list[ResolvedIndex] = []
    aliases: list[ResolvedGroup] = []
    data_streams: list[ResolvedGroup] = []
