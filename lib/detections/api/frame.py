"""Rows as data frames and as tables for notebooks."""

from __future__ import annotations

import datetime
import html
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from detections.elastic.extra import extra

Row: TypeAlias = dict[str, Any]

_SHOWN = 50
_WIDEST = 200
_MOST = 1 << 63


def flat(document: Mapping[str, Any], before: str = "") -> Row:
    """A document with dotted keys: ``{"a": {"b": 1}}`` is ``{"a.b": 1}``."""
    found: Row = {}
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found


def columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """The columns of rows, each of one shape: lists where some row has a list, texts where kinds are mixed."""
    known = list(rows)
    names = dict.fromkeys(name for row in known for name in row)
    return {name: _alike([row.get(name) for row in known]) for name in names}


def to_pandas(rows: Iterable[Row], names: Iterable[str]) -> Any:
    """A ``pandas.DataFrame``; of no rows one with these columns.

    Raises:
        NotInstalled: pandas is not installed.
    """
    return extra("pandas", "pandas").DataFrame(columns(rows) or {name: [] for name in names})


def to_polars(rows: Iterable[Row], names: Iterable[str]) -> Any:
    """A ``polars.DataFrame``; of no rows one with these columns.

    Raises:
        NotInstalled: polars is not installed.
    """
    return extra("polars", "polars").DataFrame(columns(rows) or {name: [] for name in names}, strict=False)


def to_html(title: str, rows: list[Row]) -> str:
    """A table with the first rows; every text is escaped."""
    names = list(dict.fromkeys(name for row in rows[:_SHOWN] for name in row))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(_cell(row.get(name)))}</td>' for name in names)}</tr>"
        for row in rows[:_SHOWN]
    )
    more = f", the first {_SHOWN} shown" if len(rows) > _SHOWN else ""
    caption = f"<caption>{html.escape(title)}{more}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    parts = value if isinstance(value, list | tuple) else [value]
    text = ", ".join("" if part is None else str(part) for part in parts)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."


def _alike(values: list[Any]) -> list[Any]:
    there = [value for value in values if value is not None]
    if any(isinstance(value, list | tuple) for value in there):
        lists = [value if value is None or isinstance(value, list | tuple) else [value] for value in values]
        items = [item for value in lists if value is not None for item in value]
        texts = _mixed(items)
        return [None if value is None else [_text(item) if texts else item for item in value] for value in lists]
    return [None if value is None else _text(value) for value in values] if _mixed(there) else values


def _mixed(values: list[Any]) -> bool:
    """Whether no one type holds them all as they are. Whole and other numbers go together, if 64 bits hold them."""
    kinds = {int if type(value) is float else type(value) for value in values if value is not None}
    if len(kinds) > 1 or kinds & {dict, list, tuple}:
        return True
    return kinds == {int} and any(value is not None and not -_MOST <= value < _MOST for value in values)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return json.dumps(value, default=str)
