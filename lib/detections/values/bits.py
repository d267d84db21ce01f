"""Sets of rows as big integers: bit ``n`` is row ``n``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

_FEW = 24


def of_rows(rows: Collection[int], size: int) -> int:
    """The set of some rows out of ``size``."""
    if len(rows) <= _FEW:
        made = 0
        for row in rows:
            made |= 1 << row
        return made
    marks = bytearray(b"0") * size
    for row in rows:
        marks[~row] = 49
    return int(marks, 2)


def rows_of(bits: int) -> Iterator[int]:
    """The rows of a set, in order."""
    if bits.bit_count() <= _FEW:
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest
        return
    marks = bin(bits)[:1:-1]
    at = marks.find("1")
    while at >= 0:
        yield at
        at = marks.find("1", at + 1)
