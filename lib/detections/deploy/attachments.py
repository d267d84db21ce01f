"""What rules refer to (exception lists and their items, value lists, connectors), planned as rules are.

Nothing of it is deleted but items of lists that the repo holds, and these only with ``--prune delete``. A connector
that is there is never written over: an import drops the secrets that Kibana has for it. Values are added to a value
list, never taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from msgspec.structs import replace

from detections.bundle.connectors import harmless
from detections.deploy.merge import Merge, base_of
from detections.deploy.model import Action, Change, Kind, Options, Payload, Thing
from detections.deploy.plan import DEEP
from detections.deploy.state import Remembered, State
from detections.errors import DetectionsError
from detections.kibana.answers import (
    Connector,
    ExceptionItem,
    ExceptionList,
    Namespace,
    Stored,
    ValueList,
    is_system_connector,
)
from detections.kibana.client import Kibana
from detections.kibana.results import kind_of
from detections.payload import Difference, diff, same
from detections.payload.normalise import plain

Key: TypeAlias = tuple[Thing, str]
_THINGS = {"exception_list": Thing.LIST, "exception_item": Thing.ITEM, "connector": Thing.CONNECTOR}
MADE = frozenset(
    {"_version", "id", "created_at", "created_by", "updated_at", "updated_by", "tie_breaker_id", "immutable",
     "@timestamp"}
)  # fmt: skip
"""What Kibana makes up itself."""
DEFAULTS: Mapping[str, Any] = {"os_types": [], "tags": [], "comments": [], "version": 1, "items": []}
ITEM_DEFAULTS: Mapping[str, Any] = {**DEFAULTS, "description": ""}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the repo has of it: exception lists, items and connectors as Kibana imports them, and value lists with their
    ``values``."""

    objects: Sequence[Payload] = ()
    value_lists: Sequence[Payload] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """What Kibana has of it. A value list's body has its ``values``."""

    stored: Mapping[Key, ExceptionList | ExceptionItem | ValueList] = field(default_factory=dict)
    connectors: Mapping[str, Connector] = field(default_factory=dict)

    @property
    def known(self) -> set[Key]:
        return {*self.stored, *((Thing.CONNECTOR, name) for name in self.connectors)}


def key_of(thing: Thing, payload: Payload) -> Key:
    """Kind and id of an object: ``("exception item", "single/x")``."""
    if thing in (Thing.LIST, Thing.ITEM):
        name = payload["list_id" if thing is Thing.LIST else "item_id"]
        return thing, f"{payload.get('namespace_type', 'single')}/{name}"
    return thing, str(payload["id"])


def thing_of(payload: Payload) -> Thing:
    return _THINGS.get(kind_of(payload), Thing.RULE)


def namespace_of(payload: Payload) -> Namespace:
    return "agnostic" if payload.get("namespace_type") == "agnostic" else "single"


def clean(thing: Payload, without: Collection[str]) -> dict[str, Any]:
    """What a file says of a list, an item or a value list: not what Kibana makes up itself (:data:`MADE`), and not what
    is said by saying nothing."""
    table = {name: value for name, value in plain(thing).items() if name not in without}
    if isinstance(comments := table.get("comments"), list):
        table["comments"] = [_without_id(comment) for comment in comments]
    defaults = ITEM_DEFAULTS if "item_id" in thing else DEFAULTS
    return {name: value for name, value in table.items() if not same(value, defaults.get(name))}


def _without_id(comment: Any) -> Any:
    return {name: value for name, value in comment.items() if name != "id"} if isinstance(comment, dict) else comment


def meaning(thing: Payload) -> dict[str, Any]:
    """The canonical form of a list or an item: of comments the text only, since Kibana adds who wrote them."""
    table = clean(thing, MADE)
    if isinstance(comments := table.get("comments"), list):
        table["comments"] = [comment.get("comment") if isinstance(comment, dict) else comment for comment in comments]
    return table


def read_present(kibana: Kibana, wanted: Wanted, payloads: Iterable[Payload]) -> Present:
    """Read what is there of what is wanted, or is named by a rule. No request where nothing is."""
    payloads = list(payloads)
    stored: dict[Key, ExceptionList | ExceptionItem | ValueList] = {}
    lists = {(namespace_of(named), str(named["list_id"])) for named in _named(payloads, "exceptions_list")}
    ours = (payload for payload in wanted.objects if thing_of(payload) is Thing.LIST)
    held = {(namespace_of(payload), str(payload["list_id"])) for payload in ours}
    for namespace, list_id in sorted(lists | held):
        exceptions = kibana.get_exception_list(list_id, namespace)
        if exceptions is not None:
            stored[Thing.LIST, exceptions.key] = exceptions
            if (namespace, list_id) in held:
                items = kibana.find_exception_items(list_id, namespace)
                stored |= {(Thing.ITEM, item.key): item for item in items}
    ids = {value_list["id"] for value_list in wanted.value_lists}
    for value_list in kibana.find_value_lists() if ids else ():
        if value_list.id in ids:
            values = kibana.export_value_list_items(value_list.id)
            stored[Thing.VALUES, value_list.id] = replace(value_list, body={**value_list.body, "values": values})
    connectors = kibana.find_connectors() if any(_named(payloads, "actions")) else ()
    return Present(stored, {connector.id: connector for connector in connectors})


def _named(payloads: Iterable[Payload], field_name: str) -> Iterator[Payload]:
    for payload in payloads:
        yield from payload.get(field_name, ())


def check_references(payloads: Iterable[Payload], wanted: Wanted, present: Present) -> None:
    """Nothing to do, if each list and connector that a rule names is in the repo or in Kibana.

    Raises:
        DetectionsError: it is not: Kibana would take the reference out, or refuse the rule.
    """
    known = present.known | {key_of(thing_of(payload), payload) for payload in wanted.objects}
    lines = []
    for payload in payloads:
        lists = (reference for reference in payload.get("exceptions_list", ()) if reference.get("type") != "endpoint")
        actions = (action for action in payload.get("actions", ()) if not is_system_connector(str(action.get("id"))))
        references = [(Thing.LIST, reference) for reference in lists]
        references += [(Thing.CONNECTOR, action) for action in actions]
        lines += [
            f"{payload.get('name')} refers to the {key[0]} {key[1]}, which is neither in the repo nor in Kibana"
            for key in (key_of(thing, reference) for thing, reference in references) if key not in known
        ]  # fmt: skip
    if lines:
        raise DetectionsError("unresolved references, nothing was compared", details=lines)


def attachment_changes(wanted: Wanted, present: Present, state: State, options: Options) -> list[Change]:
    """How each of it stands, in the order in which it is written."""
    values = ((payload, present.stored.get(key_of(Thing.VALUES, payload))) for payload in wanted.value_lists)
    changes = [_value_list(payload, live) for payload, live in values]
    for payload in wanted.objects:
        thing = thing_of(payload)
        if thing is Thing.CONNECTOR:
            changes.append(_connector(payload, present.connectors.get(payload["id"])))
        elif thing is not Thing.RULE:
            changes.append(_exception(thing, payload, present.stored.get(key_of(thing, payload)), state, options))
    changes += _gone_items(wanted, present, state, options)
    order = list(Thing)
    return sorted(changes, key=lambda change: order.index(change.thing))


def taken(wanted: Wanted, present: Present) -> dict[str, Remembered]:
    """The entries of a state that takes what is there as applied."""
    keys = [key_of(thing_of(payload), payload) for payload in wanted.objects]
    there = ((key, present.stored.get(key)) for key in keys if key[0] in (Thing.LIST, Thing.ITEM))
    return {"/".join(key): Remembered(meaning(live.body)) for key, live in there if live is not None}


def _exception(thing: Thing, payload: Payload, live: Stored | None, state: State, options: Options) -> Change:
    key = key_of(thing, payload)
    name = str(payload.get("name") or key[1])
    if live is None:
        return Change(Kind.CREATE, key[1], name, Action.CREATE, payload=payload, thing=thing)
    if live.too_deep:
        return Change(Kind.CONFLICT, key[1], name, payload=payload, live=live, note=DEEP, thing=thing)
    theirs = meaning(live.body)
    merge = Merge(meaning(payload), theirs, base_of(state.attachments.get("/".join(key)), theirs, ()))
    kind = merge.kind
    write = kind is Kind.UPDATE or (kind in (Kind.DRIFTED, Kind.CONFLICT) and options.overwrite_drift)
    edits = merge.edits if kind is not Kind.UNCHANGED else ()
    action = Action.UPDATE if write else None
    return Change(kind, key[1], name, action, merge.differences, edits, payload, live, merge.note, thing)


def _connector(payload: Payload, live: Connector | None) -> Change:
    attributes = payload["attributes"]
    name, kind = str(attributes["name"]), str(attributes["actionTypeId"])
    if live is None:
        note = "enter its secrets in Kibana" if attributes.get("isMissingSecrets") else ""
        return Change(
            Kind.CREATE, payload["id"], name, Action.CREATE, payload=payload, note=note, thing=Thing.CONNECTOR
        )
    mine, _ = harmless(kind, attributes.get("config") or {})
    theirs, _ = harmless(kind, live.config or {})
    theirs = {key: value for key, value in theirs.items() if key in mine}
    differences = diff({"name": live.name, "config": theirs}, {"name": name, "config": mine})
    note = "change the connector in Kibana: an import would remove its secrets" if differences else ""
    stands = Kind.DRIFTED if differences else Kind.UNCHANGED
    return Change(stands, payload["id"], name, None, differences, note=note, thing=Thing.CONNECTOR)


def _value_list(payload: Payload, live: Stored | None) -> Change:
    name = str(payload.get("name") or payload["id"])
    if live is None:
        return Change(Kind.CREATE, payload["id"], name, Action.CREATE, payload=payload, thing=Thing.VALUES)
    have = set(live.body["values"])
    fresh = [value for value in payload["values"] if value not in have]
    told = Difference("values", f"{len(have):,} values", f"{len(have) + len(set(fresh)):,} values")
    differences = (told,) if fresh else ()
    kind, action = (Kind.UPDATE, Action.UPDATE) if fresh else (Kind.UNCHANGED, None)
    return Change(kind, payload["id"], name, action, differences, (), payload, live, "", Thing.VALUES)


def _gone_items(wanted: Wanted, present: Present, state: State, options: Options) -> Iterator[Change]:
    """Items that were applied from here, and that the repo's lists have no more."""
    held = {key_of(thing_of(payload), payload) for payload in wanted.objects}
    for key, live in present.stored.items():
        entry = state.attachments.get("/".join(key))
        if key[0] is not Thing.ITEM or key in held or entry is None or entry.sent is None:
            continue
        theirs = meaning(live.body)
        edits = Merge({}, theirs, base_of(entry, theirs, ())).edits
        prune = options.prune == "delete" and (not edits or options.overwrite_drift)
        name, action = live.name or key[1], Action.DELETE if prune else None
        yield Change(Kind.GONE, key[1], name, action, edits=edits, live=live, thing=Thing.ITEM)


def value_lists_wanted(objects: Iterable[Payload]) -> set[str]:
    """The ids of the value lists that the items among these objects look into."""
    items = (payload for payload in objects if thing_of(payload) is Thing.ITEM)
    entries = (entry.get("list") for item in items for entry in item.get("entries", ()))
    return {str(looked_into.get("id")) for looked_into in entries if isinstance(looked_into, dict)}
