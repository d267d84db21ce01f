"""The queries of a rule, read: what several checks look at. Texts that do not parse are `query-syntax`'s business."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

from detections import query
from detections.check.places import Keys
from detections.compile.eql import compile_eql
from detections.compile.eql import refusals as refusals_of_eql
from detections.compile.esql import compile_esql
from detections.compile.kql import compile_kql
from detections.compile.kql import refusals as refusals_of_kql
from detections.errors import NotEvaluated, QueryError, QuerySyntaxError, QueryTypeError
from detections.mapping import catalog_mapping
from detections.plan.predicate import And, Predicate
from detections.plan.program import stages_of
from detections.plan.rows import Where
from detections.query.eql import ast as eql
from detections.query.esql import ast as esql
from detections.query.kql import Node as KqlNode
from detections.rule import EqlRule, Rule, ThreatMatchRule

Tree: TypeAlias = "KqlNode | eql.Query | esql.Query"
LANGUAGES = frozenset({"kuery", "eql", "esql"})


@dataclass(frozen=True, slots=True)
class Part:
    """One query text of a rule, where it stands in the file, its language, and the indices it is asked of.

    ``category_field`` is the field of the categories of EQL.
    """

    keys: Keys
    text: str
    language: str
    indices: tuple[str, ...] = ()
    category_field: str = "event.category"


def parts(rule: Rule) -> Iterator[Part]:
    """The rule's query, and a threat match rule's query for indicators, in languages that are parsed here."""
    if rule.query is not None and rule.language in LANGUAGES:
        part = Part(("rule", "query"), rule.query, rule.language, rule.index)
        tree = tree_of(part)
        if isinstance(tree, esql.Query):
            part = replace(part, indices=tree.indices)
        if isinstance(rule, EqlRule) and isinstance(rule.event_category_override, str):
            part = replace(part, category_field=rule.event_category_override)
        yield part
    if isinstance(rule, ThreatMatchRule) and rule.threat_language in LANGUAGES:
        yield Part(("rule", "threat_query"), rule.threat_query, rule.threat_language, rule.threat_index)


def tree_of(part: Part) -> Tree | None:
    """The syntax tree, None where the text does not parse."""
    try:
        tree: Tree = query.parse(part.text, part.language)
    except QuerySyntaxError:
        return None
    return tree


def refusals_of(part: Part) -> list[QueryTypeError]:
    """All that the catalog's fields refuse of the query; nothing where it does not parse."""
    tree = tree_of(part)
    if tree is None:
        return []
    if isinstance(tree, eql.Query):
        return refusals_of_eql(tree, catalog_mapping(), part.text, event_category_field=part.category_field)
    if isinstance(tree, esql.Query):
        refused: list[QueryTypeError] = []
        with suppress(NotEvaluated):  # esql-opaque says so
            compile_esql(tree, catalog_mapping(), part.text, refused=refused)
        return refused
    return refusals_of_kql(tree, catalog_mapping(), part.text)


def predicates_of(part: Part) -> list[Predicate]:
    """What the query asks of a document of the catalog's fields, nothing where it cannot be compiled.

    Of an ES|QL query, the conditions before the first command that makes rows of its own; of EQL, those of each event.
    """
    tree = tree_of(part)
    if tree is None:
        return []
    try:
        if isinstance(tree, eql.Query):
            body = compile_eql(tree, catalog_mapping(), part.text, event_category_field=part.category_field).body
            return [stage.predicate for stage in stages_of(body).values()]
        if isinstance(tree, esql.Query):
            pipeline = compile_esql(tree, catalog_mapping(), part.text)
            conditions = [command.predicate for command in pipeline.commands if isinstance(command, Where)]
            return [And(tuple(conditions))]
        return [compile_kql(tree, catalog_mapping(), part.text, refused=[])]
    except (QueryError, NotEvaluated):
        return []
