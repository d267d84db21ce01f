"""``java.util.regex`` on top of :mod:`re`: the syntax that both know, with Java's meaning (OpenJDK 21).

Where they differ and what is done: ``.`` and ``$`` know more line ends than ``\\n``; classes and case are ASCII; ``{``
that begins no repetition is an error; ``[`` inside a class nests. Nested classes, ``&&`` and Unicode properties beyond
the POSIX ones are not evaluated.
"""

from __future__ import annotations

import re

from detections.errors import NotEvaluated
from detections.values.backtrack import Bounded

_LINE_ENDS = "\\n\\r\\u0085\\u2028\\u2029"
_DOT = f"[^{_LINE_ENDS}]"
_DOLLAR = "(?=(?:\\r\\n|(?<!\\r)\\n|[\\r\\u0085\\u2028\\u2029])?\\Z)"
_CLASSES = {
    "h": " \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000",
    "v": "\\n\\x0b\\f\\r\\u0085\\u2028\\u2029",
}
_PROPERTIES = {
    "Lower": "a-z", "Upper": "A-Z", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "ASCII": "\\x00-\\x7f",
    "Punct": "!-/:-@\\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": " \\t", "Cntrl": "\\x00-\\x1f\\x7f",
    "XDigit": "0-9a-fA-F", "Space": " \\t\\n\\x0b\\f\\r",
}  # fmt: skip
_REPETITION = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_GROUP = re.compile(r"\(\?(?:<([A-Za-z][A-Za-z0-9]*)>|([a-zA-Z-]*)(:|\))|<?[=!]|>)")
_PLAIN_ESCAPES = frozenset("dDwWsSbBAtnrf")
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})|u([0-9A-Fa-f]{4})|0([0-3]?[0-7]{1,2})")


def compile_java(pattern: str) -> Bounded:
    """The pattern, with a bound on its work. Raises ValueError (no regular expression for Java) or NotEvaluated."""
    translator = _Translator(pattern)
    translated = translator.run()
    try:
        return Bounded(re.compile(translated, translator.flags | re.ASCII))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"invalid regular expression: {error}") from None


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self.flags = re.RegexFlag(0)

    def run(self) -> str:
        made: list[str] = []
        while self._at < len(self._pattern):
            made.append(self._one(self._pattern[self._at]))
        return "".join(made)

    def _one(self, character: str) -> str:
        match character:
            case "\\":
                return self._escape(inside=False)
            case "[":
                return self._class()
            case "(":
                return self._group()
            case "{":
                return self._repetition()
        self._at += 1
        if character == "." and not self.flags & re.DOTALL:
            return _DOT
        if character == "$" and not self.flags & re.MULTILINE:
            return _DOLLAR
        return character

    def _repetition(self) -> str:
        found = _REPETITION.match(self._pattern, self._at)
        if found is None or self._at == 0:
            raise ValueError("illegal repetition")
        self._at = found.end()
        return found[0]

    def _group(self) -> str:
        if not self._pattern.startswith("(?", self._at):
            self._at += 1
            return "("
        start = self._at
        found = _GROUP.match(self._pattern, start)
        if found is None:
            raise ValueError("unknown inline modifier or group")
        self._at = found.end()
        name, flags, closes = found.groups()
        if name is not None:
            return f"(?P<{name}>"
        if flags and closes == ")":
            if start or set(flags) - set(_FLAGS):
                raise NotEvaluated(f"the modifier {found[0]} in a regular expression is not evaluated here")
            for flag in flags:
                self.flags |= _FLAGS[flag]
            return ""
        if flags:
            if set(flags) - {"i"}:
                raise NotEvaluated(f"the modifier {found[0]} in a regular expression is not evaluated here")
            return found[0]
        return found[0]

    def _escape(self, inside: bool) -> str:
        """An escape; ``inside`` of a character class it becomes what stands between the brackets."""
        following = self._pattern[self._at + 1 : self._at + 2]
        if not following:
            raise ValueError("unexpected end after a backslash")
        number = _HEX.match(self._pattern, self._at + 1)
        if number is not None:
            self._at = number.end()
            digits = number[1] or number[2] or number[3]
            return _literal(chr(int(digits, 16) if digits else int(number[4], 8)))
        self._at += 2
        if following in "pP":
            return self._property(following == "P", inside)
        if following == "Q":
            return self._quoted()
        if following in "hvHV":
            members = _CLASSES[following.lower()]
            if inside and following.islower():
                return members
            if inside:
                raise NotEvaluated(f"\\{following} inside a character class is not evaluated here")
            return f"[{'^' if following.isupper() else ''}{members}]"
        if following == "R" and not inside:
            return f"(?:\\r\\n|[\\x0b\\f{_LINE_ENDS}])"
        if following == "e":
            return "\\x1b"
        if following == "a":
            return "\\x07"
        if inside and following == "b":
            raise ValueError("\\b is not a character")
        if following in "zZ" and not inside:
            return "\\Z" if following == "z" else _DOLLAR
        if following == "k" and not inside:
            return self._back_reference()
        if following in _PLAIN_ESCAPES or (following in "123456789" and not inside):
            return f"\\{following}"
        if following.isascii() and following.isalpha():
            raise ValueError(f"unknown escape \\{following}")
        return _literal(following)

    def _property(self, negated: bool, inside: bool) -> str:
        found = re.compile(r"\{(?:Is)?(\w+)\}").match(self._pattern, self._at)
        members = _PROPERTIES.get(found[1]) if found is not None else None
        if found is None or members is None or (negated and inside):
            raise NotEvaluated("this Unicode property in a regular expression is not evaluated here")
        self._at = found.end()
        return members if inside else f"[{'^' if negated else ''}{members}]"

    def _quoted(self) -> str:
        end = self._pattern.find("\\E", self._at)
        stop = len(self._pattern) if end < 0 else end
        text = self._pattern[self._at : stop]
        self._at = stop if end < 0 else end + 2
        return re.escape(text)

    def _back_reference(self) -> str:
        found = re.compile(r"<([A-Za-z][A-Za-z0-9]*)>").match(self._pattern, self._at)
        if found is None:
            raise ValueError("\\k is not followed by <name>")
        self._at = found.end()
        return f"(?P={found[1]})"

    def _class(self) -> str:
        self._at += 1
        made = ["["]
        if self._pattern.startswith("^", self._at):
            self._at += 1
            made.append("^")
        while not self._pattern.startswith("]", self._at) or len(made) == 1 or made == ["[", "^"]:
            character = self._pattern[self._at : self._at + 1]
            if not character:
                raise ValueError("unclosed character class")
            if character == "[" or self._pattern.startswith("&&", self._at):
                raise NotEvaluated("nested character classes in a regular expression are not evaluated here")
            if character == "\\":
                made.append(self._escape(inside=True))
                continue
            self._at += 1
            made.append(character if character not in "&|~]" else f"\\{character}")
        self._at += 1
        return _without_doubles("".join(made)) + "]"


def _without_doubles(text: str) -> str:
    """Python reserves ``--`` inside a class for later; for Java it is a range like any other."""
    return text.replace("--", "-\\-")


def _literal(character: str) -> str:
    return re.escape(character)


_REFERENCE = re.compile(r"\\(.)|\$(?:([0-9])|\{([A-Za-z][A-Za-z0-9]*)\})|(\\|\$)|[^\\$]+", re.DOTALL)


def replace_all(bounded: Bounded, text: str, replacement: str) -> str:
    """``String.replaceAll``: ``$1`` and ``${name}`` are groups, a backslash takes the next character as it is.

    Raises ValueError (no such group, or a lone ``$`` or backslash; the pattern takes too much work).
    """
    parts = _parts(replacement, bounded.pattern)
    made: list[str] = []
    at = 0
    for found in bounded.finditer(text):
        start, end = found.span()
        made.append(text[at:start])
        made += [part if isinstance(part, str) else found[part[0]] or "" for part in parts]
        at = end
    return "".join([*made, text[at:]])


def _parts(replacement: str, pattern: re.Pattern[str]) -> list[str | tuple[int | str]]:
    parts: list[str | tuple[int | str]] = []
    at = 0
    while at < len(replacement):
        found = _REFERENCE.match(replacement, at)
        assert found is not None
        escaped, digit, name, stray = found.groups()
        at = found.end()
        if stray:
            raise ValueError("illegal group reference")
        if escaped is not None:
            parts.append(escaped)
        elif name is not None:
            if name not in pattern.groupindex:
                raise ValueError(f"no group with the name {name}")
            parts.append((name,))
        elif digit is not None:
            number = int(digit)
            if number > pattern.groups:
                raise ValueError(f"no group {number}")
            # Further digits belong to the reference as long as there is such a group.
            while replacement[at : at + 1].isdecimal() and number * 10 + int(replacement[at]) <= pattern.groups:
                number = number * 10 + int(replacement[at])
                at += 1
            parts.append((number,))
        else:
            parts.append(found[0])
    return parts
