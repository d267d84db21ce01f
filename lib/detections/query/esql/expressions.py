"""Expressions of ES|QL, by operator precedence.

From the loosest to the tightest: OR, AND, NOT, then IN / LIKE / RLIKE / IS NULL / ``:``, comparisons, ``+ -``,
``* / %``, signs, ``::``. Comparisons and what stands before them do not chain (``a == b == c`` is no ES|QL).
"""

from __future__ import annotations

import math

from detections.errors import QuerySyntaxError
from detections.query.depth import first_below
from detections.query.esql.ast import (
    Arithmetic,
    Cast,
    Comparison,
    Expression,
    Function,
    In,
    IsNull,
    Like,
    Literal,
    Logical,
    Match,
    Name,
    Negative,
    Not,
    TimeSpan,
    children,
)
from detections.query.esql.scan import Token, name_value, string_value

DEEPEST = 100
"""How deep an expression may nest. Elasticsearch stops at 400; chains of AND and OR are not deep."""

RESERVED = frozenset(
    (
        "and", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "not", "null", "nulls", "on", "or",
        "rlike", "true", "where", "with",
    )
)  # fmt: skip

_OR, _AND, _NOT, _TEST, _COMPARISON, _SUM, _PRODUCT, _SIGN = range(1, 9)
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_POWERS = {
    "or": _OR, "and": _AND,
    "in": _TEST, "like": _TEST, "rlike": _TEST, "is": _TEST, ":": _TEST, "not": _TEST,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT,
}  # fmt: skip
_UNITS = {
    "millisecond": ("milliseconds", "ms"),
    "second": ("seconds", "sec", "s"),
    "minute": ("minutes", "min"),
    "hour": ("hours", "h"),
    "day": ("days", "d"),
    "week": ("weeks", "w"),
    "month": ("months", "mo"),
    "quarter": ("quarters", "q"),
    "year": ("years", "yr", "y"),
}
UNITS = {spelling: unit for unit, spellings in _UNITS.items() for spelling in (unit, *spellings)}
"""Every spelling of a unit of time -> its long singular form."""


class Expressions:
    """A parser over the tokens of one command."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    # What commands use as well.

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def is_next(self, *words: str) -> bool:
        """Whether the next tokens are these symbols or keywords."""
        for offset, word in enumerate(words):
            token = self._tokens[min(self._at + offset, len(self._tokens) - 1)]
            if token.kind not in ("symbol", "word") or token.lower != word:
                return False
        return True

    def take(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def accept(self, *words: str) -> bool:
        if not self.is_next(*words):
            return False
        self._at += len(words)
        return True

    def expect(self, word: str) -> Token:
        if not self.is_next(word):
            raise self.unexpected(f"'{word.upper()}'")
        return self.take()

    def unexpected(self, *expected: str) -> QuerySyntaxError:
        """The error that the next token is none of these."""
        token = self.token
        if token.kind == "parameter":
            return QuerySyntaxError(f"no value for the parameter {token.text}: a rule has none", *self._place(token))
        wanted = expected[0] if len(expected) == 1 else f"{', '.join(expected[:-1])} or {expected[-1]}"
        return QuerySyntaxError(f"unexpected {token.shown()}, expected {wanted}", *self._place(token))

    def _place(self, token: Token) -> tuple[str, int, int]:
        return self.text, token.start, token.end

    def end_of(self, start: int) -> tuple[int, int]:
        """The span from ``start`` to the token taken last."""
        return start, self._tokens[self._at - 1].end if self._at else start

    def assigns(self) -> bool:
        """Whether a dotted name and ``=`` follow."""
        at = self._at
        while self._tokens[at].kind in ("word", "quoted") and self._tokens[at + 1].text == ".":
            at += 2
        following = self._tokens[min(at + 1, len(self._tokens) - 1)]
        return self._tokens[at].kind in ("word", "quoted") and following.kind == "symbol" and following.text == "="

    def name(self) -> Name:
        """A dotted name."""
        start = self.token.start
        parts = [self._name_part()]
        while self.accept("."):
            parts.append(self._name_part())
        return Name(".".join(parts), self.end_of(start))

    def _name_part(self) -> str:
        token = self.token
        if token.kind == "quoted" and len(token.text) > 2:
            return name_value(self.take().text)
        if token.kind != "word":
            raise self.unexpected("a name")
        if token.lower in RESERVED:
            message = f"'{token.text}' is a keyword: write `{token.text}` for a column of that name"
            raise QuerySyntaxError(message, *self._place(token))
        return self.take().text

    # Expressions.

    def expression(self) -> Expression:
        made = self._parse(_OR)
        self._refuse_deep(made)
        return made

    def _parse(self, power: int) -> Expression:
        ceiling = _AND if self.is_next("not") else _PRODUCT
        left = self._prefix(power)
        while True:
            token = self.token
            found = _POWERS.get(token.lower, 0) if token.kind in ("symbol", "word") else 0
            if not power <= found <= ceiling or (found == _TEST and not self._is_test(left)):
                break
            if found == _TEST:
                left, ceiling = self._test(left), _AND
            elif found <= _AND:
                left = self._logical(left, token.lower, found)
            else:
                left = self._binary(left, found)
                ceiling = _TEST if found == _COMPARISON else ceiling
        return left

    def _inner(self, power: int) -> Expression:
        """An expression inside the one that is read."""
        self._depth += 1
        if self._depth >= DEEPEST:
            raise self._too_deep(self.token.start)
        made = self._parse(power)
        self._depth -= 1
        return made

    def _prefix(self, power: int) -> Expression:
        token = self.token
        if power <= _NOT and self.accept("not"):
            value = self._inner(_NOT)
            return Not(value, self.end_of(token.start))
        if self.is_next("-") or self.is_next("+"):
            return self._signed()
        if self.accept("("):
            inner = self._inner(_OR)
            self.expect(")")
            return self._casts(inner, token.start)
        return self._casts(self._primary(), token.start)

    def _signed(self) -> Expression:
        sign = self.take()
        if self.token.kind in ("integer", "decimal"):
            return self._casts(self._number(sign), sign.start)
        value = self._inner(_SIGN)
        return Negative(value, self.end_of(sign.start)) if sign.text == "-" else value

    def _casts(self, value: Expression, start: int) -> Expression:
        while self.accept("::"):
            kind = self.token
            if kind.kind != "word":
                raise self.unexpected("the name of a type")
            self.take()
            value = Cast(value, kind.lower, self.end_of(start))
        return value

    def _logical(self, left: Expression, operator: str, power: int) -> Expression:
        items = [left]
        start = left.span[0]
        while self.accept(operator):
            items.append(self._parse(power + 1))
        return Logical("and" if operator == "and" else "or", tuple(items), self.end_of(start))

    def _binary(self, left: Expression, power: int) -> Expression:
        operator = self.take().text
        right = self._parse(power + 1)
        made = Comparison if power == _COMPARISON else Arithmetic
        return made(operator, left, right, self.end_of(left.span[0]))  # type: ignore[arg-type]

    def _is_test(self, left: Expression) -> bool:
        if self.is_next("not"):
            return any(self.is_next("not", word) for word in ("in", "like", "rlike"))
        return not self.is_next(":") or isinstance(left.value if isinstance(left, Cast) else left, Name)

    def _test(self, left: Expression) -> Expression:
        start = left.span[0]
        if self.accept(":"):
            query = self._constant()
            return Match(left, query, self.end_of(start))
        if self.accept("is"):
            negated = self.accept("not")
            self.expect("null")
            return IsNull(left, negated, self.end_of(start))
        negated = self.accept("not")
        operator = self.take().lower
        if operator == "in":
            self.expect("(")
            items = self._list(_COMPARISON)
            return In(left, items, negated, self.end_of(start))
        listed = self.accept("(")
        patterns = self._list(_SUM) if listed else (self._parse(_SUM),)
        return Like(left, patterns, operator == "rlike", negated, listed, self.end_of(start))

    def _list(self, power: int) -> tuple[Expression, ...]:
        items = [self._inner(power)]
        while self.accept(","):
            items.append(self._inner(power))
        if not self.accept(")"):
            raise self.unexpected("','", "')'")
        return tuple(items)

    def _primary(self) -> Expression:
        token = self.token
        if token.kind in ("integer", "decimal"):
            return self._number(None)
        if token.kind == "string" or (token.kind == "word" and token.lower in ("null", "true", "false")):
            return self._constant()
        if self.is_next("["):
            return self._array()
        if token.kind in ("word", "quoted"):
            following = self._tokens[self._at + 1]
            if following.kind == "symbol" and following.text == "(" and token.lower not in RESERVED - {"first", "last"}:
                return self._function()
            return self.name()
        raise self.unexpected("an expression")

    def _constant(self) -> Literal:
        token = self.take()
        span = token.start, token.end
        if token.kind == "string":
            return Literal(string_value(token.text), "keyword", span)
        if token.kind == "word" and token.lower in ("true", "false"):
            return Literal(token.lower == "true", "boolean", span)
        if token.kind == "word" and token.lower == "null":
            return Literal(None, "null", span)
        if token.kind != "end":
            self._at -= 1
        sign = self.take() if self.is_next("-") or self.is_next("+") else None
        if self.token.kind in ("integer", "decimal"):
            number = self._number(sign)
            if isinstance(number, Literal):
                return number
        raise self.unexpected("a constant")

    def _number(self, sign: Token | None) -> Literal | TimeSpan:
        token = self.take()
        text = ("-" if sign is not None and sign.text == "-" else "") + token.text
        start = token.start if sign is None else sign.start
        unit = self.token
        if token.kind == "integer" and unit.kind == "word" and unit.lower not in RESERVED:
            self.take()
            if unit.lower not in UNITS:
                message = f"unknown unit of time '{unit.text}': expected one of {', '.join(_UNITS)}"
                raise QuerySyntaxError(message, *self._place(unit))
            if len(text) > _MOST_DIGITS:
                raise self._too_large(token)
            return TimeSpan(int(text), UNITS[unit.lower], (start, unit.end))
        literal = _literal(text, (start, token.end))
        if literal.value in (math.inf, -math.inf):
            raise self._too_large(token)
        return literal

    def _too_large(self, token: Token) -> QuerySyntaxError:
        return QuerySyntaxError("number is too large", *self._place(token))

    def _array(self) -> Literal:
        start = self.take().start
        items = [self._array_item()]
        while self.accept(","):
            items.append(self._array_item())
        if not self.accept("]"):
            raise self.unexpected("','", "']'")
        types = {item.type for item in items}
        span = self.end_of(start)
        numeric = types <= set(_NUMBERS)
        if len(types) > 1 and not numeric:
            raise QuerySyntaxError("the values of a list must be of one type", self.text, *span)
        kind = next(one for one in _NUMBERS if one in types) if numeric else items[0].type
        values = [float(item.value) if kind == "double" else item.value for item in items]  # type: ignore[arg-type]
        return Literal(tuple(values), kind, span)  # type: ignore[arg-type]

    def _array_item(self) -> Literal:
        sign = self.take() if self.is_next("-") or self.is_next("+") else None
        token = self.token
        if token.kind in ("integer", "decimal"):
            item = self._number(sign)
            if isinstance(item, Literal):
                return item
        elif sign is None and (token.kind == "string" or self.is_next("true") or self.is_next("false")):
            return self._constant()
        raise self.unexpected("a number, a string, true or false")

    def _function(self) -> Function:
        token = self.take()
        name = (name_value(token.text) if token.kind == "quoted" else token.text).lower()
        self.take()
        if self.accept(")"):
            return Function(name, (), span=self.end_of(token.start))
        if self.accept("*", ")"):
            return Function(name, (), star=True, span=self.end_of(token.start))
        arguments: list[Expression] = []
        options: tuple[tuple[str, Literal], ...] = ()
        while not options:
            if arguments and self.is_next("{"):
                options = self._options()
                break
            arguments.append(self._inner(_OR))
            if not self.accept(","):
                break
        if not self.accept(")"):
            raise self.unexpected(*(("')'",) if options else ("','", "')'")))
        return Function(name, tuple(arguments), options, span=self.end_of(token.start))

    def _options(self) -> tuple[tuple[str, Literal], ...]:
        self.take()
        entries: list[tuple[str, Literal]] = []
        while not self.accept("}"):
            if entries and not self.accept(","):
                raise self.unexpected("','", "'}'")
            key = self.token
            if key.kind != "string":
                raise self.unexpected("the name of an option, a string")
            self.take()
            self.expect(":")
            entries.append((string_value(key.text), self._constant()))
        return tuple(entries)

    def _refuse_deep(self, expression: Expression) -> None:
        if (node := first_below(expression, DEEPEST, children)) is not None:
            raise self._too_deep(node.span[0])

    def _too_deep(self, start: int) -> QuerySyntaxError:
        return QuerySyntaxError(f"expression is nested more than {DEEPEST} deep", self.text, start)


_NUMBERS = ("double", "unsigned_long", "long", "integer")
_MOST_DIGITS = 20


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
