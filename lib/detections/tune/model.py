"""What tuning proposes: items of an exception list, each with the entries that must all hold."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Any


class Kind(enum.StrEnum):
    """How an entry asks for its values."""

    MATCH = "match"
    NETWORK = "network"
    WILDCARD = "wildcard"


@dataclass(frozen=True)
class Entry:
    """What one field must have: one of the ``values``; a network is a block of addresses, a wildcard ends in a star.
    (No slots: the network is read once and kept in the instance.)"""

    field: str
    values: tuple[str, ...]
    kind: Kind = Kind.MATCH

    def holds(self, found: Sequence[str]) -> bool:
        """Whether one of the values that an event has in the field is asked for."""
        return any(map(self._asks_for, found))

    def kibana(self) -> dict[str, Any]:
        """The entry as Kibana's API has it. Elasticsearch takes a block of addresses for a value of an IP field."""
        entry: dict[str, Any] = {"field": self.field, "operator": "included"}
        if len(self.values) > 1:
            return entry | {"type": "match_any", "value": list(self.values)}
        return entry | {"type": "wildcard" if self.kind is Kind.WILDCARD else "match", "value": self.values[0]}

    def _asks_for(self, value: str) -> bool:
        if self.kind is Kind.WILDCARD:
            return value.startswith(self.values[0][:-1])
        if self.kind is Kind.NETWORK:
            try:
                return ip_address(value) in self._network
            except ValueError:
                return False
        return value in self.values

    @cached_property
    def _network(self) -> Any:
        return ip_network(self.values[0])

    def __str__(self) -> str:
        asks = {Kind.MATCH: "is", Kind.NETWORK: "is in", Kind.WILDCARD: "is like"}[self.kind]
        return f"{self.field} {'is one of' if len(self.values) > 1 else asks} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Item:
    """An exception: an event for which all of the entries hold raises no alert. ``silences`` counts the false positives
    that are not raised with it alone."""

    entries: tuple[Entry, ...]
    silences: int = 0

    def kibana(self) -> list[dict[str, Any]]:
        return [entry.kibana() for entry in self.entries]

    def __str__(self) -> str:
        return " and ".join(map(str, self.entries))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An exception that is not proposed, and why."""

    item: Item
    why: str


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is proposed for a rule.

    ``alerts`` counts what the rule raises, ``false_positives`` those of them that were given, and ``silenced`` those of
    these that are not raised with all ``items``; ``left`` are some of the others, ``missing`` what was given and is no
    alert. ``query`` is the rule's query with the items as clauses, empty where ``no_query`` says why there is none.
    ``cases`` is the text of the rule's case file with a quiet case for each value, empty where there is no such file.
    ``remarks`` are what the items could not be held against.
    """

    rule_id: str
    name: str
    path: str
    alerts: int
    false_positives: int
    silenced: int = 0
    items: tuple[Item, ...] = ()
    refused: tuple[Refusal, ...] = ()
    left: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    query: str = ""
    no_query: str = ""
    cases: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether every false positive was found, and is silenced."""
        return not self.missing and self.silenced == self.false_positives
