"""JSON_EXTRACT: a value out of a text in JSON (Elasticsearch 9.4)."""

from __future__ import annotations

import json
import re
from typing import Any

from detections.functions.signature import STRING, Function, Parameter, function

_STEP = re.compile(r"""\.?([^.\[\]'"]+)|\[(-?[0-9]+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")
_DEEPEST = 500


def parse_path(path: str) -> list[str | int]:
    """The steps of a path: ``$.a.b[0]`` or ``a['b c']``. Raises ValueError."""
    text = path.removeprefix("$")
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise ValueError(f"Invalid JSON path [{path}]")
        name, index, single, double = found.groups()
        steps.append(int(index) if index is not None else name or single or double or "")
        at = found.end()
    return steps


def _extract(text: str, path: str) -> str:
    steps = parse_path(path)
    if text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST:
        raise ValueError("invalid JSON input: nested too deep")
    try:
        value: Any = json.loads(text)
    except ValueError:
        raise ValueError("invalid JSON input") from None
    for step in steps:
        if isinstance(step, int):
            found = isinstance(value, list) and 0 <= step < len(value)
        else:
            found = isinstance(value, dict) and step in value
        if not found:
            raise LookupError(f"path [{path}] does not exist")
        value = value[step]
    if isinstance(value, str):
        return value
    if value is None:
        raise LookupError(f"path [{path}] is null")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _depth(text: str) -> int:
    depth = most = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        most = max(most, depth)
    return most


FUNCTIONS: dict[str, Function] = {
    "json_extract": function(
        _extract, STRING | {"_source"}, Parameter(STRING, check=parse_path), result="keyword", since="9.4", ga="9.5"
    ),
}
