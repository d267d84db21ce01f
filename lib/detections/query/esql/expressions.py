"""Expressions of ES|QL, by operator precedence.

From the loosest to the tightest: OR, AND, NOT, then IN / LIKE / RLIKE / IS NULL / ``:``, comparisons, ``+ -``,
``* / %``, signs, ``::``. Comparisons and what stands before them do not chain (``a == b == c`` is not ES|QL).
"""

from __future__ import annotations

from collections.abc import Callable

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
    Match,
    Name,
    Negative,
    Not,
    Parameter,
    Query,
)
from detections.query.esql.constants import Constants
from detections.query.esql.nested import check_kql
from detections.query.esql.scan import KEYWORDS, name_value
from detections.query.esql.stream import DEEPEST

_OR, _AND, _NOT, _TEST, _COMPARISON, _SUM, _PRODUCT, _SIGN = range(1, 9)
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_POWERS = {
    "or": _OR, "and": _AND,
    "in": _TEST, "like": _TEST, "rlike": _TEST, "is": _TEST, ":": _TEST, "not": _TEST,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT,
}  # fmt: skip
_TESTS_NEGATED = ("in", "like", "rlike")


class Expressions(Constants):
    """A parser over the tokens of one command. ``subquery`` reads a query in parentheses that begins at a place, and
    gives the place behind it."""

    subquery: Callable[[int], tuple[Query, int]]

    def expression(self) -> Expression:
        self._height = 0
        return self._parse(_OR)

    def list_of_expressions(self) -> tuple[Expression, ...]:
        items = [self.expression()]
        while self.accept(","):
            items.append(self.expression())
        return tuple(items)

    def primary(self) -> Expression:
        """What DISSECT and GROK take: a value with casts, but without operators. The sign of a number is none."""
        self._height = 0
        signed = self.token.kind in ("-", "+") and self.tokens[self.at + 1].kind in ("integer", "decimal")
        return self._signed() if signed else self._operand()

    # ``_height`` is how high the tree is that was made last.

    def _parse(self, power: int) -> Expression:
        ceiling = _AND if self.tokens[self.at].kind == "not" else _PRODUCT
        left = self._prefix(power)
        while True:
            kind = self.tokens[self.at].kind
            found = _POWERS.get(kind, 0)
            if not power <= found <= ceiling or (found == _TEST and not self._is_test(kind, left)):
                return left
            if found == _TEST:
                left, ceiling = self._test(left, kind), _AND
            elif found <= _AND:
                left = self._logical(left, kind, found)
            else:
                left = self._binary(left, kind, found)
                ceiling = _TEST if found == _COMPARISON else ceiling

    def _inner(self, power: int) -> Expression:
        """An expression inside the one that is read."""
        source = self.source
        source.depth += 1
        if source.depth >= DEEPEST:
            raise source.too_deep(self.token.start)
        made = self._parse(power)
        source.depth -= 1
        return made

    def _raise_height(self, height: int, place: int) -> None:
        """The tree that is made now is so high."""
        self._height = height
        if height >= DEEPEST:
            raise self.source.too_deep(place)

    def _prefix(self, power: int) -> Expression:
        token = self.tokens[self.at]
        kind = token.kind
        if kind == "not" and power <= _NOT:
            self.at += 1
            value = self._inner(_NOT)
            self._raise_height(self._height + 1, token.start)
            return Not(value, self.span(token.start))
        if kind == "-" or kind == "+":
            return self._signed()
        return self._operand(several=power <= _TEST)

    def _operand(self, *, several: bool = False) -> Expression:
        """A value with its casts; where ``several`` are allowed, also ``(a, b) [NOT] IN (FROM ...)``."""
        token = self.tokens[self.at]
        if token.kind == "(":
            self.at += 1
            value = self._inner(_OR)
            if several and self.tokens[self.at].kind == ",":
                return self._several_in(value, token.start)
            if not self.accept(")"):
                raise self.unexpected("')'")
        else:
            value = self._primary()
        return self._casts(value, token.start) if self.tokens[self.at].kind == "::" else value

    def _several_in(self, first: Expression, start: int) -> Expression:
        height = self._height
        self.at += 1
        values = (first, *self._list(_COMPARISON))
        self._raise_height(max(height, self._height) + 1, start)
        negated = self.accept("not")
        if not self.accept("in"):
            raise self.unexpected("IN")
        return self._in(values, negated, start)

    def _signed(self) -> Expression:
        sign = self.take()
        if self.token.kind in ("integer", "decimal"):
            self._height = 1
            return self._casts(self.number(sign), sign.start)
        value = self._inner(_SIGN)
        self._raise_height(self._height + 1, sign.start)
        return Negative(value, self.span(sign.start)) if sign.text == "-" else value

    def _casts(self, value: Expression, start: int) -> Expression:
        while self.accept("::"):
            token = self.token
            if token.kind != "word" and token.kind != "quoted":
                raise self.unexpected("the name of a type")
            self.at += 1
            name = name_value(token.text) if token.kind == "quoted" else token.text
            value = Cast(value, name.lower(), self.span(start))
            self._raise_height(self._height + 1, start)
        return value

    def _logical(self, left: Expression, operator: str, power: int) -> Expression:
        items, start, height = [left], left.span[0], self._height
        while self.accept(operator):
            items.append(self._parse(power + 1))
            height = max(height, self._height)
        self._raise_height(height + 1, start)
        return Logical("and" if operator == "and" else "or", tuple(items), self.span(start))

    def _binary(self, left: Expression, operator: str, power: int) -> Expression:
        start, height = left.span[0], self._height
        self.at += 1
        right = self._parse(power + 1)
        self._raise_height(max(height, self._height) + 1, start)
        made = Comparison if power == _COMPARISON else Arithmetic
        return made(operator, left, right, (start, self.tokens[self.at - 1].end))  # type: ignore[arg-type]

    def _is_test(self, kind: str, left: Expression) -> bool:
        if kind == "not":
            return self.tokens[self.at + 1].kind in _TESTS_NEGATED
        return kind != ":" or not isinstance(left, Comparison | Arithmetic | Negative)

    def _test(self, left: Expression, kind: str) -> Expression:
        start, height = left.span[0], self._height
        self.at += 1
        if kind == ":":
            query = self.constant()
            self._raise_height(height + 1, start)
            return Match(left, query, self.span(start))
        if kind == "is":
            negated = self.accept("not")
            self.expect("null")
            self._raise_height(height + 1, start)
            return IsNull(left, negated, self.span(start))
        negated = kind == "not"
        operator = self.take().kind if negated else kind
        made = self._in((left,), negated, start) if operator == "in" else self._like(left, operator == "rlike", negated)
        self._raise_height(max(height, self._height) + 1, start)
        return made

    def _in(self, values: tuple[Expression, ...], negated: bool, start: int) -> Expression:
        opening = self.token
        if opening.kind == "subquery":
            query, behind = self.subquery(opening.end)
            self.resume(behind)
            return InQuery(values, query, negated, (start, behind))
        if len(values) > 1:
            raise self.error("several values IN takes a sub-query: (FROM ...)", opening)
        if not self.accept("("):
            raise self.unexpected("'('")
        items = self._list(_COMPARISON)
        return In(values[0], items, negated, self.span(start))

    def _like(self, left: Expression, regex: bool, negated: bool) -> Expression:
        start = left.span[0]
        if self.tokens[self.at].kind == "(" and self._lists_patterns():
            self.at += 1
            patterns = [self._pattern_of_list()]
            while self.accept(","):
                patterns.append(self._pattern_of_list())
            if not self.accept(")"):
                raise self.unexpected("','", "')'")
            return Like(left, tuple(patterns), regex, negated, True, self.span(start))
        return Like(left, (self._operand(),), regex, negated, False, self.span(start))

    def _lists_patterns(self) -> bool:
        """Whether strings in parentheses follow, and not an expression in parentheses."""
        first, behind = self.tokens[self.at + 1], self.tokens[min(self.at + 2, len(self.tokens) - 1)]
        return first.kind in ("string", "parameter") and behind.kind in (",", ")")

    def _pattern_of_list(self) -> Literal | Parameter:
        return self.parameter() if self.token.kind == "parameter" else self.string("a pattern, a string")

    def _list(self, power: int) -> tuple[Expression, ...]:
        items = [self._inner(power)]
        height = self._height
        while self.accept(","):
            items.append(self._inner(power))
            height = max(height, self._height)
        if not self.accept(")"):
            raise self.unexpected("','", "')'")
        self._height = height
        return tuple(items)

    def _primary(self) -> Expression:
        token = self.tokens[self.at]
        kind = token.kind
        self._height = 1
        if kind == "dotted":
            return self.name()
        if kind == "word" or kind == "quoted" or kind == "first" or kind == "last":
            if self.tokens[self.at + 1].kind == "(":
                return self._function()
            return self.name()
        if kind == "parameter":
            return self._of_parameter()
        if kind in ("integer", "decimal", "string", "null", "true", "false", "["):
            return self.constant()
        if kind in KEYWORDS:
            return self.name()
        raise self.unexpected("an expression")

    def _of_parameter(self) -> Expression:
        following = self.tokens[self.at + 1].kind
        if following == "(":
            return self._function()
        if following == "." or self.token.text.startswith("??"):
            return self.name()
        return self.parameter()

    def _function(self) -> Function:
        token = self.take()
        written = name_value(token.text) if token.kind == "quoted" else token.text
        name = written.lower()
        self.at += 1
        star = self.tokens[self.at].kind == "*" and self.tokens[self.at + 1].kind == ")"
        self.at += star
        if self.accept(")"):
            return Function(name, (), None, star, self.span(token.start), written)
        arguments, options, height = [self._argument()], None, self._height
        while self.accept(","):
            if self.tokens[self.at].kind == "{":
                options = self.map()
                break
            arguments.append(self._argument())
            height = max(height, self._height)
        if not self.accept(")"):
            raise self.unexpected(*(("')'",) if options is not None else ("','", "')'")))
        self._raise_height(height + 1, token.start)
        made = Function(name, tuple(arguments), options, False, self.span(token.start), written)
        if name == "kql":
            check_kql(self.text, made)
        return made

    def _argument(self) -> Expression:
        """An expression, or ``x -> ...`` or ``(x, y) -> ...``."""
        token = self.tokens[self.at]
        at = self.at
        if token.kind == "(":
            at += 1
            while self.tokens[at].kind in ("word", "quoted", ","):
                at += 1
            at += self.tokens[at].kind == ")"
        elif token.kind == "word" or token.kind == "quoted":
            at += 1
        if at == self.at or self.tokens[min(at, len(self.tokens) - 1)].kind != "->":
            return self._inner(_OR)
        names: list[Name] = []
        if self.accept("("):
            while not self.accept(")"):
                names.append(self.name())
                self.accept(",")
        else:
            names.append(self.name())
        self.at += 1
        body = self._inner(_OR)
        self._raise_height(self._height + 1, token.start)
        return Lambda(tuple(names), body, self.span(token.start))
