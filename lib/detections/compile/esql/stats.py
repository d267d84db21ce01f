"""STATS and INLINE STATS: groups, aggregate functions, and what is computed of their results (Elasticsearch 9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from detections.compile.esql import surrogates
from detections.compile.esql.buckets import bucket
from detections.compile.esql.conditions import Conditions
from detections.compile.esql.context import NULL, Context
from detections.compile.esql.expressions import Expressions
from detections.compile.esql.scope import Scope
from detections.errors import NotEvaluated
from detections.functions import AGGREGATES, AGGREGATES_NOT_EVALUATED, GROUPINGS
from detections.functions.signature import SPAN
from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.rows import Aggregate, Aggregation, Command, Eval, Project
from detections.query.esql import ast

_Asked: TypeAlias = tuple[ast.Function, "ast.Expression | None"]
"""A call of an aggregate function with its condition: equal ones are computed once."""


def compile_stats(context: Context, scope: Scope, command: ast.Stats) -> Sequence[Command]:
    """The commands of a STATS; the scope has its columns afterwards."""
    return _Stats(context, scope, command).compile()


class _Stats:
    def __init__(self, context: Context, scope: Scope, command: ast.Stats) -> None:
        self._context = context
        self._scope = scope
        self._command = command
        self._groups: list[Column] = []
        self._grouped: dict[ast.Expression, Column] = {}
        self._calls: dict[_Asked, tuple[str, Aggregation]] = {}
        self._last = {one.name: one.span for one in command.aggregates}
        self._last |= {one.name: one.span for one in command.groups}

    def compile(self) -> Sequence[Command]:
        before = self._before()
        results: dict[str, Expression] = {}
        for aggregate in self._command.aggregates:
            self._warn_shadowed(aggregate)
            value = self._context.attempt(partial(self._value, aggregate), NULL)
            results.pop(aggregate.name, None)
            results[aggregate.name] = value
        columns = tuple(self._calls.values())
        groups = tuple(dict.fromkeys(self._groups))
        # What is computed of results gets a name that no column has, as it may be called like one of its groups.
        computed = {name: value for name, value in results.items() if not isinstance(value, Column)}
        sources = {name: value for name, value in results.items() if isinstance(value, Column)}
        sources.update((name, Column(f"\0{name}", value.type)) for name, value in computed.items())
        after: list[Command] = []
        if computed:
            after.append(Eval(tuple((f"\0{name}", value) for name, value in computed.items())))
        grouped = {group.name: group for group in groups}
        self._rescope([Column(name, value.type) for name, value in results.items()], groups)
        names = {**{one.name: one for one in self._scope}, **sources, **grouped}
        after.append(Project(tuple((one.name, names[one.name]) for one in self._scope)))
        self._scope.settle()
        return [*before, Aggregate(columns, groups, self._command.inline), *after]

    def _before(self) -> list[Command]:
        """What computes the groups that are not columns."""
        made: list[tuple[str, Expression]] = []
        for field in self._command.groups:
            value = self._context.attempt(partial(self._group, field), NULL)
            if isinstance(value, Column) and value.name == field.name:
                column = value
            else:
                column = Column(field.name, value.type)
                made.append((field.name, value))
                guessed = Expressions(self._context, self._scope).guessed(field.value) is not None
                self._scope.add(column, guessed=guessed)
            self._groups.append(column)
            self._grouped[field.value] = column
        return [Eval(tuple(made))] if made else []

    def _group(self, field: ast.Field) -> Expression:
        expressions = Expressions(self._context, self._scope)
        node = field.value
        if isinstance(node, ast.Function) and node.name in GROUPINGS:
            return bucket(expressions, node)
        value = expressions.usable(node)
        if value.type in SPAN or value.type in ("geo_point", "cartesian_point", "_source"):
            expressions.refuse(
                f"cannot group by on [{value.type}] type for grouping [{expressions.source(node)}]", node
            )
        return value

    def _value(self, aggregate: ast.Aggregate) -> Expression:
        """A column of the result, of the results of aggregate functions and groups."""
        expressions = _AggregateExpressions(self._context, self._scope, self._grouped, self._calls, aggregate)
        value = expressions.usable(aggregate.value)
        if not expressions.found and not isinstance(value, Column):
            message = f"expected an aggregate function but found [{expressions.source(aggregate.value)}]"
            expressions.refuse(message, aggregate.value)
        return value

    def _warn_shadowed(self, aggregate: ast.Aggregate) -> None:
        """Of two columns with one name the last is kept."""
        last = self._last[aggregate.name]
        if last != aggregate.span:
            self._context.warnings.shadowed(aggregate.name, aggregate.span, last)

    def _rescope(self, results: Sequence[Column], groups: Sequence[Column]) -> None:
        """The results, then the groups, which go before a result of the same name; INLINE STATS leaves the rest of the
        columns before them."""
        guessed = {group.name for group in groups if self._scope.is_guessed(group.name)}
        if not self._command.inline:
            self._scope.keep(())
        for column in (*results, *groups):
            self._scope.add(column, guessed=column.name in guessed)


class _AggregateExpressions(Expressions):
    """Expressions over results: an aggregate function becomes the column of its results."""

    def __init__(
        self,
        context: Context,
        scope: Scope,
        groups: dict[ast.Expression, Column],
        calls: dict[_Asked, tuple[str, Aggregation]],
        aggregate: ast.Aggregate,
    ) -> None:
        super().__init__(context, scope)
        self._groups = groups
        self._calls = calls
        self._aggregate = aggregate
        self._condition = aggregate.condition
        self.found = False

    def compile(self, node: ast.Expression) -> Expression:
        if node in self._groups and not isinstance(node, ast.Literal):
            return self._groups[node]
        if isinstance(node, ast.Name):
            named = next((group for group in self._groups.values() if group.name == node.name), None)
            if named is not None:
                return named
            self.column(node)
            shown = self.source(node)
            self.refuse(
                f"column [{shown}] must appear in the STATS BY clause or be used in an aggregate function", node
            )
        if isinstance(node, ast.Function) and self.is_aggregate(node):
            return self._call_of(surrogates.aggregate(self.context, node))
        return super().compile(node)

    def is_aggregate(self, node: ast.Function) -> bool:
        if node.name in AGGREGATES_NOT_EVALUATED:
            raise NotEvaluated(f"the function {node.name.upper()} is not evaluated here", node.span)
        return node.name in AGGREGATES or node.name in surrogates.AGGREGATES

    def _call_of(self, node: ast.Function) -> Expression:
        self.found = True
        asked = node, self._condition
        if asked in self._calls:
            name, known = self._calls[asked]
            return Column(name, known.call.type)
        inner = Expressions(self.context, self.scope)
        function = AGGREGATES[node.name]
        if node.star and node.name != "count":
            self.refuse(f"[{node.name}] takes no *", node)
        parameters = inner.parameters(node.name, function.parameters, node, node.arguments)
        made = tuple(
            inner.argument(parameter, argument, node, at)
            for at, (parameter, argument) in enumerate(zip(parameters, node.arguments, strict=True))
        )
        name, made = self._instead(node, made)
        function = AGGREGATES[name]
        types = tuple(one.type for one in made)
        constants = tuple(
            one.value for at, one in enumerate(made) if at not in function.rows and isinstance(one, Constant)
        )
        try:
            function.make(types, constants)
        except ValueError as error:
            self.refuse(str(error), node)
        condition = None
        if self._condition is not None:
            condition = Conditions(self.context, self.scope, columnar=False).compile(self._condition)
        call = Call(name, made, function.type_of(types), node.span)
        column = f"\0{len(self._calls)}"
        self._calls[asked] = column, Aggregation(call, condition)
        return Column(column, call.type)

    def _instead(self, node: ast.Function, made: tuple[Expression, ...]) -> tuple[str, tuple[Expression, ...]]:
        """What Elasticsearch computes instead: by a constant weight, or of a constant, nothing is weighted."""
        if node.name == "weighted_avg":
            value, weight = made
            if weight.type == "null" or (isinstance(weight, Constant) and weight.value in (None, 0)):
                shown = "null" if not isinstance(weight, Constant) or weight.value is None else weight.value
                message = f"second argument of [{self.source(node)}] cannot be null or 0, received [{shown}]"
                self.refuse(message, node.arguments[1])
            if isinstance(value, Constant) or isinstance(weight, Constant):
                return "avg", (value,)
        return node.name, made
