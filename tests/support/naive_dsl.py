"""Query DSL, evaluated one document at a time in the plainest way: what the engine is held against.

It shares nothing with the package. It knows the queries that Kibana makes of KQL and the types that the property tests
use; texts have ASCII words only.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

Dsl = dict[str, Any]
Fields = dict[str, dict[str, Any]]

_STRINGS = ("keyword", "wildcard", "text", "flattened")


def selects(dsl: Dsl, document: dict[str, Any], fields: Fields) -> bool:
    """Whether the query finds the document; ``fields`` are mappings by name (multi-fields listed on their own)."""
    return _ask(dsl, document, "", fields)


def _ask(dsl: Dsl, document: dict[str, Any], at: str, fields: Fields) -> bool:
    """``at`` is the nested path that ``document`` is an object of."""
    ((kind, body),) = dsl.items()
    match kind:
        case "bool":
            return _bool(body, document, at, fields)
        case "match_all":
            return True
        case "nested":
            inside = body["path"].removeprefix(f"{at}.") if at else body["path"]
            objects = [one for one in _raw(document, inside) if isinstance(one, dict)]
            return any(_ask(body["query"], one, body["path"], fields) for one in objects)
        case "exists":
            return bool(_values(document, at, body["field"], fields))
        case "multi_match":
            query = {"phrase": _phrase, "best_fields": _match}[body["type"]]
            return any(_lenient(query, name, body["query"], document, at, fields) for name in fields)
        case "query_string":
            names = body.get("fields")
            if names is not None:
                return any(_query_string(name, body["query"], document, at, fields) for name in names)
            if body["query"] == "*":
                return True
            return any(_lenient(_query_string, name, body["query"], document, at, fields) for name in fields)
        case _:
            ((name, given),) = body.items()
            return _LEAVES[kind](name, given, document, at, fields)


def _bool(body: Dsl, document: dict[str, Any], at: str, fields: Fields) -> bool:
    def of(key: str) -> Iterator[bool]:
        queries = body.get(key, [])
        return (_ask(one, document, at, fields) for one in ([queries] if isinstance(queries, dict) else queries))

    if not all(of("filter")) or not all(of("must")) or any(of("must_not")):
        return False
    return sum(of("should")) >= body.get("minimum_should_match", 0)


def _lenient(
    query: Callable[..., bool], name: str, given: Any, document: dict[str, Any], at: str, fields: Fields
) -> bool:
    try:
        return query(name, given, document, at, fields)
    except (ValueError, TypeError):
        return False


# --- leaf queries


def _match(name: str, given: Any, document: dict[str, Any], at: str, fields: Fields) -> bool:
    if fields.get(name, {}).get("type") == "text":
        wanted = set(_tokens(str(given)))
        return any(wanted & set(value) for value in _values(document, at, name, fields))
    return _term(name, {"value": given}, document, at, fields)


def _phrase(name: str, given: Any, document: dict[str, Any], at: str, fields: Fields) -> bool:
    if fields.get(name, {}).get("type") == "text":
        wanted = _tokens(given)
        return bool(wanted) and any(
            value[start : start + len(wanted)] == wanted
            for value in _values(document, at, name, fields)
            for start in range(len(value))
        )
    return _term(name, {"value": given}, document, at, fields)


def _term(name: str, given: Dsl, document: dict[str, Any], at: str, fields: Fields) -> bool:
    kind = _type(name, fields)
    if kind is None:
        return False
    text = _text(given["value"])
    values = _values(document, at, name, fields)
    if kind == "date":
        return _range(name, {"gte": text, "lte": text}, document, at, fields)
    if kind == "ip" and "/" in text:
        block = ipaddress.ip_network(text, strict=False)
        return any(_normal("ip", str(block[0])) <= value <= _normal("ip", str(block[-1])) for value in values)
    if kind == "long":
        return Fraction(text) in values
    return _normal(kind, text) in values


def _range(name: str, given: Dsl, document: dict[str, Any], at: str, fields: Fields) -> bool:
    kind = _type(name, fields)
    if kind is None:
        return False

    def bound(operator: str) -> Any:
        text = _text(given[operator])
        if kind == "date":
            return _date(text, late=operator in ("gt", "lte"))
        return Fraction(text) if kind == "long" else _normal(kind, text)

    tests: dict[str, Callable[[Any, Any], bool]] = {
        "gt": lambda value, limit: value > limit,
        "gte": lambda value, limit: value >= limit,
        "lt": lambda value, limit: value < limit,
        "lte": lambda value, limit: value <= limit,
    }
    limits = {operator: bound(operator) for operator in given if operator in tests}
    values = _values(document, at, name, fields)
    terms = [token for value in values for token in value] if kind == "text" else values
    return any(all(tests[operator](value, limit) for operator, limit in limits.items()) for value in terms)


def _wildcard(name: str, given: Dsl, document: dict[str, Any], at: str, fields: Fields) -> bool:
    return any(_like(given["value"], value) for value in _values(document, at, name, fields))


def _query_string(name: str, given: str, document: dict[str, Any], at: str, fields: Fields) -> bool:
    return any(_query_word(name, word, document, at, fields) for word in given.split())


def _query_word(name: str, word: str, document: dict[str, Any], at: str, fields: Fields) -> bool:
    kind = _type(name, fields)
    if kind is None:
        return False
    values = _values(document, at, name, fields)
    if word == "*":
        return bool(values)
    if not re.search(r"(?<!\\)\*", word):
        return _match(name, re.sub(r"\\(.)", r"\1", word), document, at, fields)
    if kind not in _STRINGS:
        raise ValueError(f"no patterns on {kind}")
    if kind == "text":
        return any(_like(word.lower(), token) for value in values for token in value)
    return any(_like(word, value) for value in values)


_LEAVES = {"match": _match, "match_phrase": _phrase, "term": _term, "range": _range, "wildcard": _wildcard}


def _like(pattern: str, value: str) -> bool:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, value, re.DOTALL) is not None


# --- values


def _type(name: str, fields: Fields) -> str | None:
    if name in fields:
        return str(fields[name]["type"])
    roots = [root for root in fields if fields[root]["type"] == "flattened" and name.startswith(f"{root}.")]
    return "flattened" if roots else None


def _values(document: dict[str, Any], at: str, name: str, fields: Fields) -> list[Any]:
    """What the field's type makes of the document's values; those it refuses are left out."""
    kind = _type(name, fields)
    spec = fields.get(name, {})
    if kind is None or (spec.get("nested") or "") != at:
        return []
    raw = _raw(document, spec.get("path", name).removeprefix(f"{at}.") if at else spec.get("path", name))
    if kind == "flattened" and name in fields:
        raw = [leaf for value in raw for leaf in _inside(value)]
    made = []
    for value in raw:
        if not isinstance(value, dict):
            try:
                made.append(_normal(kind, value))
            except (ValueError, TypeError):
                continue
    limit = spec.get("ignore_above")
    return [value for value in made if not (limit and isinstance(value, str) and len(value) > limit)]


def _raw(document: Any, path: str) -> list[Any]:
    """Everything at a path: nested objects and dotted keys alike, arrays gone through."""
    if isinstance(document, list):
        return [found for one in document for found in _raw(one, path)]
    if not path:
        return [] if document is None else [document]
    found = []
    if isinstance(document, dict):
        for key, value in document.items():
            if key == path or path.startswith(f"{key}."):
                found += _raw(value, path[len(key) + 1 :])
    return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for one in (value.values() if isinstance(value, dict) else value) for leaf in _inside(one)]
    return [] if value is None else [value]


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _normal(kind: str, value: Any) -> Any:
    match kind:
        case "text":
            return _tokens(_text(value))
        case "long":
            if isinstance(value, bool):
                raise ValueError("a boolean is no number")
            return int(Fraction(value))
        case "ip":
            # 16 bytes each, an IPv4 address in its IPv6 form.
            address = ipaddress.ip_address(value)
            return int(address) + (0xFFFF << 32 if address.version == 4 else 0)
        case "boolean":
            known = {"true": True, "false": False, "": False}
            if _text(value) not in known:
                raise ValueError("no boolean")
            return known[_text(value)]
        case "date":
            return _date(_text(value), late=False)
        case _:
            return _text(value)


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9_]+(?:(?<=[0-9])\.(?=[0-9])[a-z0-9_]+)*", text.lower())


def _date(text: str, *, late: bool) -> datetime.datetime:
    if re.fullmatch(r"\d{5,}", text):
        return datetime.datetime.fromtimestamp(int(text) / 1000, datetime.UTC)
    day, _, clock = text.removesuffix("Z").partition("T")
    year, month, date = [*map(int, day.split("-")), 1, 1][:3]
    given = [*map(int, clock.split(":"))] if clock else []
    rest = ([23, 59, 59] if late else [0, 0, 0])[len(given) :]
    fraction = 999_000 if late and len(given) < 4 else 0
    return datetime.datetime(year, month, date, *given, *rest, fraction, datetime.UTC)
