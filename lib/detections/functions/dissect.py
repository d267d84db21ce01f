"""DISSECT: keys between literal delimiters (Elasticsearch 9.2, as its ingest processor of the same name).

``%{key}``, ``%{+key}`` and ``%{+key/2}`` append, ``%{?key}`` and ``%{}`` are left out, ``%{key->}`` takes the
delimiters behind it as often as they come. ``%{*key}`` and ``%{&key}`` (a name from the text) are refused by ES|QL.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Reader: TypeAlias = Callable[[str], "dict[str, Any] | None"]

_UNORDERED = -1
"""The place of an appended part without one: before those that have one."""

_KEY = re.compile(r"%\{([^}]*)\}")
_PARTS = re.compile(r"([+?&*]?)([^/]*?)(?:/([0-9]+))?(->)?")


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    appends: bool
    order: int
    repeats: bool
    delimiter: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: ``before`` the first key, then the keys with what stands behind each."""

    text: str
    before: str
    keys: tuple[_Key, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The keys that are kept, in their order."""
        return tuple(dict.fromkeys(key.name for key in self.keys if key.name))

    def reader(self, separator: str = "") -> Reader:
        """What takes the keys out of a text: their values, None where it does not fit. ``separator`` stands between
        what is appended."""
        return lambda text: self._read(text, separator)

    def _read(self, text: str, separator: str) -> dict[str, Any] | None:
        if not text.startswith(self.before) or (not text and self.keys):
            return None
        at = len(self.before)
        found: list[tuple[_Key, str]] = []
        for key in self.keys:
            if not key.delimiter:
                found.append((key, text[at:]))
                at = len(text)
                continue
            end = text.find(key.delimiter, at)
            if end < 0:
                return None
            found.append((key, text[at:end]))
            at = end + len(key.delimiter)
            while key.repeats and text.startswith(key.delimiter, at):
                at += len(key.delimiter)
        appended = {key.name for key in self.keys if key.appends}
        values: dict[str, list[tuple[int, str]]] = {}
        for key, value in found:
            if key.name in appended:
                values.setdefault(key.name, []).append((key.order, value))
            elif key.name:  # of keys with one name the last counts
                values[key.name] = [(key.order, value)]
        return {name: separator.join(value for _, value in sorted(them, key=_order)) for name, them in values.items()}


def _order(one: tuple[int, str]) -> int:
    return one[0]


def parse(text: str) -> Pattern:
    """A pattern. Raises ValueError."""
    found = list(_KEY.finditer(text))
    if not found:
        raise ValueError(f"Invalid pattern for dissect: [{text}]: no keys in it")
    keys: list[_Key] = []
    for number, one in enumerate(found):
        parts = _PARTS.fullmatch(one[1])
        assert parts is not None
        modifier, name, order, repeats = parts.groups()
        if modifier in ("*", "&"):
            raise ValueError(f"Reference keys not supported in dissect patterns: [%{{{one[1]}}}]")
        behind = text[one.end() : found[number + 1].start() if number + 1 < len(found) else len(text)]
        last = number + 1 == len(found)
        if not behind and not last:
            raise ValueError(f"Invalid pattern for dissect: [{text}]: no delimiter after [%{{{one[1]}}}]")
        kept = "" if modifier == "?" else name
        keys.append(_Key(kept, modifier == "+", int(order or _UNORDERED), repeats is not None, behind))
    return Pattern(text, text[: found[0].start()], tuple(keys))
