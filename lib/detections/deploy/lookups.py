"""Rules that look something up: Kibana may not run them after an import.

A rule whose ES|QL has a LOOKUP JOIN, written by an import, fails with an unknown index until somebody opens it in
Kibana and saves it (kibana#255997, seen in 9.3.1). Everything that is applied is imported.
"""

from __future__ import annotations

from dataclasses import replace

from detections.deploy.model import Action, Change, Payload
from detections.errors import QueryError
from detections.query import esql, parse

SAVE_AGAIN = (
    "it looks something up: if Kibana calls the lookup index unknown, open the rule there and save it (kibana#255997)"
)
_WRITES = (Action.CREATE, Action.UPDATE, Action.REPLACE)


def noted(change: Change) -> Change:
    """The change, saying so where it writes such a rule."""
    if change.action not in _WRITES or not looks_up(change.payload or {}):
        return change
    return replace(change, note="; ".join(filter(None, (change.note, SAVE_AGAIN))))


def looks_up(payload: Payload) -> bool:
    """Whether it is an ES|QL rule with a LOOKUP JOIN."""
    query = payload.get("query")
    if payload.get("type") != "esql" or not isinstance(query, str):
        return False
    try:
        tree = parse(query, "esql").tree
    except QueryError:
        return False  # it is refused anyway
    return any(isinstance(command, esql.ast.Join) for command in esql.ast.commands(tree))
