"""The syntax of Lucene 10's regular expressions, with every optional operator on, as Elasticsearch 9.2 has them.

Operators: ``. ? * + {n} {n,} {n,m} | ( ) [ ] [^ ] "text" ~ & @ # <n-m>`` and the classes ``\\d \\D \\s \\S \\w \\W``. A
character that stands where no operator can is itself (``*a``, ``)``), as in Lucene.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from detections.values.regex_tree import (
    ANY_CHARACTER,
    ANY_STRING,
    CLASSES,
    NOTHING,
    Characters,
    Complement,
    Concat,
    Intersection,
    Ranges,
    Regex,
    RegexError,
    Repeat,
    Text,
    Union,
    cases,
    concat,
    decimals,
    deeper,
    negated,
    union,
    union_of,
)

_PLAIN = re.compile(r"[^]\\.?*+{}|&()\[\"<>#@~]+(?![?*+{])")


def _joined(items: list[Regex]) -> tuple[Regex, ...]:
    """The items, with texts that follow one another made one."""
    made: list[Regex] = []
    for is_text, run in itertools.groupby(items, lambda item: isinstance(item, Text)):
        if is_text:
            made.append(Text("".join(item.text for item in run if isinstance(item, Text))))
        else:
            made += run
    return tuple(made)


@dataclass(slots=True)
class _Group:
    """An open parenthesis: what was read since, and the complements that wait for the group to end."""

    complements: int = 0
    union: list[Regex] = field(default_factory=list)
    inter: list[Regex] = field(default_factory=list)
    concat: list[Regex] = field(default_factory=list)


def parse(pattern: str) -> Regex:
    """The expression that a pattern means. Raises RegexError."""
    return _Parser(pattern).parse() if pattern else Text("")


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._groups = [_Group()]

    def parse(self) -> Regex:
        # Groups are kept on a list of our own, so that depth is a matter of memory, not of the interpreter's stack.
        while True:
            complements = 0
            while self._take("~"):
                complements += 1
            if self._peek() == "(" and not self._ahead("()"):
                self._at += 1
                self._groups.append(_Group(complements))
                continue
            self._add(self._atom(), complements)
            self._take_run()
            while self._peek() == ")" and len(self._groups) > 1:
                self._at += 1
                self._add(self._close(), self._groups.pop().complements)
            if self._at == len(self._pattern):
                break
            self._between_items()
        if len(self._groups) > 1:
            raise self._error("expected ')'")
        return self._close()

    def _between_items(self) -> None:
        group = self._groups[-1]
        if self._take("|"):
            self._end_intersection(group)
        elif self._take("&"):
            self._endconcat(group)
        elif self._peek() == ")":
            raise self._error("')' without '('")
        else:
            return
        if self._at == len(self._pattern):
            raise self._error("unexpected end")

    def _endconcat(self, group: _Group) -> None:
        items = _joined(group.concat)
        group.inter.append(items[0] if len(items) == 1 else Concat(items, deeper(items, self._at)))
        group.concat = []

    def _end_intersection(self, group: _Group) -> None:
        self._endconcat(group)
        items = tuple(group.inter)
        group.union.append(items[0] if len(items) == 1 else Intersection(items, deeper(items, self._at)))
        group.inter = []

    def _close(self) -> Regex:
        group = self._groups[-1]
        self._end_intersection(group)
        items = tuple(group.union)
        return items[0] if len(items) == 1 else Union(items, deeper(items, self._at))

    def _add(self, item: Regex, complements: int) -> None:
        """Put an item into its group, with the complements before and the repetitions behind it."""
        if complements % 2:
            item = Complement(item, deeper((item,), self._at))
        while self._peek() in ("?", "*", "+", "{"):
            item = self._repeated(item)
        self._groups[-1].concat.append(item)

    def _repeated(self, item: Regex) -> Regex:
        least, most = self._bounds()
        inner = (item.least, item.most) if isinstance(item, Repeat) else None
        simple = {(0, 1), (0, None), (1, None)}
        if isinstance(item, Repeat) and inner in simple and (least, most) in simple:
            # x?+ and the like: a stack of repetitions is one, however high.
            return item if inner == (least, most) else Repeat(item.item, 0, None, item.depth)
        return Repeat(item, least, most, deeper((item,), self._at))

    def _bounds(self) -> tuple[int, int | None]:
        operator = self._next()
        if operator != "{":
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[operator]
        least = self._integer()
        if least is None:
            raise self._error("expected an integer")
        most: int | None = least
        if self._take(","):
            most = self._integer()
        if not self._take("}"):
            raise self._error("expected '}'")
        if most is not None and most < least:
            raise self._error(f"repetition {least}..{most} out of order")
        return least, most

    def _integer(self) -> int | None:
        start = self._at
        while self._peek() in tuple("0123456789"):
            self._at += 1
        digits = self._pattern[start : self._at]
        if not digits:
            return None
        return self._java_int(digits, start)

    def _java_int(self, digits: str, start: int) -> int:
        if len(digits) > 10 or int(digits) > 0x7FFFFFFF:
            raise RegexError("number too large", start)
        return int(digits)

    def _atom(self) -> Regex:
        operator = self._next()
        if operator == ".":
            return ANY_CHARACTER
        if operator == "#":
            return NOTHING
        if operator == "@":
            return ANY_STRING
        if operator == '"':
            return Text(self._until('"'))
        if operator == "(":
            self._at += 1
            return Text("")
        if operator == "<":
            return self._interval()
        if operator == "[":
            return self._class()
        if operator == "\\":
            ranges = self._predefined()
            return Text(self._next()) if ranges is None else Characters(ranges, ranges)
        return Text(operator)

    def _take_run(self) -> None:
        """The plain characters that follow, without one that a repetition binds, in one go."""
        found = _PLAIN.match(self._pattern, self._at)
        if found is not None:
            self._at = found.end()
            self._groups[-1].concat.append(Text(found[0]))

    def _class(self) -> Regex:
        negate = self._take("^")
        ranges: list[tuple[int, int]] = []
        folded: list[tuple[int, int]] = []
        while True:
            item = self._class_item()
            ranges += item
            folded += [(case, case) for low, high in item if low == high for case in cases(chr(low))] + list(item)
            if self._take("]"):
                break
            if self._at == len(self._pattern):
                raise self._error("expected ']'")
        made = union_of(ranges), union_of(folded)
        return Characters(*map(negated, made)) if negate else Characters(*made)

    def _class_item(self) -> Ranges:
        start = self._at
        if self._take("\\"):
            # What a backslash begins does not start a range.
            predefined = self._predefined()
            if predefined is not None:
                return predefined
            low = ord(self._next())
            return ((low, low),)
        low = ord(self._next())
        if not self._take("-"):
            return ((low, low),)
        self._take("\\")
        high = ord(self._next())
        if high < low:
            raise RegexError("range out of order", start)
        return ((low, high),)

    def _predefined(self) -> Ranges | None:
        """The class that a letter behind a backslash means; None where the character means itself."""
        letter = self._peek()
        if letter.lower() in CLASSES:
            self._at += 1
            ranges = CLASSES[letter.lower()]
            return negated(ranges) if letter.isupper() else ranges
        if letter.isascii() and letter.isalpha():
            raise self._error(f"invalid character class \\{letter}")
        return None

    def _interval(self) -> Regex:
        start = self._at
        low, dash, high = self._until(">").partition("-")
        if not dash:
            raise RegexError("named automata are not supported", start)
        if not all(part.isascii() and part.isdecimal() for part in (low, high)):
            raise RegexError("a numeric interval is <n-m>", start)
        first, last = sorted((self._java_int(low, start), self._java_int(high, start)))
        if len(low) == len(high):
            return decimals(str(first).zfill(len(low)), str(last).zfill(len(low)))
        items: list[Regex] = []
        for width in range(len(str(first)), len(str(last)) + 1):
            bottom, top = (0 if width == 1 else 10 ** (width - 1)), 10**width - 1
            items.append(decimals(str(max(first, bottom)), str(min(last, top))))
        return concat(Repeat(Text("0"), 0, None, 1), union(items))

    def _until(self, end: str) -> str:
        stop = self._pattern.find(end, self._at)
        if stop < 0:
            self._at = len(self._pattern)
            raise self._error(f"expected '{end}'")
        text = self._pattern[self._at : stop]
        self._at = stop + 1
        return text

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _ahead(self, text: str) -> bool:
        return self._pattern.startswith(text, self._at)

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self._at += 1
        return True

    def _next(self) -> str:
        if self._at == len(self._pattern):
            raise self._error("unexpected end")
        self._at += 1
        return self._pattern[self._at - 1]

    def _error(self, message: str) -> RegexError:
        return RegexError(message, self._at)
