"""The commands of ES|QL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from detections.query.esql.ast.expressions import (
    Expression,
    Literal,
    Map,
    Name,
    Parameter,
    Span,
)

if TYPE_CHECKING:
    from detections.query.esql.ast.query import Query


@dataclass(frozen=True, slots=True)
class Index:
    """An index pattern as one text: ``cluster:logs-*::failures``."""

    name: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A column made by ROW or EVAL, or a group of STATS. Without a name of its own it is called as its text stands in
    the query; a group that is a column keeps the column's name."""

    name: str
    value: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A column made by STATS. Without a name of its own it is called as its text stands in the query, with the
    ``condition`` (``WHERE``) that rows must fulfil to count."""

    name: str
    value: Expression
    condition: Expression | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A column name with wildcards: the texts between the ``*`` (so a name without any is one text)."""

    texts: tuple[str, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)
    unbound: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """``ascending`` and ``nulls_first`` as they apply: nulls stand last when ascending, first when descending."""

    value: Expression
    ascending: bool = True
    nulls_first: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


# Where rows come from.


@dataclass(frozen=True, slots=True)
class From:
    """``FROM`` or, with ``time_series``, ``TS``. The sources are index patterns and sub-queries."""

    sources: tuple[Index | Query, ...]
    metadata: tuple[Name, ...] = ()
    time_series: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)

    @property
    def indices(self) -> tuple[str, ...]:
        """The index patterns, those of sub-queries as well."""
        found: list[str] = []
        for source in self.sources:
            found += (source.name,) if isinstance(source, Index) else source.indices
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Row:
    fields: tuple[Field, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Show:
    """``SHOW INFO``."""

    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Promql:
    """``PROMQL index=metrics step=5m (rate(x[5m]))``. ``name``: of the column of values; ``query``: not looked into."""

    parameters: tuple[tuple[str, str], ...]
    query: str
    name: str | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


# What is done with rows.


@dataclass(frozen=True, slots=True)
class Where:
    condition: Expression
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Eval:
    fields: tuple[Field, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Stats:
    """``STATS`` or, with ``inline``, ``INLINE STATS``."""

    aggregates: tuple[Aggregate, ...]
    groups: tuple[Field, ...] = ()
    inline: bool = False
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    patterns: tuple[Pattern, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Drop:
    patterns: tuple[Pattern, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rename:
    """(old, new) pairs, in order: a later one sees what an earlier one made."""

    pairs: tuple[tuple[Name, Name], ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sort:
    orders: tuple[Order, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """``groups``: so many rows of each (``LIMIT 3 BY host.name``)."""

    count: int | Parameter
    groups: tuple[Expression, ...] = ()
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Dissect:
    """``options``: the name and value of each, ``append_separator`` being the only one there is."""

    value: Expression
    pattern: Literal
    options: tuple[tuple[Name, Literal], ...] = ()
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Grok:
    """The first pattern that matches is taken."""

    value: Expression
    patterns: tuple[Literal, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MvExpand:
    column: Name
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Join:
    """``LOOKUP JOIN index ON a, b`` (columns of both sides) or ``ON expression``."""

    index: Index
    conditions: tuple[Expression, ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Enrich:
    """``ENRICH mode:policy ON column WITH new = field``. ``fields``: (new name or None, field of the policy)."""

    policy: str
    column: Name | None = None
    fields: tuple[tuple[Name | None, Name], ...] = ()
    mode: str | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """``CHANGE_POINT value ON key AS type, pvalue BY group``."""

    value: Name
    key: Name | None = None
    made: tuple[Name, Name] | None = None
    groups: tuple[Expression, ...] = ()
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sample:
    probability: Literal | Parameter
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fork:
    """Each branch is the commands between its parentheses."""

    branches: tuple[tuple[Command, ...], ...]
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fuse:
    """``method``: rrf where none is named."""

    method: Name | None = None
    score: Name | None = None
    group: Name | None = None
    keys: tuple[Name, ...] = ()
    options: Map | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """``COMPLETION column = prompt WITH {"inference_id": ...}``; before 9.1 ``WITH inference_id``, an ``inference``."""

    prompt: Expression
    column: Name | None = None
    options: Map | None = None
    inference: Name | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rerank:
    query: Literal | Parameter
    fields: tuple[Field, ...]
    column: Name | None = None
    options: Map | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Mmr:
    """``MMR vector ON column LIMIT 10 WITH {"lambda": 0.5}``."""

    column: Name
    limit: int
    vector: Expression | None = None
    options: Map | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Highlight:
    """``HIGHLIGHT prefix = "h" query ON columns``."""

    query: Expression
    columns: tuple[Name, ...]
    prefix: tuple[Name, Literal] | None = None
    options: Map | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """``URI_PARTS``, ``REGISTERED_DOMAIN``, ``USER_AGENT`` or ``IP_LOCATION`` (the ``command``, in lower case): makes
    columns ``prefix.*`` of a value."""

    command: str
    prefix: Name
    value: Expression
    options: Map | None = None
    span: Span = field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Plain:
    """A command that is its name alone (in lower case): dedup, metrics_info, ts_info, ts_collapse."""

    command: str
    span: Span = field(default=(0, 0), compare=False, repr=False)


Command: TypeAlias = (
    From | Row | Show | Promql | Where | Eval | Stats | Keep | Drop | Rename | Sort | Limit | Dissect | Grok | MvExpand
    | Join | Enrich | ChangePoint | Sample | Fork | Fuse | Completion | Rerank | Mmr | Highlight | Parts | Plain
)  # fmt: skip

_TWO_WORDS = {"MvExpand": "mv_expand", "Join": "lookup join", "ChangePoint": "change_point"}


def command_name(command: Command) -> str:
    """What a command is called, in lower case: ``where``, ``inline stats``, ``lookup join``, ``limit by`` ..."""
    match command:
        case From(time_series=True):
            return "ts"
        case Stats(inline=True):
            return "inline stats"
        case Limit(groups=groups) if groups:
            return "limit by"
        case Parts(name) | Plain(name):
            return name
    kind = type(command).__name__
    return _TWO_WORDS.get(kind) or kind.lower()
