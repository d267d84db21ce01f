"""What a query asks of documents, read off its tree in any of the languages: which fields, and which constants."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from detections.query import lucene
from detections.query.eql import ast as eql
from detections.query.esql import ast as esql
from detections.query.kql import ast as kql
from detections.query.query import EqlQuery, EsqlQuery, KqlQuery, LuceneQuery, Query
from detections.query.span import Span


def fields(query: Query) -> Iterator[tuple[str, Span]]:
    """Every mention of a field of the documents, with its place; of ES|QL none that a command made. A name with a
    wildcard stands as it is written."""
    match query:
        case EsqlQuery(tree=tree):
            yield from ((name.name, name.span) for name in esql.fields(tree))
        case EqlQuery(tree=tree):
            yield from ((field.name, field.span) for field in eql.fields(tree))
        case LuceneQuery(tree=tree):
            yield from _lucene_fields(tree)
        case KqlQuery(tree=tree):
            yield from ((name, leaf.field.span) for name, leaf in _kql_leaves(tree))


def constants(query: Query, names: Collection[str]) -> set[str]:
    """The texts that these fields are compared with, negated or not; patterns are left out."""
    if isinstance(query, KqlQuery):
        asked = [leaf.value for name, leaf in _kql_leaves(query.tree) if name in names]
        return {one.value for one in asked if isinstance(one, kql.Literal) and isinstance(one.value, str)}
    if isinstance(query, LuceneQuery):
        every = ((one.field, one.value) for one in lucene.conditions(query.tree))
        return {value.text for name, value in every if name in names and isinstance(value, lucene.Words)}
    found: set[str] = set()
    waiting: list[object] = [query.tree]
    while waiting:
        node = waiting.pop()
        below = list(_children(node))
        waiting += below
        if any(isinstance(one, eql.FieldName | esql.Name) and one.name in names for one in below):
            for one in below:
                if isinstance(one, eql.Literal | esql.Literal):
                    values = one.value if isinstance(one.value, tuple) else (one.value,)
                    found.update(value for value in values if isinstance(value, str))
    return found


def _children(node: object) -> Iterator[object]:
    """The nodes below a node; those of a list count as its own."""
    if not dataclasses.is_dataclass(node):
        return
    for one in dataclasses.fields(node):
        value = getattr(node, one.name)
        yield from value if isinstance(value, tuple) else (value,)


def _lucene_fields(tree: lucene.Boolean) -> Iterator[tuple[str, Span]]:
    for one in lucene.conditions(tree):
        if one.field == "_exists_" and isinstance(one.value, lucene.Words):
            yield one.value.text, one.value_span
        elif one.field not in (None, "*", "_exists_"):
            yield one.field, one.field_span


def _kql_leaves(root: kql.Node) -> Iterator[tuple[str, kql.Is | kql.Range]]:
    """The leaves that name a field, with its whole name."""
    waiting = [(root, "")]
    while waiting:
        node, path = waiting.pop()
        match node:
            case kql.And(items) | kql.Or(items):
                waiting.extend((item, path) for item in reversed(items))
            case kql.Not(item):
                waiting.append((item, path))
            case kql.Nested(kql.Literal(str(inner)), item):
                waiting.append((item, f"{path}{inner}."))
            case kql.Is(field) | kql.Range(field):
                name = _written(field)
                if name is not None:
                    yield path + name, node


def _written(operand: kql.Operand) -> str | None:
    if isinstance(operand, kql.Wildcard):
        return "*".join(operand.parts)
    return operand.value if isinstance(operand.value, str) else None
