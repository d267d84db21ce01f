"""The combinations of one event's values, which several values of several fields multiply."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from detections.values import limits

Value = TypeVar("Value")

_FIELDS = 3
_MANY = 10**15


def combinations(values: Sequence[Sequence[Value]], tell: Callable[[str], None]) -> Iterator[tuple[Value, ...]]:
    """Every choice of one value each. Where these are too many, the first ones in the order of their values, as pages
    of an aggregation come; ``tell`` is told. Of more fields than a page usually has there are fewer combinations, so
    that they hold no more values.
    """
    count = math.prod(map(len, values))
    most = max(1, limits.COMBINATIONS.most * _FIELDS // max(_FIELDS, len(values)))
    if count <= most:
        return itertools.product(*values)
    name = limits.COMBINATIONS.name
    shown = f"{count:,}" if count < _MANY else "countless"
    tell(f"its values have {shown} combinations: the first {most:,} are looked at (limit {name})")
    return itertools.islice(itertools.product(*(sorted(some, key=_order) for some in values)), most)


def _order(value: object) -> tuple[str, object]:
    return type(value).__name__, value
