"""Which leaf query Kibana (kbn-es-query) sends for a condition of KQL, for the fields of a mapping.

The one place that knows it: :mod:`detections.compile.kibana` writes the clauses down as Query DSL, and
:mod:`detections.compile.kql` turns them into predicates, so the two cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal as Choice
from typing import TypeAlias

from detections.mapping import DYNAMIC, Field, Mapping
from detections.query.kql import Is, Literal, Operand, Range, Wildcard
from detections.values.limits import DSL_CLAUSES

Kind: TypeAlias = Choice[
    "match_all", "multi_match", "query_string", "exists", "wildcard", "term", "match", "match_phrase", "range"
]

_DATES = frozenset({"date", "date_nanos"})


class KibanaError(Exception):
    """Kibana itself refuses the condition, with this message."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One leaf query.

    ``name`` is the field's name as it is sent, None where the query names no field (``match_all``, ``multi_match``,
    and ``query_string`` over all fields). ``field`` is what Kibana's field list has under it. ``nested``: the clause
    stands in a nested query of its own, on this path, since a pattern of field names found it.
    """

    kind: Kind
    name: str | None
    value: Operand
    field: Field | None = None
    nested: str | None = None

    @property
    def is_date(self) -> bool:
        """A field that is a date in every index: Kibana sends ranges and its time zone."""
        return self.field is not None and _DATES.issuperset(self.field.types)


@dataclass(slots=True)
class Count:
    """How many clauses a query has come to until now."""

    made: int = 0

    def add(self, more: int) -> None:
        """Raises KibanaError where they are too many."""
        self.made += more
        if self.made > DSL_CLAUSES.most:
            raise KibanaError(f"the wildcards of this query stand for too many fields ({DSL_CLAUSES})")


def clauses(condition: Is | Range, mapping: Mapping, path: str | None, count: Count) -> list[Clause]:
    """The clauses of a condition, any of which will do; a clause that names no field stands alone.

    ``path`` is the nested path that the condition stands in. ``count`` is that of the whole query.

    Raises:
        KibanaError: a nested field outside of its path, another field inside one, or too many fields.
    """
    if isinstance(condition, Is):
        if _is_lone(condition.field) and _is_lone(condition.value):
            return [Clause("match_all", None, condition.value)]
        if isinstance(condition.field, Literal) and condition.field.value is None and path is None:
            kind: Kind = "query_string" if isinstance(condition.value, Wildcard) else "multi_match"
            return [Clause(kind, None, condition.value)]
    fields = _fields(condition.field, mapping, path)
    count.add(len(fields))
    return [clause_of(condition, field, name, nested) for name, field, nested in fields]


def clause_of(condition: Is | Range, field: Field | None, name: str | None = None, nested: str | None = None) -> Clause:
    """The clause for one field; for a name that Kibana's list does not have, the ``name``."""
    sent = field.name if name is None and field is not None else name
    clause = Clause("range", sent, condition.value, field, nested)
    return replace(clause, kind=_kind(clause)) if isinstance(condition, Is) else clause


def _kind(clause: Clause) -> Kind:
    """The query that an ``is`` condition becomes."""
    # What nobody declared is listed as a keyword once a text was there.
    keyword = clause.field is not None and clause.field.types in (("keyword",), (DYNAMIC,))
    if isinstance(clause.value, Wildcard):
        if clause.value.lone:
            return "exists"
        return "wildcard" if keyword else "query_string"
    if clause.is_date:
        return "range"
    if keyword:
        return "term"
    return "match_phrase" if clause.value.quoted else "match"


def full_name(operand: Operand, path: str | None) -> str:
    """The name that an operand stands for, below a nested ``path``. Kibana glues a null in as JavaScript does."""
    if isinstance(operand, Wildcard):
        name = "*".join(operand.parts)
    elif operand.value is None or isinstance(operand.value, bool):
        name = "null" if operand.value is None else "true" if operand.value else "false"
    else:
        name = operand.value
    return f"{path}.{name}" if path else name


def _fields(operand: Operand, mapping: Mapping, path: str | None) -> list[tuple[str, Field | None, str | None]]:
    """Name, listed field and nested path of its own, for each field meant; an unknown name stays as it is."""
    name = full_name(operand, path)
    if isinstance(operand, Literal):
        typed = path is None and not isinstance(operand.value, str)
        listed = None if typed else mapping.listed(name)
        if listed is not None and not listed.declared and path is not None:
            # Nothing is known of such a field, so the query is believed that the path is nested.
            listed = replace(listed, nested=path)
        found = [] if listed is None else [listed]
    else:
        found = mapping.matching(name)
    if isinstance(operand, Literal) or path:
        _check_nesting(found, path)
        return [(field.name, field, None) for field in found] or [(name, None, None)]
    return [(field.name, field, field.nested) for field in found] or [(name, None, None)]


def _check_nesting(found: list[Field], path: str | None) -> None:
    wrong = [_misplaced(field, path) for field in found if field.nested != path]
    if wrong:
        raise KibanaError("\n".join(wrong))


def _misplaced(field: Field, path: str | None) -> str:
    if field.nested is None:
        return f'{field.name} is not a nested field but is in nested group "{path}" in the KQL expression.'
    if path is None:
        return f"{field.name} is a nested field, but is not in a nested group in the KQL expression."
    return (
        f"Nested field {field.name} is being queried with the incorrect nested path. "
        f"The correct path is {field.nested}."
    )


def _is_lone(operand: Operand) -> bool:
    return isinstance(operand, Wildcard) and operand.lone
