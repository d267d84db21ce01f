"""Exceptions as clauses of a rule's query, in its language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from detections.errors import NotEvaluated
from detections.query import EqlQuery, EsqlQuery, KqlQuery, LuceneQuery, Query
from detections.query.eql import ast as eql
from detections.query.eql import to_eql
from detections.query.esql import ast as esql
from detections.query.esql.print_expressions import name, string
from detections.query.kql import Is, Literal, Or, Wildcard, to_kql
from detections.tune.model import Entry, Item, Kind

_Written: TypeAlias = Callable[[Entry, str], str]
"""An entry that asks for one value."""


def with_clauses(query: Query, items: Sequence[Item]) -> str:
    """The text of a query that passes over what the items except.

    Raises:
        NotEvaluated: there is no one place in the query where that can be said; the message says so.
    """
    match query:
        case KqlQuery():
            return _kql(query, items)
        case LuceneQuery():
            raise NotEvaluated("clauses are not written in Lucene's syntax: make exceptions instead")
        case EqlQuery():
            return _eql(query, items)
        case EsqlQuery():
            return _esql(query, items)


def _kql(query: KqlQuery, items: Sequence[Item]) -> str:
    body = query.text.rstrip()
    end = query.text[len(body) :]
    clauses = [f"not {_clause(item, _in_kql)}" for item in items]
    if not body:
        return " and ".join(clauses) + end
    if isinstance(query.tree, Or):
        body = f"({body})"
    last = body.rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())]
    joint = f"\n{indent}and " if "\n" in body else " and "
    return joint.join([body, *clauses]) + end


def _eql(query: EqlQuery, items: Sequence[Item]) -> str:
    body = query.tree.body
    if not isinstance(body, eql.EventFilter):
        raise NotEvaluated("the query joins several events: make exceptions instead")
    start, end = body.condition.span
    condition = query.text[start:end]
    if isinstance(body.condition, eql.Or):
        condition = f"({condition})"
    clauses = [f"not {_clause(item, _in_eql)}" for item in items]
    return query.text[:start] + " and ".join([condition, *clauses]) + query.text[end:]


def _esql(query: EsqlQuery, items: Sequence[Item]) -> str:
    source = query.tree.commands[0] if query.tree.commands else None
    if not isinstance(source, esql.From):
        raise NotEvaluated("the query does not begin with FROM: make exceptions instead")
    # What is missing makes a comparison null, and NOT null is no reason to keep a row.
    clauses = [f"\n| WHERE NOT COALESCE({_clause(item, _in_esql)}, false)" for item in items]
    end = source.span[1]
    return query.text[:end] + "".join(clauses) + query.text[end:]


def _clause(item: Item, written: _Written) -> str:
    """``(a and (b or c))``; one comparison stands alone."""
    parts = []
    for entry in item.entries:
        values = [written(entry, value) for value in entry.values]
        parts.append(values[0] if len(values) == 1 else f"({' or '.join(values)})")
    return parts[0] if len(parts) == 1 else f"({' and '.join(parts)})"


def _in_kql(entry: Entry, value: str) -> str:
    asked = Wildcard((value[:-1], "")) if entry.kind is Kind.WILDCARD else Literal(value, quoted=True)
    return to_kql(Is(Literal(entry.field), asked))


def _in_eql(entry: Entry, value: str) -> str:
    field, literal = eql.FieldName(entry.field), eql.Literal(value)
    match entry.kind:
        case Kind.MATCH:
            return to_eql(eql.Comparison("==", field, literal))
        case Kind.WILDCARD:
            return to_eql(eql.Match("like", field, (literal,)))
        case Kind.NETWORK:
            return to_eql(eql.Call("cidrMatch", (field, literal)))


def _in_esql(entry: Entry, value: str) -> str:
    match entry.kind:
        case Kind.MATCH:
            return f"{name(entry.field)} == {string(value)}"
        case Kind.WILDCARD:
            return f"{name(entry.field)} LIKE {string(value)}"
        case Kind.NETWORK:
            return f"CIDR_MATCH({name(entry.field)}, {string(value)})"
