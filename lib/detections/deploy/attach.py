"""Write what rules refer to, before the rules; connectors with them, since Kibana imports no connector alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from detections.deploy.attachments import meaning, namespace_of
from detections.deploy.model import Action, Change, Payload, Plan, Thing
from detections.deploy.outcome import Outcome, moved, unless_hopeless
from detections.deploy.state import Remembered
from detections.errors import ServerError
from detections.kibana.answers import ExceptionItem, Stored, Versioned
from detections.kibana.client import Kibana
from detections.payload import same

Save = Callable[[Callable[[Mapping[str, Remembered]], Mapping[str, Remembered | None]]], None]


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
        exceptions = [
            change for change in self._others if change.payload is not None and change.thing is not Thing.VALUES
        ]
        if exceptions:
            self._save(
                lambda old: {change.key: _pending(change.payload or {}, old.get(change.key)) for change in exceptions}
            )
        settled: dict[str, Remembered | None] = {}
        try:
            for change in self._others:
                outcome = self._written(change)
                if outcome.done and change.thing is not Thing.VALUES:
                    settled[change.key] = None if change.payload is None else Remembered(meaning(change.payload))
                yield outcome
        finally:
            if settled:
                self._save(lambda _: settled)

    def with_rules(self, bodies: Iterable[Mapping[str, Any]]) -> list[Payload]:
        """The connectors that are to be created and that these rules use."""
        used = {str(action.get("id")) for body in bodies for action in body.get("actions") or ()}
        changes = (change for name, change in self._connectors.items() if name in used)
        return [change.payload for change in changes if change.payload is not None]

    def connectors(self) -> Iterator[Outcome]:
        """What became of the connectors, after all rules."""
        if not self._connectors:
            return
        there = {connector.id for connector in self._kibana.find_connectors()}
        for name, change in self._connectors.items():
            done = name in there
            yield Outcome(change, done, change.note if done else "no rule that uses it was written")

    def _written(self, change: Change) -> Outcome:
        """Write something, unless somebody has written it since the plan was made."""
        if change.thing is Thing.VALUES:
            return self._guarded(change, self._values)
        live = self._read(change)
        if not same(_seen(live), _seen(change.live)):
            wanted = None if change.payload is None else meaning(change.payload)
            return moved(change, live, live is not None and wanted is not None and same(meaning(live.body), wanted))
        return self._guarded(change, self._exception)

    def _guarded(self, change: Change, write: Callable[[Change], None]) -> Outcome:
        try:
            write(change)
        except ServerError as error:
            return Outcome(change, False, unless_hopeless(error))
        return Outcome(change, True, change.note)

    def _read(self, change: Change) -> Versioned | None:
        namespace, name = change.rule_id.split("/", 1)
        space = namespace_of({"namespace_type": namespace})
        if change.thing is Thing.LIST:
            return self._kibana.get_exception_list(name, space)
        return self._kibana.get_exception_item(name, space)

    def _exception(self, change: Change) -> None:
        kibana, live, is_list = self._kibana, change.live, change.thing is Thing.LIST
        if isinstance(live, ExceptionItem) and change.action is Action.DELETE:
            kibana.delete_exception_item(live.item_id, live.namespace_type)
            return
        body = dict(change.payload or {})
        if not isinstance(live, Versioned):
            (kibana.create_exception_list if is_list else kibana.create_exception_item)(body)
            return
        body = {name: value for name, value in body.items() if name not in ("namespace_type", "version")}
        body |= {"namespace_type": live.namespace_type}
        if live.version:
            body["_version"] = live.version  # Kibana refuses the write if somebody was quicker
        if isinstance(live, ExceptionItem):
            del body["list_id"]
            kibana.update_exception_item(body | {"comments": _comments(body, live)})
        else:
            kibana.update_exception_list(body)

    def _values(self, change: Change) -> None:
        wanted = dict(change.payload or {})
        values = wanted.pop("values")
        if change.action is Action.CREATE:
            self._kibana.create_value_list(wanted)
        self._kibana.import_value_list_items(str(wanted["id"]), values)


def _seen(live: Stored | None) -> list[Any] | None:
    return None if not isinstance(live, Versioned) else [live.id, live.version, meaning(live.body)]


def _pending(payload: Payload, old: Remembered | None) -> Remembered:
    return Remembered(old.sent if old else None, old.stored if old else None, meaning(payload))


def _comments(body: Mapping[str, Any], live: ExceptionItem) -> list[Any]:
    """Comments that are there keep their ids; Kibana lets nobody change what another has said."""
    known = {comment.comment: comment.id for comment in live.comments}
    texts = [comment.get("comment") for comment in body.get("comments") or ()]
    return [{"id": known[text], "comment": text} if text in known else {"comment": text} for text in texts]
