"""What is shown of a value, in every format that there is for it: nothing in it may be more than text there."""

from __future__ import annotations

import re

from detections.report import formats, report

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_COMMANDS = re.compile(r"^\s*::|##\[", re.MULTILINE)


def shown(subject: str, *values: object) -> None:
    """Make every report of a subject, and look at it as a terminal and a CI job would."""
    for name in formats(subject):
        text = "\n".join(report(subject, name)(*values))
        plain = _COLOURS.sub("", text)
        odd = {character for character in plain if not character.isprintable()} - {"\n"}
        assert not odd or name in ("csv", "html"), f"{name} prints {odd}"
        assert name == "github" or not _COMMANDS.search(text), f"{name} has a workflow command"
