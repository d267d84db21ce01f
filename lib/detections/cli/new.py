"""``detections new``"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from detections import checks
from detections.cli import output
from detections.cli.common import chosen_profiles
from detections.cli.config import find_config
from detections.cli.output import show, tell
from detections.cli.scaffold import ADDED, made_for, write
from detections.errors import RuleError, UsageError
from detections.rule import Rules, load
from detections.scaffold import SOURCES, TYPES, Wanted, made
from detections.scaffold.rule import SCORES
from detections.source import parse


@click.command("new")
@click.argument("name", required=False)
@click.option("--type", "kind", type=click.Choice(TYPES), help="The type of the rule.  [default: query]")
@click.option("--source", type=click.Choice(tuple(SOURCES)), help="The log source: indices, tags, integration.")
@click.option("--query", help="The query; - reads it from standard input.")
@click.option("--description", default="", help="What the rule finds.")
@click.option(
    "--severity", type=click.Choice(tuple(SCORES)), help="With the risk score of its band.  [default: medium]"
)
@click.option("--technique", "techniques", multiple=True, metavar="ID", help="A technique of ATT&CK: T1562.008.")
@click.option("--tactic", default="", metavar="ID|NAME", help="A tactic, where the technique has several.")
@click.option("--by", "fields", multiple=True, metavar="FIELD", help="What a threshold groups by; the new terms.")
@click.option("--threshold", type=click.IntRange(1), help="Events that alert, for a threshold rule.")
@click.option("--history", default="14d", show_default=True, help="How far back a term is new, for new terms.")
@click.option("--author", default="")
def command(
    name: str | None, kind: str | None, source: str | None, query: str | None, description: str, severity: str | None,
    techniques: Sequence[str], tactic: str, fields: Sequence[str], threshold: int | None, history: str, author: str,
) -> int:  # fmt: skip
    """Make a rule called NAME, and cases from its query: an event that alerts, and a near-miss for each condition.

    What is missing is asked for on a terminal. ID, dates, tags, the names of ATT&CK and the required fields are filled
    in. The cases are solved from the query and then run on the engine; look at each, for nobody has seen such an event
    in a log.
    """
    name = name or _asked("Name", "NAME")
    kind = kind or _asked("Type", "--type", click.Choice(TYPES), "query")
    source = source or _asked("Log source", "--source", click.Choice(tuple(SOURCES)))
    if query == "-":
        query = sys.stdin.read()
    query = query or _asked("Query", "--query")
    if kind == "threshold" and threshold is None:
        threshold = int(_asked("How many events", "--threshold", click.IntRange(1)))
    if kind in ("threshold", "new_terms") and not fields:
        said = _asked("By which fields (a comma between them)", "--by", default="" if kind == "threshold" else None)
        fields = [part.strip() for part in said.split(",") if part.strip()]
    severity = severity or (_asked("Severity", "--severity", click.Choice(tuple(SCORES)), "medium") if _terminal()
                            else "medium")  # fmt: skip
    wanted = Wanted(
        name, kind, source, query, description, severity, tuple(techniques), tactic, tuple(fields), threshold or 0,
        history, author,
    )  # fmt: skip
    rule = made(wanted, datetime.datetime.now(datetime.UTC).date())
    config = find_config()
    path = config.path("rules") / rule.document.path
    there, findings = load(parse(rule.document.text, str(path)), config.own_fields())
    assert there is not None, findings
    if path.exists():
        raise UsageError(f"{path} is there already: choose another name")
    found = checks.run(Rules((there,), (str(path),), tuple(findings)), chosen_profiles((), config))
    if wrong := [finding for finding in found if finding.code in ("query-syntax", "field-type")]:
        raise RuleError(wrong)
    cases, why = made_for(there, config)
    write({path: rule.document.text})
    show(ADDED, f" {path}")
    if cases is None:
        tell(f"no cases: {why}")
    else:
        write(cases.files)
        output.write(cases.told())
    output.findings(found)
    return 0


def _terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(
    what: str, option: str, kind: click.ParamType[Any] | None = None, default: str | None = None,
    ask: Callable[..., str] = click.prompt,
) -> str:  # fmt: skip
    """What a person says on a terminal; elsewhere the default, or an error that names the option."""
    if _terminal():
        return str(ask(what, type=kind, default=default, err=True))
    if default is not None:
        return default
    raise UsageError(f"{option} is missing")
