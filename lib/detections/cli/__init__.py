"""The command line. One command a module, loaded when it is called, so that ``--help`` stays quick."""

from __future__ import annotations

import enum
import importlib
import os
import sys

import click

from detections import __version__
from detections.cli import output
from detections.errors import DetectionsError, EventsError, UsageError

COMMANDS = {
    "init": "Make a repository of rules: settings, a first rule with cases, CI.",
    "new": "Make a rule, with cases made from its query.",
    "scaffold": "Make cases for rules that have none, from their queries.",
    "build": "Check the rules, prove them on their cases, write the bundle.",
    "check": "Check rules: every problem of every file, with its place.",
    "test": "Run the rules' cases, with clause coverage.",
    "fmt": "Lay out rule files in one way, without changing what they say.",
    "lock": "Give changed rules their next version.",
    "plan": "Show what apply would change in Kibana.",
    "apply": "Bring the rules into Kibana.",
    "pull": "Bring edits made in Kibana into the repo.",
    "status": "Show how the rules in Kibana ran last.",
    "export": "Write rules as an ndjson bundle that Kibana imports.",
    "replay": "Run the rules over events: what would have alerted?",
    "backtest": "Count what the rules would have raised over events: how noisy are they?",
    "tune": "Propose exceptions for a rule's false positives.",
    "search": "Run one query over events.",
    "site": "Write a static site of the rules.",
    "fields": "Look fields up, or declare your own.",
    "explain": "Show how a query is read, evaluated and sent.",
    "lsp": "Serve editors by the Language Server Protocol.",
    "elasticsearch": "Run an Elasticsearch until Ctrl-C.",
    "baseline": "Accept today's findings, so that only new ones fail.",
    "config": "Print the settings that are in force here.",
    "docs": "Print a page of the documentation.",
    "explain-check": "Print the page of a check.",
    "schema": "Print the JSON Schema of rule files.",
}


class Exit(enum.IntEnum):
    """The exit codes of every command."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130
    READER_GONE = 141


EXITS = {
    Exit.FINE: "fine",
    Exit.FAILED: "a finding of level error (of any level with --strict), a failed case, or something that could not be "
    "read, written, reached or done",
    Exit.USAGE: "wrong usage: an argument, the configuration, or a path that does not exist; nothing was done. For "
    "plan --detailed-exitcode: something differs",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
    Exit.READER_GONE: "the reader of the output went away, as in `detections ... | head`",
}


_MODULES = {"config": "show_config", "explain-check": "explain_check"}
"""Modules whose names are not those of their commands."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"detections.cli.{_MODULES.get(name, name)}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), meaning) for code, meaning in EXITS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="detections")
def cli() -> None:
    """Detection rules for Elastic Security, proved before they are deployed."""


def main() -> None:
    """The ``detections`` command."""
    output.open_streams()
    try:
        code = _run()
    except output.ReaderGoneError:
        code = Exit.READER_GONE
    except output.OutputError as error:
        output.failure(error)
        code = Exit.FAILED
    output.close_streams()
    sys.exit(code)


def _run() -> int:
    """The exit code of the command; why it could not be run is said on standard error."""
    try:
        return int(cli.main(standalone_mode=False) or Exit.FINE)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        output.tell("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        output.failure(UsageError(_usage(error)))
        return Exit.USAGE
    except (output.ReaderGoneError, output.OutputError):
        raise
    except (UsageError, EventsError) as error:
        output.failure(error)
        return Exit.USAGE
    except DetectionsError as error:
        output.failure(error)
        return Exit.FAILED
    except MemoryError:
        output.failure(DetectionsError("out of memory"))
        return Exit.FAILED
    except OSError as error:
        where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        output.failure(DetectionsError(f"{where}{error.strerror or error}"))
        return Exit.FAILED


def _usage(error: click.ClickException) -> str:
    """What click has against the arguments, on one line, and where help is."""
    context = getattr(error, "ctx", None)
    where = f" (see {context.command_path} --help)" if context else ""
    return f"{error.format_message().rstrip('.')}{where}"
