"""Order, length and case of strings as Elasticsearch 9.2 (Lucene 10) has them.

Terms are ordered by their UTF-8 bytes, which is the order of code points, which is how Python compares ``str``.
"""

from __future__ import annotations

import re
import string

_VERSION = re.compile(
    r"(?P<main>[0-9]+(?:\.[0-9]+)*)(?P<pre>-[0-9A-Za-z.-]+|[0-9A-Za-z.-]*[A-Za-z-][0-9A-Za-z.-]*)?(?:\+.*)?", re.ASCII
)
_ASCII_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_FIRST_SURROGATE_PAIR = "\U00010000"


def utf16_length(text: str) -> int:
    """How many UTF-16 units a string has: what Java calls its length, and what ``ignore_above`` counts."""
    if text.isascii() or max(text) < _FIRST_SURROGATE_PAIR:
        return len(text)
    return len(text) + sum(character >= _FIRST_SURROGATE_PAIR for character in text)


def lower(text: str) -> str:
    """Lower case code point by code point, as Lucene's LowerCaseFilter does: no final sigma, and ``İ`` is ``i``."""
    if text.isascii():
        return text.lower()
    return "".join(_lower_one(character) for character in text)


def _lower_one(character: str) -> str:
    made = character.lower()
    return made if len(made) == 1 else made[0]


def fold(text: str) -> str:
    """The form in which strings that are equal but for case are equal: for Elasticsearch 9.2 only ``A`` to ``Z`` have
    another case (asked of a server: ``Ä`` does not match ``ä`` with ``case_insensitive``)."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def version_key(text: str) -> tuple[object, ...]:
    """A sort key for values of type ``version``: semantic versioning, and whatever is not a version behind them.

    Numbers compare as numbers, a pre-release (``1.2.0-rc.1``) comes before its release, build metadata decides last.
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        return (1, text)
    main = tuple(_digits_key(part) for part in found["main"].split("."))
    before = (found["pre"] or "").lstrip("-")
    identifiers = tuple((0, *_digits_key(one)) if one.isdecimal() else (1, 0, one) for one in before.split("."))
    return (0, main, not before, identifiers if before else (), text)


def _digits_key(digits: str) -> tuple[int, str]:
    # Orders as the number does, without making one: it may have a million digits.
    digits = digits.lstrip("0")
    return len(digits), digits
