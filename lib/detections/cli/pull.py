"""``detections pull``"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from detections import bundle
from detections.cli.common import PathType, failed
from detections.cli.config import Config, find_config
from detections.cli.environment import ENVIRONMENT, chosen, opened
from detections.cli.exceptions import attachments_of
from detections.cli.output import findings as tell_findings
from detections.cli.output import write
from detections.deploy.environment import Environment
from detections.deploy.model import place
from detections.deploy.pull import Options, Pulled, Repo, Selection, pull_rules
from detections.deploy.pull_attachments import Folders, Held, pull_attachments, value_lists_of
from detections.deploy.state import State, StateFile
from detections.errors import Finding, Location, UsageError
from detections.kibana.answers import Rule
from detections.kibana.client import Kibana
from detections.kibana.results import export_of
from detections.payload import read_lock
from detections.report import pulled as report
from detections.rule import Rules, load_rules


@dataclass(slots=True)
class _Source:
    """Where rules come from, and what came."""

    rules: Sequence[Rule] = ()
    foreign: int = 0
    prebuilt: int = 0
    attachments: Held = field(default_factory=Held)
    state: State | None = None
    file: StateFile | None = None
    findings: list[Finding] = field(default_factory=list)


@click.command("pull")
@click.argument("rule_ids", nargs=-1)
@ENVIRONMENT
@click.option(
    "--from", "source", type=PathType(exists=True, dir_okay=False), metavar="FILE",
    help="Read an exported ndjson file instead of Kibana: all rules in it that are not prebuilt.",
)  # fmt: skip
@click.option("--all", "every", is_flag=True, help="Also rules that do not carry our tag.")
@click.option("--prebuilt", is_flag=True, help="Also Elastic's prebuilt rules.")
@click.option("--theirs", is_flag=True, help="Where a field was changed here and in Kibana, take Kibana's.")
@click.option(
    "--full", is_flag=True, help="Also pull what the files leave to Kibana: enabled, exceptions_list, actions, meta."
)
@click.option("--dry-run", "dry", is_flag=True, help="Show what would change; write nothing.")
def command(
    rule_ids: Sequence[str], environment: str | None, source: Path | None, every: bool, prebuilt: bool, theirs: bool,
    full: bool, dry: bool,
) -> int:  # fmt: skip
    """Bring rules from Kibana into the repo: those with RULE_IDS, by default those that are ours.

    Edits made in Kibana since the last apply are written into the rule's file, wherever it is; a rule without a file
    gets one. The rest of each file stays as it is, comments included. The exception lists, value lists and connectors
    that the rules use are written to files of their own, without secrets. Changes of the repo that have not been
    applied stay; a field that both sides changed is left alone, and the exit code is 1.
    """
    config = find_config()
    where = chosen(environment, config)
    selection = Selection(every, prebuilt, frozenset(rule_ids))
    attachments = attachments_of(config)
    got = _file(source, selection, where) if source else _kibana(selection, where, config)
    if missing := selection.rule_ids - {rule.rule_id for rule in got.rules}:
        raise UsageError(f"unknown rule {', '.join(sorted(missing))}")
    repo = Repo(_rules(config.path("rules")), config.path("rules"), read_lock(config.path("lock")))
    today = datetime.datetime.now(datetime.UTC).date()
    pulled = pull_rules(repo, got.rules, where, got.state, today, Options(theirs, full))
    folders = Folders(config.path("exceptions"), config.path("value_lists"), config.path("connectors"))
    applied = got.state.attachments if got.state else None
    attached = pull_attachments(got.attachments, attachments, folders, applied, theirs=theirs)
    findings = [
        *got.findings, *where.strays(repo.rules), *attachments.findings, *pulled.findings, *attached.findings,
    ]  # fmt: skip
    changes = [*pulled.changes, *attached.changes]
    for change in changes:
        if not dry:
            change.write()
        write(report.change(change))
    if not dry:
        _remember(got, pulled, attached)
    tell_findings(findings)
    write([report.summary(changes, pulled.unchanged + attached.unchanged, got.foreign, got.prebuilt, dry=dry)])
    return int(failed(findings, strict=False))


def _remember(got: _Source, pulled: Pulled, attached: Pulled) -> None:
    """The state last: without it a pull that was interrupted is found out by the next plan, and done again."""
    if got.file is not None and got.state is not None:
        state = got.state.having(pulled.entries, attached.entries)
        if state != got.state:
            got.file.write(state)


def _rules(folder: Path) -> Rules:
    """The project's rules, none where it has no folder for them yet."""
    return load_rules(folder) if folder.exists() else Rules((), (), ())


def _file(path: Path, selection: Selection, environment: Environment) -> _Source:
    try:
        objects, findings = bundle.from_ndjson(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    export, problems = export_of(objects)
    findings += [Finding(bundle.CODE, problem, Location(str(path))) for problem in problems]
    rules, _, prebuilt = replace(selection, every=True).choose(export.rules, environment.tag)
    attachments = Held(export.exception_lists, export.exception_items, export.connectors).used_by(rules)
    return _Source(rules, 0, len(prebuilt), attachments, findings=findings)


def _kibana(selection: Selection, environment: Environment, config: Config) -> _Source:
    with opened(environment) as kibana:
        file = StateFile(config.path("state") / f"{environment.name}.json")
        state = file.read(place(kibana.url, environment.space))
        rules, foreign, prebuilt = selection.choose(kibana.find_rules(), environment.tag, state.rules)
        attachments = _exported(kibana, rules)
    return _Source(rules, len(foreign), len(prebuilt), attachments, state, file)


def _exported(kibana: Kibana, rules: Sequence[Rule]) -> Held:
    """What these rules use, as Kibana has it."""
    users = [rule.rule_id for rule in rules if rule.exceptions_list or rule.actions]
    if not users:
        return Held()
    export = kibana.export_rules(users)
    wanted = value_lists_of(export.exception_items)
    lists = [value_list for value_list in kibana.find_value_lists() if value_list.id in wanted] if wanted else []
    values = {value_list.id: kibana.export_value_list_items(value_list.id) for value_list in lists}
    return Held(export.exception_lists, export.exception_items, export.connectors, lists, values)
