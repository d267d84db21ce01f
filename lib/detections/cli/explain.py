"""``detections explain``"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from detections.cli.common import PathType
from detections.cli.config import find_config
from detections.cli.exceptions import exceptions_of
from detections.cli.output import findings, format_option, report
from detections.compile import kibana
from detections.compile.eql import compile_eql
from detections.compile.esql import compile_esql
from detections.compile.kibana import DslOptions
from detections.compile.kql import compile_kql
from detections.compile.lucene import compile_lucene
from detections.compile.planner import mapping_of, plan, time_field
from detections.compile.request import query_string, request
from detections.errors import Finding, NotEvaluated, RuleError, UsageError
from detections.mapping import Mapping, catalog_mapping
from detections.plan.outline import outline
from detections.query import EqlQuery, EsqlQuery, KqlQuery, LuceneQuery, Query, parse
from detections.query.kql import to_json
from detections.report import explain
from detections.rule import Rule, load_rules

_LANGUAGES = ("kuery", "lucene", "eql", "esql")


@click.command("explain")
@click.argument("rule", required=False, type=PathType())
@click.option("--query", "text", help="A query instead of a rule.")
@click.option("--language", type=click.Choice(_LANGUAGES), default="kuery", show_default=True, help="Of --query.")
@format_option("explain")
def command(rule: Path | None, text: str | None, language: str, style: str) -> int:
    """Show how the query of RULE (a file), or of --query, is parsed, evaluated, and sent to Elasticsearch."""
    if (rule is None) == (text is None):
        raise click.UsageError("give a rule's file, or --query")
    parts: dict[str, Any] = {}
    if rule is not None:
        parts = _rule_parts(_load(rule))
    else:
        query = parse(text or "", language)
        mapping = catalog_mapping((), find_config().own_fields())
        parts = {"query": text, **_parts(query, mapping), "evaluated": _evaluated(query, mapping)}
    report("explain", style, parts)
    return 0


def _load(path: Path) -> Rule:
    rules = load_rules(path, fields=find_config().own_fields())
    if rules.findings and not len(rules):
        raise RuleError(rules.findings)
    if len(rules) != 1:
        raise UsageError(f"{path} is not the file of one rule")
    return rules[0]


def _rule_parts(rule: Rule) -> dict[str, Any]:
    parts: dict[str, Any] = {"rule": rule.name}
    if rule.query is not None and rule.language in _LANGUAGES:
        parts |= {"query": rule.query, **_parts(rule.parsed, mapping_of(rule))}
        parts.pop("sent", None)
        parts["request"] = request(rule, time_field(rule), mapping_of(rule))
    try:
        made = plan(rule, exceptions=exceptions_of([rule], find_config(), _tell))
        why = made.unevaluated()
        parts["evaluated"] = f"not evaluated: {'; '.join(why)}" if why else explain.text(made.outline())
    except NotEvaluated as reason:
        parts["evaluated"] = f"not evaluated: {reason}"
    return parts


def _tell(finding: Finding) -> None:
    findings([finding])


def _parts(query: Query, mapping: Mapping) -> dict[str, Any]:
    match query:
        case KqlQuery(text, tree):
            dsl = kibana.to_dsl(query, mapping, DslOptions(time_zone="Zulu"))
            return {"ast": to_json(tree), "printed": query.printed, "dsl": dsl}
        case LuceneQuery(text, tree):
            asked = query_string(text) if text.strip() else {"match_all": {}}
            return {"tree": explain.syntax(tree), "dsl": asked}
        case EqlQuery(text, tree):
            return {"tree": explain.syntax(tree), "printed": query.printed, "sent": {"query": text}}
        case EsqlQuery(text, tree):
            sent = f"{text.strip()}\n| limit 101"
            return {"tree": explain.syntax(tree), "printed": query.printed, "sent": sent}


def _evaluated(query: Query, mapping: Mapping) -> str:
    try:
        match query:
            case KqlQuery():
                return explain.text([outline(compile_kql(query, mapping))])
            case LuceneQuery():
                return explain.text([outline(compile_lucene(query, mapping))])
            case EqlQuery():
                return explain.text(compile_eql(query, mapping).outline())
            case EsqlQuery():
                return explain.text(compile_esql(query, mapping).outline())
    except NotEvaluated as reason:
        return f"not evaluated: {reason}"
