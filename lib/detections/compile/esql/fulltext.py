"""Full-text search: ``KQL()``, ``QSTR()``, ``MATCH()`` and its like, and ``:`` (Elasticsearch 9.5).

They ask the index, so that they say true or false, also of a document without the field, and one of several values is
enough: what a query of that name would find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

from detections.compile import leaf
from detections.compile.constants import Constant, RefusedError
from detections.compile.esql.context import Context
from detections.compile.esql.scope import Scope
from detections.compile.kql import compile_kql
from detections.compile.lucene import compile_lucene
from detections.errors import NotEvaluated, QueryError
from detections.mapping import Field
from detections.plan.predicate import And, AnyToken, Leaf, Or, Predicate, Test, rewrite
from detections.query import Span, parse
from detections.query.esql import ast
from detections.query.esql.nested import place_in

FULL_TEXT = frozenset(("kql", "match", "match_phrase", "multi_match", "qstr"))
_OPTIONS = frozenset(("operator", "lenient", "boost", "_name", "analyzer"))
_LEAST_ARGUMENTS = {"kql": 1, "match": 2, "match_phrase": 2, "multi_match": 2, "qstr": 1}


def full_text(context: Context, scope: Scope, node: ast.Function | ast.Match) -> Predicate:
    """The predicate of a full-text function or of ``:``, asked of documents.

    Raises:
        QueryTypeError: a mistake in it, or a field refuses it.
        NotEvaluated: an option, or what the query of a nested language is not evaluated for.
    """
    return _FullText(context, scope).compile(node)


class _FullText:
    def __init__(self, context: Context, scope: Scope) -> None:
        self._context = context
        self._scope = scope

    def refuse(self, message: str, span: Span) -> NoReturn:
        raise self._context.query.refused(message, span)

    def compile(self, node: ast.Function | ast.Match) -> Predicate:
        if isinstance(node, ast.Match):
            value = node.value.value if isinstance(node.value, ast.Cast) else node.value
            return self._match([value], node.query, node, leaf.match)
        least = _LEAST_ARGUMENTS[node.name]
        if len(node.arguments) < least:
            plural = "" if least == 1 else "s"
            found = len(node.arguments)
            message = f"error building [{node.name}]: expects at least {least} argument{plural}, found {found}"
            self.refuse(message, node.span)
        self._check_options(node)
        if node.name in ("kql", "qstr"):
            return self._nested(node)
        query, fields = node.arguments[1], [node.arguments[0]]
        if node.name == "multi_match":
            query, fields = node.arguments[0], list(node.arguments[1:])
        ask = leaf.match_phrase if node.name == "match_phrase" else leaf.match
        made = self._match(fields, query, node, ask)
        operator = node.options.get("operator") if node.options is not None else None
        if isinstance(operator, ast.Literal) and str(operator.value).lower() == "and":
            return rewrite(made, _all_tokens)
        return made

    def _check_options(self, node: ast.Function) -> None:
        for entry in node.options.entries if node.options is not None else ():
            known = _OPTIONS if node.name != "qstr" else {"boost", "_name"}
            if entry.key not in known or entry.key == "analyzer":
                raise NotEvaluated(f"the option {entry.key} of {node.name.upper()} is not evaluated here", entry.span)

    def _match(
        self,
        fields: Sequence[ast.Expression],
        query: ast.Expression,
        node: ast.Function | ast.Match,
        ask: Callable[[Field, Constant, Span], Predicate],
    ) -> Predicate:
        if not isinstance(query, ast.Literal) or isinstance(query.value, tuple) or query.value is None:
            self.refuse(f"Query must be a constant value in [{self._context.query.part(node.span)}]", query.span)
        made: list[Predicate] = []
        for field in fields:
            try:
                made.append(ask(self._field(field, node), query.value, node.span))
            except RefusedError as error:
                self.refuse(str(error), node.span)
        return made[0] if len(made) == 1 else Or(tuple(made))

    def _field(self, node: ast.Expression, call: ast.Function | ast.Match) -> Field:
        value = node.value if isinstance(node, ast.Cast) else node
        shown = self._context.query.part(node.span)
        if not isinstance(value, ast.Name):
            message = "cannot operate on"
            self.refuse(f"[{_name(call)}] {message} [{shown}], which is not a field from an index mapping", node.span)
        column = self._scope.get(value.name)
        field = self._context.mapping.get(value.name)
        if column is None or field is None:
            near = self._scope.similar(value.name)
            self.refuse(f"Unknown column [{value.name}]" + (f", did you mean [{near}]?" if near else ""), node.span)
        if column.field is None:
            message = f"cannot operate on [{shown}], which is not a field from an index mapping"
            self.refuse(f"[{_name(call)}] {message}", node.span)
        return field

    def _nested(self, node: ast.Function) -> Predicate:
        """KQL as Kibana reads it, or Lucene; its leaves stand where they stand in the text of this query."""
        text = self._context.query.text
        literal = node.arguments[0]
        if not isinstance(literal, ast.Literal) or not isinstance(literal.value, str):
            self.refuse(
                f"first argument of [{self._context.query.part(node.span)}] must be a constant string", node.span
            )
        try:
            if node.name == "kql":
                made = compile_kql(parse(literal.value, "kuery"), self._context.mapping)
            else:
                made = compile_lucene(parse(literal.value, "lucene"), self._context.mapping)
        except QueryError as error:
            self.refuse(f"{node.name.upper()}: {error.message}", place_in(text, literal, error.start, error.end))

        def placed(one: Leaf) -> Leaf:
            return replace(one, span=place_in(text, literal, *one.span))

        return rewrite(made, placed)


def _all_tokens(one: Leaf) -> Predicate:
    """A leaf that asks for any of some tokens, asking for each of them."""
    match one:
        case Test(field, AnyToken(tokens)) if len(tokens) > 1:
            return And(
                tuple(replace(one, field=field, operator=AnyToken(frozenset({each}))) for each in sorted(tokens))
            )
    return one


def _name(call: ast.Function | ast.Match) -> str:
    return ":" if isinstance(call, ast.Match) else call.name.upper()
