"""The parser: KQL's grammar as Kibana (kbn-es-query) has it, by recursive descent.

Kibana's grammar is a parsing expression grammar: choices are ordered, and its message lists what could have stood at
the farthest place that any choice reached. So each rule here notes what it missed and where; the farthest notes make
the message. Rules with a name (``field name``, ``AND`` ...) note their name and nothing of their inside. One trait of
its memory shows in messages: a place that was looked at for whitespace inside a named rule is not looked at again, so
``whitespace`` is not listed there (``_quiet`` holds these places).

A choice that failed behind its first token leads to no other reading of the text, so the first failure that is not part
of a choice ends the parse, and time is linear in the length of the query.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from detections.errors import QuerySyntaxError
from detections.query.kql.ast import (
    STAR,
    And,
    Is,
    Literal,
    Nested,
    Node,
    Not,
    Operand,
    Or,
    Range,
    RangeOperator,
    Wildcard,
)
from detections.query.span import Span
from detections.values import limits
from detections.values.order import utf16_length

MAX_DEPTH = limits.KQL_DEPTH.most
"""How deep parentheses and braces may nest. Elasticsearch refuses queries far less deep (30 levels)."""

_SPACE = r"[ \t\r\n\u00a0]"
_SPECIAL = r"\\():<>\"*{}"
_HEX = "[0-9a-fA-F]{4}"
_KEYWORD = "(?i:or|and|not)"
_SPACES = re.compile(f"{_SPACE}*")
_NOT = re.compile(f"(?i:not){_SPACE}+")
_CONJUNCTION = re.compile(f"{_SPACE}*+(?:(?<={_SPACE})(?:((?i:and))|((?i:or))){_SPACE}+)?")
_QUOTED = re.compile(r'"(?:[^"\\]++|\\[\\"]|\\)*+"')
_UNQUOTED = re.compile(
    rf"""(?: [^{_SPECIAL}nN\x20\t\r\n\u00a0]++          # nothing that could begin a keyword
           | {_SPACE} (?! (?i:or|and) {_SPACE} )
           | [nN] (?! (?i:ot) {_SPACE} )
           | \*
           | \\ (?: [trn{_SPECIAL}] | u{_HEX} | {_KEYWORD} )
         )++""",
    re.VERBOSE,
)
_KEYWORD_END = re.compile(rf"(?:{_SPACE}(?i:or|and)|(?<!\\)(?:\\\\)*(?i:not))\Z")
_STOPPERS = frozenset('\\():<>"{}')

_UNESCAPE_QUOTED = re.compile(rf'\\(?:([trn])|u({_HEX})|([\\"]))')
_UNESCAPE_UNQUOTED = re.compile(rf"\\(?:([trn])|u({_HEX})|([{_SPECIAL}]|{_KEYWORD}))|\*")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_CONTROLS = {"t": "\t", "r": "\r", "n": "\n"}
_TYPED = {"null": None, "true": True, "false": False}
_TRIMMED = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_OPERATORS: dict[str, RangeOperator] = {"<=": "lte", ">=": "gte", "<": "lt", ">": "gt"}
_MATCH_ALL = Is(Wildcard(("", "")), Wildcard(("", "")))


def parse(text: str) -> Node:
    """The syntax tree of a KQL query; the empty query is ``*: *``.

    Raises:
        QuerySyntaxError: the text is not KQL. Its message is Kibana's, and so is its text (message, query, ``----^``).
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._end = 0  # of the operand read last, without the whitespace that an unquoted literal takes in
        self._depth = 0
        self._farthest = -1
        self._missed: list[str] = []
        self._quiet: set[int] = set()

    def query(self) -> Node:
        self._spaces()
        if self._at == len(self._text):
            return _MATCH_ALL
        start = self._at
        try:
            node = self._disjunction(None)
        except _FailedError:
            self._note(start, "end of input")
            self._refuse()
        self._spaces()
        if self._at < len(self._text):
            self._note(self._at, "end of input")
            self._refuse()
        return node

    def _disjunction(self, field: Operand | None) -> Node:
        """What ``or`` joins: conditions, or the values of a ``field``, which have the same grammar."""
        start = self._at
        alternatives: list[Node] = []
        joined_by = 2
        while joined_by == 2:
            begin = self._at
            conjuncts = [self._operand(field)]
            while (joined_by := self._conjunction()) == 1:
                conjuncts.append(self._operand(field))
            if len(conjuncts) > 1:
                alternatives.append(And(tuple(conjuncts), (begin, self._end)))
            else:
                alternatives.append(conjuncts[0])
        return alternatives[0] if len(alternatives) == 1 else Or(tuple(alternatives), (start, self._end))

    def _conjunction(self) -> int:
        """Step over ``and`` (1) or ``or`` (2) with the whitespace around it; 0 where there is none."""
        found = _CONJUNCTION.match(self._text, self._at)
        assert found is not None
        if found.lastindex is None:
            self._note(self._at, "AND", "OR")
        else:
            self._at = found.end()
        self._quiet.add(found.end())
        return found.lastindex or 0

    def _operand(self, field: Operand | None) -> Node:
        """One operand of ``and``: perhaps a ``not``, then a group in parentheses, a condition, or a value."""
        start = self._at
        negated = _NOT.match(self._text, start)
        if negated is None:
            self._note(start, "NOT")
        else:
            self._at = negated.end()
            self._quiet.add(self._at)
        if self._text[self._at : self._at + 1] == "(":
            self._enter()
            item = self._disjunction(field)
            self._leave(")")
            self._end = self._at
        else:
            self._note(self._at, '"("')
            item = self._condition() if field is None else self._value(field)
            self._end = item.span[1]
        return item if negated is None else Not(item, (start, self._end))

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"Nested deeper than {MAX_DEPTH} levels."
            raise QuerySyntaxError(message, self._text, self._at)
        self._at += 1
        self._spaces()

    def _leave(self, closing: str) -> None:
        self._spaces()
        if self._text[self._at : self._at + 1] != closing:
            self._fail(self._at, f'"{closing}"')
        self._at += 1
        self._depth -= 1

    def _condition(self) -> Node:
        start = self._at
        left = self._literal()
        if left is None:
            self._fail(start, "field name", "value")
        end = self._at
        self._spaces()
        operator = self._text[self._at : self._at + 2]
        if operator[:1] == ":":
            self._at += 1
            self._spaces()
            if self._text[self._at : self._at + 1] == "{":
                self._enter()
                item = self._disjunction(None)
                self._leave("}")
                return Nested(left, item, (start, self._at))
            self._note(self._at, '"{"')
            return self._values(left, start)
        if operator in _OPERATORS or operator[:1] in _OPERATORS:
            return self._range(left, operator if operator in _OPERATORS else operator[:1], start)
        self._note(self._at, '":"', '"<="', '">="', '"<"', '">"')
        self._at = end
        return Is(Literal(None, False, (start, start)), left, left.span)

    def _range(self, left: Operand, operator: str, start: int) -> Node:
        self._at += len(operator)
        self._spaces()
        right = self._literal()
        if right is None:
            self._fail(self._at, "literal")
        return Range(left, _OPERATORS[operator], right, (start, right.span[1]))

    def _values(self, field: Operand, start: int) -> Node:
        if self._text[self._at : self._at + 1] == "(":
            self._enter()
            node = self._disjunction(field)
            self._leave(")")
            return replace(node, span=(start, self._at))
        self._note(self._at, '"("')
        condition = self._value(field)
        return Is(field, condition.value, (start, condition.span[1]))

    def _value(self, field: Operand) -> Is:
        start = self._at
        value = self._literal()
        if value is None:
            self._fail(start, "value")
        return Is(field, value, value.span)

    def _literal(self) -> Operand | None:
        start = self._at
        if self._text[start : start + 1] == '"':
            found = _QUOTED.match(self._text, start)
            if found is None:
                return None
            self._at = end = found.end()
            return Literal(_quoted(self._text[start + 1 : end - 1]), True, (start, end))
        found = _UNQUOTED.match(self._text, start)
        if found is None:
            return None
        self._at = end = found.end()
        raw = found[0]
        # A keyword was looked for where the literal ends (unless a special character stands there) and behind a word
        # that could have been one.
        if self._text[end : end + 1] not in _STOPPERS or (raw[-1] in "rRdDtT" and _KEYWORD_END.search(raw)):
            self._quiet.add(end)
        return _unquoted(raw, (start, start + len(raw.rstrip(_TRIMMED))))

    def _spaces(self) -> None:
        found = _SPACES.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        if self._at not in self._quiet:
            self._note(self._at, "whitespace")

    def _note(self, place: int, *missed: str) -> None:
        if place > self._farthest:
            self._farthest = place
            self._missed = [*missed]
        elif place == self._farthest:
            self._missed += missed

    def _fail(self, place: int, *missed: str) -> NoReturn:
        self._note(place, *missed)
        raise _FailedError

    def _refuse(self) -> NoReturn:
        place = self._farthest
        found = self._text[place : place + 1]
        described = f'"{found}"' if found else "end of input"
        message = f"Expected {', '.join(sorted(set(self._missed)))} but {described} found."
        raise QuerySyntaxError(message, self._text, place, text=kibana_text(message, self._text, place))


class _FailedError(Exception):
    """No choice is left; what was missed is noted."""


def _unquoted(raw: str, span: Span) -> Operand:
    if "\\" not in raw and "*" not in raw:
        value = raw.strip(_TRIMMED)
        return Literal(_TYPED.get(value, value), False, span)
    value = _whole(_UNESCAPE_UNQUOTED.sub(_unescape, raw)).strip(_TRIMMED)
    if "*" in _ESCAPE.sub("", raw):
        return Wildcard(tuple(value.split(STAR)), span)
    return Literal(_TYPED.get(value, value), False, span)


def _quoted(inside: str) -> str:
    return _whole(_UNESCAPE_QUOTED.sub(_unescape, inside)) if "\\" in inside else inside


def _unescape(found: re.Match[str]) -> str:
    control, code, other = found.groups()
    if control:
        return _CONTROLS[control]
    if code:
        return chr(int(code, 16))
    return other or STAR


def _whole(text: str) -> str:
    """The text with pairs of surrogates (each an escape of its own) put together, as in UTF-16."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def kibana_text(message: str, query: str, place: int) -> str:
    """A message as Kibana shows it: with the query, and an arrow whose length counts UTF-16 units."""
    return f"{message}\n{query}\n{'-' * utf16_length(query[:place])}^"
