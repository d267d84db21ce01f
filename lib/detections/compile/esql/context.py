"""What is the same for all commands of a query while it is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from detections.errors import NotEvaluated, QueryTypeError
from detections.functions.warning import Warnings
from detections.mapping import Mapping as FieldMapping
from detections.plan.expression import Constant, Expression
from detections.plan.rows import LookupTable
from detections.query import EsqlQuery, Span

_T = TypeVar("_T")

NULL: Expression = Constant(None, "null")
"""What stands for an expression that cannot be made."""


@dataclass(slots=True)
class Context:
    """``tables`` are what LOOKUP JOIN and ENRICH look up.

    With ``refused``, a list, the query is checked and not run: refusals go there, what is refused or not evaluated is
    null, and the rest is looked at all the same.
    """

    query: EsqlQuery
    mapping: FieldMapping
    tables: Mapping[str, LookupTable]
    refused: list[QueryTypeError] | None
    wholes: dict[Span, Span] = field(default_factory=dict)
    """A part of the query that is asked by itself -> the condition that it is a part of, which warnings speak of."""

    zone: str | None = None
    """The time zone of the query, unless that is UTC."""

    warnings: Warnings = field(init=False)

    def __post_init__(self) -> None:
        self.warnings = Warnings(self.query.text, self.wholes)

    @property
    def checks(self) -> bool:
        return self.refused is not None

    def attempt(self, make: Callable[[], _T], otherwise: _T) -> _T:
        """What is made or, where the query is only checked and this cannot be made, something else."""
        if self.refused is None:
            return make()
        try:
            return make()
        except QueryTypeError as error:
            self.refused.append(error)
        except NotEvaluated:
            pass
        return otherwise

    def give_up(self, what: str, span: Span) -> None:
        """Raises NotEvaluated, unless the query is only checked."""
        if not self.checks:
            raise NotEvaluated(f"{what} is not evaluated here", span)
