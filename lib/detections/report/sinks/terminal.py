"""Lines for a person: on a terminal, in a pipe, in the log of a CI job.

The only control sequences in a line are colours; whoever prints takes them out where the output is not a terminal. No
line is a workflow command of GitHub Actions, whose runner looks for them in everything a job prints: for ``::`` after
the blanks at a line's beginning, and for ``##[`` anywhere (ActionCommand.cs of actions/runner).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import click

from detections.errors import cells, printable
from detections.report.sinks import Fragment, Output


def line(*parts: Fragment) -> Output:
    """One line of these values."""
    shown = [_with(part, printable(_text(part))) for part in parts]
    text = "".join(map(_text, shown))
    if "##[" in text:
        shown = [_with(part, _text(part).replace("[", r"\x5b")) for part in shown]
    if text.lstrip().startswith("::"):
        first = next(number for number, part in enumerate(shown) if ":" in _text(part))
        shown[first] = _with(shown[first], _text(shown[first]).replace(":", r"\x3a", 1))
    return Output("".join(map(_coloured, shown)))


def indented(outputs: Iterable[Output]) -> Iterator[Output]:
    """Lines of this sink, four blanks to the right; the first that is printed must not begin a workflow command."""
    return (Output(f"    {output}") for output in outputs)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """A value with blanks behind it, or before it, as wide as it will be on a terminal."""
    shown = printable(text)
    blanks = " " * (width - cells(shown))
    return blanks + shown if right else shown + blanks


def width(texts: Sequence[str], most: int | None = None) -> int:
    """Of a column that holds these values; a value wider than ``most`` sticks out."""
    wides = (cells(printable(text)) for text in texts)
    return max((wide for wide in wides if most is None or wide <= most), default=0)


def _text(part: Fragment) -> str:
    return part if isinstance(part, str) else part.text


def _with(part: Fragment, text: str) -> Fragment:
    return text if isinstance(part, str) else replace(part, text=text)


def _coloured(part: Fragment) -> str:
    if isinstance(part, str) or not (part.colour or part.bold or part.dim):
        return _text(part)
    return click.style(part.text, fg=part.colour, bold=part.bold or None, dim=part.dim or None)
