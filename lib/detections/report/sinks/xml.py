"""XML, whose parser gives back the values that were written.

What XML cannot hold (control characters, surrogates, U+FFFE and U+FFFF) is shown as its escape (``\\x00``). It may
reach a terminal or the log of a CI job, so what does not print there is a character reference, and so is what GitHub's
runner knows a workflow command by: ``::`` at the beginning of a line, ``##[`` anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from detections.errors import printable
from detections.report.sinks import Output

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(name: str, attributes: Mapping[str, str]) -> Element:
    """The element that holds all others."""
    return Element(name, _values(attributes))


def below(parent: Element, name: str, attributes: Mapping[str, str], text: str | None = None) -> Element:
    """An element in another, with a text where it has no elements."""
    element = SubElement(parent, name, _values(attributes))
    element.text = None if text is None else _held(text)
    return element


def document(element: Element) -> Output:
    """The whole document, an element a line."""
    indent(element)
    text = tostring(element, encoding="unicode")
    text = "".join(c if c == "\n" or c.isprintable() else f"&#{ord(c)};" for c in text)
    text = re.sub("^( *):(?=:)", r"\1&#58;", text, flags=re.MULTILINE).replace("##[", "#&#35;[")
    return Output(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')


def _values(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: _held(value) for name, value in attributes.items()}


def _held(text: str) -> str:
    return _NOT_XML.sub(lambda found: printable(found[0]), text)
