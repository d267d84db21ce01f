"""What the functions give: sequences that are tables, too."""

from __future__ import annotations

import datetime
import itertools
from abc import abstractmethod
from collections.abc import Iterator
from collections.abc import Sequence as AbstractSequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from detections import rule
from detections.api.frame import Row, flat, to_html, to_pandas, to_polars
from detections.case import Proof
from detections.engine.alert import Alert
from detections.errors import Finding, Level
from detections.events import Document

T_co = TypeVar("T_co", covariant=True)


class Table(AbstractSequence[T_co]):
    """A sequence that can be had as rows and as data frames."""

    __slots__ = ()
    _COLUMNS: tuple[str, ...] = ()
    """Those of a table without rows."""

    @abstractmethod
    def to_rows(self) -> list[Row]:
        """A dict for each entry, with plain values."""

    @abstractmethod
    def _title(self) -> str:
        """What there is, in a few words."""

    def to_pandas(self) -> Any:
        """The rows as a ``pandas.DataFrame``.

        Raises:
            NotInstalled: pandas is not installed (the extra ``pandas``).
        """
        return to_pandas(self.to_rows(), self._COLUMNS)

    def to_polars(self) -> Any:
        """The rows as a ``polars.DataFrame``.

        Raises:
            NotInstalled: polars is not installed (the extra ``polars``).
        """
        return to_polars(self.to_rows(), self._COLUMNS)

    def __repr__(self) -> str:
        return f"<{self._title()}>"

    def _repr_html_(self) -> str:
        return to_html(self._title(), self.to_rows())


class Rules(rule.Rules, Table[rule.Rule]):
    """Rules sorted by path; ``findings`` is what loading found, ``files`` the paths that were tried."""

    __slots__ = ()
    _COLUMNS = ("rule_id", "name", "type", "severity", "risk_score", "language", "query", "techniques", "tags", "path")

    def to_rows(self) -> list[Row]:
        return [
            {
                "rule_id": one.rule_id, "name": one.name, "type": one.type, "severity": one.severity,
                "risk_score": one.risk_score, "language": one.language, "query": one.query,
                "techniques": _techniques(one), "tags": list(one.tags), "path": one.document.path,
            }
            for one in self
        ]  # fmt: skip

    def _title(self) -> str:
        return _counted(len(self), "rule") + (f", {_counted(len(self.findings), 'finding')}" if self.findings else "")

    __repr__ = Table.__repr__


@dataclass(frozen=True, slots=True, repr=False)
class Findings(Table[Finding]):
    """What checks found, sorted by place."""

    findings: tuple[Finding, ...]
    _COLUMNS = ("path", "line", "column", "level", "code", "message", "hint")

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.level is Level.ERROR)

    def to_rows(self) -> list[Row]:
        return [
            {
                "path": one.location.path, "line": one.location.line, "column": one.location.column,
                "level": str(one.level), "code": one.code, "message": one.message, "hint": one.hint,
            }
            for one in self.findings
        ]  # fmt: skip

    def _title(self) -> str:
        count = _counted(len(self.findings), "finding")
        return f"{count}, {_counted(len(self.errors), 'error')}" if self.findings else "no findings"

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...

    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)


@dataclass(frozen=True, slots=True, repr=False)
class Proofs(Table[Proof]):
    """What cases say of rules, a proof a rule. ``findings`` are those of all proofs and of the case files."""

    proofs: tuple[Proof, ...]
    findings: tuple[Finding, ...]
    _COLUMNS = ("rule_id", "name", "cases", "passed", "clauses", "covered", "not_run", "findings")

    @property
    def proved(self) -> bool:
        """Whether every rule was run, and nothing is wrong."""
        return not any(one.not_run for one in self.proofs) and not any(
            one.level is Level.ERROR for one in self.findings
        )

    def to_rows(self) -> list[Row]:
        return [
            {
                "rule_id": one.rule.rule_id, "name": one.rule.name, "cases": len(one.verdicts), "passed": one.passed,
                "clauses": len(one.clauses), "covered": sum(clause.covered for clause in one.clauses),
                "not_run": one.not_run, "findings": [str(finding) for finding in one.findings],
            }
            for one in self.proofs
        ]  # fmt: skip

    def _title(self) -> str:
        cases, passed = sum(len(one.verdicts) for one in self.proofs), sum(one.passed for one in self.proofs)
        return f"{_counted(len(self.proofs), 'rule')}, {passed:,} of {_counted(cases, 'case')} as expected"

    @overload
    def __getitem__(self, index: int) -> Proof: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Proof, ...]: ...

    def __getitem__(self, index: int | slice) -> Proof | tuple[Proof, ...]:
        return self.proofs[index]

    def __len__(self) -> int:
        return len(self.proofs)


class Alerts(Table[Alert]):
    """Alerts in order. They are made as they are asked for: a loop has the first before the last is found."""

    __slots__ = ("_known", "_waiting")
    _COLUMNS = ("rule_id", "rule_name", "timestamp", "event_ids", "terms", "count")

    def __init__(self, alerts: Iterator[Alert]) -> None:
        self._waiting = alerts
        self._known: list[Alert] = []

    def to_rows(self) -> list[Row]:
        return [
            {
                "rule_id": one.rule_id, "rule_name": one.rule_name, "timestamp": _instant(one.timestamp),
                "event_ids": list(one.event_ids), "terms": list(one.terms),
                "count": one.threshold.count if one.threshold else None,
                **{f"row.{name}": list(cell) if isinstance(cell, tuple) else cell for name, cell in one.row},
            }
            for one in self
        ]  # fmt: skip

    def _title(self) -> str:
        return _counted(len(self), "alert")

    def __iter__(self) -> Iterator[Alert]:
        for number in itertools.count():
            if number == len(self._known) and (one := next(self._waiting, None)) is not None:
                self._known.append(one)
            if number == len(self._known):
                return
            yield self._known[number]

    @overload
    def __getitem__(self, index: int) -> Alert: ...

    @overload
    def __getitem__(self, index: slice) -> list[Alert]: ...

    def __getitem__(self, index: int | slice) -> Alert | list[Alert]:
        self._known += self._waiting
        return self._known[index]

    def __len__(self) -> int:
        self._known += self._waiting
        return len(self._known)


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events that an EQL sequence or sample joined; None stands for a missing event."""

    join_keys: tuple[Any, ...]
    events: tuple[Document | None, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult(Table[Any]):
    """What a query found: ``events`` (kuery, eql), ``sequences`` (eql), ``columns`` and ``rows`` (esql). It is the
    sequence of whichever of these there are.

    ``columns`` are ``{"name": ..., "type": ...}`` as Elasticsearch names them; ``rows`` lists of their values;
    ``warnings`` what it would say of rows that have no result, each with its place in the query (``Line 1:5: ...``).
    """

    events: list[Document] = field(default_factory=list)
    sequences: list[Sequence] = field(default_factory=list)
    columns: list[dict[str, str]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def to_rows(self) -> list[Row]:
        """Of events and rows a dict each, with dotted keys; of sequences one for each of their events."""
        if self.columns:
            names = [column["name"] for column in self.columns]
            return [dict(zip(names, row, strict=True)) for row in self.rows]
        return [flat(event) for event in self.events] or [
            {"sequence": number, "step": step, "join_keys": list(one.join_keys), **flat(event or {})}
            for number, one in enumerate(self.sequences)
            for step, event in enumerate(one.events)
        ]

    def _title(self) -> str:
        if self.columns:
            return f"{_counted(len(self.rows), 'row')}, {_counted(len(self.columns), 'column')}"
        return _counted(len(self.sequences), "sequence") if self.sequences else _counted(len(self.events), "event")

    def _found(self) -> list[Any]:
        return self.rows if self.columns else self.sequences or self.events

    def __getitem__(self, index: Any) -> Any:
        return self._found()[index]

    def __len__(self) -> int:
        return len(self._found())


def _techniques(one: rule.Rule) -> list[str]:
    """The ids of ATT&CK's techniques and sub-techniques that a rule names."""
    found: dict[str, None] = {}
    for threat in one.threat:
        for technique in threat.get("technique", ()):
            found |= dict.fromkeys(place["id"] for place in (technique, *technique.get("subtechnique", ())))
    return list(found)


def _instant(milliseconds: int | None) -> datetime.datetime | None:
    if milliseconds is None:
        return None
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=milliseconds)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
