"""Rules of Kibana into the repo's files: what was edited there since the last apply, and rules that no file holds yet.

A rule is found by its rule_id, wherever its file is. Only what a person changed in Kibana comes over; a change of the
repo that waits to be applied stays, and where both changed one field somebody has to decide. The tag of ownership and
what an environment says of a rule belong to the environment, and do not come into the files.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detections.deploy.environment import Environment
from detections.deploy.merge import NO_RECORD, Base, Merge, base_of
from detections.deploy.state import Remembered, State, applied, canonical, kept
from detections.errors import DetectionsError, Finding, Level, Location, SourceError
from detections.kibana.answers import Rule as LiveRule
from detections.payload import Lock, same
from detections.payload.from_api import from_api, taken_over
from detections.payload.lock import digest
from detections.rule import Rule, Rules, load
from detections.rule.guide import restored
from detections.source import edit, new, parse, save

CODE = "pull"
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file: its text before (None: there is none) and after. ``about`` names what it holds."""

    path: str
    before: str | None
    after: str
    about: str

    def write(self) -> None:
        """Write it, whole or not at all.

        Raises:
            DetectionsError: someone else has written it since it was read.
            UsageError: it cannot be written.
        """
        path = Path(self.path)
        if text_of(path) != self.before:
            raise DetectionsError(f"{path} has changed during this run: pull again")
        save(path, self.after.encode())


@dataclass(slots=True)
class Pulled:
    """What a pull comes to. ``entries`` are the state's new ones; ``unchanged`` counts what the files say already."""

    changes: list[FileChange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    entries: dict[str, Remembered | None] = field(default_factory=dict)
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules of a Kibana or an export are asked for: ours; with ``every`` all that people made; with ``prebuilt``
    Elastic's, too. ``rule_ids`` names them one by one instead."""

    every: bool = False
    prebuilt: bool = False
    rule_ids: frozenset[str] = frozenset()

    def choose(
        self, rules: Iterable[LiveRule], tag: str, known: Collection[str] = ()
    ) -> tuple[list[LiveRule], list[LiveRule], list[LiveRule]]:
        """The chosen ones, those that are not ours, and the prebuilt ones. Ours is what has the tag, and what the state
        knows (``known`` are its rule_ids)."""
        chosen: list[LiveRule] = []
        foreign: list[LiveRule] = []
        prebuilt: list[LiveRule] = []
        for rule in rules:
            if self.rule_ids:
                if rule.rule_id in self.rule_ids:
                    chosen.append(rule)
            elif rule.is_prebuilt:
                (chosen if self.prebuilt else prebuilt).append(rule)
            else:
                ours = tag in rule.tags or rule.rule_id in known
                (chosen if self.every or ours else foreign).append(rule)
        return chosen, foreign, prebuilt


@dataclass(frozen=True, slots=True)
class Repo:
    """The rules of the project, the folder for new ones, and the versions that are locked."""

    rules: Rules
    folder: Path
    lock: Lock


@dataclass(frozen=True, slots=True)
class Options:
    """``theirs``: where repo and Kibana both changed a field, Kibana's counts. ``everything``: also what the files
    leave to Kibana (see SERVER_OWNED)."""

    theirs: bool = False
    everything: bool = False


AS_IS = Options()


def pull_rules(
    repo: Repo,
    rules: Sequence[LiveRule],
    environment: Environment,
    state: State | None,
    today: datetime.date,
    options: Options = AS_IS,
) -> Pulled:
    """What the files are to be so that they say what these rules of Kibana say. Nothing is written.

    ``state`` is what was applied last, None for rules out of an exported file. A rule that cannot be brought over is a
    finding and leaves its file as it is; the others are brought over all the same.
    """
    puller = _Puller(repo, environment, state, today, options)
    seen: set[str] = set()
    for rule in rules:
        if rule.rule_id in seen:
            puller.problem(f"{rule.rule_id} appears twice: only the first is used")
            continue
        seen.add(rule.rule_id)
        if rule.too_deep:
            puller.problem(f"{rule.rule_id} is nested too deeply to be a rule")
            continue
        try:
            puller.pull(rule.rule_id, rule.body)
        except SourceError as error:
            puller.pulled.findings += error.findings
    return puller.pulled


class _Puller:
    def __init__(
        self, repo: Repo, environment: Environment, state: State | None, today: datetime.date, options: Options
    ) -> None:
        self.repo = repo
        self.environment = environment
        self.state = state
        self.today = today
        self.options = options
        self.pulled = Pulled()
        self.files: dict[str, list[Rule]] = {}
        for rule in (*repo.rules, *repo.rules.unsound):
            self.files.setdefault(rule.rule_id, []).append(rule)
        self.sound = {id(rule) for rule in repo.rules}
        loaded = {rule.document.path for rules in self.files.values() for rule in rules}
        self.unread = {path: text_of(Path(path)) or "" for path in repo.rules.files if path not in loaded}
        self.taken = {path.casefold() for path in repo.rules.files}

    def problem(self, message: str, path: str = "", hint: str = "", level: Level = Level.ERROR) -> None:
        place = Location(path or self.environment.name)
        self.pulled.findings.append(Finding(CODE, message, place, level, hint=hint))

    def pull(self, rule_id: str, body: Object) -> None:
        rules = self.files.get(rule_id, [])
        if len(rules) > 1:
            self.problem(f"{rules[0].document.path} has the same rule_id", rules[1].document.path)
        elif rules and id(rules[0]) not in self.sound:
            self.problem("the file has errors: fix them first", rules[0].document.path)
        elif rules:
            self.change(rules[0], body)
        elif unread := [path for path, text in self.unread.items() if rule_id in text]:
            self.problem(f"the file mentions {rule_id} and cannot be read: fix it first", unread[0])
        else:
            self.adopt(rule_id, body)

    # A rule that a file holds

    def change(self, rule: Rule, body: Object) -> None:
        mine = self.payload(rule)
        silent = kept(mine)
        left = () if self.options.everything else silent
        ours, theirs = canonical(mine, left), canonical(self.tagged(body), left)
        differing = {
            name for name in (ours.keys() | theirs.keys()) - {"version"}
            if not same(ours.get(name), theirs.get(name))
        }  # fmt: skip
        entry = self.state.rules.get(rule.rule_id) if self.state else None
        base = base_of(entry, theirs, left)
        governed = differing & self.governed(rule)
        take, conflicts = self.merged(Merge(ours, theirs, base), differing - governed)
        take |= differing.intersection(silent) - governed
        path = rule.document.path
        if governed:
            names = ", ".join(sorted(governed))
            text = f"edited in Kibana, but the configuration of {self.environment.name} sets: {names}"
            self.problem(text, path, "change the configuration, or apply it")
        if conflicts:
            how = "changed here and in Kibana" if base else f"different here and in Kibana, with {NO_RECORD}"
            text = f"{how}: {', '.join(sorted(conflicts))}"
            self.problem(text, path, "--theirs takes what Kibana has; apply --overwrite-drift keeps what is here")
        pulled = rule
        if take:
            changed = self.changed(rule, body, take)
            if changed is None:
                return
            pulled = changed
            self.pulled.changes.append(FileChange(path, rule.document.text, changed.document.text, rule.name))
        else:
            self.pulled.unchanged += 1
        # A pull that was interrupted has written the file, and the state does not know it.
        moved = bool(take) if base is None else not same(base.stored, theirs)
        if self.state is not None and moved and not (base is None and (governed or conflicts)):
            self.pulled.entries[rule.rule_id] = self.entry(pulled, body, base, differing - take, governed | conflicts)

    def merged(self, merge: Merge, names: Collection[str]) -> tuple[set[str], set[str]]:
        """Of the fields that differ, those that come over, and those in dispute. What an exported file has always
        comes over."""
        return merge.take(names, prefer_theirs=self.options.theirs or self.state is None)

    def changed(self, rule: Rule, body: Object, names: Collection[str]) -> Rule | None:
        """The rule with these fields of Kibana's; None where no file can say so, which is a finding then."""
        document = rule.document
        theirs = self.untagged(body, rule.tags)
        if isinstance(note := theirs.get("note"), str):
            theirs["note"] = restored(note, rule.transform, rule.note or "")
        table = taken_over(document.data["rule"], theirs, names)
        metadata = dict(document.data["metadata"]) | {"updated_date": self.today.strftime("%Y/%m/%d")}
        text = edit(document, {**document.data, "metadata": metadata, "rule": table})
        return self.loaded(text, document.path, body, names)

    def entry(
        self, rule: Rule, body: Object, base: Base | None, waiting: Collection[str],
        disputed: Collection[str],
    ) -> Remembered:  # fmt: skip
        """What the state is to know: Kibana's rule is what was applied, but for fields that the repo has changed since
        (``waiting``), which are to be applied yet, and for those that are not settled (``disputed``). The file as it
        will be is what was applied, unless there are such fields: then the rule still counts as changed."""
        payload = self.payload(rule)
        left = kept(payload)
        sent, stored = canonical(payload, left), canonical(body, left)
        for name in waiting:
            _put(sent, name, (base.sent if base else stored).get(name))
        if self.environment.tag not in stored.get("tags", ()):
            _put(sent, "tags", stored.get("tags"))
        for name in disputed:
            _put(stored, name, base.stored.get(name) if base else None)
        old = self.state.rules.get(rule.rule_id, Remembered()) if self.state else Remembered()
        meaning = old.meaning if waiting or disputed else digest(rule)
        found = None if same(sent, stored) else stored
        return Remembered(sent, found, kept=left, meaning=meaning, unproved=old.unproved)

    # A rule that no file holds

    def adopt(self, rule_id: str, body: Object) -> None:
        table = from_api(self.untagged(body, ()))
        path = self.new_path(table, rule_id)
        metadata = _metadata(body, self.today)
        rule = self.loaded(new({"metadata": metadata, "rule": table}, path), path, body, table.keys())
        if rule is None:
            return
        settings = self.environment.settings(rule)
        silent = {name for name in self.governed(rule) if name in table}
        if silent:
            table = {name: value for name, value in table.items() if name not in silent}
            rule = self.loaded(new({"metadata": metadata, "rule": table}, path), path, body, ())
            if rule is None:
                return
        odd = sorted(name for name in silent if not same(settings.get(name), body.get(name)))
        if odd:
            text = f"the configuration of {self.environment.name} differs from Kibana: {', '.join(odd)}"
            self.problem(text, path, "the configuration is used", Level.WARNING)
        self.taken.add(path.casefold())
        self.pulled.changes.append(FileChange(path, None, rule.document.text, rule.name))
        if self.state is not None:
            payload = self.payload(rule)
            left = kept(payload)
            settled = applied(payload, body)
            differing = settled.stored is not None and settled.sent is not None and _differ(settled)
            self.pulled.entries[rule_id] = Remembered(canonical(body, left), kept=left) if differing else settled

    def new_path(self, table: Mapping[str, Any], rule_id: str) -> str:
        """``<tactic>_<name>.toml`` in the folder for rules, or what is free near that."""
        threat = table.get("threat")
        tactic = ""
        if isinstance(threat, list) and threat and isinstance(threat[0], dict):
            first = threat[0].get("tactic")
            tactic = _slug(str(first.get("name", ""))) if isinstance(first, dict) else ""
        name = _slug(str(table.get("name", ""))) or _slug(rule_id) or "rule"
        stem = "_".join(part for part in (tactic, name) if part)
        number = 1
        while True:
            path = str(self.repo.folder / f"{stem}{'' if number == 1 else f'_{number}'}.toml")
            if path.casefold() not in self.taken and not Path(path).exists():
                return path
            number += 1

    # What both need

    def payload(self, rule: Rule) -> dict[str, Any]:
        return self.environment.payload(rule) | {"version": self.repo.lock.version(rule)}

    def governed(self, rule: Rule) -> set[str]:
        """The fields of the API that are the environment's to say."""
        names = set(_api_names(self.environment.settings(rule)))
        return names | {"index", "data_view_id"} if names & {"index", "data_view_id"} else names

    def tagged(self, body: Object) -> Object:
        """The rule with the tag of ownership: whether it has it is no matter of its file."""
        tags = body.get("tags") or []
        return body if not isinstance(tags, list) or self.environment.tag in tags else {
            **body, "tags": [*tags, self.environment.tag]
        }  # fmt: skip

    def untagged(self, body: Object, own: Collection[str]) -> dict[str, Any]:
        """The rule without the tag of ownership, unless its file has it itself."""
        tags = body.get("tags")
        if not isinstance(tags, list) or self.environment.tag in own:
            return dict(body)
        return {**body, "tags": [tag for tag in tags if tag != self.environment.tag]}

    def loaded(self, text: str, path: str, body: Object, names: Collection[str]) -> Rule | None:
        """The rule in a text that is to be its file, which must mean what Kibana's means in these fields."""
        rule, findings = load(parse(text, path))
        if rule is None:
            name = body.get("name") or body.get("rule_id")
            self.problem(f"{name} cannot be written as a rule file", path)
            self.pulled.findings += findings
            return None
        ours, theirs = canonical(self.payload(rule), ()), canonical(body, ())
        lost = [name for name in _api_names(names) if not same(ours.get(name), theirs.get(name))]
        lost = [name for name in lost if name not in {*self.governed(rule), "version", "tags"}]
        if lost:
            self.problem(f"TOML cannot hold what Kibana has in {', '.join(sorted(lost))}", path)
            return None
        return rule


def _api_names(names: Collection[str]) -> Iterator[str]:
    for name in names:
        yield from ("new_terms_fields", "history_window_start") if name == "new_terms" else (name,)


def _put(table: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value


def _differ(entry: Remembered) -> bool:
    sent, stored = entry.sent or {}, entry.stored or {}
    return any(not same(sent.get(name), stored.get(name)) for name in (sent.keys() | stored.keys()) - {"version"})


def _metadata(body: Object, today: datetime.date) -> dict[str, Any]:
    """What concerns the file of a rule that Kibana has had before."""
    created, updated = (_day(body.get(name), today) for name in ("created_at", "updated_at"))
    related = body.get("related_integrations")
    integrations = [part for part in related if isinstance(part, dict)] if isinstance(related, list) else []
    packages = {str(integration["package"]) for integration in integrations if integration.get("package")}
    metadata = {"creation_date": created, "integration": sorted(packages), "maturity": "production",
             "updated_date": max(created, updated)}  # fmt: skip
    return {name: value for name, value in metadata.items() if value}


def _day(value: Any, today: datetime.date) -> str:
    try:
        return datetime.datetime.fromisoformat(str(value)).strftime("%Y/%m/%d")
    except ValueError:
        return today.strftime("%Y/%m/%d")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:80].strip("_")


def text_of(path: Path) -> str | None:
    """What a file says, whatever it is; None where none can be read."""
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return None
