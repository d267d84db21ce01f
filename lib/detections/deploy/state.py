"""What was last applied to an environment: ``.detections/state/<environment>.json``.

The file is shared by whoever deploys (committed, or kept by the job that deploys). It holds payloads and no secret. It
can be lost: rules that are in Kibana as they are in the repo are told without it, and the others are left alone until
it is rebuilt from Kibana.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detections.errors import DetectionsError, UsageError
from detections.kibana.answers import Rule
from detections.payload import SERVER_OWNED, normalise, same
from detections.payload.record import read_as, write_json
from detections.source import read_file

NAMELESS = "default"
"""The environment of a project that configures none."""
REBUILD = "`detections plan --rebuild-state` rebuilds it from Kibana"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a rule, in canonical form.

    ``sent`` is what was applied last, None before the first apply has ended; ``stored`` is what Kibana made of it,
    where that is something else; ``pending`` is what an apply was about to write, which may have been interrupted.
    ``kept`` are the fields of :data:`SERVER_OWNED` that were left to Kibana: they are in none of the three.
    ``replaced`` is the rule as Kibana had it, all of it, while it is deleted to be created anew. ``meaning`` is the
    hash of the rule's file that ``sent`` was made of (see :func:`detections.payload.lock.digest`), ``unproved`` the
    reason why it was applied without a proof; both empty where nothing is known of it.
    """

    sent: dict[str, Any] | None = None
    stored: dict[str, Any] | None = None
    pending: dict[str, Any] | None = None
    kept: tuple[str, ...] = ()
    replaced: dict[str, Any] | None = None
    meaning: str = ""
    unproved: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """An environment as it was left. ``kibana`` says where that is: a state of another place tells nothing here.

    ``rules`` are by rule_id, ``attachments`` (what rules refer to) by :attr:`detections.deploy.model.Change.key`.
    """

    kibana: str
    rules: Mapping[str, Remembered]
    attachments: Mapping[str, Remembered] = field(default_factory=dict)

    def having(
        self, entries: Mapping[str, Remembered | None], attachments: Mapping[str, Remembered | None] | None = None
    ) -> State:
        """The state with some entries changed, or gone where they are None."""
        return State(self.kibana, _changed(self.rules, entries), _changed(self.attachments, attachments or {}))


def _changed(old: Mapping[str, Remembered], new: Mapping[str, Remembered | None]) -> dict[str, Remembered]:
    return {name: entry for name, entry in sorted({**old, **new}.items()) if entry is not None}


def kept(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that a payload leaves to Kibana."""
    return tuple(name for name in SERVER_OWNED if name not in payload)


def canonical(payload: Mapping[str, Any], without: Collection[str]) -> dict[str, Any]:
    """A payload, or a rule of Kibana, in canonical form without some fields."""
    return {name: value for name, value in normalise(payload).items() if name not in without}


def applied(payload: Mapping[str, Any], live: Mapping[str, Any], meaning: str = "", unproved: str = "") -> Remembered:
    """What is remembered of a payload that Kibana has, as the rule ``live``."""
    left = kept(payload)
    sent, stored = canonical(payload, left), canonical(live, left)
    return Remembered(sent, None if same(sent, stored) else stored, kept=left, meaning=meaning, unproved=unproved)


def rebuilt(kibana: str, rules: Iterable[Rule], desired: Mapping[str, Mapping[str, Any]]) -> State:
    """The state that takes these rules of Kibana as applied: what was edited there until now is edited no more.

    ``desired`` are the repo's payloads by rule_id; what they leave to Kibana is not remembered.
    """
    entries = {}
    for rule in rules:
        left = kept(desired.get(rule.rule_id, {}))
        entries[rule.rule_id] = Remembered(canonical(rule.body, left), kept=left)
    return State(kibana, dict(sorted(entries.items())))


class StateFile:
    """The file of a state. It is written whole or not at all, and only over what was read from it.

    An environment that had no name had the state ``default.json``. Given a name, it takes that file over with the first
    write: ``moved_from`` is where the state was read from then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.moved_from: Path | None = None
        self._seen: bytes | None = None

    def read(self, kibana: str) -> State:
        """The state; an empty one where there is no file.

        Raises:
            UsageError: the file has conflict markers, is not a state, or is the state of another Kibana or space.
        """
        self._seen = self._bytes()
        state = read_as(self.path, State, "the state of an environment", REBUILD)
        if state is None:
            state = self._of_the_nameless(kibana)
        if state is None:
            return State(kibana, {})
        if state.kibana != kibana:
            raise UsageError(f"{self.path} is the state of {state.kibana}, not of {kibana}; {REBUILD}")
        return state

    def write(self, state: State) -> None:
        """Write the state.

        Raises:
            UsageError: the file cannot be written.
            DetectionsError: someone else has written it since it was read.
        """
        if self._bytes() != self._seen:
            raise DetectionsError(f"{self.path} has changed during this run: is another apply running?")
        table: dict[str, Any] = {"kibana": state.kibana, "rules": _tables(state.rules)}
        attachments = {"attachments": _tables(state.attachments)} if state.attachments else {}
        write_json(self.path, table | attachments, private=True)
        self._seen = self._bytes()
        if self.moved_from is not None:
            self.moved_from.unlink(missing_ok=True)
            self.moved_from = None

    def _of_the_nameless(self, kibana: str) -> State | None:
        """The state of the same place from when the environment had no name."""
        path = self.path.with_name(f"{NAMELESS}.json")
        try:
            state = read_as(path, State, "the state of an environment", REBUILD) if path != self.path else None
        except UsageError:
            return None
        if state is None or state.kibana != kibana:
            return None
        self.moved_from = path
        return state

    def replace(self) -> None:
        """Let the next write replace whatever stands there."""
        self._seen = self._bytes()

    def _bytes(self) -> bytes | None:
        try:
            return read_file(self.path)
        except FileNotFoundError:
            return None


def _tables(entries: Mapping[str, Remembered]) -> dict[str, Any]:
    return {name: _table(entry) for name, entry in entries.items()}


def _table(entry: Remembered) -> dict[str, Any]:
    named = {
        "sent": entry.sent, "stored": entry.stored, "pending": entry.pending, "kept": list(entry.kept) or None,
        "replaced": entry.replaced, "meaning": entry.meaning or None, "unproved": entry.unproved or None,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value is not None}
