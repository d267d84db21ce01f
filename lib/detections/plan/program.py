"""What an EQL query asks of an engine once its fields are known.

Source of the semantics: Elasticsearch 9 (its EQL plugin: sequence matcher, sample iterator, pipes).
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal, TypeAlias

from detections.mapping import Field
from detections.plan.predicate import Predicate


@dataclass(frozen=True, slots=True)
class Key:
    """A join key. A document without a value of it takes no part in the join, unless the key is ``optional``."""

    field: Field
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One event of a sequence or sample. ``keys`` are the shared ones and then the stage's own, in order.

    ``missing``: no event like this may stand between the stage before and the stage after. ``runs`` of a stage are
    spelt out: a stage each.
    """

    predicate: Predicate
    keys: tuple[Key, ...] = ()
    missing: bool = False
    span: tuple[int, int] = attribute(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """``head`` and ``tail`` after one another come to this: of the results, the first or last ``count``."""

    kind: Literal["head", "tail"]
    count: int


@dataclass(frozen=True, slots=True)
class Events:
    """Each selected event is a result, in the order of time, tiebreaker and input."""

    predicate: Predicate
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """``maxspan`` in milliseconds; ``until`` ends open sequences with the same keys."""

    stages: tuple[Stage, ...]
    until: Stage | None = None
    maxspan: int | None = None
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Events in any order, a different one for each stage, that share their keys."""

    stages: tuple[Stage, ...]
    limits: tuple[Limit, ...] = ()


Body: TypeAlias = Events | Sequence | Sample

UNTIL = -1
"""The number of the stage ``until``."""


def stages_of(body: Body) -> dict[int, Stage]:
    """What the events of a body are asked, by number; an event query is one stage without join keys."""
    if isinstance(body, Events):
        return {0: Stage(body.predicate)}
    stages = dict(enumerate(body.stages))
    if isinstance(body, Sequence) and body.until is not None:
        stages[UNTIL] = body.until
    return stages


@dataclass(frozen=True, slots=True)
class Order:
    """What puts events in order: ``timestamp_field``, then ``tiebreaker_field`` (an event without one comes last)."""

    timestamp: Field
    tiebreaker: Field | None = None


@dataclass(frozen=True, slots=True)
class Program:
    body: Body
    order: Order
