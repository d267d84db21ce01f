"""What rules refer to, each in a file of its own: exception lists, value lists, connectors without their secrets.

    exceptions/<list_id>.toml       [exception_list] and [[items]], named as in Kibana's API
    value_lists/<id>.toml           [value_list]; the values in <id>.txt beside it, one a line
    connectors/<id>.toml            [connector] and [connector.config]; never secrets

What Kibana makes up itself (ids of saved objects, who wrote when) is not in them. A key nobody knows is carried
through.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from detections.bundle.connectors import is_placeholder
from detections.errors import Finding, Level, Location, SourceError, UsageError
from detections.rule import Rule, table_findings
from detections.rule.fields import Flag, Items, OneOf, Record, Table, Text, Whole
from detections.rule.parts import NOT_EMPTY, PartSchema, text, texts
from detections.source import Document, read, read_file

CODE = "attachment"
NAMESPACES = ("single", "agnostic")
Object = dict[str, Any]


class ExceptionListSchema(PartSchema):
    list_id = text(required=True, validate=NOT_EMPTY)
    name = text(required=True, validate=NOT_EMPTY)
    description = text(required=True)
    type = text("detection, rule_default, endpoint ...", required=True, validate=NOT_EMPTY)
    namespace_type = text("single (one space) if absent, or agnostic (all).", validate=OneOf(NAMESPACES))
    os_types = texts()
    tags = texts()
    meta = Table()
    version = Whole()


class _Reference(PartSchema):
    id = text(required=True, validate=NOT_EMPTY)
    type = text("keyword, ip, ip_range, text ...", required=True, validate=NOT_EMPTY)


class ExceptionEntrySchema(PartSchema):
    field = text(required=True, validate=NOT_EMPTY)
    type = text(required=True, validate=OneOf(("match", "match_any", "wildcard", "exists", "list", "nested")))
    operator = text(validate=OneOf(("included", "excluded")))
    value = Items(Text(), or_one=True)
    list = Record(_Reference)
    entries = Items(Table())


class ExceptionItemSchema(PartSchema):
    item_id = text(required=True, validate=NOT_EMPTY)
    name = text(required=True, validate=NOT_EMPTY)
    description = text()
    type = text(required=True, validate=OneOf(("simple",)))
    entries = Items(Record(ExceptionEntrySchema), required=True)
    os_types = texts()
    tags = texts()
    expire_time = text()
    comments = Items(Table())
    meta = Table()


class ExceptionsSchema(PartSchema):
    exception_list = Record(ExceptionListSchema, required=True)
    items = Items(Record(ExceptionItemSchema))


class _ValueList(PartSchema):
    id = text(required=True, validate=NOT_EMPTY)
    name = text(required=True, validate=NOT_EMPTY)
    description = text(required=True)
    type = text("keyword, ip, ip_range, text ...", required=True, validate=NOT_EMPTY)
    serializer = text()
    deserializer = text()
    meta = Table()
    version = Whole()


class ValueListSchema(PartSchema):
    value_list = Record(_ValueList, required=True)


class _Connector(PartSchema):
    id = text(required=True, validate=NOT_EMPTY)
    name = text(required=True)
    connector_type_id = text(".slack, .webhook, .index ...", required=True, validate=NOT_EMPTY)
    config = Table()
    is_missing_secrets = Flag()
    type_migration_version = text()
    core_migration_version = text()


class ConnectorSchema(PartSchema):
    connector = Record(_Connector, required=True)


@dataclass(frozen=True, slots=True, eq=False)
class ExceptionList:
    """A list and its items."""

    document: Document

    @property
    def id(self) -> tuple[str, str]:
        """Its namespace and list_id."""
        table = self.document.data["exception_list"]
        return table.get("namespace_type", "single"), table["list_id"]

    def objects(self) -> list[Object]:
        """The list, then its items, as Kibana imports them."""
        namespace, list_id = self.id
        shared = {"list_id": list_id, "namespace_type": namespace}
        container = {**self.document.data["exception_list"], **shared}
        items = [{"description": "", **item, **shared} for item in self.document.data.get("items", ())]
        return [container, *({"comments": [], "os_types": [], "tags": [], **item} for item in items)]

    def value_lists(self) -> Iterator[str]:
        """The ids of the value lists that its items look into."""
        for item in self.document.data.get("items", ()):
            lists = (entry["list"] for entry in item["entries"] if isinstance(entry.get("list"), dict))
            yield from (str(looked_into["id"]) for looked_into in lists if "id" in looked_into)


@dataclass(frozen=True, slots=True, eq=False)
class ValueList:
    """A value list; ``text`` is what the file of its values says."""

    document: Document
    text: str

    @property
    def values(self) -> tuple[str, ...]:
        """The values, in the order of their file. Only line feeds part them, as in Kibana."""
        lines = self.text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        return tuple(line for line in lines if line)

    @property
    def id(self) -> str:
        identity: str = self.document.data["value_list"]["id"]
        return identity


@dataclass(frozen=True, slots=True, eq=False)
class Connector:
    """A connector."""

    document: Document

    @property
    def id(self) -> str:
        identity: str = self.document.data["connector"]["id"]
        return identity

    def object(self) -> Object:
        """The connector as the saved object that Kibana exports and imports, without what was not pulled."""
        table = self.document.data["connector"]
        config = {name: value for name, value in table.get("config", {}).items() if not is_placeholder(value)}
        attributes = {
            "actionTypeId": table["connector_type_id"], "config": config,
            "isMissingSecrets": table.get("is_missing_secrets", True), "name": table["name"], "secrets": {},
        }  # fmt: skip
        versions = {
            name: table[ours]
            for name, ours in (("coreMigrationVersion", "core_migration_version"),
                               ("typeMigrationVersion", "type_migration_version"))
            if ours in table
        }  # fmt: skip
        return {"attributes": attributes, "id": table["id"], "references": [], "type": "action", **versions}


@dataclass(frozen=True, slots=True)
class Attachments:
    """All of a project, by id. ``findings`` is what is wrong with their files; a file that is wrong gives nothing."""

    exception_lists: Mapping[tuple[str, str], ExceptionList] = field(default_factory=dict)
    value_lists: Mapping[str, ValueList] = field(default_factory=dict)
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def unsound(self) -> frozenset[str]:
        """The paths of the files that have errors."""
        return frozenset(finding.location.path for finding in self.findings if finding.level is Level.ERROR)


def load_attachments(exceptions: Path, value_lists: Path, connectors: Path) -> Attachments:
    """The attachments in three folders (every ``*.toml`` below; a folder that is not there holds none)."""
    findings: list[Finding] = []
    lists = [ExceptionList(document) for document in _documents(exceptions, ExceptionsSchema, findings)]
    values = [
        ValueList(document, _text(Path(document.path).with_suffix(".txt"), findings))
        for document in _documents(value_lists, ValueListSchema, findings)
    ]
    held = [Connector(document) for document in _documents(connectors, ConnectorSchema, findings)]
    return Attachments(
        _by_id(lists, findings), _by_id(values, findings), _by_id(held, findings), tuple(sorted(findings, key=_place))
    )


def _place(finding: Finding) -> Location:
    return finding.location


def _documents(folder: Path, kind: type[PartSchema], findings: list[Finding]) -> Iterator[Document]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.endswith(".toml") or name.startswith("."):
                continue
            try:
                document = read(Path(parent, name))
            except SourceError as error:
                findings += error.findings
                continue
            problems = table_findings(document, kind, ())
            findings += problems
            if not any(problem.level is Level.ERROR for problem in problems):
                yield document


def _text(path: Path, findings: list[Finding]) -> str:
    try:
        return read_file(path).decode()
    except FileNotFoundError:
        findings.append(Finding(CODE, "the file of its values does not exist", Location(str(path))))
    except UsageError as error:
        findings.append(Finding(CODE, str(error).removeprefix(f"{path} "), Location(str(path))))
    except UnicodeDecodeError:
        findings.append(Finding(CODE, "is not UTF-8", Location(str(path))))
    return ""


T = TypeVar("T", ExceptionList, ValueList, Connector)


def _by_id(things: Iterable[T], findings: list[Finding]) -> dict[Any, T]:
    known: dict[Any, T] = {}
    for thing in things:
        first = known.setdefault(thing.id, thing)
        if first is not thing:
            text = f"the same id is in {first.document.path}"
            findings.append(Finding(CODE, text, Location(thing.document.path)))
    return known


def with_attachments(
    rules: Sequence[tuple[Rule, Object]], attachments: Attachments
) -> tuple[list[Object], list[Finding]]:
    """The objects of a bundle: the payloads of these rules, then the exception lists that they name with their items,
    then their connectors; each kind in a fixed order. And what is wrong with the references, each at its place.

    A list that no file holds is an error: Kibana would take the reference out. (Kibana makes lists of type endpoint
    itself.) A connector or value list that no file holds is a warning, since Kibana may have it.
    """
    findings: list[Finding] = []
    lists: dict[tuple[str, str], ExceptionList] = {}
    connectors: dict[str, Connector] = {}
    for rule, payload in rules:
        for index, reference in enumerate(payload.get("exceptions_list", ())):
            known = attachments.exception_lists.get((reference["namespace_type"], reference["list_id"]))
            if known is not None:
                lists[known.id] = known
            elif reference["type"] != "endpoint":
                text = f"the exception list {reference['list_id']} ({reference['namespace_type']}) has no file"
                keys = ("rule", "exceptions_list", index, "list_id")
                findings.append(rule.document.finding(CODE, text, keys, length=None, hint=_HINT))
        for index, action in enumerate(payload.get("actions", ())):
            if (connector := attachments.connectors.get(action["id"])) is not None:
                connectors[connector.id] = connector
            else:
                text = f"the connector {action['id']} has no file: it must exist in Kibana"
                keys = ("rule", "actions", index, "id")
                findings.append(rule.document.finding(CODE, text, keys, length=None, level=Level.WARNING))
    chosen = [lists[key] for key in sorted(lists)]
    for exceptions in chosen:
        for missing in sorted(set(exceptions.value_lists()) - attachments.value_lists.keys()):
            text = f"the value list {missing} has no file: it must exist in Kibana"
            findings.append(exceptions.document.finding(CODE, text, ("items",), level=Level.WARNING))
    containers = [exceptions.objects()[0] for exceptions in chosen]
    items = [item for exceptions in chosen for item in exceptions.objects()[1:]]
    saved = [connectors[key].object() for key in sorted(connectors)]
    return [*(payload for _, payload in rules), *containers, *items, *saved], findings


_HINT = "`detections pull` writes it; or remove it from the rule"
