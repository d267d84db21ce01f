"""Do what a plan says, so that it may end at any request and be begun again.

Kibana's API has no precondition on a write. So each rule is read just before it is written, and left alone if it is not
as the plan saw it; what lies between that read and the write, some milliseconds, nobody guards. Whether a write has
arrived is told by reading again, not by what its answer says: an import answers 200 when all of it failed, and an
error for lists that it has imported. What is about to be written is in the state before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from detections.deploy.attach import Attaching
from detections.deploy.outcome import SAME, Outcome, moved, unless_hopeless
from detections.deploy.plan import Action, Change, Kind, Payload, Plan, Thing, mark, writer
from detections.deploy.pull_attachments import meaning
from detections.deploy.state import Entry, State, StateFile, applied, canonical, kept
from detections.errors import ServerError, ServerUnavailable
from detections.kibana.client import Kibana
from detections.payload import SERVER_OWNED, diff, same
from detections.rule.schemas import RESPONSE_ONLY

CHUNK = 50
"""Rules that are read, written and read again together; Kibana's import goes through them in such chunks, too."""


_SILENT = "Kibana did not do it"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why Kibana did not take a rule, and with which status."""

    message: str
    status: int


def apply_plan(kibana: Kibana, plan: Plan, state: State, file: StateFile) -> Iterator[Outcome]:
    """Write what the plan says, chunk by chunk; an outcome for each change with an action, as it is known.

    The state is saved before and after each chunk. Whatever is raised, what was not yielded is not known to be done,
    and applying again finds out.

    Raises:
        ServerError: Kibana cannot be spoken to any longer.
        UsageError, DetectionsError: the state cannot be saved.
    """
    run = _Run(kibana, state, file, plan)
    run.save(*_seen(plan, state))
    yield from run.attaching.write()
    for action in Action:
        changes = [change for change in plan.work if change.action is action and change.thing is Thing.RULE]
        for start in range(0, len(changes), CHUNK):
            part = changes[start : start + CHUNK]
            yield from run.do(part, action)
    yield from run.attaching.connectors()


def _seen(plan: Plan, state: State) -> tuple[dict[str, Entry | None], dict[str, Entry | None]]:
    """What the state is to know of rules, and of what they refer to, that need no writing; what is nowhere any more is
    forgotten."""
    keys = {change.key for change in plan.changes}
    rules: dict[str, Entry | None] = {
        key: None for key, entry in state.rules.items() if key not in keys and entry.replaced is None
    }
    others: dict[str, Entry | None] = {key: None for key in state.attachments if key not in keys}
    for change in plan.of(Kind.UNCHANGED):
        if change.payload is None or change.live is None:
            continue
        if change.thing is Thing.RULE:
            rules[change.key] = applied(change.payload, change.live)
        elif change.thing in (Thing.LIST, Thing.ITEM):
            others[change.key] = Entry(meaning(change.payload))
    return rules, others


class _Run:
    def __init__(self, kibana: Kibana, state: State, file: StateFile, plan: Plan) -> None:
        self.attaching = Attaching(kibana, plan, self.save_attachments)
        self._kibana = kibana
        self._state = state
        self._file = file
        self._lists: dict[tuple[str, str], str | None] = {}
        self._silent: set[str] = set()

    def save(self, rules: Mapping[str, Entry | None], attachments: Mapping[str, Entry | None] | None = None) -> None:
        state = self._state.having(rules, attachments)
        if state != self._state:
            self._file.write(state)
            self._state = state

    def save_attachments(self, change: Callable[[Mapping[str, Entry]], Mapping[str, Entry | None]]) -> None:
        self.save({}, change(self._state.attachments))

    def do(self, changes: Sequence[Change], action: Action) -> Iterator[Outcome]:
        """Do what is to be done with some rules, all of one action, unless they have been written meanwhile."""
        before = self._read(changes)
        ready, outcomes = _unmoved(changes, before)
        self.save({one.change.rule_id: self._settled(one, before) for one in outcomes if one.done})
        yield from outcomes
        if not ready:
            return
        if action is Action.REPLACE:
            yield from self._replace(ready, before)
        elif action in (Action.CREATE, Action.UPDATE):
            self.save({change.rule_id: self._pending(change) for change in ready})
            yield from self._write(ready, before)
        else:
            yield from self._prune(ready, before, action)

    def _write(self, ready: Sequence[Change], before: Mapping[str, list[Payload]]) -> Iterator[Outcome]:
        """Create or update rules. What did not arrive is sent once more: rules that name lists or connectors of the
        same import fail at first and pass the second time. Not so a rule to be created whose import was not answered:
        Kibana may be at it still, and the rule would be there twice."""
        refusals: dict[str, Refusal] = {}
        after: dict[str, list[Payload]] = {}
        waiting = list(ready)
        for _ in range(2):
            for overwrite in (False, True):
                part = [one for one in waiting if self._exists(one, before, after) is overwrite]
                refusals = {name: one for name, one in refusals.items() if name not in {one.rule_id for one in part}}
                refusals |= self._import([self._body(one, before) for one in part], overwrite) if part else {}
            after |= self._read(waiting)
            waiting = [one for one in waiting if self._again(_arrived(one, before, after, refusals), refusals)]
        found = [_arrived(change, before, after, refusals) for change in ready]
        self.save({one.change.rule_id: self._settled(one, after) for one in found})
        yield from (one if one.done or after[one.change.rule_id] else self._put_back(one) for one in found)

    def _exists(self, change: Change, before: Mapping[str, list[Payload]], after: Mapping[str, list[Payload]]) -> bool:
        """Whether the rule is there to be written over: from the start, or by the first of two imports."""
        return bool(before[change.rule_id] or after.get(change.rule_id))

    def _again(self, outcome: Outcome, refusals: Mapping[str, Refusal]) -> bool:
        """Whether to send a rule once more. One that another has created meanwhile (409) is not ours to write over."""
        if outcome.done or outcome.change.action is Action.UPDATE:
            return not outcome.done
        rule_id = outcome.change.rule_id
        return rule_id not in self._silent and (rule_id not in refusals or refusals[rule_id].status != 409)

    def _replace(self, ready: Sequence[Change], before: Mapping[str, list[Payload]]) -> Iterator[Outcome]:
        """Delete rules and create them anew. All of each is in the state before: the new rule takes over what is left
        to Kibana, and where Kibana refuses it the old one is put back, by this apply or by the next."""
        there = self._connectors_of(before)
        missing = {one.rule_id: _named(before[one.rule_id][0], one.payload or {}) - there for one in ready}
        for change in ready:
            if names := missing[change.rule_id]:
                said = f"it has actions in Kibana whose connector is not there: {', '.join(sorted(names))}"
                yield Outcome(change, False, said)
        ready = [change for change in ready if not missing[change.rule_id]]
        self.save({one.rule_id: replace(self._pending(one), replaced=dict(before[one.rule_id][0])) for one in ready})
        refusals, after = self._bulk(Action.DELETE, ready, before)
        for change in ready:
            if after[change.rule_id]:
                yield Outcome(change, False, refusals.get(change.rule_id, _SILENT))
        yield from self._write([change for change in ready if not after[change.rule_id]], after)

    def _connectors_of(self, rules: Mapping[str, list[Payload]]) -> set[str]:
        """The ids of all connectors, if one of these rules has an action."""
        needed = any(one.get("actions") for found in rules.values() for one in found)
        return {str(one["id"]) for one in self._kibana.find_connectors()} if needed else set()

    def _put_back(self, outcome: Outcome) -> Outcome:
        """Create a rule as it was before it was deleted for a new one that Kibana does not take. Not where an import
        was not answered: Kibana may be at it still."""
        rule_id = outcome.change.rule_id
        entry = self._state.rules[rule_id]
        if entry.replaced is None or rule_id in self._silent:
            return outcome
        old = {name: value for name, value in entry.replaced.items() if name not in RESPONSE_ONLY}
        refusals = self._import([old], overwrite=False)
        if refusals or rule_id in self._silent:
            said = f"the rule as it was is in {self._file.path} only: {refusals[rule_id].message}"
        else:
            self.save({rule_id: replace(entry, pending=None, replaced=None)})
            said = "the rule is there again as it was"
        return replace(outcome, message=f"{outcome.message}; {said}")

    def _bulk(
        self, action: Action, changes: Sequence[Change], before: Mapping[str, list[Payload]]
    ) -> tuple[dict[str, str], dict[str, list[Payload]]]:
        """Disable or delete rules: why Kibana did not, by rule_id, and what is there now."""
        ids = {str(before[change.rule_id][0]["id"]): change for change in changes}
        try:
            result = self._kibana.bulk_action(str(action), list(ids))
            refusals = {ids[one.id].rule_id: one.message for one in result.problems if one.id in ids}
        except ServerError as error:
            refusals = dict.fromkeys((one.rule_id for one in changes), unless_hopeless(error))
        return refusals, self._read(changes)

    def _prune(self, ready: Sequence[Change], before: Mapping[str, list[Payload]], action: Action) -> Iterator[Outcome]:
        """Disable or delete rules that are gone from the repo."""
        refusals, after = self._bulk(action, ready, before)
        found = []
        for change in ready:
            live = after[change.rule_id]
            done = not live if action is Action.DELETE else not any(one.get("enabled") for one in live)
            found.append(Outcome(change, done, "" if done else refusals.get(change.rule_id, _SILENT)))
        self.save({one.change.rule_id: None for one in found if one.done and action is Action.DELETE})
        yield from found

    def _read(self, changes: Iterable[Change]) -> dict[str, list[Payload]]:
        """The rules of Kibana that have these rule_ids, an empty list for one that is not there."""
        found: dict[str, list[Payload]] = {change.rule_id: [] for change in changes}
        if found:
            names = " or ".join(map(_quoted, found))
            for rule in self._kibana.find_rules(f"alert.attributes.params.ruleId: ({names})"):
                found.setdefault(rule["rule_id"], []).append(rule)
        return found

    def _body(self, change: Change, before: Mapping[str, list[Payload]]) -> dict[str, Any]:
        """What is sent: the payload, and what Kibana owns as it is there now, since an import resets what it lacks; or
        as it was in the rule that was deleted for this one."""
        body = dict(change.payload or {})
        replaced = self._state.rules[change.rule_id].replaced
        for live in before[change.rule_id] or ([] if replaced is None else [replaced]):
            body |= {name: live[name] for name in SERVER_OWNED if name not in body and live.get(name) is not None}
        if change.payload and "exceptions_list" in change.payload:
            body["exceptions_list"] = [self._with_id(one) for one in body["exceptions_list"]]
        return body

    def _with_id(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        """A reference to an exception list with the id that the list has in this space, where it is there."""
        name, space = str(reference.get("list_id")), str(reference.get("namespace_type", "single"))
        if (name, space) not in self._lists:
            found = self._kibana.get_exception_list(name, "agnostic" if space == "agnostic" else "single")
            self._lists[name, space] = found["id"] if found else None
        known = self._lists[name, space]
        return {**reference, "id": known} if known else dict(reference)

    def _import(self, bodies: Sequence[Mapping[str, Any]], overwrite: bool) -> dict[str, Refusal]:
        """Import rules with the connectors that they use and Kibana lacks; why each was refused, by rule_id."""
        rule_ids = [str(body["rule_id"]) for body in bodies]
        try:
            result = self._kibana.import_rules([*self.attaching.with_rules(bodies), *bodies], overwrite=overwrite)
        except ServerError as error:
            if error.status == 413 and len(bodies) > 1:
                half = len(bodies) // 2
                return self._import(bodies[:half], overwrite) | self._import(bodies[half:], overwrite)
            if isinstance(error, ServerUnavailable):
                self._silent.update(rule_ids)
            return dict.fromkeys(rule_ids, Refusal(unless_hopeless(error), error.status))
        return {rule_id: Refusal(one.message, one.status) for rule_id, one in result.refused().items()}

    def _pending(self, change: Change) -> Entry:
        old, payload = self._state.rules.get(change.rule_id), change.payload or {}
        left = kept(payload)
        pending = canonical(payload, left)
        return Entry(pending=pending, kept=left) if old is None else replace(old, pending=pending)

    def _settled(self, outcome: Outcome, after: Mapping[str, list[Payload]]) -> Entry:
        change = outcome.change
        if outcome.done:
            return applied(change.payload or {}, after[change.rule_id][0])
        return self._state.rules[change.rule_id]


def _unmoved(changes: Iterable[Change], now: Mapping[str, list[Payload]]) -> tuple[list[Change], list[Outcome]]:
    """The changes whose rules are as the plan saw them, and what to say of the others."""
    ready, outcomes = [], []
    for change in changes:
        live = now[change.rule_id]
        if len(live) < 2 and same(mark(live[0] if live else None, change.payload), mark(change.live, change.payload)):
            ready.append(change)
            continue
        arrived = change.payload is not None and len(live) == 1 and _equal(change.payload, live[0])
        outcomes.append(moved(change, live[0] if live else None, arrived))
    return ready, outcomes


def _named(live: Payload, payload: Payload) -> set[str]:
    """The ids of the connectors that a rule of Kibana hands on to a payload; system actions have none."""
    actions = () if "actions" in payload else live.get("actions") or ()
    return {name for one in actions if not (name := str(one.get("id"))).startswith("system-connector-")}


def _equal(payload: Payload, live: Payload) -> bool:
    left = kept(payload)
    return same(canonical(payload, left), canonical(live, left))


def _arrived(
    change: Change,
    before: Mapping[str, list[Payload]],
    after: Mapping[str, list[Payload]],
    refusals: Mapping[str, Refusal],
) -> Outcome:
    """Whether Kibana has now what was to be written. A newer Kibana may have put it in a form of its own: then it was
    written once, by us, and not refused."""
    payload, live = change.payload or {}, after[change.rule_id]
    refusal = refusals.get(change.rule_id, Refusal("", 0))
    refused = refusal.message
    if len(live) != 1:
        return Outcome(
            change, False, f"it is there {len(live)} times" if live else refused or "Kibana did not write it"
        )
    if _equal(payload, live[0]):
        return Outcome(change, True, SAME if refusal.status == 409 else refused)
    old = before[change.rule_id]
    written = int(live[0].get("revision", 0)) - (int(old[0].get("revision", 0)) if old else -1)
    if refused or written < 1:
        return Outcome(change, False, refused or "Kibana did not write it")
    left = kept(payload)
    fields = ", ".join(one.field for one in diff(canonical(payload, left), canonical(live[0], left)))
    if written > 1:
        return Outcome(change, False, f"written at the same time, by {writer(live[0])}: {fields}; plan again")
    return Outcome(change, True, f"Kibana keeps in a form of its own: {fields}")


def _quoted(text: str) -> str:
    """A string of KQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
