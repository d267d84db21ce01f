"""Constants of ES|QL: numbers, spans of time, strings, lists and maps."""

from __future__ import annotations

import math

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import Literal, Map, MapEntry, Parameter, TimeSpan
from detections.query.esql.scan import KEYWORDS, Token, string_value
from detections.query.esql.stream import Stream

_UNITS = {
    "millisecond": ("milliseconds", "ms"),
    "second": ("seconds", "sec", "s"),
    "minute": ("minutes", "min", "m"),
    "hour": ("hours", "h"),
    "day": ("days", "d"),
    "week": ("weeks", "w"),
    "month": ("months", "mo"),
    "quarter": ("quarters", "q"),
    "year": ("years", "yr", "y"),
}
UNITS = {spelling: unit for unit, spellings in _UNITS.items() for spelling in (unit, *spellings)}
"""Every spelling of a unit of time -> its long singular form."""

_NUMBERS = ("double", "unsigned_long", "long", "integer")
_MOST_DIGITS = 20


class Constants(Stream):
    """Reads constants from the tokens of a command."""

    def constant(self) -> Literal | TimeSpan | Parameter:
        token = self.tokens[self.at]
        span = token.start, token.end
        match token.kind:
            case "string":
                self.at += 1
                return Literal(string_value(token.text), "keyword", span)
            case "integer" | "decimal":
                return self.number(None)
            case "true" | "false":
                self.at += 1
                return Literal(token.kind == "true", "boolean", span)
            case "null":
                self.at += 1
                return Literal(None, "null", span)
            case "[":
                return self._list_of_constants()
            case "parameter" if not token.text.startswith("??"):
                return self.parameter()
            case "-" | "+":
                self.at += 1
                if self.token.kind in ("integer", "decimal"):
                    return self.number(token)
        raise self.unexpected("a constant")

    def string(self, what: str) -> Literal:
        """A string literal, called so in the error that there is none."""
        token = self.token
        if token.kind != "string":
            raise self.unexpected(what)
        self.at += 1
        return Literal(string_value(token.text), "keyword", (token.start, token.end))

    def number(self, sign: Token | None) -> Literal | TimeSpan:
        """A number, or a span of time where a word stands behind it; the ``sign`` was read."""
        token = self.take()
        text = ("-" if sign is not None and sign.text == "-" else "") + token.text
        start = token.start if sign is None else sign.start
        unit = self.token
        if token.kind == "integer" and unit.kind == "word":
            self.at += 1
            if unit.lower not in UNITS:
                message = f"unknown unit of time '{unit.text}': expected one of {', '.join(_UNITS)}"
                raise self.error(message, unit)
            if len(text) > _MOST_DIGITS:
                raise self._too_large(token)
            return TimeSpan(int(text), UNITS[unit.lower], (start, unit.end))
        literal = _literal(text, (start, token.end))
        if literal.value in (math.inf, -math.inf):
            raise self._too_large(token)
        return literal

    def _too_large(self, token: Token) -> QuerySyntaxError:
        return self.error("number is too large", token)

    def _list_of_constants(self) -> Literal:
        start = self.take().start
        items = [self._item()]
        while self.accept(","):
            items.append(self._item())
        if not self.accept("]"):
            raise self.unexpected("','", "']'")
        types = {item.type for item in items}
        span = self.span(start)
        numeric = types <= set(_NUMBERS)
        if len(types) > 1 and not numeric:
            raise QuerySyntaxError("the values of a list must be of one type", self.text, *span)
        kind = next(one for one in _NUMBERS if one in types) if numeric else items[0].type
        values = [float(item.value) if kind == "double" else item.value for item in items]  # type: ignore[arg-type]
        return Literal(tuple(values), kind, span)  # type: ignore[arg-type]

    def _item(self) -> Literal:
        if self.token.kind in ("integer", "decimal", "-", "+", "string", "true", "false"):
            item = self.constant()
            if isinstance(item, Literal):
                return item
        raise self.unexpected("a number, a string, true or false")

    def map(self) -> Map:
        start = self.expect("{").start
        self.source.deeper(start)
        entries: list[MapEntry] = []
        while not self.accept("}"):
            if entries and not self.accept(","):
                raise self.unexpected("','", "'}'")
            key = self.string("the name of an option, a string")
            if not self.accept(":"):
                raise self.unexpected("':'")
            value = self.map() if self.tokens[self.at].kind == "{" else self.constant()
            entries.append(MapEntry(str(key.value), value, self.span(key.span[0])))
        self.source.depth -= 1
        return Map(tuple(entries), self.span(start))

    def options(self) -> Map | None:
        """``WITH {...}``, where it follows."""
        return self.map() if self.accept_word("with") else None

    def is_word(self) -> bool:
        """Whether a word follows, be it a keyword or not."""
        return self.token.kind == "word" or self.token.kind in KEYWORDS


def _literal(text: str, span: tuple[int, int]) -> Literal:
    """A number of the narrowest type that holds it; a whole number that none holds is a double."""
    if text.lstrip("-").isdecimal() and len(text) <= _MOST_DIGITS:
        value = int(text)
        if -(2**31) <= value < 2**31:
            return Literal(value, "integer", span)
        if -(2**63) <= value < 2**63:
            return Literal(value, "long", span)
        if 0 <= value < 2**64:
            return Literal(value, "unsigned_long", span)
    return Literal(float(text), "double", span)
