"""``detections fmt``"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from detections.cli.common import RULES, rules_at
from detections.cli.config import find_config
from detections.errors import SourceError, UsageError
from detections.report import text
from detections.report.count import plural
from detections.rule.layout import formatted
from detections.source import parse, read, save


@click.command("fmt")
@RULES
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit code 1 where a file would change.")
@click.option("--diff", "show", is_flag=True, help="Write nothing; show what would change.")
def command(rules: Sequence[Path], only_check: bool, show: bool) -> int:
    """Lay out rule files: tables and keys in one order, strings in one style.

    RULES are files or folders, the project's rules by default; - reads one file from standard input and writes it to
    standard output. Values, comments and the order of lists stay as they are, so nothing changes in Kibana.
    """
    if any(str(path) == "-" for path in rules):
        if len(rules) > 1 or only_check or show:
            raise UsageError("- stands alone: it reads standard input and writes standard output")
        return _piped()
    changed, same, bad = 0, 0, 0
    for path in rules_at(rules, find_config()).files:
        try:
            document = read(path)
        except SourceError as error:
            for finding in error.findings:
                click.echo(text.finding(finding), err=True)
            bad += 1
            continue
        wanted = formatted(document)
        if wanted == document.text:
            same += 1
            continue
        changed += 1
        if show:
            _show(path, document.text, wanted)
        else:
            click.echo(path)
        if not (only_check or show):
            save(Path(path), wanted.encode())
    done = "would change" if only_check or show else "changed"
    click.echo(f"{plural(changed, 'file')} {done}, {same} laid out already" + (f", {bad} not read" if bad else ""))
    if only_check and changed:
        click.echo("run `detections fmt`", err=True)
    return int(bool(bad or (changed and only_check)))


def _piped() -> int:
    try:
        content = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageError("standard input is not UTF-8") from None
    document = parse(content, "standard input")
    sys.stdout.buffer.write(formatted(document).encode())
    return 0


def _show(path: str, before: str, after: str) -> None:
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), path, path)
    for line in lines:
        colour = {"+": "green", "-": "red"}.get(line[0])
        click.echo(click.style(line, fg=colour) if colour else line, nl=not line.endswith("\n"))
