"""EQL from a syntax tree; parsing it again gives the same tree."""

from __future__ import annotations

import re

from detections.query.eql.ast import (
    And,
    Arithmetic,
    Call,
    Comparison,
    EventFilter,
    Expression,
    FieldName,
    In,
    Literal,
    Match,
    Negative,
    Not,
    Or,
    Pipe,
    Query,
    Sample,
    Sequence,
    Term,
    TimeSpan,
)
from detections.query.eql.scan import KEYWORDS

_PLAIN = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*")
_NEEDS_ESCAPES = re.compile('[\n\r"]')
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"})

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _TEST, _OPERAND = range(9)
_POWERS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}


def to_eql(node: Query | EventFilter | Sequence | Sample | Expression) -> str:
    """A query, its body or an expression as text: an event query on one line, a sequence with one line an event."""
    match node:
        case Query(body, pipes):
            return "\n".join((to_eql(body), *map(_pipe, pipes)))
        case EventFilter(category, condition):
            return f"{_category(category)} where {_expression(condition, _OR)}"
        case Sequence(by, maxspan, terms, until):
            lines = [f"sequence{_by(by)}{_maxspan(maxspan)}", *(f"  {_term(term)}" for term in terms)]
            return "\n".join(lines if until is None else [*lines, f"until {_term(until)}"])
        case Sample(by, terms):
            return "\n".join((f"sample{_by(by)}", *(f"  {_term(term)}" for term in terms)))
        case _:
            return _expression(node, _OR)


def _category(category: str | None) -> str:
    if category is None:
        return "any"
    return category if _PLAIN.fullmatch(category) and category not in KEYWORDS else _string(category)


def _by(keys: tuple[FieldName, ...]) -> str:
    return f" by {', '.join(map(_field, keys))}" if keys else ""


def _maxspan(span: TimeSpan | None) -> str:
    return f" with maxspan={span.count}{span.unit}" if span else ""


def _term(term: Term) -> str:
    opening = "![" if term.missing else "["
    runs = f" with runs={term.runs}" if term.runs > 1 else ""
    return f"{opening}{to_eql(term.filter)}]{_by(term.by)}{runs}"


def _pipe(pipe: Pipe) -> str:
    return f"| {pipe.name} {pipe.count}"


def _expression(node: Expression, power: int) -> str:
    """The node, in parentheses where its place takes only what binds tighter."""
    text, own = _shown(node)
    return text if own >= power else f"({text})"


def _shown(node: Expression) -> tuple[str, int]:
    match node:
        case Literal(value):
            text = _literal(value)
            return text, _SIGN if text.startswith("-") else _OPERAND
        case FieldName():
            return _field(node), _OPERAND
        case Call(name, arguments, case_insensitive):
            shown = ", ".join(_expression(argument, _OR) for argument in arguments)
            return f"{name}{'~' if case_insensitive else ''}({shown})", _OPERAND
        case In():
            return _in(node, ""), _TEST
        case Not(In() as item):
            return _in(item, "not "), _TEST
        case Match():
            return _match(node), _TEST
        case Negative(operand):
            return f"-{_expression(operand, _SIGN)}", _SIGN
        case Arithmetic(operator, left, right):
            own = _POWERS[operator]
            return f"{_expression(left, own)} {operator} {_expression(right, own + 1)}", own
        case Comparison(operator, left, right):
            return f"{_expression(left, _SUM)} {operator} {_expression(right, _SUM)}", _COMPARISON
        case Not(item):
            return f"not {_expression(item, _NOT)}", _NOT
        case And(items):
            return " and ".join(_expression(item, _NOT) for item in items), _AND
        case Or(items):
            return " or ".join(_expression(item, _AND) for item in items), _OR


def _in(node: In, negation: str) -> str:
    choices = ", ".join(_expression(choice, _OR) for choice in node.choices)
    return f"{_expression(node.value, _OPERAND)} {negation}in{'~' if node.case_insensitive else ''} ({choices})"


def _match(node: Match) -> str:
    patterns = ", ".join(_literal(pattern.value) for pattern in node.patterns)
    return f"{_expression(node.value, _OPERAND)} {node.operator} {f'({patterns})' if node.several else patterns}"


def _field(field: FieldName) -> str:
    parts = field.name.split(".")
    plain = all(_PLAIN.fullmatch(part) for part in parts)
    if not plain:
        parts = [field.name]
    shown = (part if plain and part not in KEYWORDS else f"`{part.replace('`', '``')}`" for part in parts)
    return f"{'?' if field.optional else ''}{'.'.join(shown)}"


def _literal(value: str | int | float | bool | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case _:
            return repr(value)


def _string(text: str) -> str:
    if "\\" in text and not _NEEDS_ESCAPES.search(text):
        return f'"""{text}"""'
    return f'"{text.translate(_ESCAPES)}"'
