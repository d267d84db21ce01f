"""A row pipeline with one thing changed that is not a condition: an aggregate function, a key of groups, a bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from detections.plan.expression import Call
from detections.plan.liveness import needed
from detections.plan.rows import Aggregate, Aggregation, Command, Limit
from detections.query import NOWHERE, Span

_OTHERS = {
    "count": "count_distinct", "count_distinct": "count", "min": "max", "max": "min", "sum": "max", "avg": "max",
    "median": "max", "first": "last", "last": "first", "present": "absent", "absent": "present",
}  # fmt: skip
"""For an aggregate function another one that takes its first arguments."""
_TWO = ("first", "last")


class Change(NamedTuple):
    description: str
    span: Span
    commands: tuple[Command, ...]


def changes(commands: Sequence[Command]) -> Iterator[Change]:
    """Every pipeline that differs in one such place, in the order of the commands."""
    whole = tuple(commands)
    for place, (command, live) in enumerate(zip(whole, needed(whole, ())[0], strict=True)):
        for description, span, new in _of(command, live):
            yield Change(description, span, (*whole[:place], new, *whole[place + 1 :]))


def _of(command: Command, live: Command) -> Iterator[tuple[str, Span, Command]]:
    match command, live:
        case Limit(count, groups), _:
            for other in (count - 1, count + 1):
                if other >= 0:
                    yield f"LIMIT {other} instead of {count}", NOWHERE, Limit(other, groups)
        case Aggregate(columns, groups), Aggregate(needed_columns):
            names = {name for name, _ in needed_columns}
            for at, (name, made) in enumerate(columns):
                call = _other(made.call) if name in names else None
                if call is not None:
                    changed = (*columns[:at], (name, Aggregation(call, made.condition)), *columns[at + 1 :])
                    description = f"{call.function.upper()} instead of {made.call.function.upper()}"
                    yield description, made.call.span, replace(command, columns=changed)
            for number, group in enumerate(groups):
                left = (*groups[:number], *groups[number + 1 :])
                yield f"STATS not by {group.name}", NOWHERE, replace(command, groups=left)


def _other(call: Call) -> Call | None:
    function = _OTHERS.get(call.function)
    if function is None or not call.arguments:
        return None
    return replace(call, function=function, arguments=call.arguments[: 2 if function in _TWO else 1])
