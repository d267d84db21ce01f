"""What an EQL query asks of an engine once its fields are known.

Source of the semantics: Elasticsearch 9 (its EQL plugin: sequence matcher, sample iterator, pipes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Literal, TypeAlias

from detections.mapping import Field
from detections.plan.outline import Outline, outline
from detections.plan.predicate import Predicate
from detections.query import NOWHERE, Span


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
    span: Span = attribute(default=NOWHERE, compare=False)

    def without_key(self, number: int) -> Stage:
        """The stage with one join key less."""
        return replace(self, keys=(*self.keys[:number], *self.keys[number + 1 :]))


@dataclass(frozen=True, slots=True)
class Pipe:
    """``head`` and ``tail`` after one another come to this: of the results, the first or last ``count``."""

    kind: Literal["head", "tail"]
    count: int


@dataclass(frozen=True, slots=True)
class Events:
    """Each selected event is a result, in the order of time, tiebreaker and input."""

    predicate: Predicate
    limits: tuple[Pipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """``maxspan`` in milliseconds; ``until`` ends open sequences with the same keys."""

    stages: tuple[Stage, ...]
    until: Stage | None = None
    maxspan: int | None = None
    limits: tuple[Pipe, ...] = ()

    def without_key(self, number: int) -> Sequence:
        """The sequence with one join key less."""
        until = None if self.until is None else self.until.without_key(number)
        return replace(self, stages=tuple(stage.without_key(number) for stage in self.stages), until=until)


@dataclass(frozen=True, slots=True)
class Sample:
    """Events in any order, a different one for each stage, that share their keys."""

    stages: tuple[Stage, ...]
    limits: tuple[Pipe, ...] = ()

    def without_key(self, number: int) -> Sample:
        """The sample with one join key less."""
        return replace(self, stages=tuple(stage.without_key(number) for stage in self.stages))


Joined: TypeAlias = Sequence | Sample
Body: TypeAlias = Events | Joined

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
class EventOrder:
    """What puts events in order: ``timestamp_field``, then ``tiebreaker_field`` (an event without one comes last)."""

    timestamp: Field
    tiebreaker: Field | None = None


@dataclass(frozen=True, slots=True)
class Program:
    body: Body
    order: EventOrder

    def outline(self) -> Iterator[Outline]:
        """What orders the events, the conditions, one a paragraph, and what is left of the results."""
        by = [field.name for field in (self.order.timestamp, self.order.tiebreaker) if field is not None]
        yield Outline(f"ordered by {', '.join(by)}")
        match self.body:
            case Events(condition):
                yield Outline("events", (outline(condition),))
            case Sequence(stages, until, maxspan):
                named = [("none like this" if stage.missing else "then", stage) for stage in stages]
                named[0] = (named[0][0] if stages[0].missing else "first", stages[0])
                named += [] if until is None else [("until", until)]
                within = "" if maxspan is None else f" within {maxspan:,} ms"
                yield Outline(f"sequence{within}", tuple(_stage(word, stage) for word, stage in named))
            case Sample(stages):
                yield Outline("sample", tuple(_stage("with", stage) for stage in stages))
        yield from (Outline(f"{limit.kind} {limit.count}") for limit in self.body.limits)


def _stage(word: str, stage: Stage) -> Outline:
    keys = ", ".join(f"{'?' * key.optional}{key.field.name}" for key in stage.keys)
    return Outline(f"{word}{f' by {keys}' if keys else ''}", (outline(stage.predicate),))
