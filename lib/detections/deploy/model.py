"""What a plan is made of: changes, each of a rule or of something that rules refer to."""

from __future__ import annotations

import enum
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from detections.deploy.state import canonical, kept
from detections.errors import Finding
from detections.kibana.answers import Rule, Stored
from detections.payload import Difference
from detections.payload.normalise import encode

Payload: TypeAlias = Mapping[str, Any]
Prune: TypeAlias = Literal["disable", "delete"]


class Kind(enum.StrEnum):
    """How a rule stands, in the order of a report."""

    REFUSED = "refused"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    GONE = "gone"
    FOREIGN = "foreign"
    UNCHANGED = "unchanged"


class Action(enum.StrEnum):
    """What an apply does with a rule. ``replace`` deletes it and creates it again."""

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
    there without our tag. ``prune``: what to do with rules gone from the repo; None leaves them. ``skip_proof``: why
    rules are applied that were not proved; empty where they have to be. ``bump``: rules that have changed get their
    next version. ``every``: all rules are proved, not only those that would be written."""

    overwrite_drift: bool = False
    adopt: bool = False
    prune: Prune | None = None
    skip_proof: str = ""
    bump: bool = False
    every: bool = False


AS_IS = Options()
"""Nothing that is not ours, or was edited, is touched."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rule, or one thing that rules refer to. ``action`` is what an apply does, None for nothing.

    ``differences`` lead from Kibana to the repo, ``edits`` from the last apply to Kibana. ``payload`` is the repo's,
    ``live`` what Kibana has, as it was read (of a connector nothing is kept: there may be secrets in it). ``note`` says
    what else a person should know. Of a ``thing`` that is not a rule, ``rule_id`` is its id.

    ``proof`` says how the rule was proved, ``refusals`` why it is not applied. ``meaning`` is the hash of the rule as
    its file has it; ``unproved`` why it is applied without a proof.
    """

    kind: Kind
    rule_id: str
    name: str
    action: Action | None = None
    differences: tuple[Difference, ...] = ()
    edits: tuple[Difference, ...] = ()
    payload: Payload | None = None
    live: Stored | None = None
    note: str = ""
    thing: Thing = Thing.RULE
    proof: str = ""
    refusals: tuple[Finding, ...] = ()
    meaning: str = ""
    unproved: str = ""

    @property
    def key(self) -> str:
        """What tells it from all others: its rule_id, or its kind with its id (``exception item/single/x``)."""
        return self.rule_id if self.thing is Thing.RULE else f"{self.thing}/{self.rule_id}"

    @property
    def edited(self) -> str:
        """Who wrote it last in Kibana, and when; empty where nobody can tell."""
        return "" if self.live is None else self.live.writer

    @property
    def seen(self) -> str:
        """A hash of what is to be done and of what it was decided on; what is left to Kibana is not a part of it."""
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
    options: Options = AS_IS
    others: int = 0

    def of(self, *kinds: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind in kinds]

    @property
    def refused(self) -> list[Change]:
        """What is wrong with the repo, and therefore not written."""
        return self.of(Kind.REFUSED)

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


def mark(live: Stored | None, payload: Payload | None) -> list[Any] | None:
    """What tells that something in Kibana was written meanwhile: its id, its revision and what we look at of it."""
    if live is None:
        return None
    revision = live.revision if isinstance(live, Rule) else None
    return [live.id, revision, canonical(live.body, kept(payload or {}))]
