"""ES|QL to a row pipeline: commands in order, every name resolved (Elasticsearch 9.2)."""

from __future__ import annotations

from collections.abc import Sequence

from detections.compile.esql.conditions import Conditions
from detections.compile.esql.expressions import Expressions
from detections.compile.esql.scope import METADATA, METADATA_NOT_EVALUATED, Scope, documents
from detections.errors import NotEvaluated, QueryTypeError
from detections.functions.signature import SPAN
from detections.mapping import Mapping
from detections.plan.expression import Column, Constant, Expression
from detections.plan.rows import Command, Eval, Limit, Order, Pipeline, Project, Sort, Where
from detections.query import EsqlQuery
from detections.query.esql import ast


def compile_esql(
    query: EsqlQuery,
    mapping: Mapping,
    *,
    list_fields: bool = False,
    refused: list[QueryTypeError] | None = None,
) -> Pipeline:
    """The pipeline of a query over documents with these fields.

    There is no limit but the query's own. Of the catalog's fields only those that the query names are columns, unless
    ``list_fields`` asks for all; a field that nobody declared is a keyword there.

    With a list for what is ``refused``, refusals go there and a condition that is one answers null, a column that is
    one is null: then the pipeline serves to say more about the query, not to run it.

    Raises:
        QueryTypeError: an unknown column or function, or types that do not go together; the span lies in
            its text.
        NotEvaluated: a command, function or type that is ES|QL but not evaluated here.
    """
    names: set[str] | None = set() if mapping.dynamic else None
    if list_fields and mapping.dynamic:
        names = {field.name for field in mapping}
    while True:
        compiler = _Compiler(query, mapping, names, None if refused is None else [])
        commands = [made for command in query.tree.commands for made in compiler.command(command)]
        if names is None or compiler.discovered <= names:
            if refused is not None:
                refused += compiler.refused or ()
            return Pipeline(query.tree.indices, query.tree.metadata, tuple(commands), tuple(compiler.scope))
        # A name met late must be among the columns from the start, to pass through what stands before it.
        names |= compiler.discovered


class _Compiler:
    def __init__(
        self, query: EsqlQuery, mapping: Mapping, names: set[str] | None, refused: list[QueryTypeError] | None
    ) -> None:
        self._mapping = mapping
        self._query = query
        self._names = names
        self._columnar = True
        self.refused = refused
        self.scope = Scope()

    @property
    def discovered(self) -> set[str]:
        return self.scope.discovered

    def command(self, command: ast.Command) -> Sequence[Command]:
        try:
            return self._command(command)
        except QueryTypeError as error:
            if self.refused is None:
                raise
            self.refused.append(error)
            return ()

    def _command(self, command: ast.Command) -> Sequence[Command]:
        if not isinstance(command, ast.From | ast.Where):
            self._columnar = False
        match command:
            case ast.From(sources, metadata, False) if not any(isinstance(one, ast.Query) for one in sources):
                self.scope = documents(self._mapping, [self._checked(name) for name in metadata], self._names)
                return ()
            case ast.Row(fields):
                # Its values see no columns, not even those before them.
                return (Eval(tuple(self._field(field, Scope()) for field in fields)),)
            case ast.Eval(fields):
                return (Eval(tuple(self._field(field, self.scope) for field in fields)),)
            case ast.Where(condition):
                conditions = Conditions(self._query, self.scope, columnar=self._columnar, refused=self.refused)
                return (Where(conditions.compile(condition)),)
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
            case ast.Limit(int(count), ()):
                return (Limit(count),)
            case _:
                name = ast.command_name(command).upper()
                start = command.span[0]
                raise NotEvaluated(f"{name} is not evaluated here", (start, start + len(name)))

    def _project(self) -> Project:
        made = Project(tuple((column.name, column) for column in self.scope))
        self.scope.settle()
        return made

    def _renamed(self, old: ast.Name, new: ast.Name) -> Project:
        column = Expressions(self._query, self.scope).column(old)
        self.scope.rename(column.name, new.name)
        names = [(one.name, column if one.name == new.name else one) for one in self.scope]
        self.scope.settle()
        return Project(tuple(names))

    def _checked(self, name: ast.Name) -> str:
        if name.name in METADATA_NOT_EVALUATED:
            raise NotEvaluated(f"the metadata column {name.name} is not evaluated here")
        if name.name not in METADATA:
            raise self._query.refused(f"unresolved metadata pattern [{name.name}]", name.span)
        return name.name

    def _field(self, field: ast.Field, scope: Scope) -> tuple[str, Expression]:
        expressions = Expressions(self._query, scope)
        try:
            value = expressions.usable(field.value)
        except QueryTypeError as error:
            if self.refused is None:
                raise
            self.refused.append(error)
            value = Constant(None, "null")
        if value.type in SPAN:
            message = f"a span of time is no column: [{field.name}] is a {value.type}"
            raise self._query.refused(message, field.value.span)
        self.scope.add(Column(field.name, value.type), guessed=expressions.guessed(field.value) is not None)
        return field.name, value

    def _kept(self, patterns: Sequence[ast.Pattern]) -> list[Column]:
        """A name goes before a pattern, a pattern before the lone star; among equals the last one places the column."""
        ranks: dict[Column, int] = {}
        for pattern in patterns:
            rank = 1 if len(pattern.texts) == 1 else 3 if pattern.texts == ("", "") else 2
            for column in self._matched(pattern):
                if ranks.get(column, rank) >= rank:
                    ranks.pop(column, None)
                    ranks[column] = rank
        return list(ranks)

    def _matched(self, pattern: ast.Pattern) -> list[Column]:
        expressions = Expressions(self._query, self.scope)
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
        value = Expressions(self._query, self.scope).usable(order.value)
        return Order(value, not order.ascending, order.nulls_first)
