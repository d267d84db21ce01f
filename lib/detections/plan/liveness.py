"""Which columns a row pipeline reads and makes, and which of its commands make what nobody reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detections.plan.expression import Column
from detections.plan.predicate import Compute, Predicate, leaves
from detections.plan.rows import (
    Aggregate,
    Command,
    Dissect,
    Distinct,
    Eval,
    Expand,
    Fork,
    Grok,
    Join,
    Limit,
    Project,
    Sort,
    Where,
    columns_in,
)


def needed(commands: Iterable[Command], output: Iterable[Column]) -> tuple[list[Command], list[Column]]:
    """The commands without what nobody reads, and the columns that they read of the documents."""
    live = {column.name: column for column in output}
    kept: list[Command] = []
    for command in reversed(list(commands)):
        made, live = _before(command, live)
        kept.append(made)
    return kept[::-1], list(live.values())


def made(commands: Iterable[Command]) -> set[str]:
    """The names of the columns that commands have made: they are not fields of the document as they stand there."""
    names: set[str] = set()
    for command in commands:
        match command:
            case Eval(columns) | Grok(columns=columns):
                names.update(name for name, _ in columns)
            case Dissect(columns=columns):
                names.update(columns)
            case Join(columns=columns):
                names.update(name for name, _, _ in columns)
            case Expand(column):
                names.add(column.name)
            case Project(columns):
                names = {new for new, column in columns if column.name in names or column.name != new}
            case Aggregate(columns):
                names = (names if command.inline else set()) | {name for name, _ in columns}
            case Fork(branches):
                names = ({"_fork"} if not command.sources else set()) | names.union(
                    *(made(branch) for branch, _ in branches)
                )
    return names


def _before(command: Command, live: dict[str, Column]) -> tuple[Command, dict[str, Column]]:
    """The command as far as it is needed, and what is read before it."""
    read: list[Column] = []
    match command:
        case Where(predicate):
            read = list(in_predicate(predicate))
        case Sort(orders):
            read = [column for order in orders for column in columns_in(order.expression)]
        case Limit(_, groups):
            read = [column for group in groups for column in columns_in(group)]
        case Expand(column):
            read = [column]
        case Distinct(compared):
            read = list(compared)
        case Eval():
            return _eval(command, live)
        case Project(columns):
            command = Project(tuple(pair for pair in columns if pair[0] in live))
            return command, {column.name: column for _, column in command.columns}
        case Aggregate():
            return _aggregate(command, live)
        case Dissect(value) | Grok(value):
            names = command.columns if isinstance(command, Dissect) else [name for name, _ in command.columns]
            live = {name: column for name, column in live.items() if name not in names}
            read = list(columns_in(value))
        case Join(_, keys, columns, residual):
            names = [name for name, _, _ in columns]
            live = {name: column for name, column in live.items() if name not in names}
            read = [column for column, _ in keys]
            read += [one for one in in_predicate(residual) if one.name not in names] if residual is not None else []
        case Fork(branches, names):
            inner = [needed(branch, columns) for branch, columns in branches]
            made = tuple((tuple(one), columns) for (one, _), (_, columns) in zip(inner, branches, strict=True))
            tests = [column for source in command.sources for column in columns_in(source)]
            return Fork(made, names, command.sources), _known((*(one for _, them in inner for one in them), *tests))
    return command, _known((*live.values(), *read))


def _known(columns: Iterable[Column]) -> dict[str, Column]:
    """Columns by name; what says which field a column is goes before what does not."""
    known: dict[str, Column] = {}
    for column in columns:
        if known.get(column.name) is None or column.field is not None:
            known[column.name] = column
    return known


def _eval(command: Eval, live: dict[str, Column]) -> tuple[Command, dict[str, Column]]:
    live, made = dict(live), []
    for name, expression in reversed(command.columns):
        if live.pop(name, None) is not None:
            made.append((name, expression))
            live = _known((*live.values(), *columns_in(expression)))
    return Eval(tuple(reversed(made))), live


def _aggregate(command: Aggregate, live: dict[str, Column]) -> tuple[Command, dict[str, Column]]:
    columns = tuple(one for one in command.columns if one[0] in live)
    read: list[Column] = list(command.groups)
    for _, made in columns:
        for argument in made.call.arguments:
            read += columns_in(argument)
        if made.condition is not None:
            read += in_predicate(made.condition)
    names = {name for name, _ in command.columns}
    through = [column for name, column in live.items() if name not in names] if command.inline else []
    return Aggregate(columns, command.groups, command.inline), _known((*through, *read))


def in_predicate(predicate: Predicate) -> Iterator[Column]:
    """The columns that the computed leaves of a predicate read."""
    for leaf in leaves(predicate):
        if isinstance(leaf, Compute):
            yield from columns_in(leaf.expression)
