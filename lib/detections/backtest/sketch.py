"""Counting values in bounded memory: how many distinct ones there are, and which are the most frequent.

Both are exact until a limit is reached, and say when they are not any more.
"""

from __future__ import annotations

import hashlib
import heapq

from detections.values.limits import BUSIEST_VALUES, DISTINCT_VALUES

_HASHES = 1 << 64


class Distinct:
    """How many distinct values were added: the smallest hashes are kept, and where they lie says how many there are
    (Bar-Yossef et al., *Counting distinct elements in a data stream*, 2002, algorithm 1)."""

    def __init__(self, most: int = DISTINCT_VALUES.most) -> None:
        self._most = most
        self._kept: set[int] = set()
        self._largest: list[int] = []
        """The kept hashes as a heap of their negatives: the largest comes first."""
        self.approximate = False

    def add(self, value: str) -> None:
        digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        found = int.from_bytes(digest, "big")
        if found in self._kept:
            return
        if len(self._kept) < self._most:
            self._kept.add(found)
            heapq.heappush(self._largest, -found)
            return
        self.approximate = True
        if found < -self._largest[0]:
            self._kept.discard(-heapq.heapreplace(self._largest, -found))
            self._kept.add(found)

    @property
    def count(self) -> int:
        if not self.approximate:
            return len(self._kept)
        return round((self._most - 1) * _HASHES / -self._largest[0])


class Frequent:
    """The most frequent values: a new one takes the place, and the count, of the one that was seen least (Metwally et
    al., *Efficient computation of frequent and top-k elements in data streams*, 2005). So a count may be too high, but
    by no more than the smallest of them, and a value that makes up more than its fair share is there.
    """

    def __init__(self, most: int = BUSIEST_VALUES.most) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._having: dict[int, dict[str, None]] = {}
        """The values by their count, of equal ones the oldest first."""
        self._least = 1
        self.approximate = False

    def add(self, value: str) -> None:
        count = self._counts.get(value)
        if count is not None:
            self._take(value, count)
        elif len(self._counts) < self._most:
            count = 0
        else:
            self.approximate = True
            count = self._least
            oldest = next(iter(self._having[count]))
            self._take(oldest, count)
            del self._counts[oldest]
        self._counts[value] = count + 1
        self._having.setdefault(count + 1, {})[value] = None
        self._least = count + 1 if count == 0 else min(self._least, count + 1)
        while self._least not in self._having:
            self._least += 1

    def _take(self, value: str, count: int) -> None:
        having = self._having[count]
        del having[value]
        if not having:
            del self._having[count]

    def top(self, many: int) -> list[tuple[str, int]]:
        """The most frequent values with their counts, most first, of equal counts in the order of their text."""
        return heapq.nsmallest(many, self._counts.items(), key=lambda one: (-one[1], one[0]))
