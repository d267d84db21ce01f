"""Queries of EQL as programs (Elasticsearch 9)."""

from __future__ import annotations

from collections.abc import Iterable

from detections.compile import leaf
from detections.compile.eql.conditions import Conditions, conjunction
from detections.compile.eql.expressions import Expressions, compatible, is_guess
from detections.compile.eql.fields import Fields
from detections.errors import NotEvaluated, QueryTypeError
from detections.mapping import DYNAMIC, UNMAPPED, Field, Mapping
from detections.plan.expression import Column
from detections.plan.predicate import Always, Predicate
from detections.plan.program import EventOrder, Events, Key, Pipe, Program, Sample, Sequence, Stage
from detections.query import EqlQuery
from detections.query.eql import ast
from detections.query.eql.parser import UNITS


def compile_eql(
    query: EqlQuery,
    mapping: Mapping,
    *,
    timestamp_field: str = "@timestamp",
    tiebreaker_field: str | None = None,
    event_category_field: str = "event.category",
) -> Program:
    """What the query asks of an engine whose events have these fields.

    Raises:
        QueryTypeError: the fields refuse it, as Elasticsearch would; the first of the refusals.
        NotEvaluated: it is sound, but nothing here evaluates a part of it.
    """
    compiler = _Compiler(query, mapping, event_category_field)
    program = compiler.compile(timestamp_field, tiebreaker_field)
    for problem in sorted(compiler.problems, key=lambda one: isinstance(one, NotEvaluated)):
        raise problem
    return program


def refusals(
    query: EqlQuery,
    mapping: Mapping,
    *,
    timestamp_field: str = "@timestamp",
    tiebreaker_field: str | None = None,
    event_category_field: str = "event.category",
) -> list[QueryTypeError]:
    """All that the fields refuse, in the order of the query; :func:`compile_eql` raises the first of them."""
    compiler = _Compiler(query, mapping, event_category_field)
    compiler.compile(timestamp_field, tiebreaker_field)
    return [problem for problem in compiler.problems if isinstance(problem, QueryTypeError)]


class _Compiler:
    def __init__(self, query: EqlQuery, mapping: Mapping, category_field: str) -> None:
        self._tree = query.tree
        self._fields = Fields(mapping, query)
        self._expressions = Expressions(query, self._fields)
        self._conditions = Conditions(self._expressions)
        self._category_field = category_field

    @property
    def problems(self) -> list[QueryTypeError | NotEvaluated]:
        return self._conditions.problems

    def compile(self, timestamp: str, tiebreaker: str | None) -> Program:
        limits = tuple(Pipe(pipe.name, pipe.count) for pipe in self._tree.pipes)
        order = EventOrder(self._timestamp(timestamp), None if tiebreaker is None else self._field(tiebreaker))
        match self._tree.body:
            case ast.EventFilter() as events:
                return Program(Events(self._events(events), limits), order)
            case ast.Sample(by, terms):
                stages = self._stages(by, terms, "Sample")
                return Program(Sample(stages, limits), order)
            case ast.Sequence(by, maxspan, terms, until):
                stages = self._stages(by, terms, "Sequence", until)
                span = None if maxspan is None else maxspan.count * UNITS[maxspan.unit]
                last = None if until is None else self._stage(by, until)
                return Program(Sequence(stages, last, span, limits), order)

    # Events.

    def _events(self, events: ast.EventFilter) -> Predicate:
        condition = self._conditions.operand(events.condition, lambda: self._check_boolean(events))
        if events.category is not None:
            condition = conjunction([self._category(events, events.category), condition], events.span)
        # What comes to null selects nothing.
        return Always(False, condition.span) if condition == Always(None) else condition

    def _category(self, events: ast.EventFilter, category: str) -> Predicate:
        node = ast.FieldName(self._category_field, span=events.category_span)
        span = events.category_span

        def equal() -> Predicate:
            column = self._fields.column(node)
            assert column is not None
            made = self._expressions.exact(column, self._expressions.source(node), node, "first")
            assert isinstance(made, Column) and made.field is not None
            return leaf.term(made.field, category, span)

        return self._conditions.attempt(equal, span)

    def _check_boolean(self, events: ast.EventFilter) -> None:
        node = events.condition
        if events.category is not None:
            self._expressions.boolean(node, ast.And((node,), events.span), 1)
            return
        made = self._expressions.compile(node)
        if made.type != "boolean" and not is_guess(made):
            message = f"Condition expression needs to be boolean, found [{made.type.upper()}]"
            self._expressions.refuse(message, node)

    # Sequences and samples.

    def _stages(
        self, by: tuple[ast.FieldName, ...], terms: tuple[ast.Term, ...], kind: str, until: ast.Term | None = None
    ) -> tuple[Stage, ...]:
        self._check_keys(by, [*terms, *([until] if until is not None else [])], kind)
        made = [(self._stage(by, term), term.runs) for term in terms]
        return tuple(stage for stage, runs in made for _ in range(runs))

    def _stage(self, by: tuple[ast.FieldName, ...], term: ast.Term) -> Stage:
        keys = tuple(key for node in (*by, *term.by) for key in self._key(node))
        return Stage(self._events(term.filter), keys, term.missing, term.span)

    def _key(self, node: ast.FieldName) -> Iterable[Key]:
        column = self._key_column(node)
        if column is not None:
            assert column.field is not None
            # Of what nobody declared the text is compared: the same key may be a number in one event.
            field = column.field.as_type("keyword") if column.field.type == DYNAMIC else column.field
            yield Key(field, node.optional)
        elif node.optional:
            yield Key(Field(node.name, UNMAPPED, declared=False), True)

    def _key_column(self, node: ast.FieldName) -> Column | None:
        """A join key: of a text field the sub-field with its exact values, if it has one."""
        try:
            column = self._fields.column(node)
        except QueryTypeError:
            return None
        exact = column if column is None else self._fields.exact(column)
        return exact if isinstance(exact, Column) else column

    def _check_keys(self, by: tuple[ast.FieldName, ...], terms: list[ast.Term], kind: str) -> None:
        """Refuse keys that cannot be used, and those whose types differ from the first event's."""
        first: list[tuple[ast.FieldName, str]] = []
        for number, term in enumerate(terms):
            nodes = [*by, *term.by] if number == 0 else list(term.by)
            kinds = [self._key_type(node) for node in nodes]
            if number == 0:
                first = list(zip(nodes, kinds, strict=True))
                continue
            for (expected, wanted), node, found in zip(first[len(by) :], nodes, kinds, strict=False):
                if not compatible(wanted, found):
                    message = f"{kind} key [{node.name}] type [{_es_type(found)}] is incompatible with key"
                    message = f"{message} [{expected.name}] type [{_es_type(wanted)}]"
                    self.problems.append(self._fields.refused(message, node.span))

    def _key_type(self, node: ast.FieldName) -> str:
        try:
            column = self._fields.column(node)
        except QueryTypeError as error:
            self.problems.append(error)
            return "null"
        return "null" if column is None else column.type

    # The order of events.

    def _timestamp(self, name: str) -> Field:
        """Every data stream has one; where the mapping says nothing of it, it is a date."""
        return self._fields.find(name) or Field(name, "date", declared=False)

    def _field(self, name: str) -> Field | None:
        node = ast.FieldName(name, span=(0, 1))
        try:
            column = self._fields.column(node)
        except QueryTypeError as error:
            self.problems.append(error)
            return None
        return None if column is None else column.field


def _es_type(kind: str) -> str:
    return "date" if kind == "datetime" else kind
