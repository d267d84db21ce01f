"""Every code point that there is, in every format: no control character, line or workflow command is made of it."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from detections.errors import Finding, Location
from detections.report import formats, report
from fuzz.shown import shown

CHUNK = 0x2000


def finding(text: str) -> Finding:
    return Finding(text, f"a{text}b", Location(f"rules/{text}.toml", 1, 2), excerpt=f"x{text}y", length=3, hint=text)


@pytest.mark.parametrize("start", range(0, sys.maxunicode + 1, CHUNK))
def test_every_code_point(start: int) -> None:
    text = "".join(map(chr, range(start, min(start + CHUNK, sys.maxunicode + 1))))
    shown("check", [finding(text)], (text,))


@pytest.mark.parametrize("text", ["\n::error::x", "\r::x", "##[error]x", " ::x", "\u2028::x", "%0A::x", "]]>", "</a>"])
def test_what_would_be_more_than_text(text: str) -> None:
    shown("check", [finding(text), finding(text * 3)], (text,))
    for name in formats("check"):
        said = "\n".join(report("check", name)([finding(text)], ()))
        if name == "junit":
            ElementTree.fromstring(said)
        if name == "github":
            assert len([line for line in said.split("\n") if line.startswith("::")]) == 1
