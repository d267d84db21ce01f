"""``detections fmt``"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from detections.cli.common import RULES, rules_at
from detections.cli.config import find_config
from detections.cli.output import findings, show, tell, write
from detections.errors import SourceError, UsageError
from detections.report.count import plural
from detections.report.sinks import Output, Styled
from detections.report.sinks.terminal import line
from detections.rule.layout import formatted
from detections.source import parse, read, save


@click.command("fmt")
@RULES
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit code 1 where a file would change.")
@click.option("--diff", "differ", is_flag=True, help="Write nothing; show what would change.")
def command(rules: Sequence[Path], only_check: bool, differ: bool) -> int:
    """Lay out rule files: tables and keys in one order, strings in one style.

    RULES are files or folders, the project's rules by default; - reads one file from standard input and writes it to
    standard output. Values, comments and the order of lists stay as they are, so nothing changes in Kibana.
    """
    if any(str(path) == "-" for path in rules):
        if len(rules) > 1 or only_check or differ:
            raise UsageError("- takes no other paths: it reads standard input and writes standard output")
        return _piped()
    changed, same, bad = 0, 0, 0
    for path in rules_at(rules, find_config()).files:
        try:
            document = read(path)
        except SourceError as error:
            findings(error.findings)
            bad += 1
            continue
        wanted = formatted(document)
        if wanted == document.text:
            same += 1
            continue
        changed += 1
        if differ:
            write(_diff(path, document.text, wanted))
        else:
            show(path)
        if not (only_check or differ):
            save(Path(path), wanted.encode())
    done = "would change" if only_check or differ else "changed"
    show(f"{plural(changed, 'file')} {done}, {same} laid out already" + (f", {bad} not read" if bad else ""))
    if only_check and changed:
        tell("run `detections fmt`")
    return int(bool(bad or (changed and only_check)))


def _piped() -> int:
    try:
        content = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageError("standard input is not UTF-8") from None
    document = parse(content, "standard input")
    sys.stdout.buffer.write(formatted(document).encode())
    return 0


def _diff(path: str, before: str, after: str) -> Iterator[Output]:
    """What would change, as `diff -u` shows it."""
    for text in difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), path, path):
        yield line(Styled(text.removesuffix("\n"), {"+": "green", "-": "red"}.get(text[0])))
        if not text.endswith("\n"):
            yield line("\\ No newline at end of file")
