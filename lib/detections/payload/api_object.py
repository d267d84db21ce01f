"""Rule -> the object of Kibana's API (Kibana 8.19 and 9.x, ``POST /api/detection_engine/rules`` and ``_import``).

The ``[rule]`` table of a file is that object already, but for the tables that the TOML layout names differently. The
buttons of ``[transform]`` go into the guide that names them. What is not a field of the API stays in the file
(``[metadata]``); a key nobody knows is carried through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detections.payload.derived import derived
from detections.rule import NewTermsRule, Rule
from detections.rule.guide import rendered

ORDER = (
    "rule_id", "name", "description", "type", "language", "query", "saved_id", "index", "data_view_id", "filters",
    "severity", "risk_score",
)  # fmt: skip
"""What a person reads first; every other key follows in alphabetical order."""


def to_api(rule: Rule) -> dict[str, Any]:
    """The API object of a rule: what the file says, and what it leaves to be worked out; keys in a fixed order."""
    return ordered(said(rule) | derived(rule))


def said(rule: Rule) -> dict[str, Any]:
    """Of the API object what the file itself says."""
    table = dict(rule.document.data["rule"])
    if isinstance(rule, NewTermsRule):
        del table["new_terms"]
        table["new_terms_fields"] = list(rule.new_terms_fields)
        table["history_window_start"] = rule.history_window_start
    if rule.note is not None:
        table["note"] = rendered(rule.note, rule.transform)
    table.pop("threat_mappings", None)  # versioned ATT&CK blocks of the repository, no field of the API
    return table


def ordered(table: Mapping[str, Any]) -> dict[str, Any]:
    """The same API object with its keys in the fixed order."""
    first = {name: table[name] for name in ORDER if name in table}
    return first | {name: table[name] for name in sorted(table) if name not in first}
