"""Expressions of EQL, by operator precedence.

From the loosest to the tightest: ``or``, ``and``, ``not``, comparisons (which do not chain), ``+ -``, ``* / %``, signs,
and then ``in``, ``:``, ``like`` and ``regex``, which belong to the one operand before them: ``a + b in (1)`` is
``a + (b in (1))``.
"""

from __future__ import annotations

import difflib
import math

from detections.errors import QuerySyntaxError
from detections.query.depth import first_below
from detections.query.eql.ast import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expression,
    FieldName,
    In,
    Literal,
    Match,
    Negative,
    Not,
    Or,
    children,
)
from detections.query.eql.scan import KEYWORDS, Token, name_value, scan, string_value

DEEPEST = 100
"""How deep an expression may nest; chains of ``and`` and ``or`` are not deep. Elasticsearch's limit is its stack."""

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN = range(1, 8)
_POWERS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("==", "!=", "<=", ">=", "<", ">"), _COMPARISON),
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
}
_TESTS = frozenset((":", "like", "like~", "regex", "regex~", "in", "in~", "not"))
_WORDS = {"null": None, "true": True, "false": False}
_MOST_DIGITS = 20
_NAME, _VALUE, _OPERATOR = "a name", "a value, a field, a function", "an operator"
_OPERATORS = ("and", "or", "not", "in", "like", "regex")


class Expressions:
    """A parser over the tokens of a query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = scan(text)
        self._at = 0
        self._depth = 0
        self._sums = False

    # What statements use as well.

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def take(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def accept(self, kind: str) -> bool:
        if self._tokens[self._at].kind != kind:
            return False
        self._at += 1
        return True

    def expect(self, kind: str, *others: str) -> Token:
        """Take a token of this kind; ``others`` are what could have stood there as well."""
        token = self._tokens[self._at]
        if token.kind != kind:
            raise self.unexpected(*others, f"'{kind}'")
        self._at += 1
        return token

    def refuse(self, message: str, span: Token | tuple[int, int]) -> QuerySyntaxError:
        """The error at a token or span."""
        start, end = (span.start, span.end) if isinstance(span, Token) else span
        return QuerySyntaxError(message, self.text, start, end)

    def unexpected(self, *expected: str) -> QuerySyntaxError:
        """The error that the next token is none of these."""
        token = self.token
        hint = _hint(token, expected)
        wanted = expected[0] if len(expected) == 1 else f"{', '.join(expected[:-1])} or {expected[-1]}"
        return self.refuse(f"unexpected {token.shown()}, expected {wanted}{hint}", token)

    def end_of(self, start: int) -> tuple[int, int]:
        """The span from ``start`` to the token taken last."""
        return start, self._tokens[self._at - 1].end

    def string(self) -> str:
        """What the string that comes next means."""
        return string_value(self.text, self.take())

    # Expressions.

    def expression(self) -> Expression:
        self._sums = False
        made = self._parse(_OR)
        if self._sums:
            self._refuse_deep(made)
        return made

    def _parse(self, power: int) -> Expression:
        """An expression of operators that bind so tight or tighter.

        The span of a node takes in the parentheses around its operands, not those around itself.
        """
        token = self._tokens[self._at]
        start, kind = token.start, token.kind
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._too_deep(start)
        left: Expression
        if kind == "not":
            if power > _NOT:
                raise self.unexpected("an operand ('not' needs parentheses here)")
            self._at += 1
            left = Not(self._parse(_NOT), self.end_of(start))
        elif kind == "-" or kind == "+":
            left = self._signed()
        else:
            left = self._operand(token)
        while True:
            token = self._tokens[self._at]
            kind = token.kind
            found = _POWERS.get(kind, 0)
            if not found or found < power:
                self._depth -= 1
                return left
            if found <= _AND:
                left = self._chain(left, kind, found, start)
                continue
            self._at += 1
            right = self._parse(found + 1)
            span = start, self._tokens[self._at - 1].end
            if found == _COMPARISON:
                left = Comparison(kind, left, right, span)  # type: ignore[arg-type]
                if _POWERS.get(self._tokens[self._at].kind) == _COMPARISON:
                    raise self.unexpected("'and', 'or' or the end of the condition: comparisons do not chain")
            else:
                self._sums = True
                left = Arithmetic(kind, left, right, span)  # type: ignore[arg-type]

    def _chain(self, left: Expression, operator: str, power: int, start: int) -> And | Or:
        items = [left]
        while self.accept(operator):
            items.append(self._parse(power + 1))
        return (And if power == _AND else Or)(tuple(items), self.end_of(start))

    def _signed(self) -> Expression:
        sign = self.take()
        value = self._parse(_SIGN)
        if sign.kind == "+":
            return value
        span = sign.start, self._tokens[self._at - 1].end
        if isinstance(value, Literal) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
            negative = -value.value
            return Literal(negative if negative >= -(2**63) else float(negative), span)
        return Negative(value, span)

    def _operand(self, token: Token) -> Expression:
        """One operand and the tests that belong to it."""
        kind = token.kind
        value: Expression
        if kind == "name" or kind == "quoted":
            following = self._tokens[self._at + 1]
            value = self._call(token) if kind == "name" and following.kind == "(" else self._field(token)
        elif kind == "tilde":
            value = self._call(token)
        elif kind == "(":
            self._at += 1
            value = self._parse(_OR)
            self.expect(")", _OPERATOR)
        elif kind == "?":
            value = self._field(token)
        else:
            value = self._constant(_VALUE, "'('")
        if self._tokens[self._at].kind in _TESTS:
            return self._test(value, token.start)
        return value

    def _test(self, value: Expression, start: int) -> Expression:
        negated = self.accept("not")
        token = self.token
        kind = token.kind
        if kind == "in" or kind == "in~":
            self._at += 1
            self.expect("(")
            made: Expression = In(value, self._list(), kind == "in~", self.end_of(start))
            return Not(made, made.span) if negated else made
        if negated:
            raise self.unexpected("'in'", "'in~' (any other condition is negated from the front: not a : b)")
        self._at += 1
        patterns: list[Literal] = []
        several = self.accept("(")
        patterns.append(self._constant("a string"))
        while several and not self.accept(")"):
            self.expect(",", "')'")
            patterns.append(self._constant("a string"))
        return Match(kind, value, tuple(patterns), several, self.end_of(start))  # type: ignore[arg-type]

    def _list(self) -> tuple[Expression, ...]:
        items = [self._parse(_OR)]
        while not self.accept(")"):
            self.expect(",", _OPERATOR, "')'")
            items.append(self._parse(_OR))
        return tuple(items)

    def _call(self, name: Token) -> Call:
        self._at += 1
        self.expect("(")
        arguments = () if self.accept(")") else self._list()
        relaxed = name.kind == "tilde"
        written = name.text[:-1] if relaxed else name.text
        return Call(written, arguments, relaxed, self.end_of(name.start), (name.start, name.end))

    def _field(self, token: Token) -> FieldName:
        """A dotted name, perhaps optional."""
        start = token.start
        optional = token.kind == "?"
        if optional:
            self._at += 1
            if self.token.kind == "string":
                message = '?"..." is not a string: write """...""" where a backslash stands for itself'
                raise self.refuse(message, self.end_of(start))
        parts = [self._name_part()]
        while True:
            kind = self._tokens[self._at].kind
            if kind == ".":
                self._at += 1
                parts.append(self._name_part())
            elif kind == "[" and self._tokens[self._at + 1].kind == "integer":
                raise self.refuse("arrays have no indices here: a field is all its values", self._tokens[self._at + 1])
            else:
                return FieldName(".".join(parts), optional, (start, self._tokens[self._at - 1].end))

    def _name_part(self) -> str:
        token = self._tokens[self._at]
        if token.kind == "name":
            self._at += 1
            return token.text
        if token.kind != "quoted":
            raise self.unexpected(_NAME)
        if len(token.text) == 2:
            raise self.refuse("a name between back-quotes is not empty", token)
        self._at += 1
        return name_value(token)

    def _constant(self, *expected: str) -> Literal:
        token = self._tokens[self._at]
        kind = token.kind
        value: str | int | float | bool | None
        if kind == "string":
            value = string_value(self.text, token)
        elif kind == "integer":
            value = self._whole(token)
        elif kind == "decimal":
            value = self._fraction(token)
        elif kind in _WORDS:
            value = _WORDS[kind]
        else:
            raise self.unexpected(*expected)
        self._at += 1
        return Literal(value, (token.start, token.end))

    def _whole(self, token: Token) -> int | float:
        digits = token.text.lstrip("0") or "0"
        if len(digits) <= _MOST_DIGITS and (value := int(digits)) < 2**64:
            return value
        return self._fraction(token)

    def _fraction(self, token: Token) -> float:
        value = float(token.text)
        if math.isinf(value):
            raise self.refuse("number is too large", token)
        return value

    def _refuse_deep(self, expression: Expression) -> None:
        if (node := first_below(expression, DEEPEST, children)) is not None:
            raise self._too_deep(node.span[0])

    def _too_deep(self, start: int) -> QuerySyntaxError:
        return self.refuse(f"expression is nested more than {DEEPEST} deep", (start, start + 1))


def _hint(token: Token, expected: tuple[str, ...]) -> str:
    """What is known about a token that stands in a wrong place."""
    if token.kind == "=":
        return ": write == to compare"
    if token.kind == "of":
        return ": Elasticsearch has no process relationships"
    if token.kind == "name" and token.text.lower() in KEYWORDS:
        return f": keywords are lower case ({token.text.lower()})"
    if token.kind in KEYWORDS - {"and", "or", "not"} and expected[0] in (_NAME, _VALUE):
        return f" ('{token.text}' is a keyword; a field of that name is `{token.text}`)"
    if token.kind != "name":
        return ""
    words = [word for one in expected if (word := one.strip("'")).isalpha()]
    words += _OPERATORS if _OPERATOR in expected else ()
    near = difflib.get_close_matches(token.text.lower(), words, 1)
    return f": did you mean {near[0]}?" if near else ""
