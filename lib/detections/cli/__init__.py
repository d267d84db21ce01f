"""The command line. One command a module, loaded when it is called, so that ``--help`` stays quick.

Exit codes: 0 fine; 1 findings of level error (of any level with ``--strict``) or failed cases; 2 wrong usage.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from detections import __version__
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
    "plan": "Show what an apply would change in Kibana.",
    "apply": "Bring the rules into Kibana.",
    "pull": "Bring what was edited in Kibana into the repo.",
    "status": "Show how the rules in Kibana ran last.",
    "export": "Write rules as an ndjson bundle that Kibana imports.",
    "replay": "Run the rules over events: what would have alerted?",
    "backtest": "Count what the rules would have raised over events: how noisy are they?",
    "search": "Run one query over events.",
    "site": "Write pages of the rules, to be looked at.",
    "fields": "Look fields up, or declare your own.",
    "explain": "Show how a query is read, evaluated and sent.",
    "lsp": "Serve editors by the Language Server Protocol.",
    "elasticsearch": "Run an Elasticsearch until Ctrl-C.",
    "baseline": "Let pass what stands today, so that only new findings fail.",
    "config": "Print the settings that are in force here.",
    "docs": "Print a page of the documentation.",
    "explain-check": "Print the page of a check.",
    "schema": "Print the JSON Schema of rule files.",
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


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="detections")
def cli() -> None:
    """Detection rules for Elastic Security, proved before they are deployed."""


def main() -> None:
    """The ``detections`` command."""
    try:
        sys.exit(cli.main(standalone_mode=False, color=_colour()) or 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is left to say, not even at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (UsageError, EventsError) as error:
        _fail(error, 2)
    except DetectionsError as error:
        _fail(error, 1)


def _colour() -> bool | None:
    """Never where NO_COLOR says so, whatever it says (no-color.org); else click knows a terminal when it sees one."""
    return False if os.environ.get("NO_COLOR") else None


def _fail(error: Exception, code: int) -> None:
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error}", err=True, color=_colour())
    sys.exit(code)
