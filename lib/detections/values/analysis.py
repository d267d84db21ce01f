"""The ``standard`` analyzer of Elasticsearch 9.2: Unicode word breaks (UAX #29, as Lucene's StandardTokenizer draws
them), tokens cut at 255 UTF-16 units, lower case code point by code point.

``c:d``, ``x.com``, ``10.1.2.3`` and ``don't`` are one token each; ``a.1``, ``x-y`` and ``a=b`` are two. Properties of
characters come from the Unicode version of this Python (Lucene 10 knows Unicode 12.1), but for some rare signs.

Beside it some analyzers that mappings of integrations name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from detections.values.order import lower, utf16_length

LONGEST_TOKEN = 255

# Each character becomes one letter for its word-break property; a regular expression then finds the tokens.
_IGNORED = "[~z]*"
_LETTER = f"(?:[ah]{_IGNORED})"
_HEBREW = f"h{_IGNORED}"
_NUMBER = f"(?:n{_IGNORED})"
_KATAKANA = f"(?:k{_IGNORED})"
_JOINER = f"(?:_{_IGNORED})"
_MID_LETTER = f"[:.']{_IGNORED}"
_MID_NUMBER = f"[,.']{_IGNORED}"
# A Hebrew letter before a quote is left to _QUOTED.
_UNQUOTED = rf"(?:a{_IGNORED}|h{_IGNORED}+(?!'|\"{_IGNORED}h))"
_LETTERS = rf"(?:{_UNQUOTED}(?:{_JOINER}*{_UNQUOTED}|{_MID_LETTER}{_LETTER})*)"
_NUMBERS = rf"(?:{_NUMBER}(?:(?:{_JOINER}*|{_MID_NUMBER}){_NUMBER})*)"
_QUOTED = rf"(?:{_HEBREW}(?:'{_IGNORED}|\"{_IGNORED}{_HEBREW}))"
_RUN = rf"(?:{_KATAKANA}(?:{_JOINER}*{_KATAKANA})*|(?:{_QUOTED}|{_NUMBERS}|{_LETTERS})+)"
_PICTOGRAPH = rf"z?e~*(?:ze~*)*{_IGNORED}|r~*r{_IGNORED}"
_TOKEN = re.compile(rf"(?:{_RUN}|{_JOINER}+{_RUN}?)(?:{_JOINER}+{_RUN}?)*|s[s~z]*|[ij]{_IGNORED}|{_PICTOGRAPH}")
_ASCII_TOKEN = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_]|(?<=[A-Za-z])[:.'](?=[A-Za-z])|(?<=[0-9])[,;.'](?=[0-9]))*", re.ASCII
)

_MARKS = {
    **dict.fromkeys(":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a", ":"),
    **dict.fromkeys(",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b", ","),
    **dict.fromkeys(".\u2018\u2019\u2024\ufe52\uff07\uff0e", "."),
    **dict.fromkeys("\u3031\u3032\u3033\u3034\u3035\u309b\u309c\u30a0\u30fc\uff70", "k"),
    **dict.fromkeys("\u055b\u055c\u055e\u05f3\u3005", "a"),
    **dict.fromkeys("\uff9e\uff9f", "~"),
    "\u3006": "o",
    "'": "'",
    '"': '"',
    "\u202f": "_",
    "\u066b": "n",
    "\u200b": "o",
    "\u200d": "z",
}
_SOUTHEAST_ASIAN = ("THAI", "LAO", "MYANMAR", "KHMER", "TAI LE", "NEW TAI LUE", "TAI THAM", "TAI VIET", "AHOM")
# Unicode 12.1: Extended_Pictographic without the digits and signs that are one only before an emoji selector.
_PICTOGRAPHS = (
    "a9 ae 203c 2049 2122 2139 2194-2199 21a9-21aa 231a-231b 2328 2388 23cf 23e9-23f3 23f8-23fa 24c2 25aa-25ab 25b6"
    " 25c0 25fb-25fe 2600-2605 2607-2612 2614-2685 2690-2705 2708-2712 2714 2716 271d 2721 2728 2733-2734 2744 2747"
    " 274c 274e 2753-2755 2757 2763-2767 2795-2797 27a1 27b0 27bf 2934-2935 2b05-2b07 2b1b-2b1c 2b50 2b55 3030 303d"
    " 3297 3299 1f000-1f0ff 1f10d-1f10f 1f12f 1f16c-1f171 1f17e-1f17f 1f18e 1f191-1f19a 1f1ad-1f1e5 1f201-1f20f 1f21a"
    " 1f22f 1f232-1f23a 1f23c-1f23f 1f249-1f3fa 1f400-1f53d 1f546-1f64f 1f680-1f6ff 1f774-1f77f 1f7d5-1f7ff 1f80c-1f80f"
    " 1f848-1f84f 1f85a-1f85f 1f888-1f88f 1f8ae-1f8ff 1f90c-1f93a 1f93c-1f945 1f947-1fffd"
)


class _Properties(dict[int, str]):
    """Code point -> letter of its word-break property, found when the character is first met."""

    def __missing__(self, code_point: int) -> str:
        found = self[code_point] = _property(chr(code_point))
        return found


def _property(character: str) -> str:
    if character in _MARKS:
        return _MARKS[character]
    category = unicodedata.category(character)
    name = unicodedata.name(character, "")
    if category in ("Mn", "Me", "Mc", "Cf") or 0x1F3FB <= ord(character) <= 0x1F3FF:
        return "~"
    if name.startswith(_SOUTHEAST_ASIAN) and category[0] == "L":
        return "s"
    if category == "Nd":
        return "n"
    if category == "Pc":
        return "_"
    if name.startswith(("CJK RADICAL", "KANGXI RADICAL")):
        return "i"
    if category[0] == "L" or category == "Nl" or name.startswith("CIRCLED LATIN"):
        return _letter(name)
    if 0x1F1E6 <= ord(character) <= 0x1F1FF:
        return "r"
    return "e" if _is_pictograph(ord(character)) else "o"


def _is_pictograph(code_point: int) -> bool:
    for part in _PICTOGRAPHS.split():
        low, _, high = part.partition("-")
        if int(low, 16) <= code_point <= int(high or low, 16):
            return True
    return False


def _letter(name: str) -> str:
    if name.startswith(("CJK ", "IDEOGRAPHIC ", "HANGZHOU NUMERAL", "TANGUT IDEOGRAPH", "NUSHU CHARACTER")):
        return "i"
    if "HIRAGANA" in name:
        return "j"
    if "KATAKANA" in name:
        return "k"
    return "h" if name.startswith("HEBREW LETTER") else "a"


_PROPERTIES = _Properties()


def standard_tokens(text: str) -> list[str]:
    """The tokens of a text, in order."""
    if text.isascii():
        text = text.lower()
        found: list[str] = _ASCII_TOKEN.findall(text)
        if max(map(len, found), default=0) <= LONGEST_TOKEN:
            return [token for token in found if token.strip("_")]
        return _cut(_ASCII_TOKEN, text, text)
    return _cut(_TOKEN, text.translate(_PROPERTIES), text)


def _cut(pattern: re.Pattern[str], shape: str, text: str) -> list[str]:
    """Find tokens in the ``shape``, which has one character for each of the text."""
    spans: list[tuple[int, int]] = []
    for found in pattern.finditer(shape):
        start, end = found.span()
        if end - start <= LONGEST_TOKEN // 2:
            spans.append((start, end))
            continue
        # The scanner's buffer is full before the token ends: it takes what it has and begins anew behind it.
        while start < end:
            part = pattern.match(shape, start, _limit(text, start, end))
            if part is not None:
                spans.append(part.span())
            start = start + 1 if part is None else part.end()
    # Joiners alone are not a token, but they belong to the one they touch.
    return [lower(text[start:end]) for start, end in spans if shape[start:end].strip("_~z")]


def _limit(text: str, start: int, end: int) -> int:
    """Where the scanner's buffer ends."""
    end = min(end, start + LONGEST_TOKEN)
    while utf16_length(text[start:end]) > LONGEST_TOKEN:
        end -= 1
    return end


_SCRIPT_TOKEN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_LETTERS_ONLY = re.compile(r"[^\W\d_]+")


def _script_tokens(text: str) -> list[str]:
    # A pattern analyzer that splits at [\W&&[^-]]+, in Java a matter of ASCII letters, and lower-cases.
    return [lower(found) for found in _SCRIPT_TOKEN.findall(text)]


def _letter_tokens(text: str) -> list[str]:
    runs = (lower(found) for found in _LETTERS_ONLY.findall(text))
    return [run[at : at + LONGEST_TOKEN] for run in runs for at in range(0, len(run), LONGEST_TOKEN)]


ANALYZERS: dict[str | None, Callable[[str], list[str]]] = {
    None: standard_tokens,
    "standard": standard_tokens,
    "simple": _letter_tokens,
    "whitespace": str.split,
    "powershell_script_analyzer": _script_tokens,
}
"""What cuts a text into tokens, by the analyzer's name in a mapping; None is a mapping that names none."""
