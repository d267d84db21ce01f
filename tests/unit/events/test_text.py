import json
from typing import Any

import pytest

from detections.events.text import Broken, Value, settled, values


def read(data: bytes) -> list[Any]:
    return [item.value if isinstance(item, Value) else item.reason for item in values(data)]


def test_one_value() -> None:
    assert list(values(b' {"a": 1.0}\r\n')) == [Value({"a": 1.0})]


def test_several_values_with_their_places() -> None:
    data = b'{\n "a": 1\n}\n{\n "b": 2\n} [3]'
    assert list(values(data)) == [
        Value({"a": 1}, 1, 1),
        Value({"b": 2}, 4, 1),
        Value([3], 6, 3),
    ]


def test_reading_goes_on_behind_a_broken_value() -> None:
    found = list(values(b'{"a": 1}\n{"b": x}\n{\n  "c": 3\n}\n{"d"'))
    assert [item.value for item in found if isinstance(item, Value)] == [{"a": 1}, {"c": 3}]
    broken = [item for item in found if isinstance(item, Broken)]
    assert [(item.line, item.column, item.excerpt) for item in broken] == [(2, 7, '{"b": x}'), (6, 5, '{"d"')]


@pytest.mark.parametrize("opening", ["[", '{"Records":[', '{ "Records" :\n [\n'])
def test_the_items_of_a_list_that_was_cut_off_are_read(opening: str) -> None:
    found = list(values(f'{opening}{{"a": 1}}, {{"b": [2]}},\n{{"c": '.encode(), ("Records",)))
    assert [item.value for item in found if isinstance(item, Value)] == [{"a": 1}, {"b": [2]}]
    assert isinstance(found[-1], Broken)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("data", "value", "note"),
    [
        (b'{"a": NaN}', {"a": None}, "NaN, which is not JSON"),
        (b'{"a": -Infinity}', {"a": None}, "-Infinity, which is not JSON"),
        (b'{"a": 1e999}', {"a": None}, "a number too large to hold"),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": None}, "a number too large to hold"),
        (b'{"a": "\\ud800x"}', {"a": "\ufffdx"}, "a lone surrogate"),
        (b'{"a": "\\udc00\\ud83d\\udd11"}', {"a": "\ufffd🔑"}, "a lone surrogate"),
        (b'{"a": "\\\\ud800 \\uDEAD"}', {"a": "\\ud800 \ufffd"}, "a lone surrogate"),
        (b'{"a": "\xff"}', {"a": "\ufffd"}, "bytes that are not UTF-8"),
    ],
)
def test_what_is_read_though_it_is_no_json(data: bytes, value: Any, note: str) -> None:
    assert list(values(data)) == [Value(value, 1, 1, (note,))]


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    assert read(b'{"a": 1, "a": 2}') == [{"a": 2}]


def test_large_integers_are_kept() -> None:
    assert read(b"[123456789012345678901234567890]") == [[123456789012345678901234567890]]


def test_nesting_that_is_too_deep_is_said() -> None:
    data = b"[" * 10_000 + b"]" * 10_000 + b'\n{"a": 1}'
    assert read(data) == ["nested too deeply", {"a": 1}]


def test_nothing() -> None:
    assert read(b" \n ") == []


BROKEN = '{"eventVersion": "1", "q": x}'


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('{"Records": [' + f'{{"eventVersion": "1"}},{BROKEN},' * 3000, 3000),
        ("[\n" + '{"a": [1]},' * 20_000, 20_000),
        ('{"a": [1]}' * 20_000, 20_000),
        ("{\n" + '{"a": x}\n' * 20_000, 0),
        ('{"a":\n' * 50_000 + "}" * 50_000 + "\n{}", 1),
        ("[\n" * 100_000 + "]" * 100_000 + "\n{}", 1),
        ("[" * 100_000 + "\n{}", 1),
        ('{"a": "' * 50_000 + "\n{}", 1),
        ("\0" * 100_000 + "\n{}", 1),
        ("[1" + "," * 100_000, 1),
        (('"' + "x" * 5000) * 40 + "\n{}", 1),
    ],
)
def test_work_grows_with_the_text(text: str, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    scan = json.JSONDecoder.raw_decode

    def counted(self: json.JSONDecoder, window: str, at: int = 0) -> tuple[Any, int]:
        nonlocal looked
        try:
            value, end = scan(self, window, at)
        except (ValueError, RecursionError):
            looked += len(window)
            raise
        looked += end - at
        return value, end

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    found = list(values(text.encode(), ("Records",)))
    assert sum(isinstance(item, Value) for item in found) >= whole
    # An error costs a window of 16,384 characters.
    assert looked < 16 * len(text) + 16_384 * (len(found) + 1)
    assert len(found) < 60_000


def test_a_broken_item_of_a_list_hides_no_other() -> None:
    found = list(values(f'[{{"eventVersion": "1"}}, {BROKEN}, {{"eventVersion": "2"}}]'.encode()))
    assert [item.value["eventVersion"] for item in found if isinstance(item, Value)] == ["1", "2"]
    assert [(item.line, item.column) for item in found if isinstance(item, Broken)] == [(1, 52)]


def test_how_much_is_settled_whatever_follows() -> None:
    assert settled(b'{"a": 1} {"b": ', (), inside=False) == (9, False)
    assert settled(b'{"a": 1}, {"b": 2}, {"c', (), inside=True) == (20, True)
    assert settled(b'{"a": 1}]} {"b": 2}\n{"c', (), inside=True) == (20, False)
    assert settled(b'{"a": 1}\n{"b": x}\n{"c": "\xff"}\n{"d": ', (), inside=False) == (29, False)
    assert settled(b'{"a": "', (), inside=False) == (0, False)
