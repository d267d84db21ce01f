"""An import cut into requests that Kibana takes: at most 10,485,760 bytes and 10,000 objects each.

Exception lists and their items go first, rules after them: a rule that names a list which is not there yet is imported
without it. A connector travels with the rules whose actions use it, in every request that has such rules: Kibana 8.19
passes over connectors without rules, and a rule whose connector lacks its secrets is taken only beside the connector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from detections.errors import UsageError
from detections.kibana.multipart import OVERHEAD
from detections.kibana.results import kind_of

Object = Mapping[str, Any]
MAX_BYTES = 10_485_760
"""Of a whole request (``xpack.securitySolution.maxRuleImportPayloadBytes``)."""
MAX_VALUE_BYTES = 8_000_000
"""Of a file of values, below the 9,000,000 of ``xpack.lists.maxImportPayloadBytes``."""
MAX_OBJECTS = 10_000
"""Lines of a request (``xpack.securitySolution.maxRuleImportExportSize``)."""

_LINE_END = re.compile("[\\n\\r\\u2028\\u2029]")


def chunks(
    objects: Iterable[Mapping[str, Any]], *, max_bytes: int = MAX_BYTES, max_objects: int = MAX_OBJECTS
) -> list[list[Object]]:
    """The objects of each request.

    Raises:
        UsageError: one object with its connectors is too large for any request, or two rules have one rule_id, of which
            the last would win without a word.
    """
    kinds: dict[str, list[Object]] = {}
    for thing in objects:
        kinds.setdefault(kind_of(thing), []).append(thing)
    rules = kinds.get("rule", [])
    _no_doubles(rules)
    connectors = {str(connector["id"]): connector for connector in kinds.get("connector", ())}
    used = {name for rule in rules for name in _uses(rule)}
    unused = [connector for name, connector in connectors.items() if name not in used]
    first = [*kinds.get("exception_list", ()), *kinds.get("exception_item", ()), *unused]
    return [*_fill(first, {}, max_bytes, max_objects), *_fill(rules, connectors, max_bytes, max_objects)]


def lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """The body of a request's file: ndjson."""
    return b"".join(msgspec.json.encode(thing) + b"\n" for thing in objects)


def texts(values: Iterable[str], *, max_bytes: int = MAX_VALUE_BYTES) -> list[bytes]:
    """Files of a value list's values, one a line, each small enough for one request.

    Raises:
        UsageError: a value is empty, has white space around it, or a line end in it: Kibana would make others of it.
    """
    files = [bytearray()]
    for value in values:
        if value != value.strip() or not value or _LINE_END.search(value):
            raise UsageError(f"invalid list value {value[:80]!r}: expected one line without white space around it")
        line = f"{value}\n".encode()
        if len(files[-1]) + len(line) > max_bytes:
            files.append(bytearray())
        files[-1] += line
    return [bytes(file) for file in files if file]


def _fill(
    things: Iterable[Object], connectors: Mapping[str, Object], max_bytes: int, max_objects: int
) -> Iterator[list[Object]]:
    limit = max_bytes - OVERHEAD
    chunk: list[Object] = []
    size, carried = 0, set[str]()
    for thing in things:
        needed = [name for name in _uses(thing) if name in connectors]
        whole = [*(connectors[name] for name in needed), thing]
        fresh = [*(connectors[name] for name in needed if name not in carried), thing]
        if chunk and (size + len(lines(fresh)) > limit or len(chunk) + len(fresh) > max_objects):
            yield chunk
            chunk, size, carried, fresh = [], 0, set(), whole
        grown = len(lines(fresh))
        if grown > limit:
            name = thing.get("rule_id") or thing.get("item_id") or thing.get("list_id") or thing.get("id")
            raise UsageError(f"{name} is larger than {max_bytes:,} bytes, the limit of one import")
        chunk += fresh
        size += grown
        carried.update(needed)
    if chunk:
        yield chunk


def _uses(thing: Object) -> list[str]:
    """The connectors of a rule's actions, each once."""
    actions = (action for action in thing.get("actions") or () if isinstance(action, Mapping))
    return list(dict.fromkeys(str(action.get("id")) for action in actions))


def _no_doubles(rules: Iterable[Object]) -> None:
    seen: set[str] = set()
    for rule in rules:
        name = str(rule.get("rule_id"))
        if name in seen:
            raise UsageError(f"two rules of the import have the rule_id {name}; Kibana would keep only the last")
        seen.add(name)
