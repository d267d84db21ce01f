"""Expressions of ES|QL, typed: every name a column, every call one of the table of functions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from detections.compile.expression import Call, Column, Constant, Expression
from detections.compile.functions import AGGREGATES, ALIASES, FUNCTIONS, NOT_EVALUATED, OPERATORS, Function
from detections.compile.functions.conversions import parse_address
from detections.compile.functions.dates import UNITS
from detections.compile.functions.operators import comparable
from detections.compile.functions.signature import Parameter
from detections.compile.mapping import Field
from detections.errors import NotEvaluated, QueryTypeError
from detections.query.esql import ast
from detections.values.dates import parse_date
from detections.values.regex import RegexError, matcher

TYPES = {
    "keyword": "keyword", "constant_keyword": "keyword", "wildcard": "keyword",
    "text": "text", "match_only_text": "text",
    "integer": "integer", "short": "integer", "byte": "integer", "long": "long", "unsigned_long": "unsigned_long",
    "double": "double", "float": "double", "half_float": "double", "scaled_float": "double",
    "boolean": "boolean", "date": "datetime", "ip": "ip", "version": "version",
}  # fmt: skip
_CASTS = {"date": "datetime", "int": "integer", "bool": "boolean"}
MANY = ("and", "or", "in", "like", "rlike")
"""Operators that take any number of arguments, the last parameter again and again."""
MIXED = ("==", "!=", "<", "<=", ">", ">=", "in")


def esql_type(field: Field) -> str:
    """The type that ES|QL gives a field; ``unsupported`` for those it cannot read (flattened among them)."""
    return TYPES.get(field.type, "unsupported")


@dataclass(frozen=True, slots=True)
class Scope:
    """The text of the query, and what a name in it means."""

    text: str
    resolve: Callable[[str, tuple[int, int]], Column]


class ExpressionCompiler:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def compile(self, node: ast.Expression) -> Expression:
        """The expression of a node.

        Raises:
            QueryTypeError: unknown names, wrong types.
            NotEvaluated: a function that nothing here evaluates.
        """
        match node:
            case ast.Literal(value, kind):
                return Constant(value, kind)
            case ast.TimeSpan(amount, unit):
                span = UNITS[unit](amount)
                return Constant(span, "date_period" if type(span).__name__ == "Period" else "time_duration")
            case ast.Name(name, span):
                column = self.scope.resolve(name, span)
                if column.type == "unsupported":
                    raise self.wrong(f"Cannot use field [{name}] with unsupported type", span)
                return column
            case ast.Function(name):
                return self.function(node)
            case ast.Cast(value, kind):
                return self.call(
                    f"to_{ {'date': 'datetime', 'int': 'integer', 'bool': 'boolean'}.get(kind, kind) }", (value,), node
                )
            case ast.Negative(value):
                return self.call("negative", (value,), node)
            case ast.Arithmetic(operator, left, right) | ast.Comparison(operator, left, right):
                return self.call(operator, (left, right), node)
            case ast.In(value, items, negated):
                return self.negated(self.call("in", (value, *items), node), negated)
            case ast.Like(value, patterns, regex, negated):
                if regex:
                    self.check_patterns(patterns)
                return self.negated(self.call("rlike" if regex else "like", (value, *patterns), node), negated)
            case ast.IsNull(value, negated):
                return self.call("is not null" if negated else "is null", (value,), node)
            case ast.Not(value):
                return self.call("not", (value,), node)
            case ast.Logical(operator, items):
                return self.call(operator, items, node)
            case ast.Match():
                raise NotEvaluated("the match operator ':' of ES|QL is not evaluated yet")

    def wrong(self, message: str, span: tuple[int, int]) -> QueryTypeError:
        return QueryTypeError(message, self.scope.text, *span)

    def check_patterns(self, patterns: Sequence[ast.Expression]) -> None:
        for pattern in patterns:
            if isinstance(pattern, ast.Literal) and isinstance(pattern.value, str):
                try:
                    matcher(pattern.value)
                except RegexError as error:
                    raise self.wrong(f"Invalid regex pattern: {error}", pattern.span) from None

    @staticmethod
    def negated(expression: Expression, negated: bool) -> Expression:
        return Call("not", (expression,), "boolean") if negated else expression

    def function(self, node: ast.Function) -> Expression:
        name = ALIASES.get(node.name, node.name)
        if name in AGGREGATES and name not in FUNCTIONS:
            raise self.wrong(f"aggregate function [{node.name}] is not allowed outside STATS", node.span)
        if name in NOT_EVALUATED and name not in FUNCTIONS:
            raise NotEvaluated(f"the ES|QL function {node.name} is not evaluated yet")
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, FUNCTIONS, 1)
            raise self.wrong(
                f"Unknown function [{node.name}]" + (f", did you mean [{near[0]}]?" if near else ""), node.span
            )
        return self.call(name, node.arguments, node)

    def call(self, name: str, nodes: Sequence[ast.Expression], node: ast.Expression) -> Expression:
        function = OPERATORS.get(name) or FUNCTIONS.get(name)
        if function is None:
            raise self.wrong(f"[{name}] is not known", node.span)
        arguments = [self.compile(argument) for argument in nodes]
        self.check_count(name, function, len(arguments), node)
        if name in MIXED:
            arguments = self.alike(arguments, nodes)
        for number, argument in enumerate(arguments):
            parameter = function.parameters[min(number, len(function.parameters) - 1)]
            arguments[number] = self.fitted(name, parameter, argument, nodes[number], number)
        types = tuple(argument.type for argument in arguments)
        if name in MIXED and not all(comparable((types[0], kind)) for kind in types[1:]):
            raise self.wrong(f"[{name}] cannot compare {' with '.join(f'[{kind}]' for kind in types[:2])}", node.span)
        return Call(name, tuple(arguments), function.type_of(types))

    def check_count(self, name: str, function: Function, count: int, node: ast.Expression) -> None:
        least = sum(not parameter.optional for parameter in function.parameters)
        repeated = name in MANY or any(parameter.repeated for parameter in function.parameters)
        if count < least or (count > len(function.parameters) and not repeated):
            raise self.wrong(f"[{name}] does not take {count} arguments", node.span)

    def alike(self, arguments: list[Expression], nodes: Sequence[ast.Expression]) -> list[Expression]:
        """Text constants beside a date, an address, a version or a boolean are read as one."""
        kinds = {one.type for one in arguments} & {"datetime", "ip", "version", "boolean"}
        if len(kinds) != 1:
            return arguments
        (kind,) = kinds
        return [self.read(one, kind, node) for one, node in zip(arguments, nodes, strict=True)]

    def read(self, argument: Expression, kind: str, node: ast.Expression) -> Expression:
        if not isinstance(argument, Constant) or argument.type != "keyword" or not isinstance(argument.value, str):
            return argument
        try:
            value = _READ[kind](argument.value)
        except (ValueError, KeyError):
            value = None
        if value is None:
            raise self.wrong(f"Cannot convert string [{argument.value}] to [{kind.upper()}]", node.span)
        return Constant(value, kind)

    def fitted(
        self, name: str, parameter: Parameter, argument: Expression, node: ast.Expression, number: int
    ) -> Expression:
        """The argument, read as the parameter wants it where it is a text; an error where it does not fit."""
        if argument.type != "null" and argument.type not in parameter.types:
            for kind in ("datetime", "ip", "version"):
                if kind in parameter.types and argument.type == "keyword":
                    argument = self.read(argument, kind, node)
        if argument.type != "null" and argument.type not in parameter.types:
            wanted = ", ".join(sorted(parameter.types))
            message = f"argument {number + 1} of [{name}] must be [{wanted}], found type [{argument.type}]"
            raise self.wrong(message, node.span)
        if parameter.check is not None and isinstance(argument, Constant) and argument.value is not None:
            try:
                parameter.check(argument.value)
            except ValueError as error:
                raise self.wrong(str(error), node.span) from None
        return argument


_READ: dict[str, Callable[[str], object]] = {
    "datetime": parse_date,
    "ip": parse_address,
    "version": str,
    "boolean": {"true": True, "false": False}.__getitem__,
}
