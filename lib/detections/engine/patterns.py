"""Many wildcard patterns at once: which of them a text matches, without trying each.

Every pattern is filed under one literal text that stands in all it matches: its beginning, its end, or a part of it,
whichever is longest. Only the patterns whose text is found are tried, and those that are nothing but that text not even
then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from detections.values.wildcard import ANY, Wild

Check: TypeAlias = Callable[[str], bool]
Filed: TypeAlias = tuple[int, Check | None]
"""The number of a pattern, and what is left to check where its text is found."""

_HEAD = 3
"""So many letters say which lengths of beginnings are worth looking up."""

_GRAM = 3
_FEW = 24
"""So many texts are looked for one after the other faster than by their letters."""


class Patterns:
    """Wildcard patterns, each with a number. Adding one is always possible."""

    def __init__(self) -> None:
        self._starts, self._ends, self._parts = _Starts(), _Starts(), _Parts()
        self._others: list[Filed] = []
        self._any = False

    def __bool__(self) -> bool:
        return self._any

    def add(self, number: int, pattern: Sequence[str | Wild], check: Check) -> None:
        """A pattern; ``check`` says whether a text matches it."""
        self._any = True
        start, end = (one if isinstance(one, str) else "" for one in (pattern[0], pattern[-1])) if pattern else ("", "")
        part = max((text for text in pattern if isinstance(text, str)), key=len, default="")
        if not part:
            self._others.append((number, check))
        elif len(end) == len(part):
            self._ends.add(end[::-1], (number, None if [*pattern] == [ANY, end] else check))
        elif len(start) == len(part):
            self._starts.add(start, (number, None if [*pattern] == [start, ANY] else check))
        else:
            self._parts.add(part, (number, None if [*pattern] == [ANY, part, ANY] else check))

    def matching(self, text: str) -> list[int]:
        """The numbers of the patterns that the text matches."""
        filed = self._others + self._parts.of(text)
        self._starts.collect(text, filed)
        self._ends.collect(text[::-1], filed)
        return [number for number, check in filed if check is None or check(text)]


class _Starts:
    """Patterns by how they begin."""

    def __init__(self) -> None:
        self._filed: dict[str, list[Filed]] = {}
        self._lengths: dict[str, list[int]] = {}

    def add(self, start: str, filed: Filed) -> None:
        self._filed.setdefault(start, []).append(filed)
        lengths = self._lengths.setdefault(start[:_HEAD], [])
        if len(start) not in lengths:
            lengths.append(len(start))

    def collect(self, text: str, filed: list[Filed]) -> None:
        """Add those whose beginning a text has."""
        for head in range(1, _HEAD + 1):
            for length in self._lengths.get(text[:head], ()):
                found = self._filed.get(text[:length])
                if found is not None:
                    filed += found
            if len(text) <= head:
                break


class _Parts:
    """Patterns by a part of them."""

    def __init__(self) -> None:
        self._filed: dict[str, list[Filed]] = {}
        self._short: list[str] = []
        self._by_letters: dict[str, list[str]] = {}

    def add(self, part: str, filed: Filed) -> None:
        if part in self._filed:
            self._filed[part].append(filed)
            return
        self._filed[part] = [filed]
        letters = [part[at : at + _GRAM] for at in range(len(part) - _GRAM + 1)]
        if letters:
            rarest = min(letters, key=lambda one: len(self._by_letters.get(one, ())))
            self._by_letters.setdefault(rarest, []).append(part)
        else:
            self._short.append(part)

    def of(self, text: str) -> list[Filed]:
        """Those whose part a text has."""
        if len(self._filed) <= _FEW:
            return [one for part, filed in self._filed.items() if part in text for one in filed]
        letters = self._by_letters.keys() & map("".join, zip(text, text[1:], text[2:], strict=False))
        found = [part for part in self._short if part in text]
        found += [part for letter in letters for part in self._by_letters[letter] if part in text]
        return [one for part in found for one in self._filed[part]]
