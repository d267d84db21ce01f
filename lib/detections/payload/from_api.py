"""The object of Kibana's API -> the ``[rule]`` table of a file: :func:`.api_object.to_api` the other way round.

Nothing is lost that Kibana does not make up itself, but for nulls, which TOML cannot say and which say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from detections.payload.normalise import SORTED, encode, normalise, plain
from detections.rule.schemas import RESPONSE_ONLY

_CANONICAL = ("required_fields", "threat", "threat_mapping")  # of these Kibana fills in much
_LAST = ("type", "query")
_SAID = ("from", "interval", "language", "query")
_NEW_TERMS = ("new_terms_fields", "history_window_start")


def from_api(body: Mapping[str, Any]) -> dict[str, Any]:
    """The table of a rule that no file holds yet. What has Kibana's default is left out, but for what a person wants to
    see of a rule: its query, language and schedule."""
    canonical = normalise(body)
    said = {
        name: canonical[name] if name in _CANONICAL else plain(value)
        for name, value in body.items()
        if (name in canonical or name in _SAID) and value is not None and name not in RESPONSE_ONLY
    }
    return laid_out(said)


def taken_over(table: Mapping[str, Any], body: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A file's table with these fields of the API as the object has them, absent where it has none. Elements of lists
    that mean the same stay as the file has them, and so does an order without a meaning."""
    flat = _flat(table)
    for name in names:
        value = body.get(name)
        if value is None:
            flat.pop(name, None)
        else:
            flat[name] = _like(name, flat.get(name), value)
    return laid_out(flat)


def laid_out(flat: Mapping[str, Any]) -> dict[str, Any]:
    """API fields as the table of a file: in alphabetical order, the query last, what has headers behind it."""
    table = {name: value for name, value in flat.items() if name not in _NEW_TERMS}
    if any(name in flat for name in _NEW_TERMS):
        history = {"field": "history_window_start", "value": flat.get("history_window_start", "")}
        table["new_terms"] = {
            "field": "new_terms_fields",
            "value": flat.get("new_terms_fields", []),
            "history_window_start": [history],
        }
    order = [*sorted(table.keys() - {*_LAST, "threat"}), *_LAST, "threat"]
    return {name: table[name] for name in order if name in table}


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    flat = dict(table)
    terms = flat.pop("new_terms", None)
    if isinstance(terms, dict):
        flat["new_terms_fields"] = terms["value"]
        flat["history_window_start"] = terms["history_window_start"][0]["value"]
    return flat


def _like(name: str, old: object, new: object) -> object:
    """A value of Kibana's in the words of the file's, where they mean the same."""
    if not isinstance(old, list) or not isinstance(new, list):
        return plain(new)
    ours = {_meaning(name, element): element for element in old}
    theirs = {_meaning(name, element): element for element in new}
    if name not in SORTED or len(theirs) < len(new):
        return [ours.get(_meaning(name, element), _clean(name, element)) for element in new]
    return [
        *(element for meaning, element in ours.items() if meaning in theirs),
        *(_clean(name, element) for meaning, element in theirs.items() if meaning not in ours),
    ]


def _clean(name: str, element: object) -> object:
    if name in _CANONICAL:
        return normalise({name: [element]}).get(name, [plain(element)])[0]
    return plain(element)


def _meaning(name: str, element: object) -> bytes:
    return encode(normalise({name: [element]}))
