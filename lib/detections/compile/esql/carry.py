"""ES|QL queries with a column more that goes through all of their commands: it tells of each row, whatever it was made
of, which documents are behind it, or when the last of them was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from detections.errors import NotEvaluated
from detections.query.esql import ast
from detections.values.limits import GROUP_EVENTS


@dataclass(frozen=True, slots=True)
class Carried:
    """The column ``name``: of a document what the ``source`` is; of a group what the aggregate ``function`` makes of it
    and of more ``arguments``."""

    name: str
    source: str
    function: str
    arguments: tuple[ast.Expression, ...] = ()


IDS = Carried("detections.ids", "_id", "values")
"""Which documents are behind a row: their ``_id``, which FROM must ask for."""
SOME_IDS = Carried(
    IDS.name, IDS.source, "top", (ast.Literal(GROUP_EVENTS.most, "integer"), ast.Literal("desc", "keyword"))
)
"""Some of them, where they may be very many."""
LATEST = Carried("detections.latest", "@timestamp", "max")
"""When the last document behind a row was."""


def carrying(tree: ast.Query, carried: Carried) -> ast.Query:
    """The query with the column.

    Raises:
        NotEvaluated: one of its commands lets no other column through.
    """
    source, *rest = tree.commands
    if not isinstance(source, ast.From) or any(isinstance(one, ast.Query) for one in source.sources):
        raise NotEvaluated("the rows of a sub-query, or of no index, do not say which documents they come from")
    made = ast.Eval((ast.Field(carried.name, ast.Name(carried.source)),))
    return replace(tree, commands=(source, made, *_through(rest, carried)))


def asking_for_id(tree: ast.Query) -> ast.Query:
    """The query with ``_id`` among the metadata that FROM asks for."""
    source = tree.commands[0]
    if not isinstance(source, ast.From) or any(name.name == "_id" for name in source.metadata):
        return tree
    return replace(tree, commands=(replace(source, metadata=(ast.Name("_id"), *source.metadata)), *tree.commands[1:]))


def looking_up(tree: ast.Query, names: Callable[[str], str]) -> ast.Query:
    """The query with other lookup indices: ``names`` gives for one the name to ask for."""
    return replace(tree, commands=tuple(_renamed(tree.commands, names)))


def looked_up(tree: ast.Query) -> list[ast.Join | ast.Enrich]:
    """The commands of a query that look something up."""
    return [one for one in ast.commands(tree) if isinstance(one, ast.Join | ast.Enrich)]


def _renamed(commands: tuple[ast.Command, ...], names: Callable[[str], str]) -> Iterator[ast.Command]:
    for command in commands:
        match command:
            case ast.Join(index=index):
                yield replace(command, index=replace(index, name=names(index.name)))
            case ast.Fork(branches=branches):
                yield replace(command, branches=tuple(tuple(_renamed(branch, names)) for branch in branches))
            case _:
                yield command


def _through(commands: list[ast.Command] | tuple[ast.Command, ...], carried: Carried) -> Iterator[ast.Command]:
    name = carried.name
    for command in commands:
        match command:
            case ast.Keep(patterns):
                yield replace(command, patterns=(*patterns, ast.Pattern((name,))))
            case ast.Drop(patterns) if any(_matches(one.texts, name) for one in patterns):
                raise NotEvaluated(f"DROP also removes {name}, which says which documents a row comes from")
            case ast.Stats(aggregates=aggregates, inline=False):
                arguments = (ast.Name(name), *carried.arguments)
                more = ast.Aggregate(name, ast.Function(carried.function, arguments, written=carried.function.upper()))
                yield replace(command, aggregates=(*aggregates, more))
            case ast.Fork(branches=branches):
                yield replace(command, branches=tuple(tuple(_through(branch, carried)) for branch in branches))
            case ast.Plain("dedup"):
                raise NotEvaluated("after DEDUP, rows do not say which documents they come from")
            case _:
                yield command


def _matches(texts: tuple[str, ...], name: str) -> bool:
    first, *middle, last = texts if len(texts) > 1 else (texts[0], "")
    if len(texts) == 1:
        return name == first
    return name.startswith(first) and name.endswith(last) and all(text in name for text in middle)
