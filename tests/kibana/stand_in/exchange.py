"""Import and export of rules with their exception lists, items and connectors."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from kibana_stand_in import lists, rules
from kibana_stand_in.contract import file_pattern, rule_error
from kibana_stand_in.state import Object, Refused, Space, World

MAX_OBJECTS = 10_000
MAX_BYTES = 10_485_760


def file_of(data: bytes, content_type: str, template: str) -> bytes:
    """The bytes of the one file in a multipart body; its name must end as the route wants it."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise Refused(400, "Invalid multipart payload format")
    boundary = b"--" + found[1].encode()
    parts = data.split(boundary)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise Refused(400, "Invalid multipart payload format")
    head, _, content = parts[1].partition(b"\r\n\r\n")
    name = re.search(rb'name="file"; *filename="([^"]*)"', head)
    if name is None:
        raise Refused(400, "[request body.file]: expected a file")
    ending = re.search(r"\.\w*\Z|\Z", name[1].decode())
    if not re.search(file_pattern(template), name[1].decode()):
        raise Refused(400, f"Invalid file extension {ending[0] if ending else ''}")
    return content.removesuffix(b"\r\n")


def import_rules(world: World, space: Space, data: bytes, args: Any, stand_in: Any) -> Object:
    """``_import``: 200 whatever happened; three counts, three flags, three lists of errors."""
    exceptions, connectors, found, errors = _sorted(data)
    if len(found) > MAX_OBJECTS or len(exceptions) > MAX_OBJECTS:
        raise Refused(500, f"Can't import more than {MAX_OBJECTS} rules")
    flag = {
        name: args.get(name) == "true" for name in ("overwrite", "overwrite_exceptions", "overwrite_action_connectors")
    }
    exceptions_done, exceptions_errors = lists.import_lists(world, space, exceptions, flag["overwrite_exceptions"])
    unique: dict[str, Object] = {}
    for rule in found:
        if rule["rule_id"] in unique and not flag["overwrite"]:
            errors.append(_error(rule["rule_id"], 400, f'More than one rule with rule-id: "{rule["rule_id"]}" found'))
        unique[rule["rule_id"]] = rule
    late = stand_in.first_import_fails and (exceptions or connectors) and not stand_in.imported_once
    stand_in.imported_once = stand_in.imported_once or bool(exceptions or connectors)
    visible = dict(space.connectors) if late else space.connectors
    known = lists.before(world, space, exceptions) if late else None
    take = _connectors_of_old if world.version.startswith("8.") else _connectors
    overwritten = flag["overwrite_action_connectors"]
    connectors_done, connector_errors = take(space, connectors, overwritten, list(unique.values()))
    if connector_errors and take is _connectors_of_old:
        unique = {}
    done = 0
    for rule in unique.values():
        problems, good = _import_rule(world, space, rule, flag["overwrite"], stand_in.refused, visible, known)
        errors += problems
        done += good
    return {
        "success": not errors, "success_count": done, "rules_count": len(found), "errors": errors,
        "exceptions_success": not exceptions_errors, "exceptions_success_count": exceptions_done,
        "exceptions_errors": exceptions_errors,
        "action_connectors_success": not connector_errors, "action_connectors_success_count": connectors_done,
        "action_connectors_errors": connector_errors, "action_connectors_warnings": _warnings(world, connectors),
    }  # fmt: skip


def _sorted(data: bytes) -> tuple[list[Object], list[Object], list[Object], list[Object]]:
    """Exceptions, connectors, rules that are sound, and errors of the others; told apart by their shape."""
    exceptions: list[Object] = []
    connectors: list[Object] = []
    sound: list[Object] = []
    errors: list[Object] = []
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            thing = json.loads(line)
        except ValueError as error:
            errors.append(_error(None, 400, str(error)))
            continue
        if "exported_count" in thing or "exported_rules_count" in thing:
            continue
        if {"list_id", "item_id", "entries"} & thing.keys():
            exceptions.append(thing)
        elif "attributes" in thing:
            connectors.append(thing)
        elif "rule_id" not in thing:
            errors.append(_error(None, 400, "rule_id: Required"))
        elif error := rule_error(thing):
            errors.append(_error(None, 400, error))
        else:
            sound.append(thing)
    return exceptions, connectors, sound, errors


def _import_rule(
    world: World, space: Space, rule: Object, overwrite: bool, refused: dict[str, tuple[int, str]],
    connectors: dict[str, Object], known: set[tuple[str, str]] | None,
) -> tuple[list[Object], int]:  # fmt: skip
    name = rule["rule_id"]
    if name in refused:
        return [_error(name, *refused[name])], 0
    missing = [action["id"] for action in rule.get("actions", ()) if action["id"] not in connectors]
    if missing:
        return [_error(name, 404, f"Rule actions reference the following missing action IDs: {','.join(missing)}")], 0
    asset = world.prebuilt.get(name)
    if asset is not None and "version" not in rule:
        return [_error(name, 400, f'Prebuilt rules must specify a "version" to be imported. [rule_id: {name}]')], 0
    references, errors = _references(world, space, rule, known)
    rule = {**rule, "exceptions_list": references}
    source = {"type": "internal"} if asset is None else rules.customized(world, rules.prepared(rule, world))
    try:
        if space.rule(name) is None:
            rules.create(world, space, rule, source=None if asset is None else source)
        elif overwrite:
            rules.update(world, space, {**rule, "id": None}, source=source)
        else:
            return [*errors, _error(name, 409, "Rule with this rule_id already exists")], 0
    except Refused as error:
        return [*errors, _error(name, error.status, error.message)], 0
    return errors, 1


def _references(
    world: World, space: Space, rule: Object, known: set[tuple[str, str]] | None
) -> tuple[list[Object], list[Object]]:
    """The rule's lists under the ids they have here; one that is not here is left out, with an error."""
    kept, errors = [], []
    for one in rule.get("exceptions_list", ()):
        here = lists.list_of(world, space, one["list_id"], one["namespace_type"])
        hidden = known is not None and (one["namespace_type"], one["list_id"]) not in known
        if here is None or here["type"] != one["type"] or hidden:
            message = (
                f'Rule with rule_id: "{rule["rule_id"]}" references a non existent exception list of list_id: '
                f'"{one["list_id"]}". Reference has been removed.'
            )
            errors.append(_error(rule["rule_id"], 400, message))
        else:
            kept.append({**one, "id": here["id"]})
    return kept, errors


def _connectors_of_old(
    space: Space, found: list[Object], overwrite: bool, rules: list[Object]
) -> tuple[int, list[Object]]:
    """Kibana 8.19: only what the rules use is taken; after an error no rule is."""
    used = list(dict.fromkeys(action["id"] for rule in rules for action in rule.get("actions", ())))
    if not used:
        return 0, []
    sent = {one["id"] for one in found}
    wanted = used if overwrite else [one for one in used if one not in space.connectors]
    missing = used if overwrite and not found else [] if overwrite else [one for one in wanted if one not in sent]
    if missing:
        message = f"{len(missing)} connectors are missing. Connector ids missing are: {', '.join(missing)}"
        return 0, [{"id": ",".join(missing), "error": {"status_code": 404, "message": message}}]
    chosen = found if overwrite else [one for one in found if one["id"] in wanted]
    return _connectors(space, chosen, True, rules)


def _connectors(space: Space, found: list[Object], overwrite: bool, _: list[Object]) -> tuple[int, list[Object]]:
    done, errors = 0, []
    for one in found:
        if one["id"] in space.connectors and not overwrite:
            error = {"status_code": 409, "message": f"A connector with the id {one['id']} already exists"}
            errors.append({"id": one["id"], "error": error})
            continue
        attributes = one["attributes"]
        space.connectors[one["id"]] = {
            "id": one["id"], "name": attributes["name"], "connector_type_id": attributes["actionTypeId"],
            "config": copy.deepcopy(attributes.get("config", {})), "is_preconfigured": False, "is_deprecated": False,
            "is_missing_secrets": attributes.get("actionTypeId") not in (".server-log", ".index"),
            "is_system_action": False,
        }  # fmt: skip
        done += 1
    return done, errors


def _warnings(world: World, connectors: list[Object]) -> list[Object]:
    lacking = [one for one in connectors if one["attributes"].get("actionTypeId") not in (".server-log", ".index")]
    if not lacking:
        return []
    message = f"{len(lacking)} connectors have sensitive information that require updates."
    return [{"type": "action_required", "message": message, "actionPath": "/app/management/connectors"}]


def _error(rule_id: str | None, status: int, message: str) -> Object:
    return {"rule_id": rule_id or "(unknown id)", "error": {"status_code": status, "message": message}}


def export_rules(world: World, space: Space, body: Object | None, args: Any) -> bytes:
    """``_export``: rules, exception lists and items, connectors, one summary."""
    if len(space.rules) > MAX_OBJECTS:
        raise Refused(400, f"Can't export more than {MAX_OBJECTS} rules")
    missing = []
    if body is None:
        chosen = list(space.rules.values())
    else:
        asked = [(one["rule_id"], space.rule(one["rule_id"])) for one in body["objects"]]
        chosen = [rule for _, rule in asked if rule is not None]
        missing = [{"rule_id": name} for name, rule in asked if rule is None]
    exported = [{k: v for k, v in rule.items() if k != "execution_summary"} for rule in chosen]
    containers, items, absent = lists.export_lists(world, space, chosen)
    used = dict.fromkeys(action["id"] for rule in chosen for action in rule["actions"])
    connectors = [_saved_object(space.connectors[name]) for name in used if name in space.connectors]
    if args.get("exclude_export_details") == "true":
        return _lines(exported)
    summary = {
        "exported_count": len(exported) + len(containers) + len(items) + len(connectors),
        "exported_rules_count": len(exported), "missing_rules": missing, "missing_rules_count": len(missing),
        "exported_exception_list_count": len(containers), "exported_exception_list_item_count": len(items),
        "missing_exception_list_item_count": 0, "missing_exception_list_items": [],
        "missing_exception_lists": absent, "missing_exception_lists_count": len(absent),
        "exported_action_connector_count": len(connectors), "missing_action_connection_count": 0,
        "missing_action_connections": [], "excluded_action_connection_count": 0, "excluded_action_connections": [],
    }  # fmt: skip
    return _lines([*exported, *containers, *items, *connectors, summary])


def _saved_object(connector: Object) -> Object:
    attributes = {
        "actionTypeId": connector["connector_type_id"], "name": connector["name"], "config": connector["config"],
        "secrets": {}, "isMissingSecrets": True,
    }  # fmt: skip
    return {
        "id": connector["id"], "type": "action", "attributes": attributes, "references": [], "managed": False,
        "coreMigrationVersion": "8.8.0", "typeMigrationVersion": "10.1.0",
        "created_at": "2026-01-15T08:00:00.000Z", "updated_at": "2026-01-15T08:00:00.000Z",
    }  # fmt: skip


def _lines(things: list[Object]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in things)
