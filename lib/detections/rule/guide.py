"""The buttons of an investigation guide: ``[transform]`` of a file <-> the plug-ins of Kibana's Markdown.

A guide names a button by its kind and its number, ``$osquery_0`` or ``$investigate_2``; the file keeps what the button
does in ``[[transform.osquery]]`` and ``[[transform.investigate]]``. Kibana has the button in the text itself, as
``!{osquery{...}}``. (Kibana: ``markdown_editor/plugins``, the block tokenizers of the two plug-ins, 8.6 to 9.x.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

KINDS = ("investigate", "osquery")

_NAMED = re.compile(rf"\$(?:({'|'.join(KINDS)})_(\d{{1,9}})\b|\{{({'|'.join(KINDS)})_(\d{{1,9}})\}})")
_BUTTON = re.compile(rf"!\{{({'|'.join(KINDS)})(?=\{{)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES = {"{": "\\u007b", "}": "\\u007d"}

Transform = Mapping[str, Any]


class Placeholder(NamedTuple):
    """Where a guide names a button: an offset into the note, the text there, the button's kind and number."""

    start: int
    text: str
    kind: str
    number: int


def placeholders(note: str) -> Iterator[Placeholder]:
    """The places of a guide that name buttons, in order."""
    for match in _NAMED.finditer(note):
        kind, number = match[1] or match[3], match[2] or match[4]
        yield Placeholder(match.start(), match[0], kind, int(number))


def with_buttons(text: str, transform: Transform | None, show: Callable[[str, Mapping[str, Any]], str]) -> str:
    """The text with each placeholder that the transform has as ``show`` (of kind and button) says it. Others stay."""
    if not transform or "$" not in text:
        return text
    parts, end = [], 0
    for place in placeholders(text):
        buttons = transform.get(place.kind)
        if isinstance(buttons, list) and place.number < len(buttons) and isinstance(buttons[place.number], dict):
            parts += [text[end : place.start], show(place.kind, buttons[place.number])]
            end = place.start + len(place.text)
    return "".join([*parts, text[end:]])


def rendered(note: str, transform: Transform | None) -> str:
    """The guide as Kibana reads it."""
    return with_buttons(note, transform, button)


def restored(note: str, transform: Transform | None, like: str = "") -> str:
    """The guide as a file has it: each button that the transform has is its placeholder, spelt as in ``like``, the
    guide of the file until now. A button that Kibana was given since stays in the text, where it works as well."""
    if not transform or "!{" not in note:
        return note
    spelt = {(place.kind, place.number): place.text for place in reversed(list(placeholders(like)))}
    known: dict[tuple[str, str], str] = {}
    for kind in KINDS:
        buttons = transform.get(kind)
        for number, said in enumerate(buttons if isinstance(buttons, list) else ()):
            known.setdefault((kind, _meaning(said)), spelt.get((kind, number), f"${kind}_{number}"))
    parts, end = [], 0
    for match in _BUTTON.finditer(note):
        try:
            said, close = json.JSONDecoder().raw_decode(note, match.end())
        except (ValueError, RecursionError):
            continue
        name = known.get((match[1], _meaning(said)))
        if name is not None and match.start() >= end and note.startswith("}", close):
            parts += [note[end : match.start()], name]
            end = close + 1
    return "".join([*parts, note[end:]])


def button(kind: str, said: Mapping[str, Any]) -> str:
    """One button as Kibana's Markdown has it.

    Kibana finds the end by counting braces, also those within strings: where a string's do not match, they are escaped.
    """
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)
    return f"!{{{kind}{_STRING.sub(_balanced, plain)}}}"


def _balanced(match: re.Match[str]) -> str:
    text, depth = match[0], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            break
    return text if depth == 0 else re.sub("[{}]", lambda brace: _BRACES[brace[0]], text)


def _meaning(said: object) -> str:
    return json.dumps(said, sort_keys=True, default=str)
