"""The page of the command line, made from the commands: ``python -m detections.cli.reference`` writes docs/cli.md."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from detections.cli import COMMANDS, EXITS, cli
from detections.report import FORMATS

_HEAD = """# The command line

`detections --help` and `detections COMMAND --help` say the same in a terminal. This page is made by `make generate`.
"""


def page() -> str:
    """The text of docs/cli.md."""
    found = {name: _command(name) for name in COMMANDS}
    parts = [_HEAD, *_exits(), *_formats(found)]
    for name, command in found.items():
        parts += [f"## {name}\n", *_described(name, command)]
    return "\n".join(parts)


def _command(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def _exits() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "| code | meaning |\n|---|---|"
    yield from (_row(str(int(code)), meaning) for code, meaning in EXITS.items())
    yield ""


def _formats(commands: dict[str, click.Command]) -> Iterator[str]:
    yield "## Formats\n"
    yield "What `--format` takes. Everything but text is UTF-8, whatever the terminal is.\n"
    yield "| format | what it is | commands |\n|---|---|---|"
    for style in FORMATS:
        what = (inspect.getdoc(importlib.import_module(f"detections.report.{style}")) or "").partition("\n\n")[0]
        takers = [f"`{name}`" for name, command in commands.items() if style in _choices(command)]
        yield _row(style, " ".join(what.split()), ", ".join(takers))
    yield ""


def _choices(command: click.Command) -> tuple[str, ...]:
    """What the command's ``--format`` takes."""
    for option in command.params:
        if "--format" in option.opts and isinstance(option.type, click.Choice):
            return tuple(option.type.choices)
    return ()


def _described(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"detections {name}")
    yield f"    {' '.join(command.get_usage(context).removeprefix('Usage: ').split())}\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    yield "| option | |\n|---|---|"
    for parameter in command.params:
        names, text = parameter.get_help_record(context) or ("", "")
        if text:
            yield _row(f"`{names}`", " ".join(text.split()))
    yield ""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield f"### {name} {below.name}\n"
            yield from _described(f"{name} {below.name}", below)


def _row(*cells: str) -> str:
    """A row of a table; these are our own words, and of Markdown they hold nothing but the bar."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Write the page into docs/ of this checkout."""
    path = Path(__file__).resolve().parents[3] / "docs" / "cli.md"
    path.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
