"""The predicate IR evaluated the plain way: one document, one node at a time. Shares nothing with the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from detections.mapping import Field
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Equals,
    Exists,
    IsTrue,
    Like,
    Matches,
    Nested,
    Not,
    Operator,
    Or,
    Phrase,
    Predicate,
    Test,
)
from detections.values.coerce import coerce
from detections.values.wildcard import ANY


def answer(predicate: Predicate, document: dict[str, Any], scope: str | None = None) -> bool | None:
    """True, False, or None for missing."""
    match predicate:
        case Always(value):
            return value
        case And(items):
            found = [answer(item, document, scope) for item in items]
            return False if False in found else None if None in found else True
        case Or(items):
            found = [answer(item, document, scope) for item in items]
            return True if True in found else None if None in found else False
        case Not(item):
            one = answer(item, document, scope)
            return None if one is None else not one
        case IsTrue(item):
            return answer(item, document, scope) is True
        case Nested(path, item):
            objects = [one for one in at(document, path) if isinstance(one, dict)]
            return any(answer(item, {path: one}, path) is True for one in objects)
        case Test(field, operator, missing, several):
            values = [] if field.nested != scope else values_of(document, field)
            if not values and missing == "missing":
                return None
            if several == "missing" and len(values) > 1:
                return None
            return any(satisfies(value, operator, field) for value in values)
    raise AssertionError(predicate)


def at(value: Any, path: str) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from at(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if path == key:
                yield from at(inner, "")
            elif path.startswith(key + "."):
                yield from at(inner, path[len(key) + 1 :])


def values_of(document: dict[str, Any], field: Field) -> list[Any]:
    raw = list(at(document, field.path))
    if field.key == "":
        raw = [leaf for value in raw if isinstance(value, dict) for leaf in leaves(value)]
        raw += [leaf for key, value in document.items() if key.startswith(f"{field.path}.") for leaf in leaves(value)]
    made = [coerce(field.type, value) for value in raw]
    kept = [value for value in made if value is not None]
    if field.ignore_above is not None:
        kept = [value for value in kept if len(str(value).encode("utf-16-le")) // 2 <= field.ignore_above]
    if field.family in ("keyword", "flattened", "ip", "version"):
        kept = sorted(set(kept))
    return kept


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield value


def satisfies(value: Any, operator: Operator, field: Field) -> bool:
    if field.family == "text":
        tokens = re.findall(r"[0-9]+(?:\.[0-9]+)+|[a-z0-9_]*[a-z0-9][a-z0-9_]*", value.lower())
        match operator:
            case Phrase(wanted):
                return " ".join(wanted) in [
                    " ".join(tokens[start : start + len(wanted)]) for start in range(len(tokens))
                ]
            case AnyToken(wanted):
                return any(token in wanted for token in tokens)
            case Exists():
                return True
        return any(term(token, operator) for token in tokens)
    return isinstance(operator, Exists) or term(value, operator)


def term(value: Any, operator: Operator) -> bool:
    match operator:
        case Equals(values, insensitive):
            if insensitive:
                return str(value).lower() in {str(one).lower() for one in values}
            return any(type(one) is type(value) and one == value for one in values)
        case Between(low, high, include_low, include_high):
            above = low is None or value > low or (include_low and value == low)
            below = high is None or value < high or (include_high and value == high)
            return above and below
        case Like(pattern, insensitive):
            made = "".join(
                re.escape(part) if isinstance(part, str) else ".*" if part is ANY else "." for part in pattern
            )
            return bool(re.fullmatch(made, value, re.DOTALL | (re.IGNORECASE if insensitive else 0)))
        case Matches(pattern, _):
            return bool(re.fullmatch(pattern, value, re.DOTALL))
    raise AssertionError(operator)
