"""One environment with the rules that are to be there: what a plan and an apply start from.

How rules are proved, and on what, is decided by whoever makes the deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from detections.deploy.attachments import Present, Wanted, attachment_changes, check_references, read_present, taken
from detections.deploy.environment import Environment
from detections.deploy.gate import bumped, gated, written
from detections.deploy.model import Options, Plan, place
from detections.deploy.plan import make_plan
from detections.deploy.state import Remembered, State, StateFile, rebuilt
from detections.errors import UsageError
from detections.kibana.answers import Rule as LiveRule
from detections.kibana.client import Kibana
from detections.payload import Lock
from detections.proof import Standing
from detections.rule import Rule

Prove: TypeAlias = Callable[[Sequence[Rule]], Sequence[Standing]]


@dataclass(slots=True)
class Deployment:
    """``rules`` are those that are to be here, as their files have them. ``prove`` says how some of them stand, as they
    are to be here. ``lock`` is what a plan goes by, which may bump versions. ``report`` is told what was done besides.
    """

    environment: Environment
    kibana: Kibana
    file: StateFile
    rules: Sequence[Rule]
    lock: Lock
    wanted: Wanted
    prove: Prove
    report: Callable[[str], None]
    state: State = field(init=False)

    @property
    def desired(self) -> list[dict[str, Any]]:
        """The payloads of the rules as they are to be here."""
        return [self.environment.payload(rule) | {"version": self.lock.version(rule)} for rule in self.rules]

    def plan(self, options: Options, *, rebuild: bool = False) -> Plan:
        """Read Kibana, compare, and prove what would be written (or every rule, if the options say so). What fails is
        refused in the plan. With ``rebuild`` the state is made again, and written, before.

        Raises:
            UsageError: the state cannot be used.
            DetectionsError: a rule refers to what is nowhere.
            ServerError: Kibana cannot be read.
        """
        rules = self.kibana.find_rules()
        desired = self.desired
        present = read_present(self.kibana, self.wanted, desired)
        where = place(self.kibana.url, self.environment.space)
        self.state = self._rebuilt(where, rules, present) if rebuild else self.file.read(where)
        if self.file.moved_from is not None:
            self.report(f"{self.file.path}: taken over from {self.file.moved_from}")
        check_references(desired, self.wanted, present)
        plan = self._compared(rules, present, desired, options)
        known = {rule.rule_id: rule for rule in self.rules}
        locked = self.lock
        if options.bump:
            self.lock = bumped(plan, known, self.lock, self.state)
            plan = self._compared(rules, present, self.desired, options)
        standings: Sequence[Standing] = ()
        if not options.skip_proof:
            goes = {change.rule_id for change in written(plan)}
            standings = self.prove([rule for rule in self.rules if options.every or rule.rule_id in goes])
        plan = gated(plan, known, standings, self.lock, self.state)
        self.lock = locked.having({name: self.lock.entries[name] for name in {one.rule_id for one in written(plan)}
                                   if name in self.lock.entries})  # fmt: skip
        return plan

    def _compared(
        self, rules: Sequence[LiveRule], present: Present, desired: list[dict[str, Any]], options: Options
    ) -> Plan:
        return make_plan(
            self.environment.name, self.state, desired, rules, self.environment.tag,
            known=self.lock.entries.keys(), options=options,
            attachments=attachment_changes(self.wanted, present, self.state, options),
        )  # fmt: skip

    def _rebuilt(self, where: str, rules: Sequence[LiveRule], present: Present) -> State:
        payloads = {payload["rule_id"]: payload for payload in self.desired}
        known = payloads.keys() | self.lock.entries.keys()
        ours = [rule for rule in rules if rule.rule_id in known and self.environment.tag in rule.tags]
        fresh = rebuilt(where, ours, payloads)
        state = fresh.having(self._unfinished(where, fresh), taken(self.wanted, present))
        self.file.replace()
        self.file.write(state)
        count = f"{len(ours):,} {'rule' if len(ours) == 1 else 'rules'}"
        self.report(f"{self.file.path}: rebuilt from {count} in Kibana")
        return state

    def _unfinished(self, where: str, fresh: State) -> dict[str, Remembered]:
        """Rules that an apply has deleted and not yet created again: nobody but the old state knows of them, if it can
        be read."""
        try:
            old = self.file.read(where).rules
        except UsageError:
            return {}
        return {name: entry for name, entry in old.items() if entry.replaced is not None and name not in fresh.rules}
