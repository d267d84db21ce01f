"""What an apply would do: the repo, what was last applied, and Kibana, compared rule by rule. Nothing is sent here.

A rule is ours by its tag, which survives an edit in Kibana's form, or by the state. A rule that a person edited in
Kibana is not written over, one that is not ours is not touched, and one that left the repo stays, unless asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from detections.deploy.lookups import noted
from detections.deploy.merge import NO_RECORD, Merge, base_of
from detections.deploy.model import AS_IS, Action, Change, Kind, Options, Payload, Plan, Thing
from detections.deploy.state import Remembered, State, canonical, kept
from detections.errors import UsageError
from detections.kibana.answers import Rule
from detections.payload import Difference, diff

REPLACED = "Kibana cannot change a rule's type: it is deleted and created again, and its execution history is lost"
DEEP = "nested too deeply in Kibana to be compared: fix it there"
UNFINISHED = "deleted by an interrupted apply, and not yet created again"
COPY = "it has our tag but was never applied from here: a copy made in Kibana?"
DISABLED = "already disabled"


def make_plan(
    environment: str,
    state: State,
    desired: Iterable[Payload],
    rules: Sequence[Rule],
    tag: str,
    *,
    known: Collection[str] = (),
    attachments: Sequence[Change] = (),
    options: Options = AS_IS,
) -> Plan:
    """Compare the repo's payloads (``desired``, with the tag) with all rules of the space (``rules``).

    ``known`` are rule_ids that were ours once: what carries our tag and is in neither the repo, the state nor here is a
    copy that a person made in Kibana. ``attachments`` are the changes of what the rules refer to.

    Raises:
        UsageError: two payloads have one rule_id.
    """
    wanted: dict[str, Payload] = {}
    for payload in desired:
        if wanted.setdefault(payload["rule_id"], payload) is not payload:
            raise UsageError(f"two rules of the repo have the rule_id {payload['rule_id']}")
    live: dict[str, list[Rule]] = {}
    for rule in rules:
        live.setdefault(rule.rule_id, []).append(rule)
    changes = [
        noted(
            _with_connectors(
                _wanted(payload, live.get(rule_id, []), state.rules.get(rule_id), tag, options), attachments
            )
        )
        for rule_id, payload in wanted.items()
    ]
    unwanted = [rule for rule_id in live.keys() - wanted.keys() for rule in live[rule_id]]
    changes += _unwanted((rule for rule in unwanted if tag in rule.tags), state, known, options)
    order = list(Kind)
    changes.sort(key=lambda change: (order.index(change.kind), change.name, change.rule_id))
    others = sum(tag not in rule.tags for rule in unwanted)
    return Plan(environment, state.kibana, (*attachments, *changes), options, others)


def _with_connectors(change: Change, attachments: Sequence[Change]) -> Change:
    """A connector is imported with a rule that uses it: such a rule is written again if its connector is not there."""
    connectors = (attachment for attachment in attachments if attachment.thing is Thing.CONNECTOR)
    fresh = {connector.rule_id for connector in connectors if connector.action is Action.CREATE}
    used = fresh.intersection(action.get("id") for action in (change.payload or {}).get("actions", ()))
    if not used or change.kind is not Kind.UNCHANGED:
        return change
    note = f"its connector is not in Kibana: {', '.join(sorted(used))}"
    return replace(change, kind=Kind.UPDATE, action=Action.UPDATE, note=note)


def _wanted(payload: Payload, present: list[Rule], entry: Remembered | None, tag: str, options: Options) -> Change:
    """How a rule of the repo stands."""
    rule_id, name = payload["rule_id"], str(payload.get("name", ""))
    if not present:
        known = "deleted in Kibana since the last apply" if entry and entry.sent is not None else ""
        note = UNFINISHED if entry and entry.replaced is not None else known
        return Change(Kind.CREATE, rule_id, name, Action.CREATE, _fields(payload), payload=payload, note=note)
    live = present[0]
    if any(rule.too_deep for rule in present):
        return Change(Kind.CONFLICT, rule_id, name, payload=payload, live=live, note=DEEP)
    left = kept(payload)
    mine, theirs = canonical(payload, left), canonical(live.body, left)
    merge = Merge(mine, theirs, base_of(entry, theirs, left))

    def change(kind: Kind, write: bool, edits: tuple[Difference, ...] = (), note: str = "") -> Change:
        action = Action.UPDATE if write else None
        if write and mine.get("type") != theirs.get("type"):
            kind, action = (Kind.REPLACE if kind is Kind.UPDATE else kind), Action.REPLACE
            note = "; ".join(filter(None, (note, REPLACED)))
        return Change(kind, rule_id, name, action, merge.differences, edits, payload, live, note)

    if len(present) > 1:
        note = f"Kibana has {len(present)} rules with this rule_id: delete all but one"
        return change(Kind.CONFLICT, False, note=note)
    if live.immutable:
        note = "this rule_id belongs to an Elastic prebuilt rule: give your rule another one"
        return change(Kind.FOREIGN, False, note=note)
    if (entry is None or entry.sent is None) and tag not in live.tags:
        return change(Kind.FOREIGN, options.adopt, note="" if options.adopt else "it does not have our tag")
    if merge.base is None and {difference.field for difference in merge.differences} == {"version"}:
        return change(Kind.UPDATE, True)
    kind = merge.kind
    write = kind is Kind.UPDATE or (kind in (Kind.DRIFTED, Kind.CONFLICT) and options.overwrite_drift)
    return change(kind, write, merge.edits if kind is not Kind.UNCHANGED else (), merge.note)


def _unwanted(rules: Iterable[Rule], state: State, known: Collection[str], options: Options) -> Iterator[Change]:
    """How rules with our tag stand that the repo has not: gone from it, or never in it."""
    for rule in rules:
        entry = state.rules.get(rule.rule_id)
        if entry is None and rule.rule_id not in known:
            yield Change(Kind.FOREIGN, rule.rule_id, _name(rule), live=rule, note=COPY)
        else:
            yield _gone(rule, entry, options)


def _gone(live: Rule, entry: Remembered | None, options: Options) -> Change:
    """How a rule of ours stands that the repo has no more. Without a record, or edited since, it is not pruned."""
    if live.too_deep:
        return Change(Kind.GONE, live.rule_id, _name(live), note=DEEP)
    theirs = canonical(live.body, left := kept({}))
    merge = Merge({}, theirs, base_of(entry, theirs, left))
    action = Action(options.prune) if options.prune else None
    note = ""
    if action is Action.DISABLE and not live.enabled:
        action, note = None, DISABLED
    elif (merge.base is None or merge.edits) and not options.overwrite_drift:
        action, note = None, "edited in Kibana since the last apply" if merge.edits else NO_RECORD
    return Change(Kind.GONE, live.rule_id, _name(live), action, edits=merge.edits, live=live, note=note)


def _fields(payload: Payload) -> tuple[Difference, ...]:
    """What a rule that is not there yet says, in the order of its payload; its name and id are told anyway."""
    order = {name: number for number, name in enumerate(payload)}
    said = [one for one in diff({}, payload) if one.new is not None and one.field not in ("rule_id", "name")]
    return tuple(sorted(said, key=lambda one: order.get(one.field, len(order))))


def _name(rule: Rule) -> str:
    return rule.name or rule.rule_id
