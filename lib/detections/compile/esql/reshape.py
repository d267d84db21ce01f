"""The commands that take values apart or bring in others: GROK, DISSECT, MV_EXPAND, LOOKUP JOIN, ENRICH."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from detections.compile.esql.conditions import Conditions
from detections.compile.esql.context import Context
from detections.compile.esql.expressions import Expressions
from detections.compile.esql.scope import Scope, column_of
from detections.functions import dissect, grok
from detections.functions.signature import NUMERIC, SPATIAL, STRING
from detections.plan.expression import UNSUPPORTED, Column, Expression
from detections.plan.rows import Command, Dissect, Expand, Grok, Join, LookupTable
from detections.query.esql import ast

_T = TypeVar("_T")
_NO_KEYS = SPATIAL | {"text", "version", "unsigned_long", UNSUPPORTED}
"""Types of lookup fields that LOOKUP JOIN cannot compare with."""


class Reshaping:
    """Compiles one of these commands; the scope has its columns afterwards."""

    def __init__(self, context: Context, scope: Scope) -> None:
        self._context = context
        self._query = context.query
        self._scope = scope
        self._expressions = Expressions(context, scope)

    def command(self, command: ast.Command) -> Sequence[Command] | None:
        """The commands of the pipeline; None for what is not evaluated, or no table is given for."""
        match command:
            case ast.MvExpand(name):
                column = self._expressions.column(name)
                self._expressions.usable(name)
                self._scope.settle_one(column.name, column.type)
                return (Expand(column),)
            case ast.Dissect():
                return (self._dissect(command),)
            case ast.Grok():
                return (self._grok(command),)
            case ast.Join(index=index) if index.name in self._context.tables:
                return (self._join(command, self._context.tables[index.name]),)
            case ast.Enrich(policy=policy) if policy in self._context.tables:
                return (self._enrich(command, self._context.tables[policy]),)
        return None

    def _text(self, node: ast.Expression, command: str) -> Expression:
        value = self._expressions.usable(node)
        if value.type not in STRING and value.type != "null":
            message = f"{command} only supports KEYWORD or TEXT values, found expression"
            shown = self._expressions.source(node)
            self._expressions.misfit(f"{message} [{shown}] type [{value.type}]", node, node)
        return value

    def _parsed(self, parse: Callable[[str], _T], pattern: ast.Literal) -> _T:
        try:
            return parse(str(pattern.value))
        except ValueError as error:
            self._expressions.refuse(str(error), pattern)

    def _dissect(self, command: ast.Dissect) -> Dissect:
        value = self._text(command.value, "Dissect")
        names = self._parsed(dissect.parse, command.pattern).names
        separator = "".join(str(text.value) for _, text in command.options)
        for name in names:
            self._scope.add(Column(name, "keyword"), guessed=False)
        return Dissect(value, str(command.pattern.value), separator, names)

    def _grok(self, command: ast.Grok) -> Grok:
        value = self._text(command.value, "Grok")
        columns: dict[str, str] = {}
        for pattern in command.patterns:
            for name, kind in self._parsed(grok.compile_grok, pattern).columns.items():
                if columns.setdefault(name, kind) != kind:
                    message = f"the column [{name}] has the types [{columns[name]}] and [{kind}] in different patterns"
                    self._expressions.refuse(message, pattern)
        for name, kind in columns.items():
            self._scope.add(Column(name, kind), guessed=False)
        return Grok(value, tuple(str(one.value) for one in command.patterns), tuple(columns.items()))

    def _join(self, command: ast.Join, table: LookupTable) -> Join:
        keys: list[tuple[Column, str]] = []
        conditions = [one for one in command.conditions if not isinstance(one, ast.Name)]
        for one in command.conditions:
            if isinstance(one, ast.Name):
                column = self._expressions.column(one)
                self._expressions.usable(one)
                found = table.fields.get(one.name)
                if found is None:
                    self._expressions.refuse(f"Unknown column [{one.name}] in the index [{table.name}]", one)
                self._check_key(one, column.type, column_of(found, table.fields).type)
                keys.append((column, one.name))
        if keys and conditions:
            self._expressions.refuse("JOIN ON clause takes columns or a condition, not both", conditions[0])
        names = {name for _, name in keys}
        fields = sorted((field for field in table.fields if field.name not in names), key=lambda field: field.name)
        columns = [column_of(field, table.fields) for field in fields]
        for column in columns:
            self._scope.add(Column(column.name, column.type), guessed=False)
        residual = None
        if conditions:
            whole = conditions[0] if len(conditions) == 1 else ast.Logical("and", tuple(conditions), command.span)
            residual = Conditions(self._context, self._scope, columnar=False).compile(whole)
        return Join(table.name, tuple(keys), tuple((one.name, one.name, one.type) for one in columns), residual)

    def _check_key(self, name: ast.Name, left: str, right: str) -> None:
        """Numbers of any types are looked up among each other, texts as keywords; else types must be the same."""
        plain = "keyword" if left == "text" else left
        if right in _NO_KEYS:
            message = f"JOIN with right field [{name.name}] of type [{right.upper()}] is not supported"
            self._expressions.refuse(message, name)
        if plain not in (right, "null") and not {plain, right} <= NUMERIC - {"unsigned_long"}:
            message = f"JOIN left field [{name.name}] of type [{left.upper()}] is incompatible with right field"
            self._expressions.misfit(f"{message} [{name.name}] of type [{right.upper()}]", name, name)

    def _enrich(self, command: ast.Enrich, table: LookupTable) -> Join:
        match = table.match or (command.column.name if command.column is not None else "")
        name = command.column or ast.Name(match, command.span)
        column = self._expressions.column(name)
        self._expressions.usable(name)
        if table.fields.get(match) is None:
            self._expressions.refuse(f"Unknown column [{match}] in the enrich policy [{table.name}]", name)
        given = command.fields or tuple((None, ast.Name(one.name, command.span)) for one in table.fields)
        columns: list[tuple[str, str, str]] = []
        for new, field in given:
            found = table.fields.get(field.name)
            if found is None:
                message = f"Enrich field [{field.name}] not found in enrich policy [{table.name}]"
                self._expressions.refuse(message, field)
            if not command.fields and field.name == match:
                continue
            kind = column_of(found, table.fields).type
            columns.append(((new or field).name, field.name, kind))
        for made, _, kind in columns:
            self._scope.add(Column(made, kind), guessed=False)
        return Join(table.name, ((column, match),), tuple(columns), one=True)
