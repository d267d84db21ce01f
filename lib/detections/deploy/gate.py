"""What is refused before anything is sent: rules that are not proved, and changed rules without a new version.

A plan says what the repo, the last apply and Kibana differ in. This says which of that may be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from detections.deploy.model import Action, Change, Kind, Plan, Thing
from detections.deploy.state import State, canonical, kept
from detections.errors import Finding
from detections.payload import Lock
from detections.payload.lock import CODE, digest, lapses, updated
from detections.payload.normalise import same
from detections.proof import Standing
from detections.rule import Rule

WRITTEN = (Action.CREATE, Action.UPDATE, Action.REPLACE)
_HINT = "run `detections lock`, or apply with --bump"
PROOF = "proof"
_BUMP = "apply with --bump"


def written(plan: Plan) -> list[Change]:
    """The changes that bring a rule of the repo into Kibana."""
    return [change for change in plan.work if change.thing is Thing.RULE and change.action in WRITTEN]


def gated(plan: Plan, rules: Mapping[str, Rule], standings: Iterable[Standing], lock: Lock, state: State) -> Plan:
    """The plan with what may not be done refused, and with what was proved.

    ``rules`` are those of the repo by rule_id, as their files have them; ``standings`` say what is known of the rules
    that were looked at. A rule that nobody looked at is refused too, unless the plan's options say why it goes
    unproved.
    """
    known = {standing.rule.rule_id: standing for standing in standings}
    changes = [_gated(change, plan, rules, known.get(change.rule_id), lock, state) for change in plan.changes]
    order = list(Kind)
    attached = [change for change in changes if change.thing is not Thing.RULE]
    others = [change for change in changes if change.thing is Thing.RULE]
    others.sort(key=lambda change: (order.index(change.kind), change.name, change.rule_id))
    return replace(plan, changes=(*attached, *others))


def _gated(
    change: Change, plan: Plan, rules: Mapping[str, Rule], standing: Standing | None, lock: Lock, state: State
) -> Change:
    rule = rules.get(change.rule_id)
    if change.thing is not Thing.RULE or rule is None or change.payload is None:
        return change
    change = replace(change, meaning=digest(rule))
    goes = change.action in WRITTEN
    refusals: list[Finding] = [*outdated(change, rule, lock, state)] if goes else []
    if standing is not None:
        refusals += standing.errors
        change = replace(change, proof=standing.said)
    elif goes and plan.options.skip_proof:
        change = replace(change, unproved=plan.options.skip_proof, proof=f"NOT PROVED: {plan.options.skip_proof}")
    elif goes:
        refusals.append(rule.document.finding(PROOF, "the rule is not proved", ("rule", "name"), length=None))
    if goes and (lower := _lower(change)):
        change = replace(change, note="; ".join(filter(None, (change.note, lower))))
    return _refused(change, refusals) if refusals else change


def _refused(change: Change, refusals: list[Finding]) -> Change:
    would = f"would be {_DONE[change.action]}" if change.action else f"{change.kind} in Kibana"
    note = "; ".join(filter(None, (change.note, would)))
    return replace(change, kind=Kind.REFUSED, action=None, refusals=tuple(refusals), note=note)


_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REPLACE: "replaced"}


def outdated(change: Change, rule: Rule, lock: Lock, state: State) -> list[Finding]:
    """Why a rule's version cannot stand: the rule has changed, and its version has not."""
    entry = lock.entries.get(rule.rule_id)
    if entry is not None and (problems := lapses(rule, entry)):
        return [replace(problem, hint=_HINT) if problem.hint.startswith("run ") else problem for problem in problems]
    applied = state.rules.get(rule.rule_id)
    if applied is None or applied.sent is None or applied.meaning in ("", change.meaning):
        return []
    number, before = _version(change.payload), _version(applied.sent)
    if number > before:
        return []
    text = f"the rule has changed, but version {before} was applied to this environment before it did"
    return [rule.document.finding(CODE, text, ("rule", "name"), length=None, hint=_BUMP if entry else _HINT)]


def bumped(plan: Plan, rules: Mapping[str, Rule], lock: Lock, state: State) -> Lock:
    """The lock with the next version of each rule that the plan writes and that has changed, or whose version would go
    down: a number that stands for nothing else in this environment."""
    for change in written(plan):
        rule = rules[change.rule_id]
        change = replace(change, meaning=digest(rule))
        if not outdated(change, rule, lock, state) and not _lower(change) and rule.rule_id in lock.entries:
            continue
        applied = state.rules.get(rule.rule_id)
        taken = [0 if applied is None or applied.sent is None else _version(applied.sent)]
        taken.append(0 if change.live is None else _version(change.live.body))
        new = applied is not None and applied.meaning not in ("", change.meaning)
        least = max(taken) + (1 if any(taken) and (new or _differs(change)) else 0)
        lock = updated(lock, [rule], {rule.rule_id: least})
    return lock


def _differs(change: Change) -> bool:
    """Whether Kibana has something else than the repo, the number of the version aside."""
    if change.live is None:
        return False
    payload = change.payload or {}
    left = (*kept(payload), "version")
    return not same(canonical(payload, left), canonical(change.live.body, left))


def _lower(change: Change) -> str:
    if change.live is None:
        return ""
    before, now = _version(change.live.body), _version(change.payload)
    return f"its version goes down from {before} to {now}" if now < before else ""


def _version(payload: Mapping[str, object] | None) -> int:
    number = (payload or {}).get("version", 1)
    return number if isinstance(number, int) else 1
