"""Mutation: change a rule in one place, and see whether its cases notice.

A mutant that no case notices is a hole in the cases (or a change that means nothing). Mutants are made of the plan, not
of the text: one leaf, one operator, one value, one connective, or one setting of the rule type at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from detections.case.coverage import squeeze, with_where
from detections.case.event import Bases
from detections.case.model import CaseFile, Mutant
from detections.case.run import run
from detections.case.stages import conditions, with_body
from detections.engine.protocol import Engine
from detections.plan import EqlPlan, NewTermsPlan, Plan, RowsPlan
from detections.plan.expression import Call, Constant, Expression
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Compute,
    Equals,
    Exists,
    IsTrue,
    Leaf,
    Like,
    Matches,
    Nested,
    Not,
    Operator,
    Or,
    Phrase,
    Predicate,
    Scalar,
    Test,
)
from detections.plan.program import Body, Events, Sample, Stage
from detections.plan.program import Sequence as EqlSequence
from detections.plan.rows import Where
from detections.rule import Rule
from detections.values.wildcard import ANY

Change = tuple[str, Predicate]
_SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "and": "or", "or": "and"}


def mutate(rule: Rule, plan: Plan, file: CaseFile, bases: Bases, engine: Engine) -> list[Mutant]:
    """Every mutant of a rule, in the order of its query, with the cases that noticed it.

    A case notices a mutant when its outcome (alert or quiet, and the new terms) is another than the rule's own.
    """
    usual = _outcomes(rule, plan, file, bases, engine)
    mutants = []
    for change, span, mutated in _mutated_plans(rule, plan):
        found = _outcomes(rule, mutated, file, bases, engine)
        mutants.append(Mutant(change, span, tuple(name for name in usual if found[name] != usual[name])))
    return mutants


def _outcomes(rule: Rule, plan: Plan, file: CaseFile, bases: Bases, engine: Engine) -> dict[str, object]:
    verdicts = run(rule, plan, file, bases, engine)
    return {verdict.case.name: sorted(alert.new_terms for alert in verdict.alerts) for verdict in verdicts}


def _mutated_plans(rule: Rule, plan: Plan) -> Iterator[tuple[str, tuple[int, int], Plan]]:
    query = rule.query or ""
    if isinstance(plan, RowsPlan):
        for place, command in enumerate(plan.pipeline.commands):
            if isinstance(command, Where):
                for change, span, predicate in _predicates(command.predicate, query):
                    yield change, span, with_where(plan, place, predicate)
        return
    if isinstance(plan, EqlPlan):
        yield from _mutated_programs(plan, query)
        return
    for change, span, predicate in _predicates(plan.predicate, query):
        yield change, span, replace(plan, predicate=predicate, sent=None)
    if isinstance(plan, NewTermsPlan):
        for number, field in enumerate(plan.fields):
            if len(plan.fields) > 1:
                left = plan.fields[:number] + plan.fields[number + 1 :]
                yield f"new terms without {field.name}", (0, 0), replace(plan, fields=left)
        yield "history of an hour", (0, 0), replace(plan, history_window_start="now-1h")
        yield "history without end", (0, 0), replace(plan, history_window_start="now-100y")


def _mutated_programs(plan: EqlPlan, query: str) -> Iterator[tuple[str, tuple[int, int], Plan]]:
    for condition, put in conditions(plan):
        for change, span, predicate in _predicates(condition, query):
            yield change, span, put(predicate)
    if plan.filter is not None:
        for change, span, predicate in _predicates(plan.filter, query):
            yield change, span, replace(plan, filter=predicate, sent=None)
    for change, span, body in _bodies(plan.program.body):
        yield change, span, with_body(plan, body)


def _bodies(body: Body) -> Iterator[tuple[str, tuple[int, int], Body]]:
    """The joins with one key, span of time, end or place in the order changed."""
    if isinstance(body, Events):
        return
    for number, key in enumerate(body.stages[0].keys):
        yield f"without join key {key.field.name}", (0, 0), _without_key(body, number)
    if isinstance(body, Sample):
        return
    if body.maxspan is not None:
        yield "half the maxspan", (0, 0), replace(body, maxspan=body.maxspan // 2)
        yield "twice the maxspan", (0, 0), replace(body, maxspan=body.maxspan * 2)
    if body.until is not None:
        yield "without until", body.until.span, replace(body, until=None)
    stages = body.stages
    for number in range(1, len(stages)):
        before, after = stages[number - 1 : number + 1]
        if before != after:
            swapped = (*stages[: number - 1], after, before, *stages[number + 1 :])
            yield f"stage {number + 1} before stage {number}", after.span, replace(body, stages=swapped)


def _without_key(body: EqlSequence | Sample, number: int) -> EqlSequence | Sample:
    def drop(stage: Stage) -> Stage:
        return replace(stage, keys=(*stage.keys[:number], *stage.keys[number + 1 :]))

    stages = tuple(map(drop, body.stages))
    if isinstance(body, Sample):
        return replace(body, stages=stages)
    return replace(body, stages=stages, until=None if body.until is None else drop(body.until))


def _predicates(predicate: Predicate, query: str) -> Iterator[tuple[str, tuple[int, int], Predicate]]:
    for span, change, mutated in _walk(predicate, lambda whole: whole, query):
        yield change, span, mutated


def _walk(
    node: Predicate, rebuild: Callable[[Predicate], Predicate], query: str
) -> Iterator[tuple[tuple[int, int], str, Predicate]]:
    """Every mutant of a node, put back into the whole predicate by ``rebuild``."""
    match node:
        case And(items) | Or(items):
            joined, other = (And, Or) if isinstance(node, And) else (Or, And)
            if len(items) > 1:
                yield (
                    extent(node),
                    f"{other.__name__.lower()} instead of {joined.__name__.lower()}",
                    rebuild(other(items)),
                )
            for number, item in enumerate(items):

                def put(new: Predicate, number: int = number) -> Predicate:
                    return rebuild(joined((*items[:number], new, *items[number + 1 :])))

                yield from _walk(item, put, query)
        case Not(item):
            yield extent(node), "not removed", rebuild(item)
            yield from _walk(item, lambda new: rebuild(Not(new)), query)
        case IsTrue(item):
            yield from _walk(item, lambda new: rebuild(IsTrue(new)), query)
        case Nested(path, item):
            yield from _walk(item, lambda new: rebuild(Nested(path, new)), query)
        case _:
            text = squeeze(query[node.span[0] : node.span[1]]) or "filter"
            for change, new in _leaf(node):
                yield node.span, f"`{text}`: {change}", rebuild(new)


def extent(node: Predicate) -> tuple[int, int]:
    """The span of a predicate in the query: from its first leaf to its last."""
    match node:
        case And(items) | Or(items):
            spans = [extent(item) for item in items]
            return min(start for start, _ in spans), max(end for _, end in spans)
        case Not(item) | IsTrue(item) | Nested(_, item):
            return extent(item)
        case _:
            return node.span


def _leaf(leaf: Leaf) -> Iterator[Change]:
    if isinstance(leaf, Always):
        if leaf.value is not None:
            yield f"always {str(not leaf.value).lower()}", Always(not leaf.value, leaf.span)
        return
    yield "always true", Always(True, leaf.span)
    yield "always false", Always(False, leaf.span)
    if isinstance(leaf, Test):
        for change, operator in _operators(leaf.operator):
            yield change, replace(leaf, operator=operator)
    elif isinstance(leaf, Compute):
        for change, expression in _expressions(leaf.expression):
            yield change, replace(leaf, expression=expression)


def _operators(operator: Operator) -> Iterator[tuple[str, Operator]]:
    if not isinstance(operator, Exists):
        yield "only that it exists", Exists()
    match operator:
        case Equals(values):
            for value in sorted(values, key=str):
                rest = values - {value}
                if rest:
                    yield f"without {value!r}", replace(operator, values=rest)
                yield (
                    f"{_other(value)!r} instead of {value!r}",
                    replace(operator, values=rest | {_other(value)}),
                )
        case Between(low, high, include_low, include_high):
            if low is not None:
                yield "lower bound the other way", replace(operator, include_low=not include_low)
                yield "without the lower bound", replace(operator, low=None)
            if high is not None:
                yield "upper bound the other way", replace(operator, include_high=not include_high)
                yield "without the upper bound", replace(operator, high=None)
        case Like(pattern):
            for number, part in enumerate(pattern):
                if part is ANY and len(pattern) > 1:
                    yield (
                        f"without star {number}",
                        replace(operator, pattern=pattern[:number] + pattern[number + 1 :]),
                    )
                elif isinstance(part, str):
                    changed = (*pattern[:number], str(_other(part)), *pattern[number + 1 :])
                    yield f"{_other(part)!r} instead of {part!r}", replace(operator, pattern=changed)
        case Matches(pattern):
            yield "another expression", Matches(f"({pattern})x", operator.case_insensitive)
        case Phrase(tokens):
            for number in range(len(tokens)):
                if len(tokens) > 1:
                    yield f"without {tokens[number]!r}", Phrase(tokens[:number] + tokens[number + 1 :])
        case AnyToken(tokens):
            for token in sorted(tokens):
                if len(tokens) > 1:
                    yield f"without {token!r}", AnyToken(tokens - {token})


def _other(value: Scalar) -> Scalar:
    """A value of the same kind that is not this one."""
    if isinstance(value, bool):
        return not value
    return f"{value}x" if isinstance(value, str) else value + 1


def _expressions(expression: Expression) -> Iterator[tuple[str, Expression]]:
    """The expression with one operator or constant changed."""
    if isinstance(expression, Constant):
        if isinstance(expression.value, str | int | float):
            other = _other(expression.value)
            yield f"{other!r} instead of {expression.value!r}", replace(expression, value=other)
    elif isinstance(expression, Call):
        if expression.function in _SWAPS:
            swapped = _SWAPS[expression.function]
            yield f"{swapped} instead of {expression.function}", replace(expression, function=swapped)
        for number, argument in enumerate(expression.arguments):
            for change, new in _expressions(argument):
                arguments = (*expression.arguments[:number], new, *expression.arguments[number + 1 :])
                yield change, replace(expression, arguments=arguments)
