"""The catalogue's index, which the page reads as a script: a page that is opened from a file may fetch nothing.

Rules are numbered in the order of their names. A column has a rule's values as numbers into the list of all values (a
list of them, or the only one). The words of all names, descriptions and queries are one sorted text, in which any part
of a word is found at once; of each word the index has the rules that hold it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from detections.rule.parts import SEVERITIES
from detections.site.plain import plain
from detections.site.project import ListedRule, Project, State, order_of_tactics

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
"""Of numbers to the base 32: the upper half ends a number."""
_WORD = re.compile(r"[\w@]+(?:[._-]+[\w@]+)*")
_LONGEST = 40
_SUMMARY = 90
_COMMON = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "in", "is", "it", "its", "of", "on",
        "or", "that", "the", "this", "to", "was", "when", "with",
    )
)  # fmt: skip


def index(project: Project) -> str:
    """The script ``index.js``."""
    entries = project.entries
    words, places = _words(entries)
    table = {
        "names": [entry.rule.name for entry in entries],
        "pages": [entry.slug for entry in entries],
        "summaries": [summary(entry.rule.description) for entry in entries],
        "alerts": [entry.noise.alerts if entry.noise else -1 for entry in entries] if project.backtest else None,
        "columns": _columns(entries),
        "words": words,
        "places": places,
        "common": sorted(_COMMON),
    }
    return f"const INDEX = {_script(table)};\n"


def _script(value: Any) -> str:
    """JSON is JavaScript. Two of the characters that JSON leaves as they are ended a line in old JavaScript."""
    text = plain(msgspec.json.encode(value).decode())
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def summary(text: str, longest: int = _SUMMARY) -> str:
    """The first sentence of a description, or as much of it as there is room for."""
    whole = " ".join(text.split())
    found = re.match(r".{15,}?[.!?](?=\s|$)", whole)
    sentence = found[0] if found else whole
    if len(sentence) <= longest:
        return sentence
    return sentence[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,;:(") + "…"


def _columns(entries: Sequence[ListedRule]) -> dict[str, dict[str, Any]]:
    def column(
        of: Callable[[ListedRule], Iterable[str]], order: Callable[[list[str]], Iterable[str]]
    ) -> dict[str, Any]:
        found = [list(dict.fromkeys(of(entry))) for entry in entries]
        counts = Counter(value for values in found for value in values)
        values = list(order(sorted(counts, key=lambda value: (-counts[value], value))))
        number = {value: at for at, value in enumerate(values)}
        numbers = [[number[value] for value in one] for one in found]
        return {"values": values, "of": [one[0] if len(one) == 1 else one for one in numbers]}

    def ranked(known: Sequence[str]) -> Callable[[list[str]], list[str]]:
        return lambda values: sorted(values, key=lambda one: known.index(one) if one in known else len(known))

    return {
        "severity": column(lambda entry: [entry.rule.severity], ranked(SEVERITIES[::-1])),
        "tactic": column(lambda entry: entry.tactics, order_of_tactics),
        "source": column(lambda entry: entry.sources, list),
        "type": column(lambda entry: [entry.kind], list),
        "cases": column(lambda entry: [entry.state], ranked(list(State))),
        "maturity": column(lambda entry: [entry.rule.metadata.maturity], list),
        "tag": column(lambda entry: entry.rule.tags, list),
        "technique": column(lambda entry: entry.techniques, list),
    }


def _words(entries: Sequence[ListedRule]) -> tuple[str, str]:
    """All words, sorted, a line each, of which the first character says how many characters it shares with the word
    before; and a line each of the rules that have it, as the steps from one to the next."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(entries):
        for word in {match[0].lower()[:_LONGEST] for text in _texts(entry) for match in _WORD.finditer(text)}:
            if len(word) > 1 and word not in _COMMON:
                found[word].append(number)
    words, places, before = [], [], ""
    for word in sorted(found):
        shared = 0
        while shared < min(len(before), len(word), len(DIGITS) - 1) and before[shared] == word[shared]:
            shared += 1
        words.append(DIGITS[shared] + word[shared:])
        before = word
        places.append("".join(_number(to - at) for at, to in zip([-1, *found[word]], found[word], strict=False)))
    return "\n".join(words), "\n".join(places)


def _texts(entry: ListedRule) -> list[str]:
    return [entry.rule.name, entry.rule.description, entry.rule.query or ""]


def _number(value: int) -> str:
    text = DIGITS[32 + value % 32]
    while value := value // 32:
        text = DIGITS[value % 32] + text
    return text
