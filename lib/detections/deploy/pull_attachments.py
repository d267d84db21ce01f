"""Exception lists, value lists and connectors of Kibana into files of their own (:mod:`detections.bundle.attachments`).

What is the same stays as the file has it. Secrets do not come over: Kibana exports none of those it knows as such, and
of a connector's configuration only what is known to be harmless is written (:mod:`detections.bundle.connectors`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from detections.bundle import Attachments
from detections.bundle.connectors import harmless, placeholder
from detections.deploy.attachments import DEFAULTS, ITEM_DEFAULTS, MADE, clean, meaning
from detections.deploy.merge import NO_RECORD, Base, Merge, base_of
from detections.deploy.pull import FileChange, Pulled, text_of
from detections.deploy.state import Remembered
from detections.errors import Finding, Level, Location, SourceError
from detections.kibana.answers import ExceptionItem, ExceptionList, Rule, SavedConnector, ValueList
from detections.payload import same
from detections.payload.normalise import plain
from detections.source import Document, edit, new
from detections.source.reader import is_deep

CODE = "pull"
Object = Mapping[str, Any]
TOO_DEEP = "is nested too deeply"


@dataclass(frozen=True, slots=True)
class Held:
    """What Kibana, or an exported file, has. ``values`` are the values of each value list by its id."""

    exception_lists: Sequence[ExceptionList] = ()
    exception_items: Sequence[ExceptionItem] = ()
    connectors: Sequence[SavedConnector] = ()
    value_lists: Sequence[ValueList] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def used_by(self, rules: Sequence[Rule]) -> Held:
        """What these rules use of it."""
        lists = {reference.list_id for rule in rules for reference in rule.exceptions_list}
        connectors = {action.connector for rule in rules for action in rule.actions}
        return replace(
            self,
            exception_lists=[exceptions for exceptions in self.exception_lists if exceptions.list_id in lists],
            exception_items=[item for item in self.exception_items if item.list_id in lists],
            connectors=[connector for connector in self.connectors if connector.id in connectors],
        )


@dataclass(frozen=True, slots=True)
class Folders:
    """Where new files go."""

    exceptions: Path
    value_lists: Path
    connectors: Path


def pull_attachments(
    held: Held,
    attachments: Attachments,
    folders: Folders,
    applied: Mapping[str, Remembered] | None = None,
    *,
    theirs: bool = False,
) -> Pulled:
    """The files as they are to be. Nothing is written.

    ``applied`` is what the state remembers of exception lists and items, None for an exported file: then what the file
    says counts. What the repo has changed since stays; what both have changed is a finding, unless ``theirs``. Whatever
    cannot be brought over is a finding, and the others are brought over all the same.
    """
    puller = _Puller(attachments, applied, theirs)
    for exceptions in held.exception_lists:
        items = [item for item in held.exception_items if item.list_id == exceptions.list_id]
        items = [item for item in items if item.namespace_type == exceptions.namespace_type]
        pull = partial(puller.exception_list, exceptions, items, folders.exceptions)
        puller.guarded(exceptions.list_id, any(thing.too_deep for thing in (exceptions, *items)), pull)
    for value_list in held.value_lists:
        values = held.values.get(value_list.id, ())
        pull = partial(puller.value_list, value_list, values, folders.value_lists)
        puller.guarded(value_list.id, value_list.too_deep, pull)
    for connector in held.connectors:
        pull = partial(puller.connector, connector, folders.connectors)
        puller.guarded(connector.id, is_deep(connector.attributes.config or {}), pull)
    return puller.pulled


def value_lists_of(items: Iterable[ExceptionItem]) -> set[str]:
    """The ids of the value lists that exception items look into."""
    return {entry.list.id for item in items for entry in item.entries if entry.list is not None}


class _Puller:
    def __init__(self, attachments: Attachments, applied: Mapping[str, Remembered] | None, theirs: bool) -> None:
        self.attachments = attachments
        self.unsound = {path: text_of(Path(path)) or "" for path in sorted(attachments.unsound)}
        self.applied = applied
        self.theirs = theirs
        self.pulled = Pulled()
        self.taken: set[str] = set()

    def guarded(self, name: str, too_deep: bool, pull: Callable[[], None]) -> None:
        if too_deep:
            self.problem(f"{name} {TOO_DEEP}", Path())
            return
        try:
            pull()
        except SourceError as error:
            self.pulled.findings += error.findings

    def problem(self, message: str, path: Path, level: Level = Level.ERROR) -> None:
        self.pulled.findings.append(Finding(CODE, message, Location(str(path)), level))

    def is_unread(self, name: str) -> bool:
        """Whether a file with errors mentions what no other file holds: a problem then."""
        path = next((path for path, text in self.unsound.items() if name in text), None)
        if path is not None:
            self.problem(f"the file mentions {name} and has errors: fix it first", Path(path))
        return path is not None

    def exception_list(self, live: ExceptionList, live_items: Sequence[ExceptionItem], folder: Path) -> None:
        namespace, list_id = live.namespace_type, live.list_id
        known = self.attachments.exception_lists.get((namespace, list_id))
        if known is None and self.is_unread(list_id):
            return
        old = known.document.data if known else {}
        container, *items = known.objects() if known else [{}]
        mine = {str(item["item_id"]): item for item in items}
        theirs = {item.item_id: item.body for item in live_items}
        path = Path(known.document.path) if known else None
        if self.takes(f"exception list/{live.key}", container, live.body, path):
            table = _merged(old.get("exception_list", {}), clean(live.body, MADE), ("list_id", "name"))
        else:
            table = old["exception_list"]
        written = {str(item["item_id"]): item for item in old.get("items", ())}
        kept = []
        for name in [*mine, *(name for name in theirs if name not in mine)]:
            taken = self.takes(f"exception item/{namespace}/{name}", mine.get(name), theirs.get(name), path)
            if taken and name in theirs:
                fresh = clean(theirs[name], MADE | {"list_id", "namespace_type"})
                kept.append(_merged(written.get(name, {}), fresh, ("item_id", "name")))
            elif not taken and name in mine:
                kept.append(written[name])
        data = {**old, "exception_list": table, "items": kept}
        self.file(known.document if known else None, data, folder, list_id, f"exception list {live.name}")

    def takes(self, key: str, mine: Object | None, live: Object | None, path: Path | None) -> bool:
        """Whether what Kibana has of a list or an item (None: nothing) takes the place of what the file at ``path`` has
        (None: there is no file). The state is told where both are one then."""
        ours, theirs = (None if whole is None else meaning(whole) for whole in (mine, live))
        entry = self.applied.get(key) if self.applied is not None else None
        base = base_of(entry, theirs or {}, ())
        alike = same(ours, theirs)
        if alike or path is None or self.applied is None:
            takes = not alike
        else:
            # As one field of a whole; what was never applied was nowhere then.
            sent, stored = (_whole(key, part) for part in (base or (None, None)))
            merge = Merge(_whole(key, ours), _whole(key, theirs), Base(sent, stored))
            taken, disputed = merge.take((key,), prefer_theirs=self.theirs)
            takes = bool(taken)
            if disputed:
                how = "changed here and in Kibana" if entry else f"different here and in Kibana, with {NO_RECORD}"
                self.problem(f"{key}: {how}; --theirs takes what Kibana has", path)
                return False
        if (takes or alike) and self.applied is not None:
            self.pulled.entries[key] = None if theirs is None else Remembered(theirs)
        return takes

    def value_list(self, live: ValueList, values: Sequence[str], folder: Path) -> None:
        known = self.attachments.value_lists.get(live.id)
        if known is None and self.is_unread(live.id):
            return
        old = known.document.data if known else {}
        table = clean(live.body, MADE - {"id"})
        data = {**old, "value_list": _merged(old.get("value_list", {}), table, ("id", "name"))}
        about = f"value list {live.name}"
        path = self.file(known.document if known else None, data, folder, live.id, about).with_suffix(".txt")
        before = text_of(path) if known else None
        if before is not None and str(path) in self.unsound:
            self.problem("the file has errors: fix them first", path)
            return
        have = known.values if known else ()
        wanted = set(values)
        stays = self.applied is not None and not self.theirs
        lines = [*(value for value in have if stays or value in wanted), *sorted(wanted.difference(have))]
        if alone := len(set(have) - wanted) if stays else 0:
            text = f"{alone:,} of {len(have):,} values are only in this file: --theirs removes them"
            self.problem(text, path, Level.WARNING)
        if before is None or lines != list(have):
            self.pulled.changes.append(FileChange(str(path), before, "".join(f"{line}\n" for line in lines), about))

    def connector(self, live: SavedConnector, folder: Path) -> None:
        known = self.attachments.connectors.get(live.id)
        if known is None and self.is_unread(live.id):
            return
        old = known.document.data if known else {}
        attributes, old_table = live.attributes, old.get("connector", {})
        config, left_out = harmless(attributes.actionTypeId, attributes.config or {})
        config = _with_placeholders(config, left_out, old_table.get("config", {}))
        table = {
            "id": live.id, "name": attributes.name, "connector_type_id": attributes.actionTypeId,
            "is_missing_secrets": attributes.isMissingSecrets, "config": config,
            "core_migration_version": live.core_version, "type_migration_version": live.type_version,
        }  # fmt: skip
        table = {name: value for name, value in table.items() if value not in ("", {})}
        data = {**old, "connector": _merged(old_table, plain(table), ("id", "name"))}
        document = known.document if known else None
        path = self.file(document, data, folder, live.id, f"connector {attributes.name}")
        fresh = [name for name in left_out if name not in old_table.get("config", {})]
        if fresh:
            names = ", ".join(f"config.{name}" for name in fresh)
            self.problem(f"not pulled, since there may be secrets in it: {names}", path, Level.WARNING)

    def file(self, document: Document | None, data: Mapping[str, Any], folder: Path, name: str, about: str) -> Path:
        """Note what becomes of a file; its path."""
        data = {key: value for key, value in data.items() if not (key == "items" and value == [])}
        if document is None:
            path = self.free(folder, name)
            self.pulled.changes.append(FileChange(str(path), None, new(data, str(path)), about))
            return path
        text = edit(document, data)
        if text == document.text:
            self.pulled.unchanged += 1
        else:
            self.pulled.changes.append(FileChange(document.path, document.text, text, about))
        return Path(document.path)

    def free(self, folder: Path, name: str) -> Path:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:100] or "unnamed"
        number = 1
        while True:
            path = folder / f"{stem}{'' if number == 1 else f'_{number}'}.toml"
            taken = str(path).casefold() in self.taken or path.exists() or path.with_suffix(".txt").exists()
            if not taken:
                self.taken.add(str(path).casefold())
                return path
            number += 1


def _with_placeholders(config: Object, left_out: Sequence[str], old: Object) -> dict[str, Any]:
    """A configuration with a name in the place of each value that was not pulled, or with what the file has there:
    somebody has written it."""
    table = {**config, **{name: old.get(name, placeholder(name)) for name in left_out if name not in config}}
    return {name: table[name] for name in sorted(table)}


def _whole(key: str, value: Object | None) -> dict[str, Any]:
    """A list or an item as one field, absent where there is none."""
    return {} if value is None else {key: value}


def _merged(old: Object, live: Object, first: tuple[str, ...]) -> dict[str, Any]:
    """The table with what differs as it is in Kibana: what a file says by a default of Kibana's stays."""
    defaults = ITEM_DEFAULTS if "item_id" in live else DEFAULTS
    table = {name: value for name, value in old.items() if name in live or same(value, defaults.get(name))}
    for name, value in live.items():
        if not same(plain(table.get(name)), value):
            known = name == "comments" and "item_id" in live
            table[name] = _comments(table.get(name), value) if known else value
    order = [*first, *sorted(table.keys() - set(first))]
    return {name: table[name] for name in order if name in table}


def _comments(old: Any, live: Any) -> Any:
    """Comments as they were found, but for those that the file has: it need not say who wrote them, and when."""
    tables = [comment for comment in old if isinstance(comment, dict)] if isinstance(old, list) else []
    known = {comment.get("comment"): comment for comment in tables}
    return [known.get(comment.get("comment"), comment) for comment in live]
