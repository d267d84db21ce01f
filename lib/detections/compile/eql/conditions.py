"""Conditions of EQL as predicates (Elasticsearch 9: optimizer and query translator).

Elasticsearch sends a condition as a query whose leaves are term, range, wildcard ... queries where one field is asked
about constants, and scripts elsewhere; so do the leaves here, :class:`Test` and :class:`Compute`. Null exists inside a
script only: a leaf that has nothing to say about a document is false for it, and ``not`` makes that true. Constants are
folded first, and there null is known: ``not null`` selects nothing, and of ``null or x`` only ``x`` remains.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable

from detections.compile import constants, leaf
from detections.compile.constants import RefusedError
from detections.compile.eql.arithmetic import MIRRORED, solved
from detections.compile.eql.expressions import Expressions, call, is_guess, value_of
from detections.errors import NotEvaluated, QueryTypeError
from detections.functions.eql import like_pattern
from detections.mapping import Field
from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.predicate import Always, And, Compute, Not, Or, Predicate
from detections.query import Span
from detections.query.eql import ast
from detections.values import regex
from detections.values.wildcard import ANY, lucene

_BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_PATTERNS = ("startswith", "endswith", "stringcontains")


class Conditions:
    """Compiles the conditions of one query.

    ``problems`` are the refusals, and what nothing here evaluates; such a leaf counts as one that is never true.
    """

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self.problems: list[QueryTypeError | NotEvaluated] = []

    def compile(self, node: ast.Expression) -> Predicate:
        """The predicate of a condition. ``Always(None)`` where it comes to null."""
        match node:
            case ast.And(items):
                return conjunction(self._operands(items, node), node.span)
            case ast.Or(items):
                return disjunction(self._operands(items, node), node.span)
            case ast.Not(item):
                return negation(self.operand(item, lambda: self._expressions.boolean(item, node)))
        return self.attempt(lambda: self._leaf(node), node.span)

    def operand(self, node: ast.Expression, check: Callable[[], object]) -> Predicate:
        """The predicate of what must be a condition; ``check`` refuses values that are none."""
        if not isinstance(node, ast.Literal | ast.FieldName | ast.Call | ast.Arithmetic | ast.Negative):
            return self.compile(node)

        def make() -> Predicate:
            check()
            return self._leaf(node)

        return self.attempt(make, node.span)

    def _operands(self, items: Iterable[ast.Expression], within: ast.Expression) -> list[Predicate]:
        check = self._expressions.boolean
        return [self.operand(item, functools.partial(check, item, within, at)) for at, item in enumerate(items)]

    def attempt(self, make: Callable[[], Predicate], span: Span) -> Predicate:
        """What ``make`` makes; a problem is kept."""
        try:
            return make()
        except RefusedError as error:
            self.problems.append(self._expressions.fields.refused(str(error), span))
        except (QueryTypeError, NotEvaluated) as error:
            self.problems.append(error)
        return Always(False, span)

    def _leaf(self, node: ast.Expression) -> Predicate:
        match node:
            case ast.Comparison():
                return self._comparison(node)
            case ast.In():
                return self._in(node)
            case ast.Match():
                return self._match(node)
            case ast.Call():
                return self._function(node)
            case _:
                return self._computed(self._expressions.compile(node), node.span)

    def _computed(self, made: Expression, span: Span) -> Predicate:
        if isinstance(made, Constant):
            return Always(made.value if isinstance(made.value, bool) else None, span)
        if isinstance(made, Column) and (made.type == "boolean" or is_guess(made)):
            return leaf.term(_field(made), True, span)
        return Compute(_apart(made), span, "any")

    # Comparisons.

    def _comparison(self, node: ast.Comparison) -> Predicate:
        left, right = self._expressions.compared(node)
        if node.operator in ("==", "!="):
            made = self._equality(node, left, right)
            return made if node.operator == "==" else negation(made)
        return self._ordered(node.operator, node, left, right)

    def _equality(self, node: ast.Comparison, left: Expression, right: Expression) -> Predicate:
        for tested, other, side in ((left, right, node.left), (right, left, node.right)):
            if isinstance(other, Constant) and other.value is None:
                return self._is_null(tested, node)
            if isinstance(other, Constant) and isinstance(other.value, bool) and _is_condition(side, tested):
                made = self.compile(side)
                return made if other.value else negation(made)
        return self._ordered("==", node, left, right)

    def _is_null(self, tested: Expression, node: ast.Comparison) -> Predicate:
        if isinstance(tested, Column):
            return negation(leaf.exists(_field(tested), node.span))
        return self._computed(call("is null", tested), node.span)

    def _ordered(self, operator: str, node: ast.Comparison, left: Expression, right: Expression) -> Predicate:
        other = node.right
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right, operator, other = right, left, MIRRORED[operator], node.left
        if not isinstance(right, Constant):
            self._expressions.against_field(other, operator)
        value = self._expressions.exact(left, self._expressions.source(node), node)
        if isinstance(left, Call) and isinstance(right.value, int) and not isinstance(right.value, bool):
            simpler, tested, number = solved(operator, left, right.value)
            if isinstance(tested, Column):
                operator, left, value, right = simpler, tested, tested, Constant(number, "long")
        if not isinstance(left, Column) or not isinstance(value, Column):
            return self._computed(call(f"eql.{operator}", value_of(value), right), node.span)
        if operator == "==":
            return leaf.term(_field(value), _constant(right), node.span)
        return leaf.bounds(_field(left), {_BOUNDS[operator]: _constant(right)}, node.span)

    def _in(self, node: ast.In) -> Predicate:
        value, choices = self._expressions.chosen(node)
        if isinstance(value, Constant) and value.value is None:
            return Always(None, node.span)
        leaves = [
            self._equal(value, constant, _span(choice, node, len(choices)), fold=node.case_insensitive)
            for choice, constant in zip(node.choices, choices, strict=True)
            if constant.value is not None or node.case_insensitive
        ]
        return disjunction(leaves, node.span) if leaves else Always(None, node.span)

    def _equal(self, value: Expression, constant: Constant, span: Span, *, fold: bool) -> Predicate:
        if isinstance(value, Column):
            return leaf.term(_field(value), _constant(constant), span, case_insensitive=fold)
        return self._computed(call("eql.==~" if fold else "eql.==", value_of(value), constant), span)

    # Patterns.

    def _match(self, node: ast.Match) -> Predicate:
        value, patterns = self._expressions.matched(node)
        exact = self._expressions.exact(value, self._expressions.source(node), node)
        leaves = []
        for text, pattern in zip(patterns, node.patterns, strict=True):
            span = _span(pattern, node, len(patterns))
            if not isinstance(value, Column) or not isinstance(exact, Column):
                leaves.append(self._computed(self._expressions.matching(node, exact, text), span))
            elif node.operator.startswith("regex") and regex.matches_all(text):
                leaves.append(leaf.exists(_field(value), span))
            elif node.operator.startswith("regex"):
                leaves.append(leaf.regexp(_field(exact), text, span, case_insensitive=node.operator == "regex~"))
            else:
                leaves.append(_like(_field(value), _field(exact), text, span, fold=node.operator != "like"))
        return disjunction(leaves, node.span)

    # Functions.

    def _function(self, node: ast.Call) -> Predicate:
        made = self._expressions.compile(node)
        match made:
            case Call("eql.cidrmatch", (Call("eql.written", (Column() as address,)), *blocks)):
                constants = [_constant(one) for one in blocks if isinstance(one, Constant)]
                leaves = [
                    leaf.term(_field(address), block, _span(place, node, len(constants)))
                    for place, block in zip(node.arguments[1:], constants, strict=True)
                ]
                return disjunction(leaves, node.span)
            case Call(function, (Column() as column, Constant(str() as text))):
                name = function.removeprefix("eql.").removesuffix("~")
                if name in _PATTERNS:
                    return _contains(name, _field(column), text, node.span, fold=function.endswith("~"))
        return self._computed(made, node.span)


def conjunction(items: list[Predicate], span: Span) -> Predicate:
    """All of some predicates, constants folded as Elasticsearch folds them."""
    flat = [one for item in items for one in (item.items if isinstance(item, And) else (item,))]
    constants = {item.value for item in flat if isinstance(item, Always)}
    if False in constants:
        return Always(False, span)
    if None in constants:
        return Always(None, span)
    kept = [item for item in flat if not isinstance(item, Always)]
    return kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else Always(True, span)


def disjunction(items: list[Predicate], span: Span) -> Predicate:
    """Any of some predicates, constants folded as Elasticsearch folds them: beside another, null is nothing."""
    constants = {item.value for item in items if isinstance(item, Always)}
    if True in constants:
        return Always(True, span)
    kept = [item for item in items if not isinstance(item, Always)]
    if kept:
        return kept[0] if len(kept) == 1 else Or(tuple(kept))
    return Always(None if None in constants else False, span)


def negation(item: Predicate) -> Predicate:
    match item:
        case Always(value, span):
            return Always(None if value is None else not value, span)
        case Not(inner):
            return inner
    return Not(item)


def _is_condition(node: ast.Expression, made: Expression) -> bool:
    return made.type == "boolean" and not isinstance(made, Column | Constant) and not isinstance(node, ast.FieldName)


def _like(field: Field, exact: Field, text: str, span: Span, *, fold: bool) -> Predicate:
    """``like``: stars alone ask whether the field exists, and a text without wildcards whether it is the value."""
    pattern = like_pattern(text)
    if pattern and all(part is ANY for part in pattern):
        return leaf.exists(field, span)
    if all(isinstance(part, str) for part in pattern):
        return leaf.term(exact, text, span, case_insensitive=fold)
    return leaf.wildcard(exact, pattern, span, case_insensitive=fold)


def _contains(name: str, field: Field, text: str, span: Span, *, fold: bool) -> Predicate:
    """One of a field and a constant. All but the prefix are wildcard queries, in which a constant's ``*``, ``?`` and
    backslash keep their meaning."""
    if name == "startswith":
        middle = (text,) if text else ()
        return leaf.wildcard(field, (*middle, ANY), span, case_insensitive=fold, kind="prefix")
    after = "*" if name == "stringcontains" else ""
    return leaf.wildcard(field, lucene(f"*{text}{after}"), span, case_insensitive=fold)


def _field(column: Column) -> Field:
    assert column.field is not None
    return column.field


def _constant(made: Constant) -> constants.Constant:
    assert made.value is None or isinstance(made.value, str | int | float | bool)
    return made.value


def _span(node: ast.Expression, whole: ast.Expression, count: int) -> Span:
    """Where a leaf stands: one of several where its own constant is, the only one where the condition is."""
    return node.span if count > 1 else whole.span


def _apart(expression: Expression) -> Expression:
    """The expression with a column for each use of a field: each goes through the field's values by itself."""
    seen: Counter[str] = Counter()

    def rename(node: Expression) -> Expression:
        match node:
            case Column(name, kind, field):
                seen[name] += 1
                return Column(f"{name} ({seen[name]})", kind, field) if seen[name] > 1 else node
            case Call(function, arguments, kind):
                return Call(function, tuple(map(rename, arguments)), kind)
        return node

    return rename(expression)
