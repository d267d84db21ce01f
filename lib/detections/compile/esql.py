"""ES|QL -> row pipeline: names and types resolved against a mapping (Elasticsearch 9.2).

A condition that compares one field of the document with constants, before anything else was computed, becomes a test
that the engine answers column by column; every other condition is an expression computed on the rows that are left.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from detections.compile.esql_expressions import ExpressionCompiler, Scope, esql_type
from detections.compile.esql_tests import test_of
from detections.compile.expression import Column
from detections.compile.ir import And, Compute, Not, Or, Predicate
from detections.compile.mapping import Field, Mapping
from detections.compile.rows import Command, Eval, Limit, Order, Pipeline, Project, Sort, Where
from detections.errors import NotEvaluated, QueryTypeError
from detections.query.esql import ast

METADATA = {"_id": "keyword", "_index": "keyword", "_version": "long", "_ignored": "keyword", "_source": "unsupported"}


def compile_esql(query: ast.Query, mapping: Mapping, text: str) -> Pipeline:
    """The pipeline of a query.

    Raises:
        QueryTypeError: an unknown column or function, or arguments of types that it does not take.
        NotEvaluated: a command or function that Elasticsearch has and nothing here evaluates.
    """
    for command in query.opaque:
        raise NotEvaluated(f"the ES|QL command {command.name.upper()} is not evaluated yet")
    return _Pipeline(query, mapping, text).compile()


class _Pipeline:
    def __init__(self, query: ast.Query, mapping: Mapping, text: str) -> None:
        self.query = query
        self.mapping = mapping
        self.text = text
        self.columns: dict[str, Column] = {}
        self.open = mapping.dynamic
        """Whether a name that no column has may still be a field of the documents, which no mapping lists."""
        self.columnar = True

    def compile(self) -> Pipeline:
        source, *rest = self.query.commands
        if not isinstance(source, ast.From):
            raise NotEvaluated("an ES|QL query without FROM is not evaluated yet")
        if not self.mapping.dynamic:
            for field in sorted(self.mapping, key=lambda one: one.name):
                self.columns[field.name] = self._column(field)
        for name in source.metadata:
            if name.name not in METADATA:
                raise self.wrong(f"unsupported metadata field [{name.name}]", name.span)
            kind = METADATA[name.name]
            self.columns[name.name] = Column(name.name, kind, Field(name.name, "long" if kind == "long" else "keyword"))
        commands = [made for command in rest for made in self.command(command)]
        return Pipeline(source.indices, self.query.metadata, tuple(commands), tuple(self.columns.values()))

    def wrong(self, message: str, span: tuple[int, int]) -> QueryTypeError:
        return QueryTypeError(message, self.text, *span)

    def _column(self, field: Field) -> Column:
        parent = self.mapping.get(field.path) if field.path != field.name and field.family == "text" else None
        # The text of a multi-field is loaded from its parent's doc values: null over the parent's ignore_above.
        loaded = parent or (Field(field.name, "keyword", path=field.path) if field.family == "text" else field)
        return Column(field.name, esql_type(field), loaded)

    def resolve(self, name: str, span: tuple[int, int]) -> Column:
        """The column of a name."""
        found = self.columns.get(name)
        if found is None and self.open:
            field = self.mapping.get(name)
            if field is not None:
                found = self._column(field)
        if found is None:
            near = difflib.get_close_matches(name, self.columns, 1)
            raise self.wrong(f"Unknown column [{name}]" + (f", did you mean [{near[0]}]?" if near else ""), span)
        return found

    @property
    def expressions(self) -> ExpressionCompiler:
        return ExpressionCompiler(Scope(self.text, self.resolve))

    def command(self, command: ast.Command) -> Iterator[Command]:
        match command:
            case ast.Where(condition):
                yield Where(self.predicate(condition))
            case ast.Eval(fields):
                self.columnar = False
                yield self.evaluated(fields)
            case ast.Keep(patterns):
                yield self.kept(patterns)
            case ast.Drop(patterns):
                yield from self.dropped(patterns)
            case ast.Rename(pairs):
                yield from self.renamed(pairs)
            case ast.Sort(orders):
                self.columnar = False
                yield Sort(tuple(self.order(one) for one in orders))
            case ast.Limit(count):
                self.columnar = False
                yield Limit(count)
            case _:
                raise NotEvaluated(f"the ES|QL command {type(command).__name__.upper()} is not evaluated here")

    def order(self, order: ast.Order) -> Order:
        return Order(self.expressions.compile(order.value), not order.ascending, order.nulls_first)

    def evaluated(self, fields: Iterable[ast.Field]) -> Eval:
        made = []
        for field in fields:
            expression = self.expressions.compile(field.value)
            self.columns.pop(field.name, None)
            self.columns[field.name] = Column(field.name, expression.type)
            made.append((field.name, expression))
        return Eval(tuple(made))

    def predicate(self, node: ast.Expression) -> Predicate:
        """A condition: connectives as they are, each other part one leaf."""
        match node:
            case ast.Logical(operator, items):
                joined = And if operator == "and" else Or
                return joined(tuple(self.predicate(item) for item in items))
            case ast.Not(value):
                return Not(self.predicate(value))
            case ast.In(negated=True) | ast.Like(negated=True):
                return Not(self.leaf(_positive(node)))
        return self.leaf(node)

    def leaf(self, node: ast.Expression) -> Predicate:
        if self.columnar:
            made = test_of(node, self.resolve)
            if made is not None:
                # Compiled all the same: the types must fit.
                self.expressions.compile(node)
                return made
        expression = self.expressions.compile(node)
        if expression.type not in ("boolean", "null"):
            raise self.wrong(f"Condition expression needs to be boolean, found [{expression.type.upper()}]", node.span)
        return Compute(expression, node.span)

    def kept(self, patterns: tuple[ast.Pattern, ...]) -> Project:
        """KEEP: in the order of the patterns; where several name a column, the most exact one places it."""
        places: dict[str, tuple[int, int]] = {}
        for number, pattern in enumerate(patterns):
            rank = 0 if len(pattern.texts) == 1 else (2 if pattern.texts == ("", "") else 1)
            for name in self.matching(pattern):
                if name not in places or rank <= places[name][0]:
                    places[name] = (rank, number)
        order = list(self.columns)
        names = sorted(places, key=lambda name: (places[name][1], order.index(name) if name in order else -1))
        return self.projected([(name, self.columns[name]) for name in names], closed=True)

    def matching(self, pattern: ast.Pattern) -> list[str]:
        if len(pattern.texts) == 1:
            name = pattern.texts[0]
            self.columns[name] = self.resolve(name, pattern.span)
            return [name]
        expression = re.compile(".*".join(map(re.escape, pattern.texts)), re.DOTALL)
        found = [name for name in self.columns if expression.fullmatch(name)]
        if not found and not self.open:
            raise self.wrong(f"No matches found for pattern [{'*'.join(pattern.texts)}]", pattern.span)
        return found

    def dropped(self, patterns: tuple[ast.Pattern, ...]) -> Iterator[Command]:
        gone = {name for pattern in patterns for name in self.matching(pattern)}
        yield self.projected([(name, column) for name, column in self.columns.items() if name not in gone])

    def renamed(self, pairs: tuple[tuple[ast.Name, ast.Name], ...]) -> Iterator[Command]:
        for old, new in pairs:
            self.columns.setdefault(old.name, self.resolve(old.name, old.span))
            left = [(name, column) for name, column in self.columns.items() if name != new.name or old.name == new.name]
            yield self.projected([(new.name if name == old.name else name, column) for name, column in left])

    def projected(self, columns: list[tuple[str, Column]], closed: bool = False) -> Project:
        """What the table is from here on: the columns hold what they held, under their new names."""
        self.columnar = False
        if closed:
            self.open = False
        self.columns = {name: Column(name, column.type) for name, column in columns}
        return Project(tuple(columns))


def _positive(node: ast.In | ast.Like) -> ast.Expression:
    if isinstance(node, ast.In):
        return ast.In(node.value, node.items, False, node.span)
    return ast.Like(node.value, node.patterns, node.regex, False, node.listed, node.span)
