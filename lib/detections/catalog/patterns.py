"""Names of indices, and the patterns that rules name them by (Elasticsearch's multi-target syntax).

``*`` is any text; a pattern may list several (``a,b``), name another cluster (``eu:logs-*``), hold date math
(``<logs-{now/d}>``), or take away what stands before it (``-logs-old-*``). Hidden indices, whose names begin with a
dot, are found by patterns that begin with one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_DATE_MATH = re.compile(r"\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}")
_BACKING = re.compile(r"(?:partial-|restored-)?\.(?:ds|fs)-(.+)-\d{4}\.\d{2}\.\d{2}-\d{6,}")


def targets(patterns: Iterable[str]) -> tuple[str, ...]:
    """The single patterns of a list, in order, each on its own and without its cluster; exclusions keep their minus."""
    found: list[str] = []
    for one in (part.strip() for given in patterns for part in given.split(",")):
        minus, name = ("-", one[1:]) if one.startswith("-") and found else ("", one)
        if name.startswith("<") and name.endswith(">"):
            name = _DATE_MATH.sub("*", name[1:-1])
        name = name.partition("::")[0].rpartition(":")[2]
        if name:
            found.append(minus + ("*" if name == "_all" else name))
    return tuple(found)


def covers(patterns: tuple[str, ...], index: str) -> bool:
    """Whether one index, by its name, is among those that :func:`targets` name: the last that fits decides."""
    data_stream = data_stream_of(index)
    found = False
    for pattern in patterns:
        minus = pattern.startswith("-")
        if minus is found and any(_fits(pattern.removeprefix("-"), name) for name in {index, data_stream}):
            found = not minus
    return found


def overlaps(patterns: tuple[str, ...], other: str) -> bool:
    """Whether :func:`targets` can name an index that another pattern names, too."""
    found = False
    for pattern in patterns:
        if pattern.startswith("-"):
            found = found and not _fits(pattern[1:], other)
        else:
            found = found or ((other[:1] != "." or pattern[:1] == ".") and _meet(pattern, other))
    return found


def data_stream_of(index: str) -> str:
    """The data stream that a backing index (``.ds-logs-x-default-2026.01.31-000001``) belongs to, else its own name."""
    backing = _BACKING.fullmatch(index)
    return backing[1] if backing else index


def _fits(pattern: str, name: str) -> bool:
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return _compiled(pattern).fullmatch(name) is not None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _meet(one: str, other: str) -> bool:
    """Whether some text fits both patterns."""
    before, beside = one.partition("*")[0], other.partition("*")[0]
    if not (before.startswith(beside) or beside.startswith(before)):
        return False
    reached = {0}  # how much of ``other`` can stand beside what was read of ``one``
    for character in one:
        reached = _past_stars(reached, other)
        if character == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            stay = {at for at in reached if other[at : at + 1] == "*"}
            reached = stay | {at + 1 for at in reached if other[at : at + 1] == character}
    return len(other) in _past_stars(reached, other)


def _past_stars(places: set[int], pattern: str) -> set[int]:
    found = set(places)
    for at in sorted(places):
        while pattern[at : at + 1] == "*":
            at += 1
            found.add(at)
    return found
