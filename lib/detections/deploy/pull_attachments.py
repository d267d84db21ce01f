"""Exception lists, value lists and connectors of Kibana into files of their own (:mod:`detections.bundle.attachments`).

What is the same stays as the file has it. Secrets do not come over: Kibana exports none of those it knows as such, and
what looks like one in a connector's configuration is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from detections.bundle import Attachments
from detections.deploy.plan import NO_RECORD, base_of
from detections.deploy.pull import FileChange, Pulled, text_of
from detections.deploy.state import Entry
from detections.errors import Finding, Level, Location, SourceError
from detections.kibana.secrets import without_secrets
from detections.payload import same
from detections.payload.normalise import plain
from detections.source import Document, edit, new
from detections.source.reader import is_deep

CODE = "pull"
Object = Mapping[str, Any]
MADE = frozenset(
    {"_version", "id", "created_at", "created_by", "updated_at", "updated_by", "tie_breaker_id", "immutable",
     "@timestamp"}
)  # fmt: skip
"""What Kibana makes up itself."""
_DEFAULTS: dict[str, Any] = {"os_types": [], "tags": [], "comments": [], "version": 1, "items": []}
_DEFAULTS_OF_ITEMS = _DEFAULTS | {"description": ""}
_API_NAMES = {"actionTypeId": "connector_type_id", "isMissingSecrets": "is_missing_secrets"}
_VERSIONS = {"coreMigrationVersion": "core_migration_version", "typeMigrationVersion": "type_migration_version"}


@dataclass(frozen=True, slots=True)
class Found:
    """What Kibana, or an exported file, has. ``values`` are the values of each value list by its id."""

    exception_lists: Sequence[Object] = ()
    exception_items: Sequence[Object] = ()
    connectors: Sequence[Object] = ()
    value_lists: Sequence[Object] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def used_by(self, rules: Sequence[Object]) -> Found:
        """What these rules use of it."""
        lists = {str(one.get("list_id")) for rule in rules for one in _tables(rule.get("exceptions_list"))}
        connectors = {str(one.get("id")) for rule in rules for one in _tables(rule.get("actions"))}
        return replace(
            self,
            exception_lists=[one for one in self.exception_lists if one.get("list_id") in lists],
            exception_items=[one for one in self.exception_items if one.get("list_id") in lists],
            connectors=[one for one in self.connectors if one.get("id") in connectors],
        )


@dataclass(frozen=True, slots=True)
class Folders:
    """Where new files go."""

    exceptions: Path
    value_lists: Path
    connectors: Path


def pull_attachments(
    found: Found,
    attachments: Attachments,
    folders: Folders,
    applied: Mapping[str, Entry] | None = None,
    *,
    theirs: bool = False,
) -> Pulled:
    """The files as they are to be. Nothing is written.

    ``applied`` is what the state remembers of exception lists and items, None for an exported file: then what the file
    says counts. What the repo has changed since stays; what both have changed is a finding, unless ``theirs``. Whatever
    cannot be brought over is a finding, and the others are brought over all the same.
    """
    puller = _Puller(attachments, applied, theirs)
    for one in found.exception_lists:
        puller.guarded(one, partial(puller.exception_list, one, found, folders.exceptions))
    for one in found.value_lists:
        puller.guarded(one, partial(puller.value_list, one, found, folders.value_lists))
    for one in found.connectors:
        puller.guarded(one, partial(puller.connector, one, folders.connectors))
    return puller.pulled


def value_lists_of(items: Iterable[Object]) -> set[str]:
    """The ids of the value lists that exception items look into."""
    entries = [entry for item in items for entry in _tables(item.get("entries"))]
    lists = [entry["list"] for entry in entries if isinstance(entry.get("list"), dict)]
    return {str(one["id"]) for one in lists if "id" in one}


class _Puller:
    def __init__(self, attachments: Attachments, applied: Mapping[str, Entry] | None, theirs: bool) -> None:
        self.attachments = attachments
        self.unsound = {path: text_of(Path(path)) or "" for path in sorted(attachments.unsound)}
        self.applied = applied
        self.theirs = theirs
        self.pulled = Pulled()
        self.taken: set[str] = set()

    def guarded(self, thing: Object, pull: Callable[[], None]) -> None:
        name = str(thing.get("list_id") or thing.get("id") or "")
        if is_deep(thing):
            self.problem(f"{name} is nested too deeply", Path())
            return
        try:
            pull()
        except SourceError as error:
            self.pulled.findings += error.findings
        except (KeyError, TypeError, AttributeError):
            self.problem(f"{name or 'something without an id'} is not as Kibana would have it", Path())

    def problem(self, said: str, path: Path, level: Level = Level.ERROR) -> None:
        self.pulled.findings.append(Finding(CODE, said, Location(str(path)), level))

    def is_unread(self, name: str) -> bool:
        """Whether a file with errors speaks of what no other file holds: a problem then."""
        path = next((path for path, text in self.unsound.items() if name in text), None)
        if path is not None:
            self.problem(f"the file speaks of {name} and has errors: mend it first", Path(path))
        return path is not None

    def exception_list(self, one: Object, found: Found, folder: Path) -> None:
        list_id, namespace = str(one["list_id"]), str(one.get("namespace_type", "single"))
        known = self.attachments.exception_lists.get((namespace, list_id))
        if known is None and self.is_unread(list_id):
            return
        old = known.document.data if known else {}
        container, *items = known.objects() if known else [{}]
        mine = {str(item["item_id"]): item for item in items}
        theirs = {
            str(item["item_id"]): item for item in found.exception_items
            if item["list_id"] == list_id and item.get("namespace_type", "single") == namespace
        }  # fmt: skip
        path = Path(known.document.path) if known else None
        if self.takes(f"exception list/{namespace}/{list_id}", container, one, path):
            table = _merged(old.get("exception_list", {}), clean(one, MADE), ("list_id", "name"))
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
        self.file(known.document if known else None, data, folder, list_id, f"exception list {one.get('name')}")

    def takes(self, key: str, mine: Object | None, live: Object | None, path: Path | None) -> bool:
        """Whether what Kibana has of a list or an item (None: nothing) takes the place of what the file at ``path`` has
        (None: there is no file). The state is told where both are one then."""
        ours, theirs = (None if one is None else meaning(one) for one in (mine, live))
        entry = self.applied.get(key) if self.applied is not None else None
        sent, stored = base_of(entry, theirs or {}, ()) or (None, None)
        alike = same(ours, theirs)
        if alike or path is None or self.applied is None:
            takes = not alike
        else:  # what only the file has, and was never applied, waits for that
            takes = theirs is not None if stored is None else not same(stored, theirs)
            if takes and not self.theirs and not same(sent, ours):
                how = "was changed here and in Kibana" if entry else f"is another in Kibana, and {NO_RECORD}"
                self.problem(f"{key} {how}: --theirs takes what Kibana has", path)
                return False
        if (takes or alike) and self.applied is not None:
            self.pulled.entries[key] = None if theirs is None else Entry(theirs)
        return takes

    def value_list(self, one: Object, found: Found, folder: Path) -> None:
        identity = str(one["id"])
        known = self.attachments.value_lists.get(identity)
        if known is None and self.is_unread(identity):
            return
        old = known.document.data if known else {}
        table = clean(one, MADE - {"id"})
        data = {**old, "value_list": _merged(old.get("value_list", {}), table, ("id", "name"))}
        about = f"value list {one.get('name')}"
        path = self.file(known.document if known else None, data, folder, identity, about).with_suffix(".txt")
        before = text_of(path) if known else None
        if before is not None and str(path) in self.unsound:
            self.problem("the file has errors: mend it first", path)
            return
        have = known.values if known else ()
        wanted = set(found.values.get(identity, ()))
        stays = self.applied is not None and not self.theirs
        lines = [*(one for one in have if stays or one in wanted), *sorted(wanted.difference(have))]
        if alone := len(set(have) - wanted) if stays else 0:
            said = f"{alone:,} of {len(have):,} values are here only: --theirs takes them out"
            self.problem(said, path, Level.WARNING)
        if before is None or lines != list(have):
            self.pulled.changes.append(FileChange(str(path), before, "".join(f"{one}\n" for one in lines), about))

    def connector(self, one: Object, folder: Path) -> None:
        attributes = one["attributes"]
        known = self.attachments.connectors.get(str(one["id"]))
        if known is None and self.is_unread(str(one["id"])):
            return
        table: dict[str, Any] = {"id": one["id"]}
        table |= {_API_NAMES.get(name, name): value for name, value in attributes.items() if name != "secrets"}
        table |= {ours: one[name] for name, ours in _VERSIONS.items() if one.get(name)}
        table["config"], left_out = without_secrets(plain(table.get("config") or {}))
        old = known.document.data if known else {}
        data = {**old, "connector": _merged(old.get("connector", {}), plain(table), ("id", "name"))}
        path = self.file(known.document if known else None, data, folder, str(one["id"]), f"connector {table['name']}")
        if left_out:
            said = f"left out, since they look like secrets: {', '.join(left_out)}"
            self.problem(said, path, Level.WARNING)

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


def clean(thing: Object, without: Collection[str]) -> dict[str, Any]:
    """What a file says of a list, an item or a value list: not what Kibana makes up itself (:data:`MADE`), and not what
    is said by saying nothing."""
    table = {name: value for name, value in plain(thing).items() if name not in without}
    if isinstance(comments := table.get("comments"), list):
        table["comments"] = [{name: value for name, value in one.items() if name != "id"} for one in comments]
    defaults = _DEFAULTS_OF_ITEMS if "item_id" in thing else _DEFAULTS
    return {name: value for name, value in table.items() if not same(value, defaults.get(name))}


def meaning(one: Object) -> dict[str, Any]:
    """The canonical form of a list or an item: of comments the text only, since Kibana adds who wrote them."""
    table = clean(one, MADE)
    if isinstance(comments := table.get("comments"), list):
        table["comments"] = [comment.get("comment") for comment in comments]
    return table


def _merged(old: Object, found: Object, first: tuple[str, ...]) -> dict[str, Any]:
    """The table with what differs as it was found: what a file says by a default of Kibana's stays."""
    defaults = _DEFAULTS_OF_ITEMS if "item_id" in found else _DEFAULTS
    table = {name: value for name, value in old.items() if name in found or same(value, defaults.get(name))}
    for name, value in found.items():
        if not same(plain(table.get(name)), value):
            table[name] = _comments(table.get(name), value) if name == "comments" else value
    order = [*first, *sorted(table.keys() - set(first))]
    return {name: table[name] for name in order if name in table}


def _comments(old: Any, found: Any) -> Any:
    """Comments as they were found, but for those that the file has: it need not say who wrote them, and when."""
    known = {one.get("comment"): one for one in _tables(old)}
    return [known.get(one.get("comment"), one) for one in found]


def _tables(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
