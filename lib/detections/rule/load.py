"""Document -> Rule, and every problem on the way."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from detections.catalog import Source
from detections.errors import Finding, Location, SourceError, UsageError
from detections.rule.fields import Invalid, Items, OneOf, Record, Text, Whole, kind, quoted
from detections.rule.keys import dotted, shape, unknown_keys, unknown_tables
from detections.rule.model import RULES, Metadata, Rule, Rules
from detections.rule.parts import MetadataSchema
from detections.rule.schemas import SCHEMAS, CommonSchema, FileSchema, schema
from detections.source import Document, Keys, document_of, read, unchanged

CODE = "schema"


def load(document: Document, fields: tuple[Source, ...] = ()) -> tuple[Rule | None, list[Finding]]:
    """The rule in a document, None where it is none, and all that is wrong with it, sorted by place.

    A rule with a misspelt key is still a rule, so that everything else about it can be checked in the same run; the
    finding is an error all the same.
    """
    rule, sound, findings = _load(document, fields)
    return rule if sound else None, findings


def load_rules(*paths: str | os.PathLike[str], fields: tuple[Source, ...] = ()) -> Rules:
    """The rules in files and in folders (every ``*.toml`` below, hidden ones left out), sorted by path.

    One bad file never stops the others: what is wrong with it is in ``findings``, and so is a folder without rules.
    ``fields`` are the fields that the project declares itself.

    Raises:
        UsageError: a path does not exist, or none was given.
    """
    files, findings = rule_files(*paths)
    return load_files(files, fields, findings=findings)


def rule_files(*paths: str | os.PathLike[str]) -> tuple[tuple[str, ...], list[Finding]]:
    """The files of rules at these paths, sorted, and what is wrong with the folders.

    Raises:
        UsageError: a path does not exist, or none was given.
    """
    if not paths:
        raise UsageError("no rules: name a file or a folder")
    findings: list[Finding] = []
    files: set[str] = set()
    for path in [os.fspath(path) for path in paths]:
        if not os.path.lexists(path):
            raise UsageError(f"{path} does not exist")
        if Path(path).is_dir():
            found = list(_files_below(path, findings))
            files.update(found)
            if not found:
                findings.append(Finding(CODE, "holds no rules: there is no .toml file in it", Location(path)))
        else:
            files.add(path)
    return tuple(sorted(files)), findings


def load_files(
    files: Iterable[str], fields: tuple[Source, ...] = (), *, contents: Mapping[str, bytes] | None = None,
    findings: Iterable[Finding] = (),
) -> Rules:  # fmt: skip
    """The rules in files, as :func:`load_rules` gives them. ``contents`` are those of files that were read already,
    ``findings`` what is known to be wrong."""
    files, findings = tuple(files), list(findings)
    documents = []
    for file in files:
        try:
            content = None if contents is None else contents.get(file)
            documents.append(read(file) if content is None else document_of(content, file))
        except SourceError as error:
            findings += error.findings
    found_in = rules_of(documents, fields)
    findings = sorted([*findings, *found_in.findings], key=lambda one: one.location)
    return Rules(found_in.rules, files, tuple(findings), found_in.unsound)


def reload(before: Rules, files: Iterable[str], fields: tuple[Source, ...] = ()) -> Rules:
    """As :func:`load_files`; a rule of ``before`` with which nothing was wrong is taken over where its file is as it
    was."""
    files = set(files)
    faulty = {finding.location.path for finding in before.findings}
    same = [rule for rule in before if rule.document.path in files - faulty and rule.fields == fields]
    same = [rule for rule in same if unchanged(rule.document)]
    paths = tuple(rule.document.path for rule in same)
    return joined(Rules(tuple(same), paths), load_files(sorted(files.difference(paths)), fields))


def joined(some: Rules, others: Rules) -> Rules:
    """All rules of two loads, sorted by path."""
    if not (some.files and others.files):
        return some if some.files else others
    return Rules(
        tuple(sorted((*some.rules, *others.rules), key=lambda rule: rule.document.path)),
        tuple(sorted((*some.files, *others.files))),
        tuple(sorted((*some.findings, *others.findings), key=lambda finding: finding.location)),
        tuple(sorted((*some.unsound, *others.unsound), key=lambda rule: rule.document.path)),
    )


def rules_of(documents: Iterable[Document], fields: tuple[Source, ...] = ()) -> Rules:
    """The rules in documents, in their order, as :func:`load_rules` gives those of files."""
    files, findings = [], []
    rules: dict[bool, list[Rule]] = {True: [], False: []}
    for document in documents:
        files.append(document.path)
        rule, sound, about = _load(document, fields)
        findings += about
        if rule is not None:
            rules[sound].append(rule)
    findings.sort(key=lambda one: one.location)
    return Rules(tuple(rules[True]), tuple(files), tuple(findings), tuple(rules[False]))


def table_findings(document: Document, kind: type[Schema], keys: Keys) -> list[Finding]:
    """All that a schema has against the table at ``keys`` of a document, unknown keys too, sorted by place."""
    table: Any = document.data
    for key in keys:
        table = table[key]
    _, problems = _values(kind, table, keys)
    findings = [_finding(document, place, problem) for place, problem in problems]
    return sorted([*findings, *unknown_keys(document, kind, table, keys)], key=lambda one: one.location)


def _files_below(folder: str, findings: list[Finding]) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        findings.append(Finding(CODE, f"cannot be read: {error.strerror}", Location(str(error.filename))))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (str(Path(parent, name)) for name in names if name.endswith(".toml") and name[0] != ".")


def _load(document: Document, fields: tuple[Source, ...]) -> tuple[Rule | None, bool, list[Finding]]:
    """The rule, whether its schema has nothing against it, and the findings."""
    table = document.data.get("rule")
    if not isinstance(table, dict):
        said = "there is no [rule] table" if table is None else f"rule must be a table, not {kind(table)}"
        return None, False, [document.finding(CODE, said, ("rule",), length=None)]
    name = table.get("type")
    known = SCHEMAS.get(name) if isinstance(name, str) else None
    file, problems = _values(FileSchema, document.data, ())
    values, others = _values(known or CommonSchema, table, ("rule",))
    problems += others
    problems += [(keys, Invalid("is a number that JSON cannot carry")) for keys in _no_json(table)]
    if known is None:
        problems.append((("rule", "type"), _type_problem(name)))
    findings = [_finding(document, keys, problem) for keys, problem in problems]
    findings += unknown_tables(document)
    rule = None
    if known is not None:
        findings += unknown_keys(document, known, table, ("rule",))
        rule = _rule(document, str(name), file, values, fields)
    findings.sort(key=lambda finding: finding.location)
    return rule, not problems, findings


def _values(
    kind: type[Schema], table: Mapping[str, Any], keys: Keys
) -> tuple[dict[str, Any], list[tuple[Keys, Invalid]]]:
    """The values of a table that are sound, and what is wrong with the others, each with its place."""
    try:
        values: dict[str, Any] = schema(kind).load(table)
    except ValidationError as error:
        sound: Any = error.valid_data
        values = {name: value for name, value in sound.items() if name not in error.messages}
        return values, list(_problems(error.messages, keys))
    return values, []


def _problems(messages: Any, keys: Keys) -> Iterator[tuple[Keys, Invalid]]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _problems(below, (*keys, key))
    else:
        yield from ((keys, problem) for problem in messages)


def _no_json(table: Mapping[str, Any]) -> Iterator[Keys]:
    """Where there are numbers that Kibana could not be sent: infinite, undefined, or of more than 64 bits."""
    todo: list[tuple[Keys, object]] = [(("rule",), table)]
    while todo:
        keys, value = todo.pop()
        if isinstance(value, dict):
            todo += [((*keys, name), below) for name, below in value.items() if not isinstance(below, str)]
        elif isinstance(value, list):
            todo += [((*keys, index), below) for index, below in enumerate(value) if not isinstance(below, str)]
        elif (isinstance(value, float) and not math.isfinite(value)) or (
            isinstance(value, int) and not -(2**63) <= value < 2**63
        ):
            yield keys


def _type_problem(name: object) -> Invalid:
    if name is None:
        return Invalid("is missing", f"the types are {', '.join(SCHEMAS)}")
    if not isinstance(name, str):
        return Invalid(f"must be a string, not {kind(name)}")
    try:
        OneOf(tuple(SCHEMAS))(name)
    except ValidationError as error:
        problem: Invalid = error.messages[0]  # type: ignore[assignment]
        return problem
    raise AssertionError(f"{quoted(name)} is a type")


def _finding(document: Document, keys: Keys, problem: Invalid) -> Finding:
    return document.finding(CODE, f"{dotted(keys)} {problem.text}", keys, length=None, hint=problem.hint)


def _rule(
    document: Document, kind: str, file: dict[str, Any], values: dict[str, Any], fields: tuple[Source, ...]
) -> Rule:
    """The rule of these values. What is required and not among them is empty: such a rule is unsound."""
    known = SCHEMAS[kind]
    extra = {name: values.pop(name) for name in values.keys() - schema(known).fields.keys()}
    values = {**_required(known), **values, "type": kind}
    if "new_terms" in values:
        terms = values.pop("new_terms") or {"value": [], "history_window_start": [{"value": ""}]}
        values["new_terms_fields"] = terms["value"]
        values["history_window_start"] = terms["history_window_start"][0]["value"]
    return RULES[kind](
        document=document,
        metadata=_metadata({**_required(MetadataSchema), **file.get("metadata", {})}),
        transform=file.get("transform"),
        extra=extra,
        fields=fields,
        **_frozen(values),
    )


def _metadata(values: dict[str, Any]) -> Metadata:
    names = shape(MetadataSchema).names
    extra = {name: values.pop(name) for name in values.keys() - names}
    return Metadata(extra=extra, **_frozen(values))


@cache
def _required(kind: type[Schema]) -> Mapping[str, Any]:
    """An empty value for each required key."""
    empty: dict[type, object] = {Text: "", Whole: 0, Items: [], Record: {}}
    return {name: empty[type(one)] for name, one in schema(kind).fields.items() if one.required}


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
