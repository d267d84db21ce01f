"""The scalar functions and operators of ES|QL and EQL: read by the compilers (types) and by the engine (values).

The tables stand in this room, below the engine, since the compiler resolves types with it and computes constants.
"""

from __future__ import annotations

from detections.functions import (
    buckets,
    conversions,
    dates,
    eql,
    json,
    multivalues,
    numbers,
    operators,
    others,
    sources,
    spatial,
    strings,
    zoned,
)
from detections.functions.aggregates import AGGREGATES
from detections.functions.signature import Function

FUNCTIONS: dict[str, Function] = {
    **strings.FUNCTIONS,
    **numbers.FUNCTIONS,
    **dates.FUNCTIONS,
    **conversions.FUNCTIONS,
    **multivalues.FUNCTIONS,
    **others.FUNCTIONS,
    **buckets.FUNCTIONS,
    **spatial.FUNCTIONS,
    **json.FUNCTIONS,
}
"""The functions of ES|QL by name, lower case."""

OPERATORS: dict[str, Function] = operators.FUNCTIONS
"""Its operators."""

COMPUTED: dict[str, Function] = {**FUNCTIONS, **OPERATORS, **sources.FUNCTIONS, **zoned.FUNCTIONS, **eql.FUNCTIONS}
"""All that an expression can call, of both languages; EQL's names begin with ``eql.``."""

ALIASES = {
    "to_bool": "to_boolean", "to_dbl": "to_double", "to_dt": "to_datetime", "to_int": "to_integer",
    "to_str": "to_string", "to_ul": "to_unsigned_long", "to_ulong": "to_unsigned_long", "to_ver": "to_version",
}  # fmt: skip

AGGREGATES_NOT_EVALUATED = frozenset(
    (
        "absent_over_time", "avg_over_time", "count_distinct_over_time", "count_over_time", "delta", "deriv",
        "first_over_time", "idelta", "increase", "irate", "last_over_time", "max_over_time",
        "min_over_time", "percentile_over_time", "present_over_time", "rate", "sample", "sparkline", "st_centroid_agg",
        "st_extent_agg", "stddev_over_time", "sum_over_time", "variance_over_time",
    )
)  # fmt: skip
"""Aggregate functions that Elasticsearch has and nothing here evaluates."""

GROUPINGS = frozenset(("bucket", "categorize", "tbucket", "tstep", "without"))
"""Functions that only the groups of STATS have."""

NOT_EVALUATED = frozenset(
    (
        "chunk", "date_unit_count", "decay", "embedding", "field_extract", "knn", "mv_greater", "mv_in_range",
        "mv_less", "mv_like", "mv_rlike", "range_contains", "range_intersects", "range_max", "range_min",
        "range_within", "score", "st_buffer", "st_contains", "st_difference", "st_dimension", "st_disjoint",
        "st_envelope", "st_geohash", "st_geohex", "st_geometrytype", "st_geotile", "st_intersection", "st_intersects",
        "st_isempty", "st_npoints", "st_simplify", "st_simplifypreservetopology", "st_symdifference", "st_union",
        "st_within", "st_xmax", "st_xmin", "st_ymax", "st_ymin", "term", "text_embedding",
        "to_aggregate_metric_double", "to_cartesianshape", "to_counter", "to_date_range", "to_dense_vector",
        "to_double_range", "to_exponential_histogram", "to_gauge", "to_geohash", "to_geohex", "to_geoshape",
        "to_geotile", "to_range", "to_tdigest", "top_snippets", "v_cosine", "v_dot_product", "v_hamming",
        "v_l1_norm", "v_l2_norm", "v_magnitude",
    )
)  # fmt: skip
"""Functions that Elasticsearch has and nothing here evaluates."""

__all__ = [
    "AGGREGATES",
    "AGGREGATES_NOT_EVALUATED",
    "ALIASES",
    "COMPUTED",
    "FUNCTIONS",
    "GROUPINGS",
    "NOT_EVALUATED",
    "OPERATORS",
    "Function",
]
