"""ES|QL to a row pipeline: commands in order, every name resolved (Elasticsearch 9.5)."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from detections.compile.esql.conditions import Conditions
from detections.compile.esql.context import NULL, Context
from detections.compile.esql.expressions import Expressions
from detections.compile.esql.reshape import Reshaping
from detections.compile.esql.scope import METADATA, METADATA_NOT_EVALUATED, Scope, documents
from detections.compile.esql.settings import check_settings, nullified
from detections.compile.esql.stats import compile_stats
from detections.errors import QueryTypeError
from detections.functions.signature import SPAN, STRING
from detections.functions.sources import PLACES
from detections.mapping import Field, Mapping
from detections.plan.expression import UNSUPPORTED, Call, Column, Constant, Expression
from detections.plan.rows import (
    Command,
    Distinct,
    Eval,
    Fork,
    Limit,
    LookupTable,
    Order,
    Pipeline,
    Project,
    Sort,
    Where,
)
from detections.query import EsqlQuery
from detections.query.esql import ast

_Branch: TypeAlias = tuple[tuple[Command, ...], tuple[Column, ...]]
_WITHOUT_EFFECT = (ast.Sample, ast.Mmr, ast.Fuse)
"""Commands that are not evaluated and leave the columns as they are."""


def compile_esql(
    query: EsqlQuery,
    mapping: Mapping,
    *,
    list_fields: bool = False,
    tables: AbstractMapping[str, LookupTable] | None = None,
    refused: list[QueryTypeError] | None = None,
) -> Pipeline:
    """The pipeline of a query over documents with these fields.

    There is no limit but the query's own. Of the catalog's fields only those that the query names are columns, unless
    ``list_fields`` asks for all; a field that nobody declared is a keyword there. ``tables`` are what LOOKUP JOIN and
    ENRICH look up, by the name of the index or policy.

    With a list for what is ``refused``, refusals go there and a condition that is one answers null, a column that is
    one is null, and so is what is not evaluated: then the pipeline serves to say more about the query, not to run it.

    Raises:
        QueryTypeError: an unknown column or function, or types that do not go together; the span lies in
            its text.
        NotEvaluated: a command, function or type that is ES|QL but not evaluated here.
    """
    names: set[str] | None = None
    if mapping.dynamic:
        names = {
            name.name for name in ast.fields(query.tree) if not name.unbound and mapping.get(name.name) is not None
        }
    if list_fields and mapping.dynamic:
        names = {field.name for field in mapping}
    while True:
        context = Context(query, mapping, tables or {}, None if refused is None else [])
        check_settings(context)
        compiler = _Compiler(context, names)
        commands = [made for command in query.tree.commands for made in compiler.command(command)]
        if names is None or compiler.scope.discovered <= names:
            if refused is not None:
                refused += context.refused or ()
            tree, columns = query.tree, tuple(compiler.scope)
            warnings = tuple(context.warnings.messages)
            wholes = tuple(context.wholes.items())
            return Pipeline(tree.indices, tree.metadata, tuple(commands), columns, query.text, warnings, wholes)
        # A name met late must be among the columns from the start, to pass through what stands before it.
        names |= compiler.scope.discovered


class _Compiler:
    def __init__(self, context: Context, names: set[str] | None, scope: Scope | None = None) -> None:
        self._context = context
        self._query = context.query
        self._names = names
        self._columnar = scope is None
        self.scope = scope or Scope()

    def command(self, command: ast.Command) -> Sequence[Command]:
        return self._context.attempt(lambda: self._command(command), ())

    def _command(self, command: ast.Command) -> Sequence[Command]:
        if not isinstance(command, ast.From | ast.Where):
            self._columnar = False
        match command:
            case ast.From():
                return self._from(command)
            case ast.Row(fields):
                # Its values see no columns, not even those before them.
                return (Eval(tuple(self._field(field, Scope()) for field in fields)),)
            case ast.Eval(fields):
                return (Eval(tuple(self._field(field, self.scope) for field in fields)),)
            case ast.Where(condition):
                conditions = Conditions(self._context, self.scope, columnar=self._columnar)
                return (Where(conditions.compile(condition)),)
            case ast.Stats():
                return compile_stats(self._context, self.scope, command)
            case ast.Keep(patterns):
                self.scope.keep(self._kept(patterns))
                return (self._project(),)
            case ast.Drop(patterns):
                self.scope.drop(self._dropped(patterns))
                return (self._project(),)
            case ast.Rename(pairs):
                return [self._renamed(old, new) for old, new in pairs]
            case ast.Sort(orders):
                return (Sort(tuple(self._order(order) for order in orders)),)
            case ast.Limit(count, groups):
                return (self._limit(command, count, groups),)
            case ast.Plain("dedup"):
                return (Distinct(tuple(self.scope)),)
            case ast.Fork(branches):
                return (self._fork(branches),)
        made = Reshaping(self._context, self.scope).command(command)
        return self._not_evaluated(command) if made is None else made

    def _not_evaluated(self, command: ast.Command) -> Sequence[Command]:
        name = ast.command_name(command).upper()
        start = command.span[0]
        table = command.index.name if isinstance(command, ast.Join) else ""
        table = command.policy if isinstance(command, ast.Enrich) else table
        what = f"{name} without the table {table}" if table else name
        self._context.give_up(what, (start, start + len(name)))
        made = ast.made(command)
        for column in made or ():
            self.scope.add(Column(column, "null"), guessed=False)
        if made is None and not isinstance(command, _WITHOUT_EFFECT):
            self.scope.admit_unknown()
        return ()

    def _from(self, command: ast.From) -> Sequence[Command]:
        if command.time_series:
            self._context.give_up("TS", (command.span[0], command.span[0] + 2))
        checked = [self._checked(name) for name in command.metadata]
        self.scope = documents(self._context.mapping, [name for name in checked if name], self._names)
        for name in nullified(self._query.tree, (one.name for one in self.scope)):
            if self.scope.get(name) is None:
                self.scope.add(Column(name, "null"), guessed=False)
        if command.time_series:
            self.scope.admit_unknown()
        queries = [source for source in command.sources if isinstance(source, ast.Query)]
        return (self._united(command, queries),) if queries else ()

    def _united(self, command: ast.From, queries: Sequence[ast.Query]) -> Fork:
        """FROM with sub-queries: its other indices as they are, then what each sub-query makes."""
        self._columnar = False
        indices = tuple(source.name for source in command.sources if isinstance(source, ast.Index))
        sources: list[Expression] = []
        branches: list[_Branch] = []
        if indices:
            sources.append(self._in_source(indices, command.indices))
            branches.append(((), tuple(self.scope)))
        for query in queries:
            first = query.commands[0]
            if not isinstance(first, ast.From):
                self._context.give_up(f"{ast.command_name(first).upper()} in a sub-query", first.span)
            sources.append(self._in_source(query.indices, command.indices))
            branches.append(self._branch(query.commands))
        columns: dict[str, str] = {}
        for column in (one for _, them in branches for one in them):
            columns[column.name] = _united_type(columns.get(column.name, "null"), column.type)
        self.scope.keep(Column(name, kind) for name, kind in columns.items())
        self.scope.settle()
        return Fork(tuple(branches), tuple(columns), tuple(sources))

    def _in_source(self, own: tuple[str, ...], every: tuple[str, ...]) -> Expression:
        places = tuple(Column(name, "keyword", Field(name, "keyword")) for name in PLACES)
        return Call("in source", (*places, Constant(own, "keyword"), Constant(every, "keyword")), "boolean")

    def _project(self) -> Project:
        made = Project(tuple((column.name, column) for column in self.scope))
        self.scope.settle()
        return made

    def _renamed(self, old: ast.Name, new: ast.Name) -> Project:
        column = Expressions(self._context, self.scope).column(old)
        self.scope.rename(column.name, new.name)
        names = [(one.name, column if one.name == new.name else one) for one in self.scope]
        self.scope.settle()
        return Project(tuple(names))

    def _checked(self, name: ast.Name) -> str:
        if name.name in METADATA_NOT_EVALUATED:
            self._context.give_up(f"the metadata column {name.name}", name.span)
            self.scope.admit_unknown()
            return ""
        if name.name not in METADATA:
            raise self._query.refused(f"unresolved metadata pattern [{name.name}]", name.span)
        return name.name

    def _field(self, field: ast.Field, scope: Scope) -> tuple[str, Expression]:
        expressions = Expressions(self._context, scope)
        value = self._context.attempt(partial(expressions.usable, field.value), NULL)
        if value.type in SPAN:
            message = f"a span of time cannot be a column: [{field.name}] is a {value.type}"
            raise self._query.refused(message, field.value.span)
        self.scope.add(Column(field.name, value.type), guessed=expressions.guessed(field.value) is not None)
        return field.name, value

    def _kept(self, patterns: Sequence[ast.Pattern]) -> list[Column]:
        """A name goes before a pattern, a pattern before the lone star; among equals the last one places the column."""
        ranks: dict[str, int] = {}
        found: dict[str, Column] = {}
        for pattern in patterns:
            rank = 1 if len(pattern.texts) == 1 else 3 if pattern.texts == ("", "") else 2
            for column in self._context.attempt(partial(self._matched, pattern), list[Column]()):
                name = column.name
                if ranks.get(name, rank) >= rank:
                    found.pop(name, None)
                    ranks[name], found[name] = rank, column
        return list(found.values())

    def _matched(self, pattern: ast.Pattern) -> list[Column]:
        expressions = Expressions(self._context, self.scope)
        if len(pattern.texts) == 1:
            return [expressions.column(pattern)]
        found = self.scope.matching(pattern.texts)
        if not found and not self.scope.is_open:
            expressions.refuse(f"No matches found for pattern [{'*'.join(pattern.texts)}]", pattern)
        return found

    def _dropped(self, patterns: Sequence[ast.Pattern]) -> list[Column]:
        for pattern in patterns:
            if pattern.texts == ("", ""):
                raise self._query.refused("Removing all fields is not allowed [*]", pattern.span)
        return [column for pattern in patterns for column in self._matched(pattern)]

    def _order(self, order: ast.Order) -> Order:
        value = Expressions(self._context, self.scope).usable(order.value)
        if value.type in SPAN or value.type in ("geo_point", "cartesian_point", "_source"):
            raise self._query.refused(f"cannot sort on {value.type}", order.value.span)
        return Order(value, not order.ascending, order.nulls_first)

    def _limit(self, command: ast.Limit, count: int | ast.Parameter, groups: Sequence[ast.Expression]) -> Limit:
        if isinstance(count, ast.Parameter):
            raise self._query.refused(f"no value for the parameter {count.text}: a rule has none", count.span)
        expressions = Expressions(self._context, self.scope)
        return Limit(count, tuple(expressions.usable(group) for group in groups))

    def _branch(self, commands: Sequence[ast.Command]) -> _Branch:
        """Commands that go on from here by themselves, and the columns that they leave."""
        inner = _Compiler(self._context, self._names, self.scope.copy())
        made = tuple(one for command in commands for one in inner.command(command))
        self.scope.discovered |= inner.scope.discovered
        return made, tuple(inner.scope)

    def _fork(self, branches: Sequence[Sequence[ast.Command]]) -> Fork:
        made: list[_Branch] = []
        columns: dict[str, Column] = {}
        for branch in branches:
            made.append(self._branch(branch))
            for column in made[-1][1]:
                known = columns.setdefault(column.name, column)
                if "null" not in (known.type, column.type) and known.type != column.type:
                    message = f"Column [{column.name}] has conflicting data types in FORK branches: "
                    raise self._query.refused(f"{message}[{known.type}] and [{column.type}]", branch[0].span)
                if known.type == "null":
                    columns[column.name] = column
        names = tuple(columns)
        self.scope.keep([*(Column(one.name, one.type) for one in columns.values()), Column("_fork", "keyword")])
        self.scope.settle()
        return Fork(tuple(made), names)


def _united_type(one: str, other: str) -> str:
    """The type of a column that several sources of FROM have."""
    if "null" in (one, other) or one == other:
        return other if one == "null" else one
    return "keyword" if {one, other} <= STRING else UNSUPPORTED
