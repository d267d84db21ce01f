"""What a log source is: how its records are known, and what its integration makes of them.

A source is a value. A new one is a module of its own in :mod:`detections.events.sources` and a line in the table there;
readers, replays, cases and commands take it from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from detections.events.batch import Document
from detections.events.sources.record import Refuse, Settings, Table, ignore


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where the integration of a source writes its documents."""

    name: str
    type: str = "logs"
    namespace: str = "default"

    @property
    def index(self) -> str:
        """The data stream: ``logs-aws.cloudtrail-default``."""
        return f"{self.type}-{self.name}-{self.namespace}"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the integration that changes its documents. The first choice is the default."""

    name: str
    choices: tuple[str, ...]
    help: str

    @property
    def default(self) -> str:
        return self.choices[0]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A log source.

    An object is one of its raw records where it has one of the keys ``signals`` at its top level, all of ``needs`` and
    none of ``never``. ``certain`` are keys that nearly every record has, as texts; all of ``needs`` are among them.

    ``table`` says how the document is made of a record. ``wrapper`` is the key under which a file of the source keeps
    its list of records. ``companions`` are keys by which objects are known that lie among the source's files and are no
    events, each with what they are. ``time`` and ``identity`` are where a record has its time and its id, as dotted
    paths: what a case sets in a record of its own. ``written`` is how a record has a time that is given as ISO 8601.
    """

    name: str
    dataset: Dataset
    signals: tuple[str, ...]
    never: tuple[str, ...]
    certain: tuple[str, ...]
    table: Table
    time: str
    identity: str
    needs: tuple[str, ...] = ()
    written: Callable[[str], Any] = str
    settings: tuple[Setting, ...] = ()
    wrapper: str | None = None
    companions: Mapping[str, str] = field(default_factory=dict)

    def recognises(self, value: Document) -> bool:
        """Whether an object is a raw record. Nothing else decides this."""
        keys = value.keys()
        return not keys.isdisjoint(self.signals) and keys.isdisjoint(self.never) and keys >= set(self.needs)

    def to_ecs(self, record: Document, settings: Settings | None = None, refuse: Refuse = ignore) -> Document:
        """The ECS document, with nested objects, that Elasticsearch would hold for a raw record.

        Whatever the record holds, a document comes back. A value that its field's type refuses is left out of that
        field, as ``ignore_malformed`` does, and ``refuse`` is told.
        """
        return self.table.whole(record, settings or {}, refuse)
