from typing import Any

import pytest

from detections.events.walk import columns, deeper_than, flat, objects


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a.b": 1}, "a.b", 1),
        ({"a": {"b.c": 1}}, "a.b.c", 1),
        ({"a.b": {"c": 1}}, "a.b.c", 1),
        ({"a": {"b": 1}, "a.b": 2}, "a.b", [1, 2]),
        ({"a": [{"b": 1}, {"b": [2, [3, None]]}, {"c": 4}, 5, None]}, "a.b", [1, 2, 3]),
        ({"a": None}, "a", None),
        ({"a": []}, "a", None),
        ({"a": [None]}, "a", None),
        ({"a": [1]}, "a", 1),
        ({"a": False}, "a", False),
        ({"a": {"b": 1}}, "a", {"b": 1}),
        ({"a": [{"b": 1}, {"b": 2}]}, "a", [{"b": 1}, {"b": 2}]),
        ({"a": "text"}, "a.b", None),
        ({"b": 1}, "a", None),
    ],
)
def test_what_stands_at_a_path(document: dict[str, Any], path: str, value: Any) -> None:
    assert columns([document], [path]) == [[value]]


def test_a_path_and_another_below_it() -> None:
    documents: list[dict[str, Any]] = [{"a": {"b": 1, "c.d": 2}}, {}, {"a": [{"b": 3}, {"b": 4}]}]
    assert columns(documents, ["a.b", "a", "a.c.d", "a.b"]) == [
        [1, None, [3, 4]],
        [{"b": 1, "c.d": 2}, None, [{"b": 3}, {"b": 4}]],
        [2, None, None],
        [1, None, [3, 4]],
    ]


def test_no_documents_or_no_paths() -> None:
    assert columns([], ["a", "b"]) == [[], []]
    assert columns([{"a": 1}], []) == []


def test_lists_of_any_depth_are_flattened() -> None:
    value: Any = 1
    for _ in range(10_000):
        value = [value]
    assert list(flat(value)) == [1]


def test_depth_counts_containers_or_only_objects() -> None:
    value = {"a": [{"b": [[1]]}]}
    assert deeper_than(value, 4)
    assert not deeper_than(value, 5)
    assert deeper_than(value, 1, lists=False)
    assert not deeper_than(value, 2, lists=False)
    assert not deeper_than("text", 0)


@pytest.mark.parametrize(
    ("document", "path", "found"),
    [
        ({"a": {"b": 1}}, "a", [{"b": 1}]),
        ({"a": [{"b": 1}, {"b": 2}, None, 3]}, "a", [{"b": 1}, {"b": 2}]),
        ({"a.b": 1, "a.c": None}, "a", [{"b": 1}, {"c": None}]),
        ({"a": {"b": 1}, "a.c": 2}, "a", [{"b": 1}, {"c": 2}]),
        ({"o": {"a.b.c": [1, 2]}}, "o.a", [{"b.c": [1, 2]}]),
        ({"o.a": {"b": 1}}, "o.a", [{"b": 1}]),
        ({"a": [{"p": {"b": 1}}, {"p.b": 2}]}, "a.p", [{"b": 1}, {"b": 2}]),
        ({"a": {}}, "a", [{}]),
        ({"a": None, "ab": {"c": 1}}, "a", []),
    ],
)
def test_nested_objects_at_a_path(document: dict[str, Any], path: str, found: list[dict[str, Any]]) -> None:
    assert sorted(objects(document, path), key=str) == sorted(found, key=str)
