"""How a query is read and evaluated, as indented text: plans, predicates, row pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from detections.plan import EqlPlan, NewTermsPlan, Plan, RowsPlan
from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Compute,
    Equals,
    Exists,
    IsTrue,
    Like,
    Matches,
    Nested,
    Not,
    Operator,
    Or,
    Phrase,
    Predicate,
    Test,
)
from detections.plan.program import Events, Program, Sample, Sequence, Stage
from detections.plan.rows import Command, Eval, Limit, Pipeline, Project, Sort, Where
from detections.values.wildcard import ANY

_INDENT = "  "


def plan(made: Plan) -> str:
    """A plan: its time field, what its type adds, and its predicate or pipeline."""
    fallback = f", else {made.time.fallback}" if made.time.fallback else ""
    lines = [f"time: {made.time.primary}{fallback}"]
    if isinstance(made, NewTermsPlan):
        lines.append(f"new terms: {', '.join(field.name for field in made.fields)} since {made.history_window_start}")
    match made:
        case RowsPlan():
            lines.append(pipeline(made.pipeline))
        case EqlPlan():
            if made.filter is not None:
                lines += ["filters", predicate(made.filter, 1)]
            lines.append(program(made.program))
        case _:
            lines.append(predicate(made.predicate))
    return "\n".join(lines)


def tree(value: Any) -> str:
    """A JSON value over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def syntax(node: Any) -> Any:
    """A syntax tree of EQL or ES|QL as a JSON value: of each node its kind, and all but its place."""
    if isinstance(node, tuple):
        return [syntax(item) for item in node]
    if not is_dataclass(node):
        return node
    parts = {one.name: syntax(getattr(node, one.name)) for one in fields(node) if one.compare}
    return {"node": type(node).__name__, **parts}


def predicate(node: Predicate, depth: int = 0) -> str:
    """A predicate, one leaf a line."""
    return "\n".join(_predicate(node, depth))


def pipeline(made: Pipeline) -> str:
    """A row pipeline, one command a paragraph."""
    lines = [f"from {', '.join(made.indices)}" + (f" metadata {', '.join(made.metadata)}" if made.metadata else "")]
    for command in made.commands:
        lines += _command(command)
    return "\n".join([*lines, f"columns {', '.join(f'{column.name}: {column.type}' for column in made.columns)}"])


def program(made: Program) -> str:
    """An EQL program: what orders the events, its conditions, one a paragraph, and what is left of the results."""
    by = [field.name for field in (made.order.timestamp, made.order.tiebreaker) if field is not None]
    lines = [f"ordered by {', '.join(by)}"]
    match made.body:
        case Events(condition):
            lines += ["events", *_predicate(condition, 1)]
        case Sequence(stages, until, maxspan):
            lines.append("sequence" if maxspan is None else f"sequence within {maxspan:,} ms")
            for number, stage in enumerate(stages):
                lines += _stage("none like this" if stage.missing else "then" if number else "first", stage)
            if until is not None:
                lines += _stage("until", until)
        case Sample(stages):
            lines.append("sample")
            for stage in stages:
                lines += _stage("with", stage)
    return "\n".join([*lines, *(f"{limit.kind} {limit.count}" for limit in made.body.limits)])


def _stage(word: str, stage: Stage) -> Iterator[str]:
    keys = ", ".join(f"{'?' * key.optional}{key.field.name}" for key in stage.keys)
    yield f"{_INDENT}{word}{f' by {keys}' if keys else ''}"
    yield from _predicate(stage.predicate, 2)


def _command(command: Command) -> Iterator[str]:
    match command:
        case Where(node):
            yield "where"
            yield from _predicate(node, 1)
        case Eval(columns):
            yield from (f"eval {name} = {expression(value)}" for name, value in columns)
        case Project(columns):
            yield f"project {', '.join(f'{name} = {column.name}' for name, column in columns)}"
        case Sort(orders):
            yield from (
                f"sort {expression(order.expression)}{' descending' * order.descending}"
                f", nulls {'first' if order.nulls_first else 'last'}"
                for order in orders
            )
        case Limit(count):
            yield f"limit {count}"


def _predicate(node: Predicate, depth: int) -> Iterator[str]:
    pad = _INDENT * depth
    match node:
        case And(items) | Or(items):
            yield f"{pad}{'all of' if isinstance(node, And) else 'any of'}"
            for item in items:
                yield from _predicate(item, depth + 1)
        case Not(item) | IsTrue(item):
            yield f"{pad}{'not' if isinstance(node, Not) else 'is true'}"
            yield from _predicate(item, depth + 1)
        case Nested(path, item):
            yield f"{pad}one object under {path}"
            yield from _predicate(item, depth + 1)
        case Test(field, operator):
            absent = ", missing where it has no value" if node.missing == "missing" else ""
            yield f"{pad}{field.name} {_operator(operator)}  ({field.type}{absent})"
        case Compute(value):
            yield f"{pad}{expression(value)}"
        case Always(value):
            yield f"{pad}always {'missing' if value is None else str(value).lower()}"


def _operator(operator: Operator) -> str:
    match operator:
        case Exists():
            return "exists"
        case Equals(values, insensitive):
            shown = sorted(map(repr, values))
            said = f"= {shown[0]}" if len(shown) == 1 else f"one of {', '.join(shown)}"
            return said + " in any case" * insensitive
        case Between(low, high, include_low, include_high):
            bounds = [f"{'>=' if include_low else '>'} {low!r}"] * (low is not None)
            bounds += [f"{'<=' if include_high else '<'} {high!r}"] * (high is not None)
            return " and ".join(bounds) or "has any value"
        case Like(pattern, insensitive):
            text = "".join(part if isinstance(part, str) else ("*" if part is ANY else "?") for part in pattern)
            return f"like {text!r}" + " in any case" * insensitive
        case Matches(pattern, insensitive):
            return f"matches {pattern!r}" + " in any case" * insensitive
        case Phrase(tokens):
            return f"has the phrase {' '.join(tokens)!r}"
        case AnyToken(tokens):
            return f"has a token of {', '.join(sorted(map(repr, tokens)))}"


def expression(node: Expression) -> str:
    """A scalar expression, every call written as a function."""
    match node:
        case Column(name):
            return name
        case Constant(value):
            return "null" if value is None else repr(value)
        case Call(function, arguments):
            return f"{function}({', '.join(map(expression, arguments))})"
