"""Which checks there are. A check is a module with a CODE, a page (its docstring) and a function.

``check(rule)`` looks at one rule, ``check_all(rules)`` at all of them together; both yield findings of the module's own
code. What ``check_all`` finds must show in the ``identities(rule)`` that two rules share: rules that share none are not
compared. A module without either is the page of findings that are made where rules are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType

from detections.checks import (
    attack,
    aws_operation,
    dates,
    eql_missing_event,
    eql_second_opinion,
    esql_id,
    esql_opaque,
    esql_version,
    field_type,
    file_name,
    guessed_type,
    indices,
    integrations,
    kql_literal,
    max_signals,
    new_terms,
    portability,
    query_syntax,
    required_text,
    schedule,
    schema,
    severity,
    silence,
    tags,
    text,
    threshold,
    timestamp_override,
    toml,
    transform,
    unique,
    unknown_field,
    unknown_key,
)
from detections.errors import Finding, UsageError
from detections.rule import Rule

ALWAYS: tuple[ModuleType, ...] = (
    query_syntax,
    kql_literal,
    unknown_field,
    guessed_type,
    field_type,
    aws_operation,
    attack,
    unique,
    new_terms,
    esql_id,
    esql_opaque,
    esql_version,
    eql_missing_event,
    eql_second_opinion,
    dates,
    required_text,
    severity,
    indices,
    schedule,
    max_signals,
    timestamp_override,
    threshold,
    transform,
    integrations,
)
QUERIES = (
    query_syntax,
    kql_literal,
    unknown_field,
    guessed_type,
    field_type,
    aws_operation,
    esql_id,
    esql_opaque,
    esql_version,
    eql_missing_event,
    eql_second_opinion,
)
"""Of these, the checks that look at queries only: they run on rules too that the schema refuses."""

PROFILES: dict[str, tuple[ModuleType, ...]] = {"house": (portability, tags, text, file_name)}
READING: tuple[ModuleType, ...] = (toml, schema, unknown_key)
PAGES: tuple[ModuleType, ...] = (*READING, *ALWAYS, *(module for some in PROFILES.values() for module in some), silence)

OneRule = Callable[[Rule], Iterable[Finding]]
AllRules = Callable[[Sequence[Rule]], Iterable[Finding]]


def chosen(profiles: Sequence[str]) -> tuple[ModuleType, ...]:
    """The checks that run with these profiles.

    Raises:
        UsageError: there is no such profile.
    """
    for name in profiles:
        if name not in PROFILES:
            raise UsageError(f"unknown profile {name!r} (available: {', '.join(PROFILES)})")
    return (*ALWAYS, *(module for name in dict.fromkeys(profiles) for module in PROFILES[name]))


def findings_of(module: ModuleType, rules: Sequence[Rule]) -> Iterator[Finding]:
    """What one check has to say about the rules."""
    if hasattr(module, "check_all"):
        yield from module.check_all(rules)
    else:
        for rule in rules:
            yield from module.check(rule)
