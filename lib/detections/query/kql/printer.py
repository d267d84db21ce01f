"""Back to text: a query's tree as KQL in Kibana's form, and as Kibana's own JSON for it.

The text parses to the same tree. Kibana's printer has the same form but not that property: it writes stars with
Lucene's escapes, leaves braces alone, and writes ``\\not``, which its parser reads as a newline and ``ot``.
"""

from __future__ import annotations

import re
from typing import Any

from detections.query.kql.ast import And, Is, Literal, Nested, Node, Not, Operand, Or, Range

_SYMBOLS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNQUOTED = re.compile(
    r"""(?P<special>[\\():<>"*{}])
      | (?P<control>[\t\r\n])
      | (?P<not>[nN])(?=[oO][tT](?:[ \u00a0\t\r\n]|\Z))
      | (?<=[ \u00a0])(?P<keyword>(?i:or|and))(?=[ \u00a0]|\Z)
      | (?P<surrogate>[\ud800-\udfff])""",
    re.VERBOSE,
)
_CONTROLS = {"\t": r"\t", "\r": r"\r", "\n": r"\n"}
_BLANK = r"\t"


def to_kql(node: Node) -> str:
    """The query as text: ``(a: b AND NOT c: "d e")``."""
    match node:
        case And(items):
            return f"({' AND '.join(map(to_kql, items))})"
        case Or(items):
            return f"({' OR '.join(map(to_kql, items))})"
        case Not(Not() as item):
            return f"NOT ({to_kql(item)})"
        case Not(item):
            return f"NOT {to_kql(item)}"
        case Nested(path, item):
            return f"{_operand(path)}: {{ {to_kql(item)} }}"
        case Range(field, operator, value):
            return f"{_operand(field)} {_SYMBOLS[operator]} {_operand(value)}"
        case Is(Literal(None), value):
            return _operand(value)
        case Is(field, value):
            return f"{_operand(field)}: {_operand(value)}"


def _operand(operand: Operand) -> str:
    if not isinstance(operand, Literal):
        return "*".join(map(_escape, operand.parts))
    value = operand.value
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if operand.quoted:
        escaped = value.replace("\\", r"\\").replace('"', r"\"")
        return f'"{_SURROGATE.sub(_code, escaped)}"'
    # An unquoted literal is trimmed after its escapes are read: a tab is how the empty one is written.
    return _escape(value) or _BLANK


def _escape(text: str) -> str:
    return _UNQUOTED.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "special" | "keyword":
            return f"\\{found[0]}"
        case "control":
            return _CONTROLS[found[0]]
        case _:
            return _code(found)


def _code(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def to_json(node: Node) -> dict[str, Any]:
    """The tree as Kibana's parser gives it: ``{"type": "function", "function": "is", "arguments": [...]}``."""
    match node:
        case And(items):
            return _function("and", *map(to_json, items))
        case Or(items):
            return _function("or", *map(to_json, items))
        case Not(item):
            return _function("not", to_json(item))
        case Nested(path, item):
            return _function("nested", _operand_json(path), to_json(item))
        case Range(field, operator, value):
            return _function("range", _operand_json(field), operator, _operand_json(value))
        case Is(field, value):
            return _function("is", _operand_json(field), _operand_json(value))


def _function(name: str, *arguments: object) -> dict[str, Any]:
    return {"type": "function", "function": name, "arguments": list(arguments)}


def _operand_json(operand: Operand) -> dict[str, Any]:
    if isinstance(operand, Literal):
        return {"type": "literal", "value": operand.value, "isQuoted": operand.quoted}
    return {"type": "wildcard", "value": operand.marked}
