"""What is shown of a value, in every format that there is for it: nothing in it may be more than text there."""

from __future__ import annotations

import re

from detections.report import formats, report

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FILES = ("csv", "html")
"""Formats for programs that read files: what a value holds is quoted there, and stays as it is."""
_COMMANDS = re.compile(r"^\s*::|##\[", re.MULTILINE)


def shown(subject: str, *values: object) -> None:
    """Make every report of a subject, and look at it as a terminal and a CI job would."""
    for name in formats(subject):
        text = "\n".join(report(subject, name)(*values))
        plain = _COLOURS.sub("", text)
        odd = {character for character in plain if not character.isprintable()} - {"\n"}
        assert not odd or name in _FILES, f"{name} prints {odd}"
        assert name in ("github", *_FILES) or not _COMMANDS.search(text), f"{name} has a workflow command"
