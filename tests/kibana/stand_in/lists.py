"""Exception lists with their items, and value lists."""

from __future__ import annotations

import copy
import re
from typing import Any

from kibana_stand_in.state import Object, Refused, Space, World, page_of


def list_of(world: World, space: Space, list_id: str, namespace: str) -> Object | None:
    kept = world.place(space, namespace).lists.values()
    return next((one for one in kept if one["list_id"] == list_id), None)


def item_of(world: World, space: Space, item_id: str, namespace: str) -> Object | None:
    kept = world.place(space, namespace).items.values()
    return next((one for one in kept if one["item_id"] == item_id), None)


def _stamped(world: World, made: Object) -> Object:
    now = world.now()
    common = {
        "id": world.new_id(), "created_at": now, "created_by": world.user, "updated_at": now, "updated_by": world.user,
        "tie_breaker_id": world.new_id(), "_version": "WzEsMV0=", "os_types": [], "tags": [],
    }  # fmt: skip
    return common | copy.deepcopy(made)


def create_list(world: World, space: Space, body: Object) -> Object:
    body = {"namespace_type": "single", "list_id": world.new_id(), "version": 1, **body}
    if list_of(world, space, body["list_id"], body["namespace_type"]):
        raise Refused(409, f'exception list id: "{body["list_id"]}" already exists')
    made = _stamped(world, {"immutable": False, **body})
    world.place(space, body["namespace_type"]).lists[made["id"]] = made
    return made


def create_item(world: World, space: Space, body: Object) -> Object:
    body = {"namespace_type": "single", "item_id": world.new_id(), "comments": [], **body}
    if list_of(world, space, body["list_id"], body["namespace_type"]) is None:
        raise Refused(404, f'exception list id: "{body["list_id"]}" does not exist')
    if item_of(world, space, body["item_id"], body["namespace_type"]):
        raise Refused(409, f'exception list item id: "{body["item_id"]}" already exists')
    return _keep_item(world, space, body)


def _keep_item(world: World, space: Space, body: Object) -> Object:
    made = _stamped(world, body)
    made["comments"] = [_comment(world, one) for one in made.get("comments", ())]
    world.place(space, body["namespace_type"]).items[made["id"]] = made
    return made


def _comment(world: World, comment: Object) -> Object:
    if "id" in comment:
        return comment
    return {**comment, "id": world.new_id(), "created_at": world.now(), "created_by": world.user}


def chosen(world: World, space: Space, args: Any, *, item: bool) -> Object:
    """The list or item that id or list_id / item_id names; of an update args is its body."""
    name, what = ("item_id", "exception list item") if item else ("list_id", "exception list")
    namespace = args.get("namespace_type", "single")
    place = world.place(space, namespace)
    kept = place.items if item else place.lists
    wanted = args.get("id")
    found = kept.get(wanted) if wanted else next((one for one in kept.values() if one[name] == args.get(name)), None)
    if found is None:
        said = "id" if wanted else name
        raise Refused(404, f'{what} {said}: "{wanted or args.get(name)}" does not exist')
    return found


def update(world: World, space: Space, body: Object, *, item: bool) -> Object:
    old = chosen(world, space, body, item=item)
    kept = ("id", "list_id", "item_id", "namespace_type", "created_at", "created_by", "tie_breaker_id", "_version",
            "immutable", "version")  # fmt: skip
    new = {key: old[key] for key in kept if key in old} | {"os_types": [], "tags": []}
    new |= {key: copy.deepcopy(value) for key, value in body.items() if key not in kept}
    if item:
        new["comments"] = [_comment(world, one) for one in body.get("comments", old.get("comments", ()))]
    new |= {"updated_at": world.now(), "updated_by": world.user}
    place = world.place(space, old["namespace_type"])
    (place.items if item else place.lists)[old["id"]] = new
    return new


def delete(world: World, space: Space, args: Any, *, item: bool) -> Object:
    old = chosen(world, space, args, item=item)
    place = world.place(space, old["namespace_type"])
    if item:
        return place.items.pop(old["id"])
    for one in [one for one in place.items.values() if one["list_id"] == old["list_id"]]:
        del place.items[one["id"]]
    return place.lists.pop(old["id"])


def find_lists(world: World, space: Space, args: Any) -> Object:
    places = [world.place(space, one) for one in dict.fromkeys(args.get("namespace_type", "single").split(","))]
    return page_of([one for place in places for one in place.lists.values()], args)


def find_items(world: World, space: Space, args: Any) -> Object:
    ids, namespaces = args["list_id"].split(","), args.get("namespace_type", "single").split(",")
    if len(ids) != len(namespaces):
        raise Refused(400, "list_id and namespace_id need to have the same comma separated number of values.")
    if not any(list_of(world, space, name, kind) for name, kind in zip(ids, namespaces, strict=True)):
        raise Refused(404, f'exception list id: "{args["list_id"]}" does not exist')
    wanted = set(zip(ids, namespaces, strict=True))
    places = [world.place(space, one) for one in dict.fromkeys(namespaces)]
    items = [one for place in places for one in place.items.values()]
    return page_of([one for one in items if (one["list_id"], one["namespace_type"]) in wanted], args)


def before(world: World, space: Space, exceptions: list[Object]) -> set[tuple[str, str]]:
    """The lists that are there but for those of this import: what a search that lags sees."""
    fresh = {(one.get("namespace_type", "single"), one["list_id"]) for one in exceptions if "entries" not in one}
    return {
        (kind, one["list_id"])
        for kind in ("single", "agnostic")
        for one in world.place(space, kind).lists.values()
        if (kind, one["list_id"]) not in fresh
    }


_MADE = ("id", "_version", "created_at", "created_by", "updated_at", "updated_by", "tie_breaker_id")


def import_lists(world: World, space: Space, found: list[Object], overwrite: bool) -> tuple[int, list[Object]]:
    """Lists first, then items. A list that is overwritten loses the items it had."""
    done, errors = 0, []
    for one in sorted(found, key=lambda one: "entries" in one):
        item = "entries" in one
        body = {"namespace_type": "single"} | {k: copy.deepcopy(v) for k, v in one.items() if k not in _MADE}
        kind = body["namespace_type"]
        here = list_of(world, space, body["list_id"], kind)
        if item and here is None:
            message = (
                f'Exception list with list_id: "{body["list_id"]}", not found for exception list item with '
                f'item_id: "{body["item_id"]}"'
            )
            errors.append(_refused(body, 409, message))
            continue
        old = item_of(world, space, body["item_id"], kind) if item else here
        if old is not None and not overwrite:
            said = f'item_id: "{body["item_id"]}"' if item else f'list_id: "{body["list_id"]}"'
            errors.append(_refused(body, 409, f"Found that {said} already exists. Import of {said} skipped."))
            continue
        if old is None:
            _keep_item(world, space, body) if item else create_list(world, space, body)
        else:
            update(world, space, {**body, "id": old["id"]}, item=item)
            if not item:
                place = world.place(space, kind)
                for gone in [i for i, one in place.items.items() if one["list_id"] == body["list_id"]]:
                    del place.items[gone]
        done += 1
    return done, errors


def _refused(body: Object, status: int, message: str) -> Object:
    named = {name: body[name] for name in ("item_id", "list_id") if name in body}
    return {**named, "error": {"status_code": status, "message": message}}


def export_lists(world: World, space: Space, rules: list[Object]) -> tuple[list[Object], list[Object], list[Object]]:
    """The lists and items that rules refer to, and the lists that are not there."""
    used = {(ref["namespace_type"], ref["list_id"]): None for rule in rules for ref in rule["exceptions_list"]}
    containers, items, absent = [], [], []
    for kind, list_id in used:
        here = list_of(world, space, list_id, kind)
        if here is None:
            absent.append({"list_id": list_id})
            continue
        containers.append(here)
        items += [one for one in world.place(space, kind).items.values() if one["list_id"] == list_id]
    return containers, items, absent


# -- value lists


def _streams(space: Space) -> dict[str, Object]:
    if space.value_lists is None:
        raise Refused(
            400, f'To create a list, the data stream must exist first. Data stream ".lists-{space.id}" does not exist'
        )
    return space.value_lists


def index(space: Space) -> Object:
    if space.value_lists is None:
        raise Refused(404, f"data stream .lists-{space.id} and data stream .items-{space.id} does not exist")
    return {"list_index": True, "list_item_index": True}


def create_index(space: Space) -> Object:
    if space.value_lists is not None:
        raise Refused(409, f'data stream: ".lists-{space.id}" and ".items-{space.id}" already exists')
    space.value_lists = {}
    return {"acknowledged": True}


def create_values(world: World, space: Space, body: Object) -> Object:
    kept = _streams(space)
    body = {"id": world.new_id(), "version": 1, **body}
    if body["id"] in kept:
        raise Refused(409, f'list id: "{body["id"]}" already exists')
    kept[body["id"]] = {**_stamped(world, {"immutable": False}), **body}
    for name in ("os_types", "tags"):
        del kept[body["id"]][name]
    space.values[body["id"]] = []
    return kept[body["id"]]


def values_of(space: Space, identity: str, status: int = 404) -> Object:
    found = (space.value_lists or {}).get(identity)
    if found is None:
        raise Refused(
            status, f'list id: "{identity}" does not exist' if status == 409 else f'list id: "{identity}" not found'
        )
    return found


def delete_values(space: Space, identity: str) -> Object:
    found = values_of(space, identity)
    del space.values[identity]
    del _streams(space)[identity]
    return found


def import_values(space: Space, identity: str | None, data: bytes) -> Object:
    _streams(space)
    if identity is None:
        raise Refused(400, "Either type or list_id need to be defined in the query")
    found = values_of(space, identity, 409)
    space.values[identity] += [line for line in re.split("\r?\n|[\r\u2028\u2029]", data.decode()) if line.strip()]
    return found


def export_values(space: Space, identity: str) -> bytes:
    values_of(space, identity)
    return "".join(f"{value}\n" for value in space.values[identity]).encode()


def find_values(space: Space, args: Any) -> Object:
    return page_of(list((space.value_lists or {}).values()), args)
