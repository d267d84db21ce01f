"""TOML text -> values, as ``tomllib`` reads it, in a tenth of its time.

``toml_rs`` (TOML 1.0) reads what it surely reads alike; whatever it refuses, ``tomllib`` decides. It is not given what
it takes and ``tomllib`` does not (a byte order mark, numbers of thousands of digits), nor what may be nested so deeply
that its stack, which has no guard, ends before the text does.
"""

from __future__ import annotations

import tomllib
from typing import Any

import toml_rs

_BRACKETS = 1_000  # an array in an array, 5,000 deep, is still read; files of rules have some hundred, side by side
_LINE = 4_000  # longer lines may hold an integer that Python refuses


def decode(text: str) -> dict[str, Any]:
    """The values of a document.

    Raises:
        ValueError: what ``tomllib`` says against it.
        RecursionError: it is nested too deeply for ``tomllib``.
    """
    if _is_plain(text):
        try:
            return toml_rs.loads(text, toml_version="1.0.0")
        except ValueError:
            pass
    return tomllib.loads(text)


def _is_plain(text: str) -> bool:
    return (
        text.count("[") + text.count("{") <= _BRACKETS
        and not text.startswith("\ufeff")
        and (len(text) <= _LINE or max(map(len, text.split("\n"))) <= _LINE)
    )
