"""Sinks: where reports go. Each module takes values and makes text of them that its reader cannot misread.

Rules, events and the answers of servers hold whatever their writers want to be read: line breaks, escape sequences,
markup. What a sink has to escape is known to its module and nowhere else. What is printed has to be an
:class:`Output`, and only these modules make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, TypeAlias

Output = NewType("Output", str)
"""Text that a sink has made: one line or several, without the last line break."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A value that stands out: ``colour`` is a name that click knows; ``dim`` is for what matters less."""

    text: str
    colour: str | None = None
    bold: bool = False
    dim: bool = False


Fragment: TypeAlias = str | Styled
