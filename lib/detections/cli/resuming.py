"""``--resume``: which replay a record is of, and how an interrupted one goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Sequence

import detections
from detections.cli.output import tell
from detections.compile.exceptions import ExceptionLists
from detections.compile.tables import Tables
from detections.engine.alert import Alert
from detections.engine.checkpoint import Checkpoint
from detections.events import Place, Settings
from detections.report.count import plural
from detections.rule import Rules


def digest(rules: Rules) -> str:
    """Other rules make another replay."""
    texts = sorted(_hash(rule.document.text) for rule in rules)
    return _hash("".join(texts))[:16]


def run_of(
    events: Sequence[Place], rules: Rules, window: tuple[int | None, int | None], settings: Settings, tables: Tables,
    exceptions: ExceptionLists, any_index: bool,
) -> dict[str, str]:  # fmt: skip
    """What must be the same of a replay over files that goes on."""
    looked_up = {name: (table.rows, table.match) for name, table in sorted(tables.items())}
    return {
        "version": detections.__version__,
        "events": " ".join(map(str, events)),
        "rules": digest(rules),
        "window": str(window),
        "settings": _hash(repr((sorted(settings.items()), looked_up, exceptions, any_index)))[:16],
    }


def resuming(alerts: Iterable[Alert], checkpoint: Checkpoint | None) -> Generator[Alert]:
    """The same alerts. Says what was finished before; and, where they end too early, how to go on."""
    if checkpoint is None:
        yield from alerts
        return
    if checkpoint.before:
        tell(f"{plural(checkpoint.before, 'share')} of the files finished before")
    try:
        yield from alerts
    except BaseException:
        done = checkpoint.before + checkpoint.kept
        tell(f"{plural(done, 'share')} of the files finished; go on with --resume {checkpoint.path}")
        raise


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
