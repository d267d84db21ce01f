"""The ``standard`` analyzer of Elasticsearch 9.2: Unicode word breaks (UAX #29, as Lucene's StandardTokenizer draws
them), tokens cut at 255 UTF-16 units, lower case code point by code point.

``c:d``, ``x.com``, ``10.1.2.3`` and ``don't`` are one token each; ``a.1``, ``x-y`` and ``a=b`` are two. Properties of
characters come from the Unicode version of this Python; a character that word breaks do not know is in no token.
"""

from __future__ import annotations

import re
import unicodedata

from detections.values.order import lower, utf16_length

LONGEST_TOKEN = 255

# Each character becomes one letter for its word-break property; a regular expression then finds the tokens.
_IGNORED = "~*"
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
_TOKEN = re.compile(rf"(?:{_RUN}|{_JOINER}+{_RUN}?)(?:{_JOINER}+{_RUN}?)*|s[s~]*|[ij]{_IGNORED}|e(?:~*e)*~*")
_ASCII_TOKEN = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_]|(?<=[A-Za-z])[:.'](?=[A-Za-z])|(?<=[0-9])[,.'](?=[0-9]))*", re.ASCII
)

_MARKS = {
    **dict.fromkeys(":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a", ":"),
    **dict.fromkeys(",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b", ","),
    **dict.fromkeys(".\u2018\u2019\u2024\ufe52\uff07\uff0e", "."),
    **dict.fromkeys("\u3031\u3032\u3033\u3034\u3035\u309b\u309c\u30a0\u30fc\uff70", "k"),
    "'": "'",
    '"': '"',
    "\u202f": "_",
    "\u066b": "n",
    "\u200b": "o",
}
_SOUTHEAST_ASIAN = ("THAI", "LAO", "MYANMAR", "KHMER", "TAI LE", "NEW TAI LUE", "TAI THAM", "TAI VIET", "AHOM")
_EMOJI = ((0x1F1E6, 0x1F1FF), (0x1F300, 0x1FAFF), (0x2600, 0x27BF), (0x2B05, 0x2B55), (0x231A, 0x23FF))


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
    if name.startswith(_SOUTHEAST_ASIAN) and category[0] in "LM":
        return "s"
    if category in ("Mn", "Me", "Mc", "Cf"):
        return "~"
    if category == "Nd":
        return "n"
    if category == "Pc":
        return "_"
    if category[0] == "L" or category == "Nl" or name.startswith("CIRCLED LATIN"):
        return _letter(name)
    if any(low <= ord(character) <= high for low, high in _EMOJI):
        return "e"
    return "o"


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
    # Joiners alone are no token, but they belong to the one they touch.
    return [lower(text[start:end]) for start, end in spans if shape[start:end].strip("_~")]


def _limit(text: str, start: int, end: int) -> int:
    """Where the scanner's buffer ends."""
    end = min(end, start + LONGEST_TOKEN)
    while utf16_length(text[start:end]) > LONGEST_TOKEN:
        end -= 1
    return end
