"""Rule type esql: each row that the pipeline leaves is an alert."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace

from detections.plan.changes import changes
from detections.plan.expression import Column
from detections.plan.liveness import made
from detections.plan.outline import Outline
from detections.plan.plan import Condition, Plan, Role, Variant
from detections.plan.predicate import Predicate
from detections.plan.rows import Aggregate, Command, Distinct, Expand, Fork, Limit, LookupTable, Pipeline
from detections.plan.sites import Site, sites

_OVER_ALL_ROWS = (Aggregate, Distinct, Fork, Limit)
"""Commands whose results hang on the rows of the whole window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPlan(Plan):
    """Each row that the pipeline leaves is an alert on the document it came from.

    ``tables`` are what it looks up; ``lacking`` is what of it nothing in this process evaluates, with the reasons.
    """

    pipeline: Pipeline
    tables: AbstractMapping[str, LookupTable] = field(default_factory=dict, compare=False, repr=False)
    lacking: tuple[str, ...] = ()

    @property
    def lookback(self) -> int | None:
        return None if any(isinstance(command, _OVER_ALL_ROWS) for command in self.pipeline.commands) else 0

    @property
    def expanded(self) -> tuple[str, ...] | None:
        """Kibana knows alerts by ``_id`` and by the values of these columns, which MV_EXPAND made: of rows that have
        them in common it keeps the first. None where rows have no ``_id``, and each is an alert of its own."""
        names = [column.name for column in self.pipeline.columns]
        if "_id" not in names:
            return None
        expanded = [command.column.name for command in self.pipeline.commands if isinstance(command, Expand)]
        return tuple(name for name in dict.fromkeys(expanded) if name in names)

    @property
    def shows(self) -> tuple[Column, ...]:
        """The columns that an alert shows beside its event: those that the query has made."""
        computed = made(self.pipeline.commands)
        return tuple(column for column in self.pipeline.columns if column.name in computed)

    def conditions(self) -> Iterator[Condition]:
        for site in sites(self.pipeline.commands):

            def put(new: Predicate, site: Site = site) -> RowsPlan:
                return self._with(site.put(new))

            role = Role.EVENT if site.leading else Role.PART if site.part else Role.ROW
            yield Condition(site.predicate, site.label, put, role)

    def variants(self) -> Iterator[Variant]:
        for description, span, commands in changes(self.pipeline.commands):
            yield Variant(description, self._with(commands), span)

    def _with(self, commands: tuple[Command, ...]) -> RowsPlan:
        return replace(self, pipeline=replace(self.pipeline, commands=commands), sent=None)

    def unevaluated(self) -> tuple[str, ...]:
        return self.lacking

    def asks(self) -> Iterator[Outline]:
        return self.pipeline.outline()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsPlan(RowsPlan):
    """The pipeline has a STATS: each row that it leaves is an alert on the documents of its group."""

    @property
    def lookback(self) -> None:
        return None

    @property
    def alerts_on_nothing(self) -> bool:
        return _makes_rows_of_nothing(self.pipeline.commands)

    @property
    def shows(self) -> tuple[Column, ...]:
        """All columns: there is no event beside them."""
        return self.pipeline.columns

    @property
    def expanded(self) -> None:
        """Kibana tells the alerts of rows that are not documents by their places in the answer."""
        return None


def _makes_rows_of_nothing(commands: tuple[Command, ...]) -> bool:
    """Whether there is a STATS without groups, which has one row also where there is none before it."""
    branches = [branch for command in commands if isinstance(command, Fork) for branch, _ in command.branches]
    stats = any(isinstance(command, Aggregate) and not command.inline and not command.groups for command in commands)
    return stats or any(map(_makes_rows_of_nothing, branches))
