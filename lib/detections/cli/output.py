"""What commands print: reports and lines on standard output, remarks on standard error.

A terminal or pipe that is not UTF-8 is shown escapes for what it cannot print; the formats for programs are UTF-8
everywhere, as their readers expect.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from detections import report as formats
from detections.errors import DetectionsError, Finding, FindingsError
from detections.report.finding import finding
from detections.report.sinks import Fragment, Output, Styled
from detections.report.sinks.terminal import line

_Function = TypeVar("_Function", bound=Callable[..., Any])


class OutputError(DetectionsError):
    """Standard output or standard error takes nothing any more."""


class ReaderGoneError(DetectionsError):
    """Who read our output does so no longer (`| head`)."""


def format_option(subject: str) -> Callable[[_Function], _Function]:
    """``--format``, with the formats that can tell of the command's subject."""
    return click.option(
        "--format", "style", type=click.Choice(formats.formats(subject)), default="text", show_default=True
    )


def report(subject: str, style: str, *values: Any) -> None:
    """What a command found, in the format that was asked for."""
    _give(formats.report(subject, style)(*values), style)


def reports(subject: str, style: str, values: Sequence[Any], save: Callable[[bytes], None] | None = None) -> None:
    """A report of each value, with a blank line between two, on standard output; or all of it given to ``save``."""
    made = formats.report(subject, style)
    told = ((*([line()] if number else ()), *made(value)) for number, value in enumerate(values))
    outputs = (output for part in told for output in part)
    if save is None:
        _give(outputs, style)
    else:
        save("".join(f"{click.unstyle(output)}\n" for output in outputs).encode("utf-8", "backslashreplace"))


def page(text: str) -> None:
    """A document of our own, as it is."""
    write([Output(text.removesuffix("\n"))])


def _give(made: Iterable[Output], style: str) -> None:
    if style != "text" and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    write(made)


def show(*parts: Fragment) -> None:
    """A line on standard output."""
    write([line(*parts)])


def tell(*parts: Fragment) -> None:
    """A line on standard error: for a person, and no part of the result."""
    write([line(*parts)], err=True)


def findings(found: Iterable[Finding], *, err: bool = True) -> None:
    """Findings one by one, with their lines."""
    for one in found:
        write(finding(one), err=err)


def warning(message: str, *details: str) -> None:
    tell(Styled("warning", "yellow", bold=True), f": {message}")
    for detail in details:
        tell(f"    {detail}")


def failure(error: DetectionsError) -> None:
    """Why this run cannot go on; where nobody can be told, the exit code has to do."""
    with contextlib.suppress(OutputError, ReaderGoneError):
        if isinstance(error, FindingsError):
            findings(error.findings)
            return
        tell(Styled("error", "red", bold=True), f": {error.headline}")
        for detail in error.details:
            tell(f"    {detail}")


def write(outputs: Iterable[Output], *, err: bool = False) -> None:
    """Print what a sink has made.

    Raises:
        ReaderGoneError, OutputError: nothing can be printed any more.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # closed before we began
        return
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")  # whatever it says: no-color.org
    for output in outputs:
        try:
            stream.write(f"{output if coloured else click.unstyle(output)}\n")
            stream.flush()
        except BrokenPipeError:
            raise ReaderGoneError("nobody reads the output") from None
        except OSError as error:
            name = "standard error" if err else "standard output"
            raise OutputError(f"{name} cannot be written: {error.strerror}") from None


def open_streams() -> None:
    """Make standard output and standard error show escapes for what their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def close_streams() -> None:
    """Drop what a stream cannot get rid of, so that it is not tried again, and told, when the interpreter ends."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None or stream.closed:
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
