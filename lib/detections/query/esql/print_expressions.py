"""Expressions of ES|QL from their tree; parsing them again gives the same tree."""

from __future__ import annotations

import re

from detections.query.esql.ast import (
    Arithmetic,
    Cast,
    Comparison,
    Expression,
    Function,
    In,
    InQuery,
    IsNull,
    Lambda,
    Like,
    Literal,
    Logical,
    Map,
    MapEntry,
    Match,
    Name,
    Negative,
    Not,
    Parameter,
    Pattern,
    Query,
    TimeSpan,
)
from detections.query.esql.scan import KEYWORDS

_PLAIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+)", re.ASCII)
_NEEDS_ESCAPES = re.compile('[\n\r]|"""|"$')
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})

ANY, _UNIT, _VALUE, _SUM, _PRODUCT, TIGHT = range(6)
_POWERS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}


def pattern(node: Pattern) -> str:
    """A wildcard joins the plain or quoted texts around it."""
    if node.unbound:
        return "*".join(node.texts)
    shown = []
    for text in node.texts:
        plain = all(_PLAIN.fullmatch(part) for part in text.split("."))
        whole = len(node.texts) == 1
        shown.append(text if plain and whole else _quoted(text) if text else "")
    return "*".join(shown)


def name(text: str) -> str:
    """A name as it must be written to be read as one."""
    parts = text.split(".")
    if all(_PLAIN.fullmatch(part) and part.lower() not in KEYWORDS for part in parts):
        return text
    return _quoted(text)


def column(node: Name) -> str:
    return node.name if node.unbound else name(node.name)


def _quoted(text: str) -> str:
    return f"`{text.replace('`', '``')}`"


def string(text: str) -> str:
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
            return string(value)
        case tuple():
            return f"[{', '.join(_literal(one) for one in value)}]"
        case float() if "." not in repr(value) and "e" not in repr(value):
            return f"{value!r}.0"
        case _:
            return repr(value)


class ExpressionPrinter:
    """Writes expressions; who knows how to write queries writes those inside them."""

    def query(self, node: Query) -> str:
        """A sub-query, without its parentheses."""
        raise NotImplementedError

    def options(self, node: Map) -> str:
        return f"{{{', '.join(self._entry(entry) for entry in node.entries)}}}"

    def _entry(self, entry: MapEntry) -> str:
        value = self.options(entry.value) if isinstance(entry.value, Map) else self.expression(entry.value)
        return f"{string(entry.key)}: {value}"

    def expression(self, node: Expression, power: int = ANY) -> str:
        """The node, in parentheses where its place takes only what binds tighter."""
        text, own = self._shown(node)
        return text if own >= power else f"({text})"

    def _shown(self, node: Expression) -> tuple[str, int]:
        match node:
            case Literal(value):
                return _literal(value), TIGHT
            case TimeSpan(amount, unit):
                return f"{amount} {unit}{'' if amount in (1, -1) else 's'}", TIGHT
            case Name():
                return column(node), TIGHT
            case Parameter(text):
                return text, TIGHT
            case Function():
                return self._function(node), TIGHT
            case Lambda(parameters, body):
                return f"({', '.join(map(column, parameters))}) -> {self.expression(body)}", ANY
            case Cast(value, kind):
                return f"{self.expression(value, TIGHT)}::{name(kind)}", TIGHT
            case Negative(value):
                # In parentheses, for the sign of a number would become part of it.
                return f"-({self.expression(value)})", _PRODUCT
            case Arithmetic(operator, left, right):
                own = _POWERS[operator]
                return f"{self.expression(left, own)} {operator} {self.expression(right, own + 1)}", own
            case Comparison(operator, left, right):
                return f"{self.expression(left, _SUM)} {operator} {self.expression(right, _SUM)}", _VALUE
            case Not(value):
                return f"NOT {self.expression(value, _UNIT)}", _UNIT
            case Logical(operator, items):
                return f" {operator.upper()} ".join(self.expression(item, _UNIT) for item in items), ANY
            case _:
                return self._test(node), _UNIT

    def _function(self, node: Function) -> str:
        shown = ["*"] if node.star else [self.expression(argument) for argument in node.arguments]
        if node.options is not None:
            shown.append(self.options(node.options))
        plain = _PLAIN.fullmatch(node.name) and node.name not in KEYWORDS - {"first", "last"}
        written = node.written or node.name
        called = written if plain or node.name.startswith("?") else _quoted(written)
        return f"{called}({', '.join(shown)})"

    def _test(self, node: In | InQuery | Like | IsNull | Match) -> str:
        negation = "" if isinstance(node, Match) or not node.negated else "NOT "
        if isinstance(node, InQuery):
            values = ", ".join(self.expression(one, _VALUE) for one in node.values)
            return f"{values if len(node.values) == 1 else f'({values})'} {negation}IN ({self.query(node.query)})"
        value = self.expression(node.value, _VALUE)
        match node:
            case In(items=items):
                listed = ", ".join(self.expression(item, _VALUE) for item in items)
                return f"{value} {negation}IN ({listed})"
            case Like(patterns=patterns):
                operator = f"{negation}{'RLIKE' if node.regex else 'LIKE'}"
                shown = ", ".join(self.expression(one, TIGHT) for one in patterns)
                return f"{value} {operator} ({shown})" if node.listed else f"{value} {operator} {shown}"
            case IsNull():
                return f"{value} IS {negation}NULL"
            case Match(query=query):
                return f"{self.expression(node.value, TIGHT)} : {self.expression(query)}"
