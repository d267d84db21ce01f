"""Fields as EQL sees them (Elasticsearch 9): which it can use, of what type, and where their exact values are.

The refusals are in Elasticsearch's words.
"""

from __future__ import annotations

from collections.abc import Iterable

from detections.mapping import DYNAMIC, Field, Mapping
from detections.plan.expression import Column
from detections.query import EqlQuery
from detections.query.eql.ast import FieldName

TYPES = {
    "keyword": "keyword", "constant_keyword": "keyword", "wildcard": "keyword",
    "text": "text", "match_only_text": "text", "semantic_text": "text",
    "byte": "byte", "short": "short", "integer": "integer", "long": "long", "unsigned_long": "unsigned_long",
    "double": "double", "float": "float", "half_float": "half_float", "scaled_float": "scaled_float",
    "boolean": "boolean", "date": "datetime", "date_nanos": "datetime", "ip": "ip", "version": "version",
    "binary": "binary", DYNAMIC: "keyword",
}  # fmt: skip
"""Types of fields -> EQL's names of them."""

_LIKENESS = 0.5
_LONGEST = 200


class Fields:
    """The fields of a mapping, as a query sees them."""

    def __init__(self, mapping: Mapping, query: EqlQuery) -> None:
        self._mapping = mapping
        self.refused = query.refused

    def find(self, name: str) -> Field | None:
        """The field of this name, whatever its type."""
        return self._mapping.get(name)

    def column(self, node: FieldName) -> Column | None:
        """The field as a column, its type EQL's; None where it is optional and unmapped.

        Raises:
            QueryTypeError: it is unmapped, or EQL cannot use it.
        """
        field = self._mapping.get(node.name)
        if field is None or field.key:
            if field is None and self._mapping.under(node.name):
                raise self.refused(self._object(node.name), node.span)
            if node.optional:
                return None
            raise self.refused(self._unknown(node.name, field), node.span)
        kind = TYPES.get(field.type)
        if len({_family(one) for one in field.types}) > 1:
            shown = ", ".join(f"[{one}]" for one in field.types)
            message = f"due to ambiguities being mapped as [{len(field.types)}] incompatible types: {shown}"
            raise self.refused(f"Cannot use field [{node.name}] {message}", node.span)
        if kind is None:
            raise self.refused(f"Cannot use field [{node.name}] with unsupported type [{field.type}]", node.span)
        if field.nested is not None:
            message = f"type [{kind}] with unsupported nested type in hierarchy (field [{field.nested}])"
            raise self.refused(f"Cannot use field [{node.name}] {message}", node.span)
        return Column(node.name, kind, field)

    def exact(self, column: Column) -> Column | str:
        """The column whose values are not cut into tokens: of a text field its keyword sub-field.

        A string is the reason why there is none.
        """
        if column.type != "text":
            return column
        assert column.field is not None
        field = column.field
        inside = [one for one in self._mapping.under(field.name) if one.path == field.path]
        exact = [one for one in inside if {TYPES.get(kind) for kind in one.types} == {"keyword"}]
        if len(exact) == 1:
            return Column(exact[0].name, "keyword", exact[0])
        name = field.name.rpartition(".")[2]
        if exact:
            return f"Multiple exact keyword candidates available for [{name}]; specify which one to use"
        return f"No keyword/multi-field defined exact matches for [{name}]; define one or use MATCH/QUERY instead"

    def _object(self, name: str) -> str:
        if any(field.nested == name for field in self._mapping.under(name)):
            return f"Cannot use field [{name}] type [nested] due to nested fields not being supported yet"
        return f"Cannot use field [{name}] type [object] only its subfields"

    def _unknown(self, name: str, key: Field | None) -> str:
        if key is not None and key.key:
            root = name[: -len(key.key) - 1]
            return f"Unknown column [{name}]: it is a key of the flattened field [{root}], which EQL cannot read"
        # The catalog lists thousands of names, and takes any other for a keyword.
        names = [] if self._mapping.dynamic else [one.name for one in self._mapping if one.type in TYPES]
        return f"Unknown column [{name}]{did_you_mean(name, sorted(names))}"


def _family(kind: str) -> str:
    """What field capabilities call a type: all keywords are one, and all texts, but no other types."""
    return name if (name := TYPES.get(kind, kind)) in ("keyword", "text") else kind


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``, did you mean [...]?`` where some names are like this one, the most similar first; nothing where none is."""
    if len(name) > _LONGEST:
        return ""
    scored = [(_likeness(name, one), one) for one in names]
    similar = [one for score, one in sorted(scored, key=lambda pair: -pair[0]) if score >= _LIKENESS]
    if not similar:
        return ""
    return f", did you mean {'' if len(similar) == 1 else 'any of '}[{', '.join(similar)}]?"


def _likeness(one: str, other: str) -> float:
    """One less the share of characters that would have to change (Levenshtein's distance)."""
    longest = max(len(one), len(other))
    if min(len(one), len(other)) < longest * _LIKENESS:
        return 0.0
    row = list(range(len(other) + 1))
    for at, character in enumerate(one, 1):
        before, row[0] = row[0], at
        for to, wanted in enumerate(other, 1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (character != wanted))
    return 1.0 - row[-1] / longest if longest else 1.0
