"""BUCKET and TBUCKET: what rows are grouped by when a number or an instant is cut into ranges (Elasticsearch 9.5)."""

from __future__ import annotations

import math

from detections.compile.esql.expressions import Expressions
from detections.errors import NotEvaluated
from detections.functions.buckets import date_interval, number_interval
from detections.functions.signature import NUMERIC, SPAN, Duration, Period
from detections.functions.zoned import zone_of
from detections.plan.expression import Constant, Expression
from detections.query.esql import ast

_INSTANTS = ("datetime", "date_nanos")


def bucket(expressions: Expressions, node: ast.Function) -> Expression:
    """The expression that a grouping function stands for."""
    if node.name not in ("bucket", "tbucket"):
        raise NotEvaluated(f"the function {node.name.upper()} is not evaluated here", node.span)
    arguments = list(node.arguments)
    if node.name == "tbucket":
        arguments.insert(0, ast.Name("@timestamp", node.span))
    if len(arguments) not in (2, 4):
        given = len(node.arguments)
        expressions.refuse(f"error building [{node.name}]: expects 2 or 4 arguments, found {given}", node)
    value = expressions.usable(arguments[0])
    if value.type in (*_INSTANTS, "null"):
        return _of_instants(expressions, node, value, arguments)
    if value.type in NUMERIC:
        return _of_numbers(expressions, node, value, arguments)
    message = f"first argument of [{expressions.source(node)}] must be [datetime or numeric]"
    return expressions.misfit(f"{message}, found value type [{value.type}]", arguments[0], node)


def _of_instants(
    expressions: Expressions, node: ast.Function, value: Expression, arguments: list[ast.Expression]
) -> Expression:
    width = expressions.cast_if_text(arguments[1], "span")
    if not isinstance(width, Constant) or isinstance(width.value, tuple):
        expressions.refuse(f"second argument of [{expressions.source(node)}] must be a constant", arguments[1])
    if width.type in SPAN:
        span = width.value
    elif isinstance(width.value, int) and width.type != "boolean" and len(arguments) == 4:
        low, high = (_instant(expressions, node, argument) for argument in arguments[2:])
        zone = expressions.context.zone
        if zone is not None:
            low, high = zone_of(zone).local(low), zone_of(zone).local(high)
        span = date_interval(width.value, low, high)
    else:
        shown = expressions.source(node)
        expressions.refuse(f"second argument of [{shown}] must be [span of time or integral]", arguments[1])
    assert isinstance(span, Period | Duration)
    kind = "date_period" if isinstance(span, Period) else "time_duration"
    return expressions.made("date_trunc", (Constant(span, kind), value), value.type, node)


def _instant(expressions: Expressions, node: ast.Function, argument: ast.Expression) -> int:
    made = expressions.cast_if_text(argument, "datetime")
    if not isinstance(made, Constant) or made.type != "datetime" or not isinstance(made.value, int):
        expressions.refuse(f"the range of [{expressions.source(node)}] must be two constant instants", argument)
    return made.value


def _of_numbers(
    expressions: Expressions, node: ast.Function, value: Expression, arguments: list[ast.Expression]
) -> Expression:
    numbers = []
    for argument in arguments[1:]:
        made = expressions.usable(argument)
        if not isinstance(made, Constant) or not isinstance(made.value, int | float) or made.type not in NUMERIC:
            expressions.refuse(f"[{expressions.source(node)}] takes constant numbers", argument)
        numbers.append(made.value)
    width = float(numbers[0]) if len(numbers) == 1 else number_interval(*numbers)
    if not width > 0 or not math.isfinite(width):
        expressions.refuse(f"the width of [{expressions.source(node)}] must be greater than 0", node)
    return expressions.made("bucket", (value, Constant(width, "double")), "double", node)
