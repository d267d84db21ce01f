"""The query cases that travel in the ``eql`` wheel, in Elasticsearch's reading.

They are written in an older EQL. What is only spelt differently there is spelt as Elasticsearch wants it
(:func:`reading`); what Elasticsearch does not have, or means differently, is listed with its reason. A case without a
reason must give the events it names; one with a reason must not, or it would be none.
"""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.errors import QueryError

_SPEC = importlib.util.find_spec("eql")
assert _SPEC is not None and _SPEC.origin is not None
_FOLDER = Path(_SPEC.origin).parent / "etc"
CASES: list[dict[str, Any]] = tomllib.loads((_FOLDER / "test_queries.toml").read_text())["queries"]
EVENTS: list[dict[str, Any]] = json.loads((_FOLDER / "test_data.json").read_text())
_WINDOWS_EPOCH = 11_644_473_600_000
for _event in EVENTS:
    _event["@timestamp"] = _event["timestamp"] // 10_000 - _WINDOWS_EPOCH

NO_FIELD_BESIDE_FIELD = "Elasticsearch compares no field with a field"
DIFFERENCES = {
    r"\| *(filter|unique|unique_count|sort)\b": "Elasticsearch has no pipes but head and tail",
    r"^\s*join\b": "Elasticsearch has no join",
    r"\b(descendant|child|event) of\b": "Elasticsearch has no process relationships",
    r"\[[0-9]\]": "a field of Elasticsearch is all its values, in no order",
    r"\barray(Search|Count)\(": "Elasticsearch has no functions that go through arrays",
    r"\bsafe\(": "Elasticsearch has no safe()",
    r"\bfork *=": "Elasticsearch has no fork",
    r"\bby \w+(\(| \*)": "a join key of Elasticsearch is a field",
    r"\bopcode == pid\b|\bprocess_name <= parent|\bin \(parent_process_name": NO_FIELD_BESIDE_FIELD,
    r"\bprocess_name [!=]= original|\boriginal_file_name == process|\bmodulo\(11, add": NO_FIELD_BESIDE_FIELD,
    r'(?s)"(system idle process|SYSTE|sysT)".*# in any case': "Elasticsearch's < and > know upper and lower case",
    r"\b(fake_field !=|not \(fake_field == )": "of a field that nothing maps a star asks whether it is null",
}


def _fields() -> dict[str, str]:
    """A type for every field of the events."""
    found = {"@timestamp": "date"}
    waiting: list[tuple[str, Any]] = [("", event) for event in EVENTS]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else key, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(path, item) for item in value]
        elif value is not None:
            found.setdefault(path, "long" if isinstance(value, int) else "keyword")
    return found | {"source_address": "ip", "destination_address": "ip"}


FIELDS = _fields()
_STRING = r'("(?:[^"\\]|\\.)*")'


def reading(case: dict[str, Any]) -> str:
    """The query in the spelling of Elasticsearch.

    Strings have double quotes, ``=`` is ``==``, a field that may not be mapped is optional, what ignores case or has
    wildcards says so (``:``, ``in~``, a tilde), and functions over patterns and lists are operators.
    """
    query: str = case["query"]
    query = re.sub(r"\?'([^']*)'", r'"""\1"""', query)
    query = re.sub(r"'([^']*)'", r'"\1"', query)
    query = re.sub(r"(?<![=!<>])(?<!maxspan)=(?!=)", "==", query)
    query = re.sub(r"\b(missing_field|bad_field|fake_field|invalid_field_name)\b", r"?\1", query)
    query = re.sub(r'\bmatch(?:Lite)?\((\w+), (""".*?""")\)', r"\1 regex \2", query)
    query = re.sub(r"\barrayContains\((\w+), (.*?)\)", r"\1 : (\2)", query)
    if case.get("case_sensitive"):
        return query
    query = re.sub(rf"==\s*{_STRING}", r": \1", query)
    query = re.sub(r'(?<!\.)(\?*\b\w+) !=\s*("[^"]*\*[^"]*")', r"not \1 : \2", query)
    if case.get("case_insensitive"):
        query = re.sub(r'\bin \("', 'in~ ("', query)
        query = re.sub(r"\b(startsWith|endsWith|stringContains|indexOf|between)\(", r"\1~(", query)
    return query


def found(query: str) -> list[int]:
    result = detections.search(
        EVENTS, query, "eql", fields=FIELDS, tiebreaker_field="serial_event_id", event_category_field="event_type"
    )
    joined = [event for sequence in result.sequences for event in sequence.events]
    return [event["serial_event_id"] for event in [*result.events, *joined] if event is not None]


def reason(case: dict[str, Any]) -> str | None:
    return next((why for pattern, why in DIFFERENCES.items() if re.search(pattern, _subject(case))), None)


def _subject(case: dict[str, Any]) -> str:
    return f"{case['query']}{' # in any case' * case.get('case_insensitive', False)}"


def test_there_are_all_the_cases() -> None:
    assert len(CASES) == 241
    assert sum(reason(case) is None for case in CASES) == 149
    unused = [pattern for pattern in DIFFERENCES if not any(re.search(pattern, _subject(case)) for case in CASES)]
    assert unused == []


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_a_case_gives_its_events_or_differs_for_its_reason(case: dict[str, Any]) -> None:
    query, expected = reading(case), case["expected_event_ids"]
    if reason(case) is None:
        assert found(query) == expected
        return
    try:
        assert found(query) != expected
    except QueryError as error:
        assert error.message
