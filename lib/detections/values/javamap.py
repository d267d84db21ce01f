"""Java's ``Map.toString`` over JSON values, as Elasticsearch's ingest scripts print them.

A JSON object becomes a ``java.util.HashMap``, and what it prints depends on that table: keys stand in the order of
their buckets, keys of one bucket in the order they came. The number of buckets follows from how many keys were put in;
removing entries later does not shrink it. So an object must be pruned and ordered in one step, from its original keys.

Semantics: OpenJDK 17 and newer (``HashMap``), 19 and newer (``Double.toString`` prints the shortest digits); checked
against OpenJDK. Not modelled: the order inside a bucket that became a tree, which takes nine keys or more that share a
bucket among at least 64.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Collection, Iterable

_INITIAL_CAPACITY = 16
_TREEIFY_THRESHOLD = 8
_MIN_TREEIFY_CAPACITY = 64
_MASK = 0xFFFF_FFFF


def hash_map(value: object, pruned: Collection[str] = ()) -> object:
    """A copy of a JSON value whose objects have their keys in ``HashMap`` order, without what is empty.

    Left out at every depth: null, the strings in ``pruned``, and objects and lists that are empty or became so. A
    value that is nothing else is None.

    Raises RecursionError where the nesting is too deep for the interpreter's stack.
    """
    if isinstance(value, dict):
        kept = {}
        for key in in_hash_order(value):
            inner = hash_map(value[key], pruned)
            if inner is not None:
                kept[key] = inner
        return kept or None
    if isinstance(value, list):
        return [inner for inner in (hash_map(item, pruned) for item in value) if inner is not None] or None
    return None if isinstance(value, str) and value in pruned else value


def to_string(value: object) -> str:
    """What Java prints for a JSON value: ``{k=v, list=[1, 2.0, true]}``, strings without quotes or escapes.

    Objects are printed in the order of their keys; :func:`hash_map` puts them in Java's.
    Raises RecursionError as :func:`hash_map` does.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join([f"{key}={to_string(inner)}" for key, inner in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ", ".join([to_string(item) for item in value]) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return double(value) if isinstance(value, float) else str(value)


def in_hash_order(keys: Iterable[str]) -> list[str]:
    """The keys in the order a ``HashMap`` iterates over them, when they were put into it in the order given."""
    inserted = list(keys)
    if len(inserted) < 2:
        return inserted
    hashes = [spread_hash(key) for key in inserted]
    last = _capacity(hashes) - 1
    # sorted is stable: keys of one bucket stay in the order they came, through every resize.
    return [inserted[at] for at in sorted(range(len(inserted)), key=lambda at: hashes[at] & last)]


def _capacity(hashes: list[int]) -> int:
    """The number of buckets after these entries were put in, one after the other."""
    capacity = _INITIAL_CAPACITY
    for count in range(_TREEIFY_THRESHOLD + 1, len(hashes) + 1):
        # A bucket that gets its ninth entry makes a small table grow instead of becoming a tree.
        if capacity < _MIN_TREEIFY_CAPACITY:
            bucket = hashes[count - 1] & (capacity - 1)
            inside = sum(1 for other in hashes[: count - 1] if other & (capacity - 1) == bucket)
            if inside >= _TREEIFY_THRESHOLD:
                capacity *= 2
        if count > capacity * 3 // 4:
            capacity *= 2
    return capacity


@functools.lru_cache(maxsize=16384)
def spread_hash(key: str) -> int:
    """``String.hashCode`` with its upper half folded into the lower, as ``HashMap`` uses it; unsigned 32 bits."""
    value = 0
    if key.isascii():
        for unit in key.encode("ascii"):
            value = (value * 31 + unit) & _MASK
    else:
        for unit in memoryview(key.encode(_UTF_16, "surrogatepass")).cast("H"):
            value = (value * 31 + unit) & _MASK
    return value ^ value >> 16


_UTF_16 = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


def utf16_length(text: str) -> int:
    """``String.length``: how many UTF-16 units, which is also what ``ignore_above`` counts."""
    return len(text) if text.isascii() else len(text) + sum(1 for character in text if character > "\uffff")


def double(value: float) -> str:
    """``Double.toString``: ``1.0``, ``1.0E7``, ``9.9E-4``, ``Infinity``, ``NaN``."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if 1e-3 <= abs(value) < 1e7 or value == 0:
        return repr(value)
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = _scientific(abs(value)).partition("e")
    return f"{sign}{mantissa}E{int(exponent)}"


def _scientific(value: float) -> str:
    """The shortest digits that name the number, but at least two of them (``4.9e-324``, not ``5e-324``)."""
    for digits in range(1, 17):
        text = f"{value:.{digits}e}"
        if float(text) == value:
            return text
    return f"{value:.16e}"
