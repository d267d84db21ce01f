"""Functions over several values (Elasticsearch 9.2)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from detections.functions.numbers import finite
from detections.functions.operators import sort_key
from detections.functions.signature import (
    ANY,
    NUMERIC,
    OLDEST,
    STRING,
    Function,
    Implementation,
    Parameter,
    Types,
    check_count,
    first_type,
    function,
    in_range,
    optional,
    packed,
    several,
    typed,
)

_INTEGER = frozenset({"integer"})


def _of_values(compute: Callable[..., object]) -> Implementation:
    """For ``whole`` functions whose first argument is several values: null for null, a tuple otherwise."""

    def apply(value: object, *others: object) -> object:
        if value is None or any(other is None or isinstance(other, tuple) for other in others):
            return None
        return compute(several(value), *others)

    return apply


def _values(compute: Callable[..., object], *parameters: Any, result: Any) -> Function:
    return function(_of_values(compute), *parameters, result=result, takes="whole")


def _by_order(pick: Callable[..., object]) -> Callable[[Types], Implementation]:
    return lambda types: _of_values(lambda values: pick(values, key=sort_key(types[0])))


def _sum(types: Types) -> Implementation:
    kind = types[0]
    if kind == "double":
        return _of_values(lambda values: finite(math.fsum(values)))
    return _of_values(lambda values: in_range(sum(values), kind))


def _median(types: Types) -> Implementation:
    return _of_values(_median_double if types[0] == "double" else _median_whole)


def _median_double(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _median_whole(values: Sequence[int]) -> int:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) >> 1


def _median_deviation(types: Types) -> Implementation:
    median: Callable[[Sequence[Any]], object] = _median_double if types[0] == "double" else _median_whole

    def compute(values: Sequence[Any]) -> object:
        middle = median(values)
        return median([abs(value - middle) for value in values])

    return _of_values(compute)


def _percentile(types: Types) -> Implementation:
    whole = types[0] != "double"

    def compute(values: Sequence[Any], percentile: float) -> Any:
        if not 0 <= percentile <= 100:
            raise ValueError("percentile parameter must be a number between 0 and 100")
        ordered = sorted(values)
        place = percentile / 100 * (len(ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        made = ordered[low] + (place - low) * (ordered[high] - ordered[low])
        return int(made) if whole else made

    return _of_values(compute)


def _weighted_sum(values: Sequence[float], power: float) -> float:
    return finite(math.fsum(value / (at**power) for at, value in enumerate(values, 1)))


def _slice(values: Sequence[object], start: int, end: int | None = None) -> object:
    last = start if end is None else end
    if start > last:
        raise ValueError("start offset is greater than end offset")
    if (start < 0) != (last < 0):
        raise ValueError("start and end offset have different signs")
    if start < 0:
        start, last = start + len(values), last + len(values)
    return packed(values[max(0, start) : last + 1]) if last >= 0 else None


def _sort(types: Types) -> Implementation:
    key = sort_key(types[0])

    def compute(values: Sequence[object], order: str = "ASC") -> object:
        return packed(sorted(values, key=key, reverse=check_order(order)))

    return _of_values(compute)


def check_order(order: str) -> bool:
    """Whether a sort order is descending. Raises ValueError."""
    if order.upper() not in ("ASC", "DESC"):
        raise ValueError(f"invalid order value [{order}], expected one of ASC, DESC")
    return order.upper() == "DESC"


def _append(left: object, right: object) -> object:
    if left is None or right is None:
        return None
    left, right = several(left), several(right)
    check_count(len(left) + len(right))
    return (*left, *right)


def _zip(left: object, right: object, delimiter: Any = ",") -> object:
    if delimiter is None or isinstance(delimiter, tuple):
        return None
    lefts, rights = (() if value is None else several(value) for value in (left, right))
    pairs = itertools.zip_longest(lefts, rights)
    return packed([delimiter.join(text for text in pair if text is not None) for pair in pairs])


def _contains(superset: object, subset: object) -> bool:
    if subset is None:
        return True
    return superset is not None and set(several(subset)) <= set(several(superset))


def _intersection(left: object, right: object) -> object:
    if left is None or right is None:
        return None
    others = set(several(right))
    return packed([value for value in dict.fromkeys(several(left)) if value in others])


def _difference(left: object, right: object) -> object:
    if left is None or right is None:
        return left
    others = set(several(right))
    return packed([value for value in dict.fromkeys(several(left)) if value not in others])


def _union(left: object, right: object) -> object:
    values = [value for one in (left, right) if one is not None for value in several(one)]
    return packed(list(dict.fromkeys(values)))


def _intersects(left: object, right: object) -> bool:
    return left is not None and right is not None and not set(several(left)).isdisjoint(several(right))


def _average(values: Sequence[Any]) -> float:
    return finite(math.fsum(values) / len(values))


def _concat(values: Sequence[str], delimiter: str) -> str:
    return delimiter.join(values)


def _pair(compute: Implementation, result: Any, since: str = OLDEST) -> Function:
    """A function of two; what is newer than the oldest version may still change."""
    ga = "" if since == OLDEST else None
    return function(compute, ANY, ANY, result=result, takes="whole", same=0, since=since, ga=ga)


_ORDER = optional(STRING, check=check_order)

FUNCTIONS: dict[str, Function] = {
    "mv_append": _pair(_append, first_type),
    "mv_avg": _values(_average, NUMERIC, result="double"),
    "mv_concat": _values(_concat, STRING, STRING, result="keyword"),
    "mv_contains": _pair(_contains, "boolean", "9.2"),
    "mv_count": _values(len, ANY, result="integer"),
    "mv_dedupe": _values(lambda values: packed(list(dict.fromkeys(values))), ANY, result=first_type),
    "mv_difference": _pair(_difference, first_type, "9.4"),
    "mv_first": _values(lambda values: values[0], ANY, result=first_type),
    "mv_intersection": _pair(_intersection, first_type, "9.3"),
    "mv_intersects": _pair(_intersects, "boolean", "9.3"),
    "mv_last": _values(lambda values: values[-1], ANY, result=first_type),
    "mv_max": typed(_by_order(max), ANY, result=first_type, takes="whole"),
    "mv_median": typed(_median, NUMERIC, result=first_type, takes="whole"),
    "mv_median_absolute_deviation": typed(_median_deviation, NUMERIC, result=first_type, takes="whole"),
    "mv_min": typed(_by_order(min), ANY, result=first_type, takes="whole"),
    "mv_percentile": typed(_percentile, NUMERIC, NUMERIC, result=first_type, takes="whole"),
    "mv_pseries_weighted_sum": _values(
        _weighted_sum, frozenset({"double"}), Parameter(frozenset({"double"}), constant=True), result="double"
    ),
    "mv_slice": _values(_slice, ANY, _INTEGER, optional(_INTEGER), result=first_type),
    "mv_sort": typed(_sort, ANY, _ORDER, result=first_type, takes="whole"),
    "mv_sum": typed(_sum, NUMERIC, result=first_type, takes="whole"),
    "mv_union": _pair(_union, first_type, "9.4"),
    "mv_zip": function(_zip, STRING, STRING, optional(STRING), result="keyword", takes="whole"),
}
