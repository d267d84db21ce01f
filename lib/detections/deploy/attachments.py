"""What rules refer to (exception lists and their items, value lists, connectors), planned as rules are.

Nothing of it is deleted but items of lists that the repo holds, and these only with ``--prune delete``. A connector
that is there is never written over: an import drops the secrets that Kibana has for it. Values are added to a value
list, never taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from detections.deploy.plan import Action, Change, Kind, Options, Payload, Thing, base_of, three_ways
from detections.deploy.pull_attachments import meaning, value_lists_of
from detections.deploy.state import Entry, State
from detections.errors import DetectionsError
from detections.kibana.client import Kibana
from detections.kibana.results import kind_of
from detections.payload import Difference, diff

Namespace = Literal["single", "agnostic"]
Key = tuple[str, str]
_THINGS = {"exception_list": Thing.LIST, "exception_item": Thing.ITEM, "connector": Thing.CONNECTOR}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the repo has of it: exception lists, items and connectors as Kibana imports them, and value lists with their
    ``values``."""

    objects: Sequence[Payload] = ()
    value_lists: Sequence[Payload] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """What Kibana has of it, by the keys of :func:`key_of`."""

    found: Mapping[Key, Payload] = field(default_factory=dict)


def key_of(thing: Thing, one: Payload) -> Key:
    """Kind and id of an object: ``("exception item", "single/x")``."""
    if thing is Thing.LIST or thing is Thing.ITEM:
        name = one["list_id" if thing is Thing.LIST else "item_id"]
        return str(thing), f"{one.get('namespace_type', 'single')}/{name}"
    return str(thing), str(one["id"])


def thing_of(one: Payload) -> Thing:
    return _THINGS.get(kind_of(one), Thing.RULE)


def namespace_of(one: Payload) -> Namespace:
    return "agnostic" if one.get("namespace_type") == "agnostic" else "single"


def read_present(kibana: Kibana, wanted: Wanted, payloads: Iterable[Payload]) -> Present:
    """Read what is there of what is wanted, or is named by a rule. No request where nothing is."""
    found: dict[Key, Payload] = {}
    lists = {(namespace_of(one), str(one["list_id"])) for one in _named(payloads, "exceptions_list")}
    held = {(namespace_of(one), str(one["list_id"])) for one in wanted.objects if thing_of(one) is Thing.LIST}
    for space, list_id in sorted(lists | held):
        container = kibana.get_exception_list(list_id, space)
        if container is not None:
            found[key_of(Thing.LIST, container)] = container
            if (space, list_id) in held:
                items = kibana.find_exception_items(list_id, space)
                found |= {key_of(Thing.ITEM, item): item for item in items}
    if any(_named(payloads, "actions")):
        found |= {key_of(Thing.CONNECTOR, one): one for one in kibana.find_connectors()}
    if wanted.value_lists:
        ids = {one["id"] for one in wanted.value_lists}
        for one in kibana.find_value_lists():
            if one["id"] in ids:
                found[key_of(Thing.VALUES, one)] = {**one, "values": kibana.export_value_list_items(one["id"])}
    return Present(found)


def _named(payloads: Iterable[Payload], field_name: str) -> Iterator[Payload]:
    for payload in payloads:
        yield from payload.get(field_name, ())


def check_references(payloads: Iterable[Payload], wanted: Wanted, present: Present) -> None:
    """Nothing to do, if each list and connector that a rule names is in the repo or in Kibana.

    Raises:
        DetectionsError: it is not: Kibana would take the reference out, or refuse the rule.
    """
    known = set(present.found) | {key_of(thing_of(one), one) for one in wanted.objects}
    lines = []
    for payload in payloads:
        lists = [one for one in payload.get("exceptions_list", ()) if one.get("type") != "endpoint"]
        connectors = [
            one for one in payload.get("actions", ()) if not str(one.get("id")).startswith("system-connector-")
        ]
        named = [(Thing.LIST, one) for one in lists] + [(Thing.CONNECTOR, one) for one in connectors]
        lines += [
            f"{payload.get('name')} names the {key[0]} {key[1]}, which is neither in the repo nor in Kibana"
            for key in (key_of(thing, one) for thing, one in named) if key not in known
        ]  # fmt: skip
    if lines:
        raise DetectionsError("\n  ".join(["nothing was compared: rules refer to what is nowhere", *lines]))


def attachment_changes(wanted: Wanted, present: Present, state: State, options: Options) -> list[Change]:
    """How each of it stands, in the order in which it is written."""
    changes = [_value_list(one, present.found.get(key_of(Thing.VALUES, one))) for one in wanted.value_lists]
    for one in wanted.objects:
        thing = thing_of(one)
        live = present.found.get(key_of(thing, one))
        if thing is Thing.CONNECTOR:
            changes.append(_connector(one, live))
        elif thing is not Thing.RULE:
            changes.append(_exception(thing, one, live, state, options))
    changes += _gone_items(wanted, present, state, options)
    order = list(Thing)
    return sorted(changes, key=lambda one: order.index(one.thing))


def taken(wanted: Wanted, present: Present) -> dict[str, Entry]:
    """The entries of a state that takes what is there as applied."""
    keys = [key_of(thing, one) for one in wanted.objects if (thing := thing_of(one)) in (Thing.LIST, Thing.ITEM)]
    return {"/".join(key): Entry(meaning(present.found[key])) for key in keys if key in present.found}


def _exception(thing: Thing, one: Payload, live: Payload | None, state: State, options: Options) -> Change:
    key = key_of(thing, one)
    name = str(one.get("name") or key[1])
    if live is None:
        return Change(Kind.CREATE, key[1], name, Action.CREATE, payload=one, thing=thing)
    mine, theirs = meaning(one), meaning(live)
    kind, edits, note = three_ways(mine, theirs, base_of(state.attachments.get("/".join(key)), theirs, ()))
    write = kind is Kind.UPDATE or (kind in (Kind.DRIFTED, Kind.CONFLICT) and options.overwrite_drift)
    action = Action.UPDATE if write else None
    return Change(kind, key[1], name, action, diff(theirs, mine), edits, one, live, note, thing)


def _connector(one: Payload, live: Payload | None) -> Change:
    name = str(one["attributes"]["name"])
    if live is None:
        note = "its secrets have to be entered in Kibana" if one["attributes"].get("isMissingSecrets") else ""
        return Change(Kind.CREATE, one["id"], name, Action.CREATE, payload=one, note=note, thing=Thing.CONNECTOR)
    config = one["attributes"].get("config") or {}
    theirs = {key: value for key, value in (live.get("config") or {}).items() if key in config}
    differences = diff({"name": live.get("name"), "config": theirs}, {"name": name, "config": config})
    kind = Kind.DRIFTED if differences else Kind.UNCHANGED
    note = "a connector is changed in Kibana only: an import would drop its secrets" if differences else ""
    return Change(kind, one["id"], name, None, differences, (), one, live, note, Thing.CONNECTOR)


def _value_list(one: Payload, live: Payload | None) -> Change:
    name = str(one.get("name") or one["id"])
    if live is None:
        return Change(Kind.CREATE, one["id"], name, Action.CREATE, payload=one, thing=Thing.VALUES)
    have = set(live["values"])
    fresh = [value for value in one["values"] if value not in have]
    told = Difference("values", f"{len(have):,} values", f"{len(have) + len(set(fresh)):,} values")
    differences = (told,) if fresh else ()
    kind, action = (Kind.UPDATE, Action.UPDATE) if fresh else (Kind.UNCHANGED, None)
    return Change(kind, one["id"], name, action, differences, (), one, live, "", Thing.VALUES)


def _gone_items(wanted: Wanted, present: Present, state: State, options: Options) -> Iterator[Change]:
    """Items that were applied from here, and that the repo's lists have no more."""
    held = {key_of(thing_of(one), one) for one in wanted.objects}
    for key, live in present.found.items():
        entry = state.attachments.get("/".join(key))
        if key[0] != Thing.ITEM or key in held or entry is None or entry.sent is None:
            continue
        theirs = meaning(live)
        base = base_of(entry, theirs, ())
        edits = () if base is None else diff(base[1], theirs)
        prune = options.prune == "delete" and (not edits or options.overwrite_drift)
        name = str(live.get("name") or key[1])
        yield Change(
            Kind.GONE, key[1], name, Action.DELETE if prune else None, edits=edits, live=live, thing=Thing.ITEM
        )


def value_lists_wanted(objects: Iterable[Payload]) -> set[str]:
    """The ids of the value lists that the items among these objects look into."""
    return value_lists_of(one for one in objects if thing_of(one) is Thing.ITEM)
