"""ES|QL from a syntax tree; parsing it again gives the same tree."""

from __future__ import annotations

import re

from detections.query.esql.ast import (
    Arithmetic,
    Cast,
    Command,
    Comparison,
    Drop,
    Eval,
    Expression,
    Field,
    From,
    Function,
    In,
    IsNull,
    Keep,
    Like,
    Limit,
    Literal,
    Logical,
    Match,
    Name,
    Negative,
    Not,
    Opaque,
    Order,
    Pattern,
    Query,
    Rename,
    Row,
    Sort,
    TimeSpan,
    Where,
)
from detections.query.esql.expressions import RESERVED

_PLAIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+)", re.ASCII)
_PLAIN_SOURCE = re.compile(r'(?:[^:"=|,\[\]/() \t\r\n])+')
_NEEDS_ESCAPES = re.compile('[\n\r]|"""')
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})

_ANY, _UNIT, _VALUE, _SUM, _PRODUCT, _TIGHT = range(6)
_POWERS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}


def to_esql(node: Query | Command | Expression) -> str:
    """A query (one command a line), a command or an expression as text."""
    if isinstance(node, Query):
        return "\n| ".join(_command(command) for command in node.commands)
    if isinstance(node, From | Row | Where | Eval | Keep | Drop | Rename | Sort | Limit | Opaque):
        return _command(node)
    return _expression(node, _ANY)


def _command(command: Command) -> str:
    match command:
        case From(indices, metadata):
            columns = f" METADATA {', '.join(name.name for name in metadata)}" if metadata else ""
            return f"FROM {', '.join(_source(index) for index in indices)}{columns}"
        case Row(fields) | Eval(fields):
            return f"{type(command).__name__.upper()} {', '.join(_field(field) for field in fields)}"
        case Where(condition):
            return f"WHERE {_expression(condition, _ANY)}"
        case Keep(patterns) | Drop(patterns):
            return f"{type(command).__name__.upper()} {', '.join(_pattern(pattern) for pattern in patterns)}"
        case Rename(pairs):
            shown = [f"{_pattern(Pattern((old.name,)))} AS {_pattern(Pattern((new.name,)))}" for old, new in pairs]
            return f"RENAME {', '.join(shown)}"
        case Sort(orders):
            return f"SORT {', '.join(_order(order) for order in orders)}"
        case Limit(count):
            return f"LIMIT {count}"
        case Opaque(text=text):
            return text


def _source(index: str) -> str:
    if _PLAIN_SOURCE.fullmatch(index) and index.lower() != "metadata":
        return index
    return _string(index)


def _field(field: Field) -> str:
    value = _expression(field.value, _ANY)
    return value if value == field.name else f"{_name(field.name)} = {value}"


def _order(order: Order) -> str:
    shown = _expression(order.value, _ANY) + ("" if order.ascending else " DESC")
    if order.nulls_first != (not order.ascending):
        shown += " NULLS FIRST" if order.nulls_first else " NULLS LAST"
    return shown


def _pattern(pattern: Pattern) -> str:
    """A wildcard joins the plain or quoted texts around it."""
    shown = []
    for text in pattern.texts:
        plain = all(_PLAIN.fullmatch(part) for part in text.split("."))
        whole = len(pattern.texts) == 1
        shown.append(text if plain and whole else _quoted(text) if text else "")
    return "*".join(shown)


def _name(name: str) -> str:
    parts = name.split(".")
    if all(_PLAIN.fullmatch(part) and part.lower() not in RESERVED for part in parts):
        return name
    return _quoted(name)


def _quoted(text: str) -> str:
    return f"`{text.replace('`', '``')}`"


def _string(text: str) -> str:
    if "\\" in text and not _NEEDS_ESCAPES.search(text):
        return f'"""{text}"""'
    return f'"{text.translate(_ESCAPES)}"'


def _literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case tuple():
            return f"[{', '.join(_literal(one) for one in value)}]"
        case float() if "." not in repr(value) and "e" not in repr(value):
            return f"{value!r}.0"
        case _:
            return repr(value)


def _expression(node: Expression, power: int) -> str:
    """The node, in parentheses where its place takes only what binds tighter."""
    text, own = _shown(node)
    return text if own >= power else f"({text})"


def _shown(node: Expression) -> tuple[str, int]:
    match node:
        case Literal(value):
            return _literal(value), _TIGHT
        case TimeSpan(amount, unit):
            return f"{amount} {unit}{'' if amount in (1, -1) else 's'}", _TIGHT
        case Name(name):
            return _name(name), _TIGHT
        case Function():
            return _function(node), _TIGHT
        case Cast(value, kind):
            return f"{_expression(value, _TIGHT)}::{kind}", _TIGHT
        case Negative(value):
            # In parentheses, for the sign of a number would become part of it.
            return f"-({_expression(value, _ANY)})", _PRODUCT
        case Arithmetic(operator, left, right):
            own = _POWERS[operator]
            return f"{_expression(left, own)} {operator} {_expression(right, own + 1)}", own
        case Comparison(operator, left, right):
            return f"{_expression(left, _SUM)} {operator} {_expression(right, _SUM)}", _VALUE
        case Not(value):
            return f"NOT {_expression(value, _UNIT)}", _UNIT
        case Logical(operator, items):
            return f" {operator.upper()} ".join(_expression(item, _UNIT) for item in items), _ANY
        case _:
            return _test(node), _UNIT


def _function(node: Function) -> str:
    shown = ["*"] if node.star else [_expression(one, _ANY) for one in node.arguments]
    if node.options:
        entries = [f"{_string(key)}: {_literal(value.value)}" for key, value in node.options]
        shown.append(f"{{{', '.join(entries)}}}")
    name = node.name if _PLAIN.fullmatch(node.name) and node.name not in RESERVED else _quoted(node.name)
    return f"{name}({', '.join(shown)})"


def _test(node: In | Like | IsNull | Match) -> str:
    value = _expression(node.value, _VALUE)
    match node:
        case In(items=items):
            listed = ", ".join(_expression(item, _VALUE) for item in items)
            return f"{value} {'NOT ' if node.negated else ''}IN ({listed})"
        case Like(patterns=patterns):
            operator = f"{'NOT ' if node.negated else ''}{'RLIKE' if node.regex else 'LIKE'}"
            shown = ", ".join(_expression(pattern, _SUM) for pattern in patterns)
            return f"{value} {operator} ({shown})" if node.listed else f"{value} {operator} {shown}"
        case IsNull():
            return f"{value} IS {'NOT ' if node.negated else ''}NULL"
        case Match(query=query):
            return f"{_expression(node.value, _TIGHT)} : {_literal(query.value)}"
