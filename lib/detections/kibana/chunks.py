"""An import cut into requests that Kibana takes: at most 10,485,760 bytes and 10,000 objects each.

Exception lists and their items go first, rules after them: a rule that names a list which is not there yet is imported
without it. A connector travels with the rules whose actions use it, in every request that has such rules: Kibana 8.19
passes over connectors without rules, and takes a rule whose connector lacks its secrets only beside the connector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from detections.errors import UsageError
from detections.kibana.multipart import OVERHEAD
from detections.kibana.results import kind_of

MAX_BYTES = 10_485_760
"""Of a whole request (``xpack.securitySolution.maxRuleImportPayloadBytes``)."""
MAX_OBJECTS = 10_000
"""Lines of a request (``xpack.securitySolution.maxRuleImportExportSize``)."""


def chunks(
    objects: Iterable[Mapping[str, Any]], *, max_bytes: int = MAX_BYTES, max_objects: int = MAX_OBJECTS
) -> Iterator[list[bytes]]:
    """The lines (without line ends) of each request.

    Raises:
        UsageError: one object with its connectors is too large for any request, or the last of two rules with one
            rule_id would win without a word.
    """
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for one in objects:
        kinds.setdefault(kind_of(one), []).append(one)
    _no_doubles(kinds.get("rule", ()))
    connectors = {str(one["id"]): msgspec.json.encode(one) for one in kinds.get("connector", ())}
    limit = max_bytes - OVERHEAD
    shared = [*kinds.get("exception_list", ()), *kinds.get("exception_item", ())]
    yield from _fill(shared, {}, limit, max_objects)
    rules = kinds.get("rule", [])
    unused = set(connectors) - {name for rule in rules for name in _uses(rule)}
    if unused:
        yield from _fill([one for one in kinds["connector"] if one["id"] in unused], {}, limit, max_objects)
    yield from _fill(rules, connectors, limit, max_objects)


def _fill(
    things: Iterable[Mapping[str, Any]], connectors: Mapping[str, bytes], limit: int, most: int
) -> Iterator[list[bytes]]:
    lines: dict[str | int, bytes] = {}
    size = 0
    for number, thing in enumerate(things):
        needed: dict[str | int, bytes] = {name: connectors[name] for name in _uses(thing) if name in connectors}
        needed[number] = msgspec.json.encode(thing)
        fresh = {key: line for key, line in needed.items() if key not in lines}
        grown = sum(len(line) + 1 for line in fresh.values())
        if lines and (size + grown > limit or len(lines) + len(fresh) > most):
            yield list(lines.values())
            lines, size, fresh = {}, 0, needed
            grown = sum(len(line) + 1 for line in fresh.values())
        if grown > limit:
            named = thing.get("rule_id") or thing.get("item_id") or thing.get("list_id") or thing.get("id")
            raise UsageError(f"{named} is larger than the {limit:,} bytes that Kibana takes in one import")
        lines |= fresh
        size += grown
    if lines:
        yield list(lines.values())


def _uses(thing: Mapping[str, Any]) -> list[str]:
    return [str(action.get("id")) for action in thing.get("actions") or () if isinstance(action, Mapping)]


def _no_doubles(rules: Sequence[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for rule in rules:
        name = str(rule.get("rule_id"))
        if name in seen:
            raise UsageError(f"two rules of the import have the rule_id {name}; Kibana would keep the last of them")
        seen.add(name)
