"""One environment with what is to be there: what a plan and an apply start from.

What is decided on before anything is compared, such as whether the rules are proved, is decided by whoever makes the
deployment: it has nothing but payloads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from detections.deploy.attachments import Present, Wanted, attachment_changes, check_references, read_present, taken
from detections.deploy.environment import Environment
from detections.deploy.model import Options, Plan, place
from detections.deploy.plan import make_plan
from detections.deploy.state import Entry, State, StateFile, rebuilt
from detections.errors import UsageError
from detections.kibana.answers import Rule
from detections.kibana.client import Kibana
from detections.payload import Lock


@dataclass(slots=True)
class Deployment:
    """``desired`` are the payloads of the rules as they are to be here; ``report`` is told what was done besides."""

    environment: Environment
    kibana: Kibana
    file: StateFile
    desired: list[dict[str, Any]]
    lock: Lock
    wanted: Wanted
    report: Callable[[str], None]
    state: State = field(init=False)

    def plan(self, options: Options, *, rebuild: bool = False) -> Plan:
        """Read Kibana and compare. With ``rebuild`` the state is made again, and written, before.

        Raises:
            UsageError: the state cannot be used.
            DetectionsError: a rule refers to what is nowhere.
            ServerError: Kibana cannot be read.
        """
        rules = self.kibana.find_rules()
        present = read_present(self.kibana, self.wanted, self.desired)
        where = place(self.kibana.url, self.environment.space)
        self.state = self._rebuilt(where, rules, present) if rebuild else self.file.read(where)
        check_references(self.desired, self.wanted, present)
        return make_plan(
            self.environment.name, self.state, self.desired, rules, self.environment.tag,
            known=self.lock.entries.keys(), options=options,
            attachments=attachment_changes(self.wanted, present, self.state, options),
        )  # fmt: skip

    def _rebuilt(self, where: str, rules: Sequence[Rule], present: Present) -> State:
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

    def _unfinished(self, where: str, fresh: State) -> dict[str, Entry]:
        """Rules that an apply has deleted and not yet created again: nobody but the old state knows of them, if it can
        be read."""
        try:
            old = self.file.read(where).rules
        except UsageError:
            return {}
        return {name: entry for name, entry in old.items() if entry.replaced is not None and name not in fresh.rules}
