"""ES|QL from a syntax tree; parsing it again gives the same tree."""

from __future__ import annotations

import re

from detections.query.esql.ast import (
    Aggregate,
    ChangePoint,
    Command,
    Completion,
    Dissect,
    Drop,
    Enrich,
    Eval,
    Expression,
    Field,
    Fork,
    From,
    Fuse,
    Grok,
    Highlight,
    Index,
    Join,
    Keep,
    Limit,
    Map,
    Mmr,
    MvExpand,
    Name,
    Order,
    Parameter,
    Parts,
    Plain,
    Promql,
    Query,
    Rename,
    Rerank,
    Row,
    Sample,
    Setting,
    Show,
    Sort,
    Stats,
    Where,
    command_name,
)
from detections.query.esql.print_expressions import TIGHT, ExpressionPrinter, column, name, pattern, string

_PLAIN_SOURCE = re.compile(r'[^:"=|,\[\]/() \t\r\n;]+(?:::?[^:"=|,\[\]/() \t\r\n;]+)*')
_PLAIN_POLICY = re.compile(r'[^\\/?"<>| ,#\t\r\n:()]+')


def to_esql(node: Query | Command | Expression) -> str:
    """A query (one command a line), a command or an expression as text, without comments."""
    printer = _Printer()
    if isinstance(node, Query):
        return printer.query(node, "\n")
    return printer.command(node) if isinstance(node, Command) else printer.expression(node)


def to_esql_with_comments(query: Query, text: str) -> str:
    """A query that was parsed from a text, with the text's comments: behind a command that stands on their line, else
    on lines of their own before the command that they are in or before."""
    printer = _Printer()
    before: list[list[str]] = [[] for _ in query.commands]
    behind: list[list[str]] = [[] for _ in query.commands]
    for start, end in query.comments:
        shown = text[start:end].rstrip()
        at = _command_at(query, start)
        previous = query.commands[at - 1].span[1] if at else None
        if previous is not None and start >= previous and "\n" not in text[previous:start]:
            behind[at - 1].append(shown)
        elif at == len(query.commands):
            behind[-1].append(f"\n{shown}")
        else:
            before[at].append(shown)
    lines = [f"{printer.setting(setting)};" for setting in query.settings]
    for number, command in enumerate(query.commands):
        lines += before[number]
        trailing = "".join(shown if shown.startswith("\n") else f" {shown}" for shown in behind[number])
        lines.append(f"{'| ' if number else ''}{printer.command(command)}{trailing}")
    return "\n".join(lines)


def _command_at(query: Query, place: int) -> int:
    """The number of the command that holds a place or, where none does, of the next one."""
    return next((number for number, one in enumerate(query.commands) if place < one.span[1]), len(query.commands))


class _Printer(ExpressionPrinter):
    def query(self, node: Query, separator: str = " ") -> str:
        settings = [f"{self.setting(setting)};" for setting in node.settings]
        commands = f"{separator}| ".join(self.command(command) for command in node.commands)
        return separator.join([*settings, commands])

    def setting(self, node: Setting) -> str:
        value = self.options(node.value) if isinstance(node.value, Map) else self.expression(node.value)
        return f"SET {name(node.name)} = {value}"

    def command(self, node: Command) -> str:
        word = command_name(node).upper()
        match node:
            case From():
                return self._from(node)
            case Row(fields) | Eval(fields):
                return f"{word} {self._fields(fields)}"
            case Show():
                return "SHOW INFO"
            case Promql(parameters, query, named):
                shown = [*(f"{key}={value}" for key, value in parameters), *([] if named is None else [f"{named} ="])]
                return " ".join([word, *shown, query])
            case Where(condition):
                return f"WHERE {self.expression(condition)}"
            case Stats():
                return f"{word}{self._stats(node)}"
            case Keep(patterns) | Drop(patterns):
                return f"{word} {', '.join(map(pattern, patterns))}"
            case Rename(pairs):
                return f"RENAME {', '.join(f'{column(old)} AS {column(new)}' for old, new in pairs)}"
            case Sort(orders):
                return f"SORT {', '.join(self._order(order) for order in orders)}"
            case Limit(count, groups):
                shown_count = count.text if isinstance(count, Parameter) else str(count)
                return f"LIMIT {shown_count}{self._by(groups)}"
            case Fork(branches):
                return f"FORK {' '.join(f'({self.query(Query(branch))})' for branch in branches)}"
            case _:
                return self._reshaping(node, word)

    def _reshaping(self, node: Command, word: str) -> str:
        match node:
            case Dissect(value, text, given):
                shown = ", ".join(f"{column(key)} = {self.expression(one)}" for key, one in given)
                return f"DISSECT {self._primary(value)} {self.expression(text)}{f' {shown}' if shown else ''}"
            case Grok(value, patterns):
                return f"GROK {self._primary(value)} {', '.join(map(self.expression, patterns))}"
            case MvExpand(one):
                return f"MV_EXPAND {column(one)}"
            case Join(index, conditions):
                return f"LOOKUP JOIN {_source(index.name)} ON {', '.join(map(self.expression, conditions))}"
            case Enrich():
                return self._enrich(node)
            case Sample(probability):
                return f"SAMPLE {self.expression(probability)}"
            case ChangePoint(value, key, made, groups):
                on = f" ON {column(key)}" if key is not None else ""
                names = f" AS {', '.join(map(column, made))}" if made is not None else ""
                return f"CHANGE_POINT {column(value)}{on}{names}{self._by(groups)}"
            case Fuse():
                return self._fuse(node)
            case Completion(prompt, named, given, inference):
                old = f" WITH {column(inference)}" if inference is not None else ""
                return f"COMPLETION {_target(named)}{self._primary(prompt)}{old}{self._with(given)}"
            case Rerank(query, fields, named, given):
                shown = f"{self.expression(query)} ON {self._fields(fields)}{self._with(given)}"
                return f"RERANK {_target(named)}{shown}"
            case Mmr(on_column, limit, vector, given):
                first = f" {self._primary(vector)}" if vector is not None else ""
                return f"MMR{first} ON {column(on_column)} LIMIT {limit}{self._with(given)}"
            case Highlight(query, columns, prefix, given):
                first = f" {column(prefix[0])} = {self.expression(prefix[1])}" if prefix is not None else ""
                shown = f"{self.expression(query)} ON {', '.join(map(column, columns))}{self._with(given)}"
                return f"HIGHLIGHT{first} {shown}"
            case Parts(_, prefix_name, value, given):
                return f"{word} {_target(prefix_name)}{self._primary(value)}{self._with(given)}"
            case Plain():
                return word
        raise AssertionError(node)

    def _primary(self, node: Expression) -> str:
        return self.expression(node, TIGHT)

    def _from(self, node: From) -> str:
        shown = [
            _source(source.name) if isinstance(source, Index) else f"({self.query(source)})" for source in node.sources
        ]
        columns = f" METADATA {', '.join(one.name for one in node.metadata)}" if node.metadata else ""
        return f"{'TS' if node.time_series else 'FROM'} {', '.join(shown)}{columns}"

    def _fields(self, fields: tuple[Field, ...]) -> str:
        return ", ".join(self._field(field) for field in fields)

    def _field(self, node: Field) -> str:
        """A column and its value; one that is called as its text stands needs no name."""
        shown = self.expression(node.value)
        return shown if shown == node.name else f"{name(node.name)} = {shown}"

    def _stats(self, node: Stats) -> str:
        aggregates = ", ".join(self._aggregate(aggregate) for aggregate in node.aggregates)
        groups = ", ".join(self._group(group) for group in node.groups)
        return f"{f' {aggregates}' if aggregates else ''}{f' BY {groups}' if groups else ''}"

    def _aggregate(self, node: Aggregate) -> str:
        value = self.expression(node.value)
        condition = "" if node.condition is None else f" WHERE {self.expression(node.condition)}"
        return f"{value}{condition}" if node.name == value + condition else f"{name(node.name)} = {value}{condition}"

    def _group(self, node: Field) -> str:
        if isinstance(node.value, Name) and node.value.name == node.name:
            return column(node.value)
        return self._field(node)

    def _order(self, order: Order) -> str:
        shown = self.expression(order.value) + ("" if order.ascending else " DESC")
        if order.nulls_first != (not order.ascending):
            shown += " NULLS FIRST" if order.nulls_first else " NULLS LAST"
        return shown

    def _by(self, groups: tuple[Expression, ...]) -> str:
        return f" BY {', '.join(map(self.expression, groups))}" if groups else ""

    def _with(self, given: Map | None) -> str:
        return "" if given is None else f" WITH {self.options(given)}"

    def _enrich(self, node: Enrich) -> str:
        policy = node.policy if node.mode is None else f"{node.mode}:{node.policy}"
        plain = _PLAIN_POLICY.fullmatch(node.policy) and node.policy.lower() not in ("on", "with")
        on = f" ON {column(node.column)}" if node.column is not None else ""
        shown = [column(one) if new is None else f"{column(new)} = {column(one)}" for new, one in node.fields]
        fields = f" WITH {', '.join(shown)}" if shown else ""
        return f"ENRICH {policy if plain else string(policy)}{on}{fields}"

    def _fuse(self, node: Fuse) -> str:
        shown = ["FUSE", *([] if node.method is None else [column(node.method)])]
        if node.score is not None:
            shown.append(f"SCORE BY {column(node.score)}")
        if node.group is not None:
            shown.append(f"GROUP BY {column(node.group)}")
        if node.keys:
            shown.append(f"KEY BY {', '.join(map(column, node.keys))}")
        if node.options is not None:
            shown.append(f"WITH {self.options(node.options)}")
        return " ".join(shown)


def _source(index: str) -> str:
    if _PLAIN_SOURCE.fullmatch(index) and index.lower() not in ("metadata", "on", "with") and index[0] != "?":
        return index
    return string(index)


def _target(node: Name | None) -> str:
    return "" if node is None else f"{column(node)} = "
