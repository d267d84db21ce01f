"""How a rule file is laid out: ``[metadata]``, ``[transform]``, ``[rule]``; keys in alphabetical order, type and query
last, as a pull writes them; the tables of ATT&CK first among those below the rule."""

from __future__ import annotations

from typing import Any

from detections.source import Document
from detections.source.layout import Path, laid_out

_TABLES = ("metadata", "transform", "rule")
_LAST = ("type", "query", "threat_query")
_FIRST_BELOW = ("threat", "technique", "subtechnique")
_QUERIES = {("rule", "query"), ("rule", "threat_query")}


def formatted(document: Document) -> str:
    """The text of a rule file in this layout: the same values, comments and orders of lists."""
    return laid_out(document, _order, lambda path: path in _QUERIES)


def _order(path: Path) -> Any:
    name = path[-1]
    if len(path) == 1:
        return (_TABLES.index(name) if name in _TABLES else len(_TABLES), name)
    if path[0] == "rule" and name in _LAST and len(path) == 2:
        return (1 + _LAST.index(name), name)
    return (-1 if name in _FIRST_BELOW else 0, name)
