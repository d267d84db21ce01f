"""What Kibana is told of a rule and its file need not say: the integrations it belongs to, the fields it reads.

A file that says it itself, if only an empty list, is not asked. What is worked out here is not part of its version:
it changes with what is known of integrations, not with the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from detections.catalog.integrations import packages
from detections.compile.planner import mapping_of
from detections.errors import NotEvaluated, QueryError
from detections.query import EsqlQuery, Query
from detections.query.asked import constants, fields
from detections.rule import Rule

DATASETS = ("data_stream.dataset", "event.dataset")

_INDEX = re.compile(r"(?:[^:]+:)?(?:logs|metrics|traces)-([a-z0-9_]+)(?:\.([a-z0-9_.]+))?[-*.]")


def derived(rule: Rule) -> dict[str, Any]:
    """The fields of the API that the rule's file leaves to others, where something can be said."""
    table = rule.document.data["rule"]
    made = {"related_integrations": related_integrations, "required_fields": required_fields}
    return {name: value for name, make in made.items() if name not in table and (value := make(rule))}


def related_integrations(rule: Rule) -> list[dict[str, str]]:
    """The packages that ``[metadata] integration`` names, else those of the indices and data sets that are searched; of
    a package with several integrations those whose data sets the query names."""
    query = _query(rule)
    datasets = {name for name in (constants(query, DATASETS) if query is not None else ()) if "." in name}
    named = rule.metadata.integration or sorted(
        {*_packages(rule, query), *(dataset.split(".")[0] for dataset in datasets)}
    )
    found = []
    for name in dict.fromkeys(named):
        package = packages().get(name)
        if package is None:
            continue
        streams = {dataset.partition(".")[2] for dataset in datasets if dataset.partition(".")[0] == name}
        known = sorted(streams.intersection(package.integrations))
        said = {"package": name, "version": package.compatible}
        found += [{**said, "integration": one} for one in known]
        if not known or streams - set(known):
            found.append(said)
    return found


def required_fields(rule: Rule) -> list[dict[str, str]]:
    """The fields that the query names, by name, with their types; those whose type nobody knows are ``unknown``."""
    query = _query(rule)
    if query is None:
        return []
    mapping = mapping_of(rule)
    found = []
    for name in sorted({name for name, _ in fields(query) if "*" not in name}):
        field = mapping.get(name)
        found.append({"name": name, "type": field.types[0] if field is not None and field.declared else "unknown"})
    return found


def _query(rule: Rule) -> Query | None:
    try:
        return rule.parsed
    except (NotEvaluated, QueryError):
        return None


def _packages(rule: Rule, query: Query | None) -> Iterator[str]:
    """The packages whose data streams are searched."""
    for pattern in query.tree.indices if isinstance(query, EsqlQuery) else rule.index:
        if (found := _INDEX.match(pattern)) and found[1] in packages():
            yield found[1]
