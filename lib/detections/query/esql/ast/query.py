"""A query, and what others ask of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from detections.query.esql.ast.commands import (
    ChangePoint,
    Command,
    Completion,
    Dissect,
    Drop,
    Enrich,
    Eval,
    Fork,
    From,
    Fuse,
    Grok,
    Highlight,
    Join,
    Keep,
    Limit,
    Mmr,
    MvExpand,
    Parts,
    Rename,
    Rerank,
    Row,
    Sample,
    Sort,
    Stats,
    Where,
)
from detections.query.esql.ast.expressions import Expression, InQuery, Map, Name, Span, inside


@dataclass(frozen=True, slots=True)
class Setting:
    """``SET name = value;``"""

    name: str
    value: Expression | Map
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Query:
    """``comments`` are where the comments of the text stand, in order; only the outermost query has them."""

    commands: tuple[Command, ...]
    settings: tuple[Setting, ...] = ()
    span: Span = field(default=(0, 0), compare=False, repr=False)
    comments: tuple[Span, ...] = field(default=(), compare=False, repr=False)

    @property
    def indices(self) -> tuple[str, ...]:
        """The index patterns of FROM, those of its sub-queries as well; none for another source."""
        source = self.commands[0]
        return source.indices if isinstance(source, From) else ()

    @property
    def metadata(self) -> tuple[str, ...]:
        """The metadata columns FROM asks for (``_id``, ``_index``, ``_version`` ...)."""
        source = self.commands[0]
        return tuple(name.name for name in source.metadata) if isinstance(source, From) else ()

    @property
    def aggregates(self) -> bool:
        """Whether rows are no longer documents: there is a STATS. INLINE STATS keeps the rows (as Kibana decides)."""
        return any(isinstance(command, Stats) and not command.inline for command in self.commands)


def expressions(command: Command) -> Iterator[Expression]:
    """The expressions of a command, from left to right; what stands inside them is not listed."""
    match command:
        case Where(condition=value):
            yield value
        case Row(fields=fields) | Eval(fields=fields) | Rerank(fields=fields):
            yield from (one.value for one in fields)
        case Stats(aggregates, groups):
            for aggregate in aggregates:
                yield aggregate.value
                if aggregate.condition is not None:
                    yield aggregate.condition
            yield from (one.value for one in groups)
        case Sort(orders=orders):
            yield from (order.value for order in orders)
        case Limit(groups=values) | Join(conditions=values):
            yield from values
        case ChangePoint(value, key, _, values):
            yield from (one for one in (value, key) if one is not None)
            yield from values
        case Dissect(value=value) | Grok(value=value) | Parts(value=value) | Completion(prompt=value):
            yield value
        case MvExpand(column=column):
            yield column
        case Enrich(column=column) if column is not None:
            yield column
        case Fuse(score=score, group=group, keys=keys):
            yield from (one for one in (score, group, *keys) if one is not None)
        case Mmr(column=column, vector=vector):
            yield from (one for one in (vector, column) if one is not None)
        case Highlight(query=value, columns=columns):
            yield value
            yield from columns


def commands(query: Query) -> Iterator[Command]:
    """The commands of a query with those of its sub-queries and branches, each before what stands in it."""
    for command in query.commands:
        yield command
        if isinstance(command, From):
            for source in command.sources:
                if isinstance(source, Query):
                    yield from commands(source)
        if isinstance(command, Fork):
            for branch in command.branches:
                yield from commands(Query(branch))
        for node in inside(*expressions(command)):
            if isinstance(node, InQuery):
                yield from commands(node.query)


def names(query: Query) -> Iterator[Name]:
    """The columns that the commands read, in the order of the text; wildcards are not among them, nor what sub-queries
    and branches read, nor the columns of the looked-up side of a join."""
    for command in query.commands:
        match command:
            case Rename(pairs=pairs):
                yield from (old for old, _ in pairs)
            case Keep(patterns=patterns) | Drop(patterns=patterns):
                yield from (Name(pattern.texts[0], pattern.span) for pattern in patterns if len(pattern.texts) == 1)
            case Join(conditions=conditions):
                yield from (condition for condition in conditions if isinstance(condition, Name))
            case _:
                for node in inside(*expressions(command)):
                    if isinstance(node, Name):
                        yield node


_CAPTURE = re.compile(r"%\{\w+:([^:}]+)(?::\w+)?\}|\(\?<([^>=!][^>]*)>")
_KEY = re.compile(r"%\{[+?&*]?([^}/-]+)(?:->|/\d+)*\}")


def made(command: Command) -> tuple[str, ...] | None:
    """The columns that a command makes, as far as its text says; None where other columns may be there as well, or the
    columns before it are gone."""
    match command:
        case Row(fields) | Eval(fields):
            return tuple(field.name for field in fields)
        case Rename(pairs):
            return tuple(new.name for _, new in pairs)
        case Stats(aggregates, groups, True):
            return (*(aggregate.name for aggregate in aggregates), *(group.name for group in groups))
        case Grok(patterns=patterns):
            return tuple(
                one for text in patterns for found in _CAPTURE.findall(str(text.value)) for one in found if one
            )
        case Dissect(pattern=pattern):
            return tuple(_KEY.findall(str(pattern.value)))
        case Enrich(fields=fields) if fields:
            return tuple((new or field).name for new, field in fields)
        case ChangePoint(made=names):
            return ("type", "pvalue") if names is None else tuple(name.name for name in names)
        case Completion(column=column):
            return ("completion" if column is None else column.name,)
        case Rerank(column=column):
            return ("_score" if column is None else column.name,)
        case From() | Where() | Keep() | Drop() | Sort() | Limit() | MvExpand() | Sample() | Mmr():
            return ()
    return None


def fields(query: Query) -> Iterator[Name]:
    """The columns that are read and that no command made before: fields of the documents, as long as there are some."""
    known = set(query.metadata)
    for command in query.commands:
        for step in _steps(command):
            yield from (name for name in names(Query((step,))) if name.name not in known)
            new = made(step)
            if new is None:
                return
            known.update(new)


def _steps(command: Command) -> Iterator[Command]:
    """The command taken apart where a later part sees what an earlier one made."""
    match command:
        case Eval(parts):
            yield from (Eval((part,)) for part in parts)
        case Rename(pairs):
            yield from (Rename((pair,)) for pair in pairs)
        case _:
            yield command
