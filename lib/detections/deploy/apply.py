"""Do what a plan says, so that it may end at any request and be begun again.

Kibana's API has no precondition on a write. So each rule is read just before it is written, and left alone if it is not
as the plan saw it; what lies between that read and the write, some milliseconds, nobody guards. Whether a write has
arrived is told by reading again, not by what its answer says: an import answers 200 when all of it failed, and an
error for lists that it has imported. What is about to be written is in the state before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from detections.deploy.attach import Attaching
from detections.deploy.attachments import meaning
from detections.deploy.lookups import SAVE_AGAIN, looks_up
from detections.deploy.model import Action, Change, Kind, Payload, Plan, Thing, mark
from detections.deploy.outcome import SAME, Outcome, moved, unless_hopeless
from detections.deploy.state import Remembered, State, StateFile, applied, canonical, kept
from detections.errors import ServerError, ServerUnavailable
from detections.kibana.answers import Rule
from detections.kibana.client import Kibana
from detections.payload import SERVER_OWNED, diff, same
from detections.rule.schemas import RESPONSE_ONLY

CHUNK = 50
"""Rules that are read, written and read again together; Kibana's import goes through them in such chunks, too."""


NOT_DONE = "Kibana did not do this"
NOT_WRITTEN = "Kibana did not write the rule"
Live: TypeAlias = Mapping[str, Sequence[Rule]]
"""Rules of Kibana by rule_id; no rule where it has none."""


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


def _seen(plan: Plan, state: State) -> tuple[dict[str, Remembered | None], dict[str, Remembered | None]]:
    """What the state is to know of rules, and of what they refer to, that need no writing; what is nowhere any more is
    forgotten."""
    keys = {change.key for change in plan.changes}
    rules: dict[str, Remembered | None] = {
        key: None for key, entry in state.rules.items() if key not in keys and entry.replaced is None
    }
    others: dict[str, Remembered | None] = {key: None for key in state.attachments if key not in keys}
    for change in plan.of(Kind.UNCHANGED):
        if change.payload is None or change.live is None:
            continue
        if change.thing is Thing.RULE:
            old = state.rules.get(change.key)
            unproved = change.unproved or (old.unproved if old is not None and not change.proof else "")
            rules[change.key] = applied(change.payload, change.live.body, change.meaning, unproved)
        elif change.thing in (Thing.LIST, Thing.ITEM):
            others[change.key] = Remembered(meaning(change.payload))
    return rules, others


class _Run:
    def __init__(self, kibana: Kibana, state: State, file: StateFile, plan: Plan) -> None:
        self.attaching = Attaching(kibana, plan, self.save_attachments)
        self._kibana = kibana
        self._state = state
        self._file = file
        self._lists: dict[tuple[str, str], str | None] = {}
        self._silent: set[str] = set()

    def save(
        self, rules: Mapping[str, Remembered | None], attachments: Mapping[str, Remembered | None] | None = None
    ) -> None:
        state = self._state.having(rules, attachments)
        if state != self._state:
            self._file.write(state)
            self._state = state

    def save_attachments(self, change: Callable[[Mapping[str, Remembered]], Mapping[str, Remembered | None]]) -> None:
        self.save({}, change(self._state.attachments))

    def do(self, changes: Sequence[Change], action: Action) -> Iterator[Outcome]:
        """Do what is to be done with some rules, all of one action, unless they have been written meanwhile."""
        before = self._read(changes)
        ready, outcomes = _unmoved(changes, before)
        self._settle((outcome for outcome in outcomes if outcome.done), before)
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

    def _write(self, ready: Sequence[Change], before: Live) -> Iterator[Outcome]:
        """Create or update rules. What did not arrive is sent once more: rules that name lists or connectors of the
        same import fail at first and pass the second time. Not so a rule to be created whose import was not answered:
        Kibana may be at it still, and the rule would be there twice."""
        refusals: dict[str, Refusal] = {}
        after: dict[str, list[Rule]] = {}
        waiting = list(ready)
        for _ in range(2):
            for overwrite in (False, True):
                part = [change for change in waiting if self._exists(change, before, after) is overwrite]
                sent = {change.rule_id for change in part}
                refusals = {rule_id: refusal for rule_id, refusal in refusals.items() if rule_id not in sent}
                refusals |= self._import([self._body(change, before) for change in part], overwrite) if part else {}
            after |= self._read(waiting)
            waiting = [change for change in waiting if self._again(_arrived(change, before, after, refusals), refusals)]
        outcomes = [_to_be_saved(_arrived(change, before, after, refusals)) for change in ready]
        self._settle(outcomes, after)
        for outcome in outcomes:
            there = outcome.done or after[outcome.change.rule_id]
            yield outcome if there else self._put_back(outcome)

    def _exists(self, change: Change, before: Live, after: Live) -> bool:
        """Whether the rule is there to be written over: from the start, or by the first of two imports."""
        return bool(before[change.rule_id] or after.get(change.rule_id))

    def _again(self, outcome: Outcome, refusals: Mapping[str, Refusal]) -> bool:
        """Whether to send a rule once more. One that another has created meanwhile (409) is not ours to write over."""
        if outcome.done or outcome.change.action is Action.UPDATE:
            return not outcome.done
        rule_id = outcome.change.rule_id
        return rule_id not in self._silent and (rule_id not in refusals or refusals[rule_id].status != 409)

    def _replace(self, ready: Sequence[Change], before: Live) -> Iterator[Outcome]:
        """Delete rules and create them again. All of each is in the state before: the new rule takes over what is left
        to Kibana, and where Kibana refuses it the old one is put back, by this apply or by the next."""
        there = self._connectors_of(before)
        missing = {change.rule_id: _used(before[change.rule_id][0], change.payload or {}) - there for change in ready}
        for change in ready:
            if names := missing[change.rule_id]:
                text = f"its actions in Kibana use connectors that do not exist: {', '.join(sorted(names))}"
                yield Outcome(change, False, text)
        ready = [change for change in ready if not missing[change.rule_id]]
        self.save({
            change.rule_id: replace(self._pending(change), replaced=before[change.rule_id][0].body)
            for change in ready
        })  # fmt: skip
        refusals, after = self._bulk(Action.DELETE, ready, before)
        for change in ready:
            if after[change.rule_id]:
                yield Outcome(change, False, refusals.get(change.rule_id, NOT_DONE))
        yield from self._write([change for change in ready if not after[change.rule_id]], after)

    def _connectors_of(self, rules: Live) -> set[str]:
        """The ids of all connectors, if one of these rules has an action."""
        needed = any(rule.actions for several in rules.values() for rule in several)
        return {connector.id for connector in self._kibana.find_connectors()} if needed else set()

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
            why = refusals[rule_id].message
            text = f"the previous rule could not be restored, and is kept in {self._file.path}: {why}"
        else:
            self.save({rule_id: replace(entry, pending=None, replaced=None)})
            text = "the previous rule was restored"
        return replace(outcome, message=f"{outcome.message}; {text}")

    def _bulk(
        self, action: Action, changes: Sequence[Change], before: Live
    ) -> tuple[dict[str, str], dict[str, list[Rule]]]:
        """Disable or delete rules: why Kibana did not, by rule_id, and what is there now."""
        ids = {before[change.rule_id][0].id: change for change in changes}
        try:
            result = self._kibana.bulk_action("delete" if action is Action.DELETE else "disable", list(ids))
            refusals = {ids[problem.id].rule_id: problem.message for problem in result.problems if problem.id in ids}
        except ServerError as error:
            refusals = dict.fromkeys((change.rule_id for change in changes), unless_hopeless(error))
        return refusals, self._read(changes)

    def _prune(self, ready: Sequence[Change], before: Live, action: Action) -> Iterator[Outcome]:
        """Disable or delete rules that are gone from the repo."""
        refusals, after = self._bulk(action, ready, before)
        outcomes = []
        for change in ready:
            live = after[change.rule_id]
            done = not live if action is Action.DELETE else not any(rule.enabled for rule in live)
            outcomes.append(Outcome(change, done, "" if done else refusals.get(change.rule_id, NOT_DONE)))
        if action is Action.DELETE:
            self.save({outcome.change.rule_id: None for outcome in outcomes if outcome.done})
        yield from outcomes

    def _read(self, changes: Iterable[Change]) -> dict[str, list[Rule]]:
        """The rules of Kibana that have these rule_ids, an empty list for one that is not there."""
        rules: dict[str, list[Rule]] = {change.rule_id: [] for change in changes}
        if rules:
            names = " or ".join(map(_quoted, rules))
            for rule in self._kibana.find_rules(f"alert.attributes.params.ruleId: ({names})"):
                rules.setdefault(rule.rule_id, []).append(rule)
        return rules

    def _body(self, change: Change, before: Live) -> dict[str, Any]:
        """What is sent: the payload, and what Kibana owns as it is there now, since an import resets what it lacks; or
        as it was in the rule that was deleted for this one."""
        body = dict(change.payload or {})
        replaced = self._state.rules[change.rule_id].replaced
        for live in [rule.body for rule in before[change.rule_id]] or ([] if replaced is None else [replaced]):
            body |= {name: live[name] for name in SERVER_OWNED if name not in body and live.get(name) is not None}
        if change.payload and "exceptions_list" in change.payload:
            body["exceptions_list"] = [self._with_id(reference) for reference in body["exceptions_list"]]
        return body

    def _with_id(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        """A reference to an exception list with the id that the list has in this space, where it is there."""
        name, space = str(reference.get("list_id")), str(reference.get("namespace_type", "single"))
        if (name, space) not in self._lists:
            exceptions = self._kibana.get_exception_list(name, "agnostic" if space == "agnostic" else "single")
            self._lists[name, space] = exceptions.id if exceptions else None
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
        return {rule_id: Refusal(problem.message, problem.status) for rule_id, problem in result.refused().items()}

    def _pending(self, change: Change) -> Remembered:
        old, payload = self._state.rules.get(change.rule_id), change.payload or {}
        left = kept(payload)
        pending = canonical(payload, left)
        return Remembered(pending=pending, kept=left) if old is None else replace(old, pending=pending)

    def _settle(self, outcomes: Iterable[Outcome], after: Live) -> None:
        """Remember what is applied now; what is not keeps its entry."""
        self.save({
            change.rule_id: applied(
                change.payload or {}, after[change.rule_id][0].body, change.meaning, change.unproved
            )
            for change in (outcome.change for outcome in outcomes if outcome.done)
        })  # fmt: skip


def _unmoved(changes: Iterable[Change], now: Live) -> tuple[list[Change], list[Outcome]]:
    """The changes whose rules are as the plan saw them, and what to say of the others."""
    ready, outcomes = [], []
    for change in changes:
        rules = now[change.rule_id]
        live = rules[0] if rules else None
        if len(rules) < 2 and same(mark(live, change.payload), mark(change.live, change.payload)):
            ready.append(change)
            continue
        arrived = change.payload is not None and len(rules) == 1 and _equal(change.payload, rules[0])
        outcomes.append(moved(change, live, arrived))
    return ready, outcomes


def _used(live: Rule, payload: Payload) -> set[str]:
    """The ids of the connectors that a rule of Kibana hands on to a payload."""
    return set() if "actions" in payload else {action.connector for action in live.actions if action.connector}


def _equal(payload: Payload, live: Rule) -> bool:
    left = kept(payload)
    return same(canonical(payload, left), canonical(live.body, left))


def _arrived(change: Change, before: Live, after: Live, refusals: Mapping[str, Refusal]) -> Outcome:
    """Whether Kibana has now what was to be written. A newer Kibana may have put it in a form of its own: then it was
    written once, by us, and not refused."""
    payload, rules = change.payload or {}, after[change.rule_id]
    refusal = refusals.get(change.rule_id, Refusal("", 0))
    if not rules:
        return Outcome(change, False, refusal.message or NOT_WRITTEN)
    if len(rules) > 1:
        return Outcome(change, False, f"Kibana now has {len(rules)} rules with this rule_id")
    live, old = rules[0], before[change.rule_id]
    if _equal(payload, live):
        return Outcome(change, True, SAME if refusal.status == 409 else refusal.message)
    written = live.revision - (old[0].revision if old else -1)
    if refusal.message or written < 1:
        return Outcome(change, False, refusal.message or NOT_WRITTEN)
    left = kept(payload)
    differences = diff(canonical(payload, left), canonical(live.body, left))
    fields = ", ".join(difference.field for difference in differences)
    if written > 1:
        return Outcome(change, False, f"also written by {live.writer} meanwhile ({fields}): plan again")
    return Outcome(change, True, f"Kibana stores these fields in a form of its own: {fields}")


def _to_be_saved(outcome: Outcome) -> Outcome:
    """What is done, and what is left to do in Kibana."""
    if not outcome.done or not looks_up(outcome.change.payload or {}):
        return outcome
    return replace(outcome, message="; ".join(filter(None, (outcome.message, SAVE_AGAIN))))


def _quoted(text: str) -> str:
    """A string of KQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
