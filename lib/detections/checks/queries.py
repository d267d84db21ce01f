"""The queries of a rule: what several checks look at. Texts that do not parse are `query-syntax`'s business."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import get_args

from detections.catalog import Source
from detections.compile.eql import compile_eql
from detections.compile.eql import refusals as refusals_of_eql
from detections.compile.esql import compile_esql
from detections.compile.kql import compile_kql
from detections.compile.kql import refusals as refusals_of_kql
from detections.compile.lucene import compile_lucene
from detections.compile.lucene import refusals as refusals_of_lucene
from detections.errors import NotEvaluated, QueryError, QuerySyntaxError, QueryTypeError
from detections.mapping import Mapping, catalog_mapping
from detections.plan.predicate import And, Predicate
from detections.plan.program import stages_of
from detections.plan.rows import Where
from detections.query import EqlQuery, EsqlQuery, KqlQuery, Language, LuceneQuery, Query, parse
from detections.rule import EqlRule, Rule, ThreatMatchRule
from detections.source import Keys

_KEPT = 256


@dataclass(frozen=True, slots=True)
class RuleQuery:
    """One query of a rule: where its text stands in the file, the indices it is asked of, and what it is when parsed.

    ``problem`` is why the text does not parse; ``query`` is None then. ``category_field`` is the field of the
    categories of EQL. ``own`` are the fields that the rule's project declares itself.
    """

    keys: Keys
    text: str
    language: Language
    query: Query | None
    problem: QuerySyntaxError | None = None
    indices: tuple[str, ...] = ()
    category_field: str = "event.category"
    own: tuple[Source, ...] = ()

    @property
    def mapping(self) -> Mapping:
        """What is known of the fields there."""
        return catalog_mapping(self.indices, self.own)


@functools.lru_cache(maxsize=_KEPT)
def queries_of(rule: Rule) -> tuple[RuleQuery, ...]:
    """The rule's query, and a threat match rule's query for indicators, in languages that are parsed here."""
    return tuple(replace(one, own=rule.fields) for one in _queries(rule))


def _queries(rule: Rule) -> Iterator[RuleQuery]:
    if rule.query is not None:
        indices = () if rule.data_view_id else rule.index
        category = rule.event_category_override if isinstance(rule, EqlRule) else None
        yield from _asked(("rule", "query"), rule.query, rule.language, indices, category or "event.category")
    if isinstance(rule, ThreatMatchRule):
        yield from _asked(("rule", "threat_query"), rule.threat_query, rule.threat_language, rule.threat_index)


def _asked(
    keys: Keys, text: str, name: str | None, indices: tuple[str, ...], category: str = "event.category"
) -> Iterator[RuleQuery]:
    for language in get_args(Language):
        if name != language:
            continue
        try:
            query: Query = parse(text, language)
        except QuerySyntaxError as error:
            yield RuleQuery(keys, text, language, None, error, indices, category)
        else:
            named = query.tree.indices if isinstance(query, EsqlQuery) else indices
            yield RuleQuery(keys, text, language, query, None, named, category)


def refusals_of(asked: RuleQuery) -> list[QueryTypeError]:
    """All that the fields there refuse of the query; nothing where it does not parse."""
    match asked.query:
        case EqlQuery() as query:
            return refusals_of_eql(query, asked.mapping, event_category_field=asked.category_field)
        case EsqlQuery() as query:
            refused: list[QueryTypeError] = []
            with suppress(NotEvaluated):  # esql-opaque says so
                compile_esql(query, asked.mapping, refused=refused)
            return refused
        case KqlQuery() as query:
            return refusals_of_kql(query, asked.mapping)
        case LuceneQuery() as query:
            return refusals_of_lucene(query, asked.mapping)
        case None:
            return []


def predicates_of(asked: RuleQuery) -> list[Predicate]:
    """What the query asks of a document, nothing where it cannot be compiled.

    Of an ES|QL query, the conditions before the first command that makes rows of its own; of EQL, those of each event.
    """
    try:
        match asked.query:
            case EqlQuery() as query:
                body = compile_eql(query, asked.mapping, event_category_field=asked.category_field).body
                return [stage.predicate for stage in stages_of(body).values()]
            case EsqlQuery() as query:
                pipeline = compile_esql(query, asked.mapping)
                conditions = [command.predicate for command in pipeline.commands if isinstance(command, Where)]
                return [And(tuple(conditions))]
            case KqlQuery() as query:
                return [compile_kql(query, asked.mapping, refused=[])]
            case LuceneQuery() as query:
                return [compile_lucene(query, asked.mapping, refused=[])]
            case None:
                return []
    except (QueryError, NotEvaluated):
        return []
