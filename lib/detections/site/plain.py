"""Text of others, so that a page says what is there: no control, no change of direction that turns words round."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T", bound=str)
_UNSHOWN = dict.fromkeys(
    [
        *range(9), 11, 12, *range(14, 32), *range(127, 160),  # controls
        0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # changes of direction
    ],
    "\ufffd",
)  # fmt: skip


def plain(text: T) -> T:
    """The text, or the Markup, with U+FFFD for what would not be seen."""
    return text.translate(_UNSHOWN)  # type: ignore[return-value]
