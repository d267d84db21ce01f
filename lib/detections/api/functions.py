"""The public functions; :mod:`detections.api` says what they have in common."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from detections import mapping as mappings
from detections.api.results import Alerts, Findings, Proofs, Rules, SearchResult, Sequence
from detections.api.told import Report, given_events, given_rules, given_text, reporter
from detections.case import Bases, CaseLibrary
from detections.case import prove as run_cases
from detections.catalog import catalog, read_sources
from detections.checks import run as run_checks
from detections.checks.unknown_field import CODE as SLIP
from detections.checks.unknown_field import slips
from detections.compile import kibana
from detections.compile.eql import compile_eql
from detections.compile.esql import compile_esql
from detections.compile.kibana import DslOptions
from detections.compile.kql import compile_kql
from detections.compile.lucene import compile_lucene
from detections.compile.planner import NO_TABLES
from detections.compile.request import query_string
from detections.compile.tables import TableSpec
from detections.compile.tables import tables as made_tables
from detections.engine import Embedded, find, rows_of, select
from detections.errors import Finding, Level, Location, UsageError
from detections.events import Document, batches, read
from detections.functions.warning import Warnings
from detections.mapping import FieldSpec
from detections.plan.program import Events, Program
from detections.plan.rows import LookupTable
from detections.query import esql, parse
from detections.rule import Rule
from detections.rule import Rules as LoadedRules
from detections.rule import load_rules as load
from detections.schedule import executions
from detections.schedule import replay as replay_plans
from detections.values.dates import parse_date

LANGUAGES = ("kuery", "lucene", "eql", "esql")
Instant: TypeAlias = str | int | datetime.datetime


def load_rules(*paths: str | Path, fields: Iterable[str | Path] = ()) -> Rules:
    """The rules of TOML files and folders, sorted by path; ``.findings`` holds what did not load, with positions.

    ``fields`` are files that declare fields of your own (docs/fields.md).

    Raises:
        UsageError: a path does not exist, or a file of fields is none.
    """
    found = load(*map(Path, paths), fields=read_sources(map(Path, fields)))
    return Rules(found.rules, found.files, found.findings, found.unsound)


def check(rules: Iterable[Rule], *, profiles: Iterable[str] = ()) -> Findings:
    """What is wrong with rules: what loading them found, and what ``detections check`` says, sorted by place.

    ``profiles`` are further checks (``house``).

    Raises:
        TypeError: these are no rules.
        UsageError: a profile does not exist.
    """
    found = given_rules("check", rules)
    loaded = rules if isinstance(rules, LoadedRules) else LoadedRules(tuple(found), tuple(_paths(found)))
    return Findings(tuple(run_checks(loaded, tuple(profiles))))


def prove(
    rules: Iterable[Rule],
    cases: str | Path = "tests/rules",
    events: str | Path = "tests/events",
    *,
    root: str | Path = "rules",
    mutants: bool = False,
    tables: Mapping[str, TableSpec] | None = None,
    report: Report | None = None,
) -> Proofs:
    """Run the cases of rules on the engine, as ``detections test`` does.

    ``cases`` is the folder of case files, at the paths that the rules have below ``root``; ``events`` the one of the
    events that they start from. With ``mutants`` each rule is also changed in one place at a time. ``tables`` as in
    :func:`search`. Rules that are not run are told to ``report``.

    Raises:
        TypeError: these are no rules.
        UsageError: there is no such folder of cases.
    """
    found, tell = given_rules("prove", rules), reporter(report)
    if not Path(cases).is_dir():
        raise UsageError(f"{cases} is no folder of cases")
    library = CaseLibrary(Path(cases), Path(root), found, {**NO_TABLES, **made_tables(tables)})
    proofs = tuple(run_cases(found, library, Bases(Path(events)), Embedded(), with_mutants=mutants))
    for proof in proofs:
        if proof.not_run:
            message = f"{proof.rule.name} is not proved: {proof.not_run}"
            tell(proof.rule.document.finding("not-run", message, ("rule", "name"), level=Level.WARNING))
    return Proofs(proofs, (*library.findings, *(finding for proof in proofs for finding in proof.findings)))


def read_events(*paths: str | Path, report: Report | None = None, **settings: str) -> Iterator[Document]:
    """The events of files, folders and objects of a store (``s3://bucket/prefix``), raw records already mapped to ECS.

    What was wrong goes to ``report``, or is a warning.

    ``settings`` are those of the log sources' integrations. CloudTrail has ``retain`` (all, flattened, keyword,
    minimal or none) and ``aws`` (6 or 8).

    Raises:
        EventsError: a path does not exist.
        UsageError: no source has such a setting, or the setting no such value.
    """
    return _events(paths, reporter(report), settings)


def _events(paths: Iterable[str | Path], tell: Report, settings: Mapping[str, str]) -> Iterator[Document]:
    for batch in read(paths, tell, settings):
        for row in range(len(batch)):
            yield batch.document(row)
        for finding in batch.findings:
            tell(finding)


def search(
    events: Iterable[Document],
    query: str,
    language: str = "kuery",
    *,
    fields: Mapping[str, FieldSpec] | mappings.Mapping | None = None,
    timestamp_field: str = "@timestamp",
    tiebreaker_field: str | None = None,
    event_category_field: str = "event.category",
    size: int | None = None,
    max_samples_per_key: int = 1,
    tables: Mapping[str, TableSpec] | None = None,
    report: Report | None = None,
) -> SearchResult:
    """Run a query over events, in this process.

    ``fields`` are the types of the fields (see :meth:`detections.mapping.Mapping.of`), None the catalog.
    ``timestamp_field``, ``tiebreaker_field``, ``event_category_field`` and ``max_samples_per_key`` matter to eql only.
    ``size`` is how many events, rows, sequences or samples are wanted, None all. Of EQL's events and sequences these
    are the last ones, in ascending order, as Elasticsearch gives them unless it is asked for the head. ``tables`` are
    what ES|QL looks up, by the name of the lookup index (LOOKUP JOIN) or of the policy (ENRICH): documents, or a dict
    with ``rows``, ``fields`` (their types) and ``match``, the field of a policy that is compared. ``report`` is told of
    events that are not looked at whole (docs/limits.md), and of fields that nobody declares but nearly.

    Raises:
        TypeError: these are no events, or the query is no text.
        QueryError: the query cannot be parsed, or the fields refuse it.
        NotEvaluated: nothing here evaluates the language, or a part of it.
        UsageError: no such language, or less than one sample a key.
    """
    text, found = given_text("search", "query", query), given_events("search", events)
    tell = reporter(report)
    mapping = mappings.Mapping.of(fields)
    if language not in LANGUAGES:
        raise UsageError(f"unknown language '{language}': kuery, lucene, eql or esql")
    if fields is None:
        for name, meant in slips(parse(text, language), catalog()).items():
            message = f"no field {name} is declared"
            tell(Finding(SLIP, message, Location("query"), Level.WARNING, hint=f"did you mean {meant}?"))
    if language == "esql":
        return _table(text, mapping, found, size, made_tables(tables))
    if language == "eql":
        program = compile_eql(
            parse(text, "eql"), mapping, timestamp_field=timestamp_field,
            tiebreaker_field=tiebreaker_field, event_category_field=event_category_field,
        )  # fmt: skip
        return _found(program, found, size, max_samples_per_key, tell)
    if language == "lucene":
        predicate = compile_lucene(parse(text, "lucene"), mapping)
    else:
        predicate = compile_kql(parse(text, "kuery"), mapping)
    selected: list[Document] = []
    for batch in batches(found):
        selected += [batch.document(row) for row in select(predicate, batch)]
        if size is not None and len(selected) >= size:
            break
    return SearchResult(events=selected[:size])


def _found(
    program: Program, events: Iterable[Document], size: int | None, samples_per_key: int,
    report: Report,
) -> SearchResult:  # fmt: skip
    if samples_per_key < 1:
        raise UsageError(f"max_samples_per_key must be at least 1, not {samples_per_key}")
    found = find(program, batches(events), size=size, samples_per_key=samples_per_key, report=report)
    if isinstance(program.body, Events):
        return SearchResult(events=[event for one in found for event in one.events if event is not None])
    return SearchResult(sequences=[Sequence(*one) for one in found])


def _table(
    query: str,
    mapping: mappings.Mapping,
    events: Iterable[Document],
    size: int | None,
    tables: Mapping[str, LookupTable],
) -> SearchResult:
    parsed = parse(query, "esql")
    tree = parsed.tree
    pipeline = compile_esql(parsed, mapping, list_fields=True, tables=tables)
    warnings = Warnings(query, dict(pipeline.wholes))
    for message in pipeline.warnings:
        warnings.add(message)
    rows = list(itertools.islice(rows_of(pipeline, batches(events), tables=tables, warnings=warnings), size))
    shown: list[int] = list(range(len(pipeline.columns)))
    named = any(isinstance(command, esql.ast.Keep) for command in tree.commands) or tree.aggregates
    if mapping.dynamic and tree.indices and not named:
        # Nobody named the columns, and the catalog has thousands of fields: those without a value are left out.
        shown = [at for at in shown if any(row[at] is not None for row in rows)]
    columns = [{"name": pipeline.columns[at].name, "type": pipeline.columns[at].type} for at in shown]
    return SearchResult(columns=columns, rows=[[row[at] for at in shown] for row in rows], warnings=warnings.messages)


def replay(
    rules: Iterable[Rule],
    events: Iterable[Document],
    start: Instant | None = None,
    end: Instant | None = None,
    *,
    schedule: bool = False,
    tables: Mapping[str, TableSpec] | None = None,
    report: Report | None = None,
) -> Alerts:
    """The alerts that the rules would have raised, sorted by timestamp, then rule_id; input order breaks ties.

    Without ``start`` and ``end`` every event is inside the window, and a new term alerts once, at its first event. With
    them, events in [start, end] are candidates, and history reaches back from ``start`` as far as
    ``history_window_start`` reaches back from now. ``tables`` as in :func:`search`. Rules that nothing here evaluates
    are told to ``report``.

    With ``schedule`` the rules are executed as Kibana's scheduler does, every ``interval`` from ``start`` on, and the
    alerts come as they were raised: ``Alert.raised`` is when.

    Raises:
        TypeError: these are no rules or no events.
        UsageError: ``start`` or ``end`` is no instant.
    """
    tell = reporter(report)
    wanted, documents = given_rules("replay", rules), given_events("replay", events)
    engine = Embedded(report=tell)
    looked_up = made_tables(tables)
    if schedule:
        found = executions(
            wanted, batches(documents), engine, start=instant(start), end=instant(end), tables=looked_up, report=tell,
        )  # fmt: skip
        return Alerts(alert for execution in found for alert in execution.alerts)
    return Alerts(replay_plans(
        wanted, batches(documents), engine, start=instant(start), end=instant(end), tables=looked_up, report=tell,
    ))  # fmt: skip


def to_dsl(
    query: str,
    language: str = "kuery",
    fields: Mapping[str, FieldSpec] | mappings.Mapping | None = None,
    *,
    allow_leading_wildcards: bool = True,
    case_insensitive: bool = False,
    time_zone: str | None = None,
    nested_ignore_unmapped: bool = False,
    filters_in_must: bool = False,
) -> dict[str, Any]:
    """The Query DSL that Kibana would send for a query in KQL, or in Lucene's syntax (in which it takes the options of
    rules; the fields and options given here say nothing).

    Raises:
        QueryError: the query cannot be parsed, or Kibana refuses it for these fields.
        UsageError: another language, which Kibana does not translate.
    """
    query = given_text("to_dsl", "query", query)
    if language == "lucene":
        text = parse(query, "lucene").text
        return query_string(text) if text.strip() else {"match_all": {}}
    if language != "kuery":
        raise UsageError(f"only kuery and lucene have a Query DSL form made by Kibana, not '{language}'")
    options = DslOptions(
        allow_leading_wildcards=allow_leading_wildcards, case_insensitive=case_insensitive, time_zone=time_zone,
        nested_ignore_unmapped=nested_ignore_unmapped, filters_in_must=filters_in_must,
    )  # fmt: skip
    return kibana.to_dsl(parse(query, "kuery"), mappings.Mapping.of(fields), options)


def _paths(rules: Iterable[Rule]) -> Iterator[str]:
    return (rule.document.path for rule in rules)


def instant(value: Instant | None) -> int | None:
    """Milliseconds since the epoch.

    Raises:
        TypeError: it cannot be one.
        UsageError: it is a text that is no instant.
    """
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return round(aware.timestamp() * 1000)
    if not isinstance(value, str):
        raise TypeError(f"an instant is a datetime, a text or milliseconds, not {type(value).__name__}")
    found = parse_date(value)
    if found is None:
        raise UsageError(f"'{value}' is not an instant like 2026-01-31 or 2026-01-31T20:15:00Z")
    return found
