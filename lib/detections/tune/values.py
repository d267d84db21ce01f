"""What alerts have in the fields that exceptions ask for, and the entries that ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address, ip_network

from detections.engine.alert import Shown
from detections.mapping import Field
from detections.tune.model import Entry, Kind

SPREAD = 4
"""Distinct values from which on they are asked for together, by a network or what they begin with."""
_LONGEST = 256
_LEAST = 4
_NETWORKS = {4: (24, 16), 6: (64, 48)}
_BEGINNINGS = 6
_SPECIAL = frozenset("*?\\")


class Column:
    """The values of one field: for each the alerts that have it, as bits."""

    def __init__(self, field: Field, rows: Sequence[Shown], number: int) -> None:
        self.field = field
        self.masks: dict[str, int] = {}
        for row, shown in enumerate(rows):
            for value in shown[number]:
                self.masks[value] = self.masks.get(value, 0) | 1 << row

    def having(self, entry: Entry) -> int:
        """The alerts for which an entry holds."""
        if entry.kind is Kind.MATCH:
            return self.masks.get(entry.values[0], 0)
        found = 0
        for value, mask in self.masks.items():
            if entry.holds((value,)):
                found |= mask
        return found

    def entries(self) -> Iterator[Entry]:
        """Every entry that some of the alerts suggest: each value, and what many of them have in common."""
        name = self.field.name
        values = [value for value in self.masks if value and len(value) <= _LONGEST]
        yield from (Entry(name, (value,)) for value in values)
        if self.field.type == "ip":
            yield from (Entry(name, (block,), Kind.NETWORK) for block in _common(values, _blocks))
        else:
            yield from (Entry(name, (f"{text}*",), Kind.WILDCARD) for text in _common(values, _beginnings))


def _common(values: Sequence[str], parts: Callable[[str], Iterator[str]]) -> list[str]:
    """What so many of the values have in common that they are asked for together."""
    counts: dict[str, int] = {}
    for value in values:
        for part in parts(value):
            counts[part] = counts.get(part, 0) + 1
    return [part for part, count in counts.items() if count >= SPREAD]


def _blocks(value: str) -> Iterator[str]:
    try:
        address = ip_address(value)
    except ValueError:
        return
    for length in _NETWORKS[address.version]:
        yield str(ip_network(f"{address}/{length}", strict=False))


def _beginnings(value: str) -> Iterator[str]:
    """What stands before a place where words end: ``aws-cli/`` of ``aws-cli/2.1``."""
    ends = [place for place, sign in enumerate(value, 1) if not sign.isalnum() and place >= _LEAST]
    for end in ends[:_BEGINNINGS]:
        if not _SPECIAL.intersection(value[:end]):
            yield value[:end]
