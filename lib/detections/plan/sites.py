"""The conditions in a row pipeline that decide which rows it leaves: of WHERE, of aggregate functions, of CASE.

What a query computes for its output alone decides nothing, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, TypeVar

from detections.plan.expression import Call, Constant, Expression
from detections.plan.liveness import needed
from detections.plan.predicate import Always, And, Compute, Not, Or, Predicate
from detections.plan.rows import Aggregate, Aggregation, Command, Eval, Fork, Where
from detections.query import NOWHERE, Span

A = TypeVar("A")
B = TypeVar("B")

Commands: TypeAlias = tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A condition: that of a WHERE, or a ``part`` of what is computed. ``leading``: nothing but WHERE stands before it.
    ``put`` makes the commands with another one in its place."""

    predicate: Predicate
    label: str
    put: Callable[[Predicate], Commands]
    part: bool = False
    leading: bool = False


def sites(commands: Sequence[Command]) -> Iterator[Site]:
    """The conditions that decide, in the order of the commands."""
    whole = tuple(commands)
    counted = 0
    leading = True
    for place, (command, live) in enumerate(zip(whole, needed(whole, ())[0], strict=True)):
        put: Callable[[Command], Commands] = partial(_set, whole, place)
        match command, live:
            case Where(predicate), _:
                counted += 1
                yield Site(predicate, f"WHERE {counted}", _then(Where, put), leading=leading)
                continue
            case Eval(columns), Eval(used):
                yield from _in_eval(columns, {name for name, _ in used}, put)
            case Aggregate(), Aggregate(counts):
                yield from _in_stats(command, {name for name, _ in counts}, put)
            case Fork(branches), _:
                for number, (branch, _) in enumerate(branches):
                    for site in sites(branch):
                        branched: Callable[[Commands], Commands] = _then(partial(_with_branch, command, number), put)
                        label = f"{'source' if command.sources else 'fork'}{number + 1} {site.label}"
                        yield Site(site.predicate, label, _then(site.put, branched), site.part)
        leading = False


def _in_eval(
    columns: tuple[tuple[str, Expression], ...], used: set[str], put: Callable[[Command], Commands]
) -> Iterator[Site]:
    for at, (name, expression) in enumerate(columns):
        if name in used:
            yield from _choices(expression, name, _then(partial(_with_value, columns, at), put))


def _in_stats(stats: Aggregate, used: set[str], put: Callable[[Command], Commands]) -> Iterator[Site]:
    for at, (name, made) in enumerate(stats.columns):
        if name not in used:
            continue
        function = made.call.function.upper()
        changed: Callable[[Aggregation], Commands] = _then(partial(_with_aggregation, stats, at), put)
        for number, argument in enumerate(made.call.arguments):
            yield from _choices(argument, function, _then(partial(_with_argument_of, made, number), changed))
        if made.condition is not None:
            yield Site(made.condition, f"WHERE of {function}", _then(partial(_filtered, made), changed), part=True)


def _choices(node: Expression, name: str, put: Callable[[Expression], Commands]) -> Iterator[Site]:
    """The conditions of the CASEs in an expression."""
    if not isinstance(node, Call):
        return
    for at, argument in enumerate(node.arguments):
        rebuilt: Callable[[Expression], Commands] = _then(partial(_with_argument, node, at), put)
        if node.function == "case" and at % 2 == 0 and at + 1 < len(node.arguments) and isinstance(argument, Call):
            yield Site(_predicate(argument, node.span), f"CASE of {name}", _then(_expression, rebuilt), part=True)
        yield from _choices(argument, name, rebuilt)


def _then(make: Callable[[A], B], put: Callable[[B], Commands]) -> Callable[[A], Commands]:
    return lambda new: put(make(new))


def _set(items: tuple[A, ...], at: int, new: A) -> tuple[A, ...]:
    return (*items[:at], new, *items[at + 1 :])


def _with_value(columns: tuple[tuple[str, Expression], ...], at: int, new: Expression) -> Command:
    return Eval(_set(columns, at, (columns[at][0], new)))


def _with_aggregation(stats: Aggregate, at: int, new: Aggregation) -> Command:
    return replace(stats, columns=_set(stats.columns, at, (stats.columns[at][0], new)))


def _with_argument_of(made: Aggregation, number: int, new: Expression) -> Aggregation:
    return replace(made, call=_with_argument(made.call, number, new))


def _filtered(made: Aggregation, new: Predicate) -> Aggregation:
    return replace(made, condition=new)


def _with_argument(call: Call, at: int, new: Expression) -> Call:
    return replace(call, arguments=_set(call.arguments, at, new))


def _with_branch(fork: Fork, number: int, new: Commands) -> Command:
    return replace(fork, branches=_set(fork.branches, number, (new, fork.branches[number][1])))


def _predicate(node: Expression, span: Span) -> Predicate:
    """A boolean expression as a predicate, so that its leaves are seen; ``span`` is where it stands."""
    match node:
        case Call("and", arguments, _, where):
            return And(tuple(_predicate(one, where) for one in arguments))
        case Call("or", arguments, _, where):
            return Or(tuple(_predicate(one, where) for one in arguments))
        case Call("not", (argument,), _, where):
            return Not(_predicate(argument, where))
        case Call(_, _, _, where) if where != NOWHERE:
            return Compute(node, where)
    return Compute(node, span)


def _expression(node: Predicate) -> Expression:
    match node:
        case And(items):
            return Call("and", tuple(map(_expression, items)), "boolean")
        case Or(items):
            return Call("or", tuple(map(_expression, items)), "boolean")
        case Not(item):
            return Call("not", (_expression(item),), "boolean")
        case Always(value):
            return Constant(value, "boolean")
        case Compute(expression):
            return expression
    raise AssertionError(node)
