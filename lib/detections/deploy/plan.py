"""What an apply would do: the repo, what was last applied, and Kibana, compared rule by rule. Nothing is sent here.

A rule is ours by its tag, which survives an edit in Kibana's form, or by the state. A rule that a person edited in
Kibana is not written over, one that is not ours is not touched, and one that left the repo stays, unless asked for.
"""

from __future__ import annotations

import enum
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from detections.deploy.state import Entry, State, canonical, kept
from detections.errors import UsageError
from detections.payload import Difference, diff, same
from detections.payload.normalise import encode
from detections.source.reader import is_deep

Payload: TypeAlias = Mapping[str, Any]
Prune: TypeAlias = Literal["disable", "delete"]
NO_RECORD = "there is no record of the last apply"
REPLACED = "deleted and created anew, since Kibana changes no rule's type: its execution history is lost"
DEEP = "in Kibana it is nested too deeply to be compared: mend it there"
UNFINISHED = "deleted by an apply that ended before it was there anew"


class Kind(enum.StrEnum):
    """How a rule stands, in the order of a report."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    GONE = "gone"
    FOREIGN = "foreign"
    UNCHANGED = "unchanged"


class Action(enum.StrEnum):
    """What an apply does with a rule. ``replace`` deletes it and creates it anew."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DISABLE = "disable"
    DELETE = "delete"


class Thing(enum.StrEnum):
    """What a change is about, in the order in which an apply writes: what is referred to comes first."""

    VALUES = "value list"
    LIST = "exception list"
    ITEM = "exception item"
    CONNECTOR = "connector"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Options:
    """``overwrite_drift``: also write over what was edited in Kibana. ``adopt``: also over rules of the repo that are
    there without our tag. ``prune``: what to do with rules gone from the repo; None leaves them."""

    overwrite_drift: bool = False
    adopt: bool = False
    prune: Prune | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One rule, or one thing that rules refer to. ``action`` is what an apply does, None for nothing.

    ``differences`` lead from Kibana to the repo, ``edits`` from the last apply to Kibana. ``payload`` is the repo's,
    ``live`` Kibana's rule as it was read. ``note`` says what else a person should know. Of a ``thing`` that is no rule,
    ``rule_id`` is its id.
    """

    kind: Kind
    rule_id: str
    name: str
    action: Action | None = None
    differences: tuple[Difference, ...] = ()
    edits: tuple[Difference, ...] = ()
    payload: Payload | None = None
    live: Payload | None = None
    note: str = ""
    thing: Thing = Thing.RULE

    @property
    def key(self) -> str:
        """What tells it from all others: its rule_id, or its kind with its id (``exception item/single/x``)."""
        return self.rule_id if self.thing is Thing.RULE else f"{self.thing}/{self.rule_id}"

    @property
    def edited(self) -> str:
        """Who wrote the rule last, and when."""
        return writer(self.live or {})

    @property
    def seen(self) -> str:
        """A hash of what is to be done and of what it was decided on; what is left to Kibana is no part of it."""
        return hashlib.sha256(
            encode([self.kind, self.action, self.key, self.payload, mark(self.live, self.payload)])
        ).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """All rules of an environment, by kind and name. ``others`` counts rules that are not ours and concern nobody
    here."""

    environment: str
    kibana: str
    changes: tuple[Change, ...]
    options: Options = Options()
    others: int = 0

    def of(self, *kinds: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind in kinds]

    @property
    def work(self) -> list[Change]:
        """What an apply writes."""
        return [change for change in self.changes if change.action is not None]

    @property
    def counts(self) -> Counter[Kind]:
        """How many rules stand how."""
        return Counter(change.kind for change in self.changes if change.thing is Thing.RULE)


def place(url: str, space: str) -> str:
    """What a state and a plan say of where they belong."""
    return f"{url}/s/{space}"


def writer(live: Payload) -> str:
    """Who wrote a rule, or what it refers to, last, and when, as Kibana says it."""
    return f"{live.get('updated_by') or 'unknown'} at {live.get('updated_at') or 'an unknown time'}"


def mark(live: Payload | None, payload: Payload | None) -> list[Any] | None:
    """What tells that a rule of Kibana was written meanwhile: its id, its revision and what we look at of it."""
    if live is None:
        return None
    return [live.get("id"), live.get("revision"), canonical(live, kept(payload or {}))]


def make_plan(
    environment: str,
    state: State,
    desired: Iterable[Payload],
    rules: Sequence[Payload],
    tag: str,
    *,
    known: Collection[str] = (),
    attachments: Sequence[Change] = (),
    options: Options = Options(),
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
            raise UsageError(f"the repo has two rules with the rule_id {payload['rule_id']}")
    live: dict[str, list[Payload]] = {}
    for rule in rules:
        live.setdefault(rule["rule_id"], []).append(rule)
    changes = [_wanted(payload, live.get(rule_id, []), state.rules.get(rule_id), tag, options)
               for rule_id, payload in wanted.items()]  # fmt: skip
    others = 0
    for rule_id in live.keys() - wanted.keys():
        entry = state.rules.get(rule_id)
        for rule in live[rule_id]:
            if tag not in rule.get("tags", ()):
                others += 1
            elif entry is None and rule_id not in known:
                note = "it carries our tag, but was never applied from here: a copy made in Kibana?"
                changes.append(Change(Kind.FOREIGN, rule_id, _name(rule), live=rule, note=note))
            else:
                changes.append(_gone(rule, entry, options))
    order = list(Kind)
    changes = [_with_connectors(change, attachments) for change in changes]
    changes.sort(key=lambda one: (order.index(one.kind), one.name, one.rule_id))
    return Plan(environment, state.kibana, (*attachments, *changes), options, others)


def _with_connectors(change: Change, attachments: Sequence[Change]) -> Change:
    """A connector is imported with a rule that uses it: such a rule is written again if its connector is not there."""
    fresh = {one.rule_id for one in attachments if one.thing is Thing.CONNECTOR and one.action is Action.CREATE}
    used = fresh.intersection(action.get("id") for action in (change.payload or {}).get("actions", ()))
    if not used or change.kind is not Kind.UNCHANGED:
        return change
    note = f"its connector is not in Kibana: {', '.join(sorted(used))}"
    return replace(change, kind=Kind.UPDATE, action=Action.UPDATE, note=note)


def _wanted(payload: Payload, found: list[Payload], entry: Entry | None, tag: str, options: Options) -> Change:
    """How a rule of the repo stands."""
    rule_id, name = payload["rule_id"], str(payload.get("name", ""))
    if any(map(is_deep, found)):
        return Change(Kind.CONFLICT, rule_id, name, payload=payload, live=found[0], note=DEEP)
    if not found:
        known = "deleted in Kibana since the last apply" if entry and entry.sent is not None else ""
        note = UNFINISHED if entry and entry.replaced is not None else known
        return Change(Kind.CREATE, rule_id, name, Action.CREATE, payload=payload, note=note)
    live = found[0]
    left = kept(payload)
    mine, theirs = canonical(payload, left), canonical(live, left)
    differences = diff(theirs, mine)

    def change(kind: Kind, write: bool, edits: tuple[Difference, ...] = (), note: str = "") -> Change:
        action = Action.UPDATE if write else None
        if write and mine.get("type") != theirs.get("type"):
            kind, action = (Kind.REPLACE if kind is Kind.UPDATE else kind), Action.REPLACE
            note = "; ".join(filter(None, (note, REPLACED)))
        return Change(kind, rule_id, name, action, differences, edits, payload, live, note)

    if len(found) > 1:
        return change(Kind.CONFLICT, False, note=f"Kibana has {len(found)} rules with this rule_id: delete all but one")
    if live.get("immutable"):
        return change(Kind.FOREIGN, False, note="it is a prebuilt rule of Elastic's: give yours a rule_id of its own")
    if (entry is None or entry.sent is None) and tag not in live.get("tags", ()):
        return change(Kind.FOREIGN, options.adopt, note="" if options.adopt else "it does not carry our tag")
    base = base_of(entry, theirs, left)
    if base is None and {one.field for one in differences} == {"version"}:
        return change(Kind.UPDATE, True)
    kind, edits, note = three_ways(mine, theirs, base)
    write = kind is Kind.UPDATE or (kind in (Kind.DRIFTED, Kind.CONFLICT) and options.overwrite_drift)
    return change(kind, write, edits, note)


def three_ways(
    mine: dict[str, Any], theirs: dict[str, Any], base: tuple[dict[str, Any], dict[str, Any]] | None
) -> tuple[Kind, tuple[Difference, ...], str]:
    """How the repo's and Kibana's canonical forms stand to each other and to the last apply: what was sent then, and
    how it was stored. The edits in Kibana since, and a note."""
    if same(mine, theirs):
        return Kind.UNCHANGED, (), ""
    if base is None:
        return Kind.DRIFTED, (), NO_RECORD
    sent, stored = base
    edits = diff(stored, theirs)
    if same(mine, sent):
        return (Kind.DRIFTED if edits else Kind.UNCHANGED), edits, ""
    return (Kind.CONFLICT if edits else Kind.UPDATE), edits, ""


def _gone(live: Payload, entry: Entry | None, options: Options) -> Change:
    """How a rule of ours stands that the repo has no more. Without a record, or edited since, it is not pruned."""
    if is_deep(live):
        return Change(Kind.GONE, live["rule_id"], _name(live), note=DEEP)
    theirs = canonical(live, left := kept({}))
    base = base_of(entry, theirs, left)
    edits = () if base is None else diff(base[1], theirs)
    action = Action(options.prune) if options.prune else None
    note = ""
    if action is Action.DISABLE and not live.get("enabled"):
        action, note = None, "disabled already"
    elif (base is None or edits) and not options.overwrite_drift:
        action, note = None, "edited in Kibana since the last apply" if edits else NO_RECORD
    return Change(Kind.GONE, live["rule_id"], _name(live), action, edits=edits, live=live, note=note)


def base_of(
    entry: Entry | None, theirs: dict[str, Any], left: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What was applied last and how Kibana stored it; None where that is unknown.

    An apply that was interrupted has written what it was about to write, or not: Kibana tells. A field that was left
    to Kibana until now has no past: it counts as applied as it is there.
    """
    if entry is None:
        return None
    past = {name: theirs[name] for name in entry.kept if name in theirs}

    def whole(part: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (part | past).items() if name not in left}

    if entry.pending is not None and same(whole(entry.pending), theirs):
        return theirs, theirs
    if entry.sent is None:
        return None
    return whole(entry.sent), whole(entry.sent if entry.stored is None else entry.stored)


def _name(rule: Payload) -> str:
    return str(rule.get("name") or rule["rule_id"])
