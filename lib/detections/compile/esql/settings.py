"""What SET says before the query (Elasticsearch 9.5)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial

from detections.compile.esql.context import Context
from detections.query.esql import ast
from detections.values.dates import parse_zone
from detections.values.zones import zone

_SETTINGS = ("approximation", "column_metadata", "project_routing", "time_zone", "unmapped_fields")
_UTC = frozenset(("utc", "z", "gmt", "etc/utc", "etc/gmt"))
_UNMAPPED = ("fail", "nullify", "load")


def check_settings(context: Context) -> None:
    """Whether settings are there and have values they can have; the context has the time zone afterwards. The ones that
    only say how a server goes about its work (``approximation``, ``project_routing``) change nothing here.

    Raises:
        QueryTypeError: an unknown setting or value.
        NotEvaluated: one that changes results, and is not evaluated here.
    """
    for setting in context.query.tree.settings:
        context.attempt(partial(_check, context, setting), None)


def _check(context: Context, setting: ast.Setting) -> None:
    name = setting.name.lower()
    if name not in _SETTINGS:
        near = difflib.get_close_matches(name, _SETTINGS, 1)
        hint = f", did you mean [{near[0]}]?" if near else ""
        raise context.query.refused(f"Unknown setting [{setting.name}]{hint}", setting.span)
    if name not in ("time_zone", "unmapped_fields"):
        return
    if not isinstance(setting.value, ast.Literal) or not isinstance(setting.value.value, str):
        raise context.query.refused(f"Setting [{name}] must be a string", setting.value.span)
    text = setting.value.value.lower()
    if name == "unmapped_fields" and text not in _UNMAPPED:
        message = f"unmapped_fields is one of {', '.join(_UNMAPPED)}, found [{setting.value.value}]"
        raise context.query.refused(message, setting.value.span)
    if name == "unmapped_fields" and text == "load":
        context.give_up("unmapped_fields = load", setting.span)
    if name == "time_zone":
        _set_zone(context, setting, setting.value.value)


def _set_zone(context: Context, setting: ast.Setting, name: str) -> None:
    if name.lower() in _UTC or parse_zone(name) == 0:
        context.zone = None
    elif zone(name) is not None:
        context.zone = name
    else:
        context.give_up(f"the time zone {name}, which nothing here knows,", setting.value.span)


def nullified(query: ast.Query, known: Iterable[str]) -> list[str]:
    """The fields that are not there and that the settings make null; the last setting counts."""
    values = [setting.value for setting in query.settings if setting.name.lower() == "unmapped_fields"]
    if not values or not isinstance(values[-1], ast.Literal) or str(values[-1].value).lower() != "nullify":
        return []
    return sorted({name.name for name in ast.fields(query)} - set(known))
