"""What Kibana answers (8.19 and 9.x), as far as it is relied on: other keys are passed over.

What is kept as a whole, since it is compared and sent back as a whole, is in ``body`` beside what is relied on.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from msgspec import Struct, convert, field

from detections.source.reader import is_deep

Namespace = Literal["single", "agnostic"]


class Stored(Struct, frozen=True, kw_only=True):
    """Something that Kibana keeps. ``id`` is the saved object's, empty in a file that was not made by Kibana.

    ``body`` is all of it. Where it is nested ``too_deep`` to be compared or written down, only its plain values are.
    """

    id: str = ""
    name: str = ""
    updated_at: str = ""
    updated_by: str = ""
    too_deep: bool = False
    body: dict[str, Any] = {}

    @classmethod
    def of(cls, value: Any) -> Self:
        """The object that a JSON value is. Null says no more than a key that is not there.

        Raises:
            msgspec.ValidationError: it is something else.
        """
        if not isinstance(value, dict):
            return convert(value, cls)
        too_deep = is_deep(value)
        body = {key: part for key, part in value.items() if not isinstance(part, dict | list)} if too_deep else value
        known = {key: part for key, part in value.items() if part is not None}
        return convert({**known, "too_deep": too_deep, "body": body}, cls)

    @property
    def writer(self) -> str:
        """Who wrote it last, and when, as Kibana says it."""
        return f"{self.updated_by or 'unknown'} at {self.updated_at or 'an unknown time'}"


def is_system_connector(name: str) -> bool:
    """Whether an id is of a connector that Kibana has by itself."""
    return name.startswith("system-connector-")


class Action(Struct, frozen=True):
    """An action of a rule: the connector that it uses."""

    id: str = ""

    @property
    def connector(self) -> str:
        """The connector's id; empty for one of Kibana's own."""
        return "" if is_system_connector(self.id) else self.id


class Reference(Struct, frozen=True):
    """A rule's reference to an exception list."""

    list_id: str
    namespace_type: Namespace = "single"
    type: str = ""


class Source(Struct, frozen=True):
    type: str = ""


class LastExecution(Struct, frozen=True):
    status: str = ""
    date: str = ""
    message: str = ""


class ExecutionSummary(Struct, frozen=True):
    last_execution: LastExecution | None = None


class Rule(Stored, frozen=True, kw_only=True):
    """A detection rule."""

    rule_id: str
    type: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = False
    immutable: bool = False
    revision: int = 0
    actions: tuple[Action, ...] = ()
    exceptions_list: tuple[Reference, ...] = ()
    rule_source: Source = Source()
    execution_summary: ExecutionSummary = ExecutionSummary()

    @property
    def is_prebuilt(self) -> bool:
        """Whether it is Elastic's, customised or not."""
        return self.immutable or self.rule_source.type == "external"


class Versioned(Stored, frozen=True, kw_only=True):
    """``version`` guards a write: Kibana refuses one that names another version."""

    namespace_type: Namespace = "single"
    list_id: str
    version: str = field(default="", name="_version")


class ExceptionList(Versioned, frozen=True, kw_only=True):
    """An exception list, without its items."""

    type: str = ""

    @property
    def key(self) -> str:
        """What tells it from other lists: ``single/trusted``."""
        return f"{self.namespace_type}/{self.list_id}"


class Comment(Struct, frozen=True):
    comment: str
    id: str = ""


class EntryList(Struct, frozen=True):
    id: str


class ItemEntry(Struct, frozen=True):
    """A condition of an exception item; ``list`` is the value list that it looks into."""

    list: EntryList | None = None


class ExceptionItem(Versioned, frozen=True, kw_only=True):
    """An item of an exception list."""

    item_id: str
    entries: tuple[ItemEntry, ...] = ()
    comments: tuple[Comment, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from other items: ``single/scanner-1``."""
        return f"{self.namespace_type}/{self.item_id}"


class ValueList(Stored, frozen=True, kw_only=True):
    """A value list, without its values."""


class Connector(Struct, frozen=True, kw_only=True):
    """A connector as ``/api/actions/connectors`` shows it. Its ``config`` may hold secrets."""

    id: str
    name: str = ""
    connector_type_id: str = ""
    config: dict[str, Any] | None = field(default=None)

    def __repr__(self) -> str:
        return f"Connector(id={self.id!r})"


class ConnectorAttributes(Struct, frozen=True):
    """See :class:`Connector`."""

    name: str
    actionTypeId: str  # noqa: N815 - the saved object's name
    config: dict[str, Any] | None = None
    isMissingSecrets: bool = True  # noqa: N815

    def __repr__(self) -> str:
        return f"ConnectorAttributes({self.name!r})"


class SavedConnector(Struct, frozen=True, kw_only=True):
    """A connector as an export has it."""

    id: str
    attributes: ConnectorAttributes
    core_version: str = field(default="", name="coreMigrationVersion")
    type_version: str = field(default="", name="typeMigrationVersion")


class Space(Struct, frozen=True):
    id: str


class DataStream(Struct, frozen=True):
    path: str


class Package(Struct, frozen=True):
    """An integration's package."""

    version: str
    data_streams: list[DataStream] | None = None


class PackageAnswer(Struct, frozen=True):
    """``/api/fleet/epm/packages/<name>``"""

    item: Package


class Page(Struct, frozen=True):
    """A page of a ``_find``. The things in it are read one by one."""

    total: int
    data: list[Any]


class Version(Struct, frozen=True):
    number: str


class Overall(Struct, frozen=True):
    level: str


class StatusBody(Struct, frozen=True):
    overall: Overall


class StatusAnswer(Struct, frozen=True):
    """``/api/status``; without the version for whoever is not logged in."""

    status: StatusBody
    version: Version | None = None


class Cause(Struct, frozen=True):
    message: str = "no reason is given"
    status_code: int = 0


class ImportFailure(Struct, frozen=True):
    """An object that was not imported: a rule, a list, an item or a connector."""

    error: Cause = Cause()
    id: str = ""
    rule_id: str = ""
    list_id: str = ""
    item_id: str = ""


class ImportRemark(Struct, frozen=True):
    message: str = ""


class ImportAnswer(Struct, frozen=True):
    """``_import``"""

    success: bool
    success_count: int = 0
    errors: tuple[ImportFailure, ...] = ()
    exceptions_success: bool = True
    exceptions_success_count: int = 0
    exceptions_errors: tuple[ImportFailure, ...] = ()
    action_connectors_success: bool = True
    action_connectors_success_count: int = 0
    action_connectors_errors: tuple[ImportFailure, ...] = ()
    action_connectors_warnings: tuple[ImportRemark, ...] = ()


class FailedRule(Struct, frozen=True):
    id: str = ""
    name: str | None = None


class BulkFailure(Struct, frozen=True):
    message: str = "no reason is given"
    status_code: int = 0
    err_code: str | None = None
    rules: tuple[FailedRule, ...] = ()


class BulkSummary(Struct, frozen=True):
    succeeded: int
    failed: int
    skipped: int = 0


class BulkAttributes(Struct, frozen=True):
    summary: BulkSummary
    errors: tuple[BulkFailure, ...] = ()


class BulkAnswer(Struct, frozen=True):
    """``_bulk_action``, of a 200 or of a 500."""

    attributes: BulkAttributes


class PreviewLog(Struct, frozen=True):
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class PreviewAnswer(Struct, frozen=True, rename="camel"):
    """``preview``"""

    preview_id: str = ""
    is_aborted: bool = False
    logs: tuple[PreviewLog, ...] = ()


class AlertHit(Struct, frozen=True):
    source: dict[str, Any] = field(name="_source")


class AlertHits(Struct, frozen=True):
    hits: tuple[AlertHit, ...]


class AlertSearch(Struct, frozen=True):
    """A search for alerts, passed on to Elasticsearch."""

    hits: AlertHits


class Summary(Struct, frozen=True):
    """The last line of an export."""

    exported_count: int
