"""Since which version of Elasticsearch there is what a query uses: commands, options, syntax and functions.

From the documentation and grammars of 8.19 to 9.6. The oldest version that is asked about is 8.19; what is not in the
table exists only since then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from detections.functions import AGGREGATES, ALIASES, FUNCTIONS
from detections.functions.signature import OLDEST
from detections.query import EsqlQuery, Span
from detections.query.esql import ast

Release: TypeAlias = tuple[str, "str | None"]
"""The version that has it, and the one from which it no longer changes: None while it may still change."""

_COMMANDS: dict[str, Release] = {
    "change_point": ("8.19", "9.2"),
    "completion": ("8.19", "9.3"),
    "dedup": ("9.6", None),
    "fork": ("9.1", None),
    "fuse": ("9.2", None),
    "highlight": ("9.6", None),
    "inline stats": ("9.2", "9.3"),
    "ip_location": ("9.5", None),
    "limit by": ("9.4", None),
    "metrics_info": ("9.4", None),
    "mmr": ("9.4", None),
    "promql": ("9.4", None),
    "registered_domain": ("9.4", None),
    "rerank": ("9.2", None),
    "sample": ("8.19", None),
    "ts": ("9.2", None),
    "ts_collapse": ("9.5", None),
    "ts_info": ("9.4", None),
    "uri_parts": ("9.4", None),
    "user_agent": ("9.4", None),
}
_FUNCTIONS: dict[str, Release] = {
    # What nothing here evaluates; the others say it themselves.
    "absent_over_time": ("9.2", None), "avg_over_time": ("9.2", None), "chunk": ("9.3", None),
    "count_distinct_over_time": ("9.2", None), "count_over_time": ("9.2", None), "decay": ("9.3", None),
    "delta": ("9.2", None), "deriv": ("9.3", None), "earliest": ("9.4", None),
    "embedding": ("9.4", None), "field_extract": ("9.5", None),
    "first_over_time": ("9.2", None), "idelta": ("9.2", None), "increase": ("9.2", None), "irate": ("9.2", None),
    "knn": ("9.2", "9.4"), "last_over_time": ("9.2", None), "latest": ("9.4", None), "match_phrase": ("8.19", "9.1"),
    "max_over_time": ("9.2", None), "min_over_time": ("9.2", None), "mv_greater": ("9.6", None),
    "mv_in_range": ("9.6", None), "mv_less": ("9.6", None), "mv_like": ("9.6", None), "mv_rlike": ("9.6", None),
    "percentile_over_time": ("9.3", None), "present_over_time": ("9.2", None), "range_contains": ("9.5", None),
    "range_intersects": ("9.5", None), "range_max": ("9.5", None), "range_min": ("9.5", None),
    "range_within": ("9.5", None), "rate": ("9.2", None), "sample": ("8.19", None), "score": ("9.3", None),
    "sparkline": ("9.4", None), "stddev_over_time": ("9.3", None), "sum_over_time": ("9.2", None),
    "tbucket": ("9.2", ""), "text_embedding": ("9.3", "9.4"), "to_aggregate_metric_double": ("9.2", None),
    "to_counter": ("9.5", ""), "to_date_range": ("9.5", None), "to_dense_vector": ("9.2", None),
    "to_double_range": ("9.6", None), "to_exponential_histogram": ("9.4", ""), "to_gauge": ("9.5", ""),
    "to_range": ("9.5", None), "to_tdigest": ("9.3", "9.4"), "top_snippets": ("9.3", None), "trange": ("9.3", ""),
    "tstep": ("9.5", None), "v_cosine": ("9.3", "9.4"), "v_dot_product": ("9.3", "9.4"),
    "v_hamming": ("9.3", "9.4"), "v_l1_norm": ("9.3", "9.4"), "v_l2_norm": ("9.3", "9.4"),
    "variance_over_time": ("9.3", None), "without": ("9.4", ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a part of a query needs: ``what`` it is, since which version there is such a thing, and from which version
    it no longer changes (None while it may)."""

    what: str
    since: str
    ga: str | None
    span: Span


def requirements(query: EsqlQuery) -> Iterator[Requirement]:
    """What of a query is newer than 8.19, or may still change, command by command."""
    for setting in query.tree.settings:
        yield Requirement("SET", "9.2", None, setting.span)
    for command in ast.commands(query.tree):
        name = ast.command_name(command)
        if name in _COMMANDS:
            yield _requirement(name.upper(), _COMMANDS[name], (command.span[0], command.span[0] + len(name)))
        yield from _of_syntax(command)
        for node in ast.inside(*ast.expressions(command)):
            yield from _of_expression(node)


def newer_than(query: EsqlQuery, version: str) -> list[Requirement]:
    """What a version of Elasticsearch does not have yet."""
    return [requirement for requirement in requirements(query) if version_of(requirement.since) > version_of(version)]


def version_of(text: str) -> tuple[int, ...]:
    """``9.2`` as numbers, to compare."""
    return tuple(int(part) for part in text.split(".")[:2])


def _requirement(what: str, release: Release, span: Span) -> Requirement:
    since, ga = release
    return Requirement(what, since, since if ga == "" else ga, span)


def _of_syntax(command: ast.Command) -> Iterator[Requirement]:
    match command:
        case ast.From(sources=sources):
            for source in sources:
                if isinstance(source, ast.Query):
                    yield Requirement("a sub-query in FROM", "9.4", None, source.span)
        case ast.Join(conditions=conditions):
            if not all(isinstance(condition, ast.Name) for condition in conditions):
                yield Requirement("a condition of LOOKUP JOIN", "9.2", None, conditions[0].span)
            elif len(conditions) > 1:
                yield Requirement("several columns of LOOKUP JOIN", "9.2", "9.2", conditions[1].span)
        case ast.Grok(patterns=patterns) if len(patterns) > 1:
            yield Requirement("several patterns of GROK", "9.2", "9.2", patterns[1].span)
        case ast.ChangePoint(groups=groups) if groups:
            yield Requirement("CHANGE_POINT ... BY", "9.5", None, groups[0].span)
        case ast.Completion(options=options) if options is not None:
            yield Requirement("options of COMPLETION", "9.1", "9.3", options.span)


def _of_expression(node: ast.Expression) -> Iterator[Requirement]:
    match node:
        case ast.Function(name=written):
            name = ALIASES.get(written, written)
            found = FUNCTIONS.get(name) or AGGREGATES.get(name)
            release = _FUNCTIONS.get(name) if found is None else (found.since, found.ga)
            if release is not None and (release[0] != OLDEST or release[1] not in ("", OLDEST)):
                yield _requirement(f"{name.upper()}()", release, (node.span[0], node.span[0] + len(written)))
        case ast.InQuery(values=values, query=inner):
            since = "9.5" if len(values) == 1 else "9.6"
            yield Requirement("IN with a sub-query", since, None, inner.span)
        case ast.Like(regex=True, listed=True):
            yield Requirement("RLIKE with a list", "9.1", "9.1", node.span)
        case ast.Like(patterns=patterns) if not all(
            isinstance(pattern, ast.Literal | ast.Parameter) for pattern in patterns
        ):
            yield Requirement("LIKE with an expression", "9.6", "9.6", patterns[0].span)
