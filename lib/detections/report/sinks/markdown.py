"""GitHub's Markdown, for comments and summaries: values stay text, whatever they hold.

GitHub looks for mentions and issues in what was rendered, where a backslash or an entity is gone; an element of its own
parts the sign from the name. The lines of a block are as a terminal would show them, since a CI job may print them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from detections.errors import printable
from detections.report.sinks import Fragment, Output, Styled, terminal

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()|~!&$]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_LINKING = re.compile("([@#])")


def heading(level: int, *parts: Fragment) -> Output:
    """A heading, and the blank line below it."""
    return Output(f"{'#' * level} {_inline(parts)}\n")


def item(*parts: Fragment) -> Output:
    """An item of a list."""
    return Output(f"- {_inline(parts)}")


def continued(*parts: Fragment) -> Output:
    """One more line of an item."""
    return Output(f"  {_inline(parts)}")


def text(*parts: Fragment) -> Output:
    """A text right below a heading."""
    return Output(_inline(parts))


def paragraph(*parts: Fragment) -> Output:
    """A text, with a blank line above it."""
    return Output(f"\n{_inline(parts)}")


def below(*parts: Fragment) -> Output:
    """An item of a list in an item."""
    return Output(f"  - {_inline(parts)}")


def columns(numbers: Sequence[str], last: str) -> list[Output]:
    """The head of a table, below a blank line: columns of numbers, and a last one of text."""
    return [Output(f"\n{row([*numbers, last])}"), Output(f"|{' --: |' * len(numbers)} --- |")]


def row(cells: Sequence[str]) -> Output:
    """A row of a table."""
    return Output(f"| {' | '.join(map(_text, cells))} |")


def opened(summary: str) -> Output:
    """What follows, up to :func:`closed`, is folded away behind a summary."""
    return Output(f"\n<details><summary>{_text(summary)}</summary>\n")


def closed() -> Output:
    """The end of what is folded away."""
    return Output("\n</details>")


def folded(summary: str, language: str, lines: Sequence[str]) -> Output:
    """Lines of code in an item of a list, folded away behind a summary. ``language`` is our own word."""
    shown = [terminal.line(line) for line in lines]
    fence = "`" * max(3, 1 + max((len(run) for line in shown for run in re.findall("`+", line)), default=0))
    block = "\n".join(f"  {line}" for line in (f"{fence}{language}", *shown, fence))
    return Output(f"  <details><summary>{html.escape(printable(summary))}</summary>\n\n{block}\n\n  </details>")


def _inline(parts: Sequence[Fragment]) -> str:
    """Text that may begin a line; ``::`` there would be a workflow command in the log of a CI job that prints it."""
    text = "".join(map(_marked, parts))
    return text.replace(":", r"\:", 1) if text.lstrip().startswith("::") else text


def _marked(part: Fragment) -> str:
    if not isinstance(part, Styled):
        return _text(part)
    text = f"**{_text(part.text)}**" if part.bold else _text(part.text)
    return f"<sub>{text}</sub>" if part.dim else text


def _text(value: str) -> str:
    return _LINKING.sub(r"<span>\1</span>", _ACTIVE.sub(r"\\\1", printable(value)))
