"""Functions over strings (Elasticsearch 9.2). Positions and lengths count code points, from 1."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import unicodedata
import urllib.parse

from detections.functions import javaregex
from detections.functions.signature import (
    STRING,
    WHOLE,
    Function,
    Parameter,
    check_count,
    function,
    optional,
    packed,
    repeated,
)
from detections.values import limits
from detections.values.backtrack import Bounded

_INTEGER = WHOLE - {"unsigned_long", "long"}
_LONGEST = limits.TEXT.most
_HASHES = {
    "md5": "md5", "sha": "sha1", "sha1": "sha1", "sha-1": "sha1", "sha224": "sha224", "sha-224": "sha224",
    "sha256": "sha256", "sha-256": "sha256", "sha384": "sha384", "sha-384": "sha384", "sha512": "sha512",
    "sha-512": "sha512", "sha3-224": "sha3_224", "sha3-256": "sha3_256", "sha3-384": "sha3_384", "sha3-512": "sha3_512",
}  # fmt: skip
_SEPARATORS = "".join(map(chr, (0x20, 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B), 0x205F, 0x3000)))
_WHITESPACE = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\u2028\u2029" + _SEPARATORS
_JOINER = "\u200d"


def _concat(*texts: str) -> str:
    made = "".join(texts)
    _check_size(len(made))
    return made


def _check_size(size: int) -> None:
    if size > _LONGEST:
        raise ValueError(f"strings of more than {_LONGEST} bytes are not made")


def _start(text: str, start: int) -> int:
    """An offset from a position: 0 is as good as 1, a negative one counts from the end."""
    offset = start - 1 if start > 0 else len(text) + start if start < 0 else 0
    return min(max(0, offset), len(text))


def _substring(text: str, start: int, length: int | None = None) -> str:
    if length is not None and length < 0:
        raise ValueError("length parameter cannot be negative")
    offset = _start(text, start)
    return text[offset:] if length is None else text[offset : offset + length]


def _left(text: str, length: int) -> str:
    return text[: max(0, length)]


def _right(text: str, length: int) -> str:
    return text[len(text) - length :] if 0 < length < len(text) else text if length > 0 else ""


def _locate(text: str, part: str, start: int = 0) -> int:
    return text.find(part, _start(text, start)) + 1


def _delimiter(text: str) -> str:
    """Raises ValueError: it is longer than a byte, or empty."""
    if len(text) != 1 or not text.isascii():
        raise ValueError("delimiter must be single byte for now")
    return text


def _split(text: str, delimiter: str) -> object:
    _delimiter(delimiter)
    check_count(text.count(delimiter) + 1)
    return packed(text.split(delimiter))


def _reverse(text: str) -> str:
    if text.isascii():
        return text[::-1]
    clusters: list[str] = []
    for character in text:
        joins = bool(clusters) and (clusters[-1].endswith(_JOINER) or _extends(character))
        if joins:
            clusters[-1] += character
        else:
            clusters.append(character)
    return "".join(reversed(clusters))


def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it: marks, joiners, variation selectors, skin tones."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc") or character == _JOINER or "🏻" <= character <= "🏿"


def _repeat(text: str, number: int) -> str:
    if number < 0:
        raise ValueError("number parameter cannot be negative")
    _check_size(len(text.encode()) * number)
    return text * number


def _space(number: int) -> str:
    return _repeat(" ", number)


def hash_name(algorithm: str) -> str:
    """The name that hashlib has for a Java message digest. Raises ValueError."""
    name = _HASHES.get(algorithm.lower())
    if name is None:
        raise ValueError(f"invalid algorithm [{algorithm}]")
    return name


def _hash(algorithm: str, text: str) -> str:
    return hashlib.new(hash_name(algorithm), text.encode(), usedforsecurity=False).hexdigest()


def _from_base64(text: str) -> str:
    data = text.rstrip("=")
    return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("utf-8", "replace")


def _url_encode(text: str) -> str:
    return urllib.parse.quote_plus(text, safe="*").replace("~", "%7E")


def _url_decode(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("illegal hex characters in escape (%) pattern")
    return urllib.parse.unquote_plus(text)


@functools.lru_cache(maxsize=1024)
def _replacer(pattern: str) -> Bounded:
    return javaregex.compile_java(pattern)


def _replace(text: str, pattern: str, replacement: str) -> str:
    made = javaregex.replace_all(_replacer(pattern), text, replacement)
    _check_size(len(made) if len(made) > len(text) else 0)
    return made


_TEXT = Parameter(STRING)
_NUMBER = Parameter(_INTEGER)
_MORE = repeated(STRING)

FUNCTIONS: dict[str, Function] = {
    "bit_length": function(lambda text: len(text.encode()) * 8, _TEXT, result="integer"),
    "byte_length": function(lambda text: len(text.encode()), _TEXT, result="integer"),
    "concat": function(_concat, _TEXT, _MORE, result="keyword"),
    "contains": function(lambda text, part: part in text, _TEXT, _TEXT, result="boolean", since="9.2"),
    "ends_with": function(lambda text, part: text.endswith(part), _TEXT, _TEXT, result="boolean"),
    "from_base64": function(_from_base64, _TEXT, result="keyword"),
    "hash": function(_hash, Parameter(STRING, check=hash_name), _TEXT, result="keyword"),
    "left": function(_left, _TEXT, _NUMBER, result="keyword"),
    "length": function(len, _TEXT, result="integer"),
    "locate": function(_locate, _TEXT, _TEXT, optional(_INTEGER), result="integer"),
    "ltrim": function(lambda text: text.lstrip(_WHITESPACE), _TEXT, result="keyword"),
    "md5": function(lambda text: _hash("md5", text), _TEXT, result="keyword"),
    "repeat": function(_repeat, _TEXT, _NUMBER, result="keyword"),
    "replace": function(_replace, _TEXT, Parameter(STRING, check=_replacer), _TEXT, result="keyword"),
    "reverse": function(_reverse, _TEXT, result="keyword"),
    "right": function(_right, _TEXT, _NUMBER, result="keyword"),
    "rtrim": function(lambda text: text.rstrip(_WHITESPACE), _TEXT, result="keyword"),
    "sha1": function(lambda text: _hash("sha1", text), _TEXT, result="keyword"),
    "sha256": function(lambda text: _hash("sha256", text), _TEXT, result="keyword"),
    "space": function(_space, _NUMBER, result="keyword"),
    "split": function(_split, _TEXT, Parameter(STRING, check=_delimiter), result="keyword"),
    "starts_with": function(lambda text, part: text.startswith(part), _TEXT, _TEXT, result="boolean"),
    "substring": function(_substring, _TEXT, _NUMBER, optional(_INTEGER), result="keyword"),
    "to_base64": function(lambda text: base64.b64encode(text.encode()).decode(), _TEXT, result="keyword"),
    "to_lower": function(str.lower, _TEXT, result="keyword", takes="each"),
    "to_upper": function(str.upper, _TEXT, result="keyword", takes="each"),
    "trim": function(lambda text: text.strip(_WHITESPACE), _TEXT, result="keyword"),
    "url_decode": function(_url_decode, _TEXT, result="keyword", since="9.2"),
    "url_encode": function(_url_encode, _TEXT, result="keyword", since="9.2"),
    "url_encode_component": function(
        lambda text: _url_encode(text).replace("+", "%20"), _TEXT, result="keyword", since="9.2"
    ),
}
