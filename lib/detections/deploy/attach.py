"""Write what rules refer to, before the rules; connectors with them, since Kibana imports no connector alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from detections.deploy.attachments import namespace_of
from detections.deploy.outcome import Outcome, moved, unless_hopeless
from detections.deploy.plan import Action, Change, Payload, Plan, Thing
from detections.deploy.pull_attachments import meaning
from detections.deploy.state import Entry
from detections.errors import ServerError
from detections.kibana.client import Kibana
from detections.payload import same

Save = Callable[[Callable[[Mapping[str, Entry]], Mapping[str, Entry | None]]], None]


class Attaching:
    """The part of an apply that concerns attachments. ``save`` changes their entries in the state."""

    def __init__(self, kibana: Kibana, plan: Plan, save: Save) -> None:
        self._kibana = kibana
        self._save = save
        work = [change for change in plan.work if change.thing is not Thing.RULE]
        self._connectors = {change.rule_id: change for change in work if change.thing is Thing.CONNECTOR}
        self._others = [change for change in work if change.thing is not Thing.CONNECTOR]

    def write(self) -> Iterator[Outcome]:
        """Value lists, exception lists and items, one by one; what is about to be written is in the state before."""
        exceptions = [one for one in self._others if one.payload is not None and one.thing is not Thing.VALUES]
        if exceptions:
            self._save(lambda old: {one.key: _pending(one.payload or {}, old.get(one.key)) for one in exceptions})
        settled: dict[str, Entry | None] = {}
        try:
            for change in self._others:
                outcome = self._one(change)
                if outcome.done and change.thing is not Thing.VALUES:
                    settled[change.key] = None if change.payload is None else Entry(meaning(change.payload))
                yield outcome
        finally:
            if settled:
                self._save(lambda _: settled)

    def with_rules(self, bodies: Iterable[Mapping[str, Any]]) -> list[Payload]:
        """The connectors that are to be created and that these rules use."""
        used = {str(action.get("id")) for body in bodies for action in body.get("actions") or ()}
        return [one.payload for name, one in self._connectors.items() if name in used and one.payload is not None]

    def connectors(self) -> Iterator[Outcome]:
        """What became of the connectors, after all rules."""
        if not self._connectors:
            return
        there = {one["id"] for one in self._kibana.find_connectors()}
        for name, change in self._connectors.items():
            done = name in there
            yield Outcome(change, done, change.note if done else "no rule that uses it was written")

    def _one(self, change: Change) -> Outcome:
        """Write one, unless somebody has written it since the plan was made."""
        if change.thing is Thing.VALUES:
            return self._guarded(change, self._values)
        live = self._read(change)
        if not same(_seen(live), _seen(change.live)):
            wanted = None if change.payload is None else meaning(change.payload)
            return moved(change, live, live is not None and wanted is not None and same(meaning(live), wanted))
        return self._guarded(change, self._exception)

    def _guarded(self, change: Change, write: Callable[[Change], None]) -> Outcome:
        try:
            write(change)
        except ServerError as error:
            return Outcome(change, False, unless_hopeless(error))
        return Outcome(change, True, change.note)

    def _read(self, change: Change) -> Payload | None:
        one = change.payload or change.live or {}
        if change.thing is Thing.LIST:
            return self._kibana.get_exception_list(str(one["list_id"]), namespace_of(one))
        return self._kibana.get_exception_item(str(one["item_id"]), namespace_of(one))

    def _exception(self, change: Change) -> None:
        kibana, is_list = self._kibana, change.thing is Thing.LIST
        if change.action is Action.DELETE:
            kibana.delete_exception_item(str((change.live or {})["item_id"]), namespace_of(change.live or {}))
            return
        body = dict(change.payload or {})
        if change.action is Action.CREATE:
            (kibana.create_exception_list if is_list else kibana.create_exception_item)(body)
            return
        live = change.live or {}
        body = {name: value for name, value in body.items() if name not in ("namespace_type", "version")}
        body |= {"namespace_type": namespace_of(live)}
        if live.get("_version"):
            body["_version"] = live["_version"]  # Kibana refuses the write if somebody was quicker
        if is_list:
            kibana.update_exception_list(body)
        else:
            del body["list_id"]
            kibana.update_exception_item(body | {"comments": _comments(body, live)})

    def _values(self, change: Change) -> None:
        wanted = dict(change.payload or {})
        values = wanted.pop("values")
        if change.action is Action.CREATE:
            self._kibana.create_value_list(wanted)
        self._kibana.import_value_list_items(str(wanted["id"]), values)


def _seen(live: Payload | None) -> list[Any] | None:
    return None if live is None else [live.get("id"), live.get("_version"), meaning(live)]


def _pending(payload: Payload, old: Entry | None) -> Entry:
    return Entry(old.sent if old else None, old.stored if old else None, meaning(payload))


def _comments(body: Mapping[str, Any], live: Payload) -> list[Any]:
    """Comments that are there keep their ids; Kibana lets nobody change what another has said."""
    known = {one.get("comment"): one for one in live.get("comments") or ()}
    said = [one.get("comment") for one in body.get("comments") or ()]
    return [{"id": known[text]["id"], "comment": text} if text in known else {"comment": text} for text in said]
