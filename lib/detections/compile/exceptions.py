"""Exception lists to exceptions, as Kibana's executors send them (the plugin ``lists``, 8.19 and 9.x).

An item excepts an event for which all of its entries hold. Which query each entry becomes is Kibana's; the predicate is
read back from that query, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from detections.compile.dsl import Dsl
from detections.compile.filters import compile_query
from detections.errors import Finding, Level, NotEvaluated, QueryTypeError
from detections.mapping import Mapping as Fields
from detections.plan.exceptions import NONE, ExceptionItem, Exceptions
from detections.rule import Rule
from detections.values.dates import parse_date

CODE = "exceptions"
SMALL = 65_536
"""Values of a list that Kibana sends with the query; those of a larger one it looks up after the search."""
DASHES = 200
"""The same for ranges of addresses that are written with a dash."""

Object: TypeAlias = Mapping[str, Any]
_TERMS = ("keyword", "ip", "ip_range")
_LOOKED_UP = ("query", "saved_query", "threat_match")
"""Types of rules that look values up after the search."""


@dataclass(frozen=True, slots=True)
class Values:
    """A value list: its type, and its values as they stand in its file."""

    type: str
    values: tuple[str, ...]

    @property
    def is_small(self) -> bool:
        """Whether Kibana sends it with the query."""
        dashes = sum("-" in value for value in self.values) if self.type == "ip_range" else 0
        return self.type in _TERMS and len(self.values) <= SMALL and dashes <= DASHES


@dataclass(frozen=True, slots=True)
class ExceptionLists:
    """What rules may refer to: the items of exception lists, by namespace and list_id, and value lists by their ids."""

    items: Mapping[tuple[str, str], Sequence[Object]] = field(default_factory=dict)
    values: Mapping[str, Values] = field(default_factory=dict)

    def of(self, rule: Rule, mapping: Fields) -> Exceptions:
        """The exceptions of a rule. Items that cannot be evaluated are left out: :meth:`problems` tells them."""
        items = tuple(item for item in self._items(rule, mapping) if isinstance(item, ExceptionItem))
        return Exceptions(items) if items else NONE

    def text(self, rule: Rule) -> str:
        """All that the lists say about a rule; empty where it refers to none."""
        named = [(one["namespace_type"], one["list_id"]) for one in rule.exceptions_list]
        items = [self.items.get(name) for name in named]
        entries = (entry for some in items for item in some or () for entry in item.get("entries", ()))
        asked = {str(entry["list"]) for entry in entries if isinstance(entry, dict) and "list" in entry}
        values = {name: found for name, found in self.values.items() if any(repr(name) in one for one in asked)}
        return repr((named, items, values)) if named else ""

    def problems(self, rule: Rule, mapping: Fields) -> Iterator[Finding]:
        """What of a rule's exceptions cannot be evaluated, each a warning."""
        for found in self._items(rule, mapping):
            if isinstance(found, str):
                message = f"{rule.name}: {found}"
                yield rule.document.finding(CODE, message, ("rule", "exceptions_list"), level=Level.WARNING)

    def _items(self, rule: Rule, mapping: Fields) -> Iterator[ExceptionItem | str]:
        for reference in rule.exceptions_list:
            items = self.items.get((reference["namespace_type"], reference["list_id"]))
            if items is None:
                yield f"the exception list {reference['list_id']} has no file: its items exclude nothing here"
                continue
            for item in items:
                try:
                    yield self.item(rule, item, mapping)
                except (NotEvaluated, QueryTypeError, LookupError, TypeError, ValueError, AttributeError) as error:
                    said = error.message if isinstance(error, QueryTypeError) else str(error)
                    name = item.get("name") or item.get("item_id")
                    yield f"the exception item '{name}' of {reference['list_id']} excludes nothing here: {said}"

    def item(self, rule: Rule, item: Object, mapping: Fields) -> ExceptionItem:
        """An item of a list of the rule.

        Raises:
            NotEvaluated, QueryTypeError: it cannot be evaluated, or the fields refuse it.
        """
        until = None
        if (expires := item.get("expire_time")) is not None:
            until = parse_date(expires)
            if until is None:
                raise NotEvaluated(f"its expire_time '{expires}' is not a date")
        asked = [self._entry(rule, entry) for entry in item["entries"]]
        if not asked:
            raise NotEvaluated("it has no entries")
        if item.get("os_types"):
            asked.append(_operating_systems(item["os_types"]))
        query: Dsl = asked[0] if len(asked) == 1 else {"bool": {"filter": asked}}
        return ExceptionItem(str(item.get("name") or item["item_id"]), compile_query(query, mapping), until, query)

    def _entry(self, rule: Rule, entry: Object, parent: str = "") -> Dsl:
        name = f"{parent}{entry['field']}"
        kind = entry["type"]
        if kind == "nested":
            inside = [self._entry(rule, one, f"{name}.") for one in entry["entries"]]
            return {"nested": {"path": name, "query": {"bool": {"filter": inside}}, "score_mode": "none"}}
        asked = self._list(rule, name, entry["list"]["id"]) if kind == "list" else _asked(kind, name, entry)
        if entry.get("operator", "included") == "included":
            return asked
        return {"bool": {"must_not": [asked]}}

    def _list(self, rule: Rule, name: str, identity: str) -> Dsl:
        found = self.values.get(identity)
        if found is None:
            raise NotEvaluated(f"the value list {identity} is not among the files")
        if found.type not in _TERMS:
            raise NotEvaluated(f"the values of {identity} are of type {found.type}, which are not compared here")
        if not found.is_small and rule.type not in _LOOKED_UP:
            raise NotEvaluated(
                f"the value list {identity} is too large for rules of type {rule.type}: Kibana ignores the item"
            )
        dashes = [value for value in found.values if found.type == "ip_range" and "-" in value]
        plain = [value for value in found.values if value not in set(dashes)] if dashes else list(found.values)
        ranges = [(start.strip(), end.strip()) for start, _, end in (value.partition("-") for value in dashes)]
        asked: list[Dsl] = [{"terms": {name: plain[at : at + SMALL]}} for at in range(0, len(plain), SMALL)]
        asked += [{"range": {name: {"gte": start, "lte": end}}} for start, end in ranges]
        return asked[0] if len(asked) == 1 else {"bool": {"should": asked, "minimum_should_match": 1}}


def _asked(kind: str, name: str, entry: Object) -> Dsl:
    value = entry.get("value")
    if kind == "exists":
        return {"exists": {"field": name}}
    if kind == "match" and isinstance(value, str):
        return {"match_phrase": {name: value}}
    if kind in ("wildcard", "match_wildcard") and isinstance(value, str):
        return {"wildcard": {name: value}}
    if kind == "match_any" and isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return {"bool": {"should": [{"match_phrase": {name: one}} for one in value], "minimum_should_match": 1}}
    raise NotEvaluated(f"its entry on {name} is of type {kind}, or has no value of this type")


def _operating_systems(names: Sequence[str]) -> Dsl:
    fields = ("host.os.type", "host.os.name.caseless")
    asked = [{"match_phrase": {field: name}} for name in names for field in fields]
    return {"bool": {"should": asked, "minimum_should_match": 1}}
