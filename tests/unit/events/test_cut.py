import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from detections.errors import Finding
from detections.events import cut
from detections.events.cut import Piece, lines_in, pieces
from detections.values.limits import EVENT_SIZE

SIZE = 4096
RECORDS = [{"eventVersion": "1", "number": number, "text": "x" * (number % 90)} for number in range(2000)]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut, "PIECE", SIZE)


def blocks(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def values(pieces: list[Piece]) -> list[Any]:
    """The items of lists and wrappers, and all other values."""
    found: list[Any] = []
    for piece in pieces:
        for value in msgspec.json.Decoder().decode_lines(piece.data):
            found += value["Records"] if "Records" in value else value if isinstance(value, list) else [value]
    return found


def written(separator: str, indent: int | None = None) -> str:
    return separator.join(json.dumps(record, indent=indent) for record in RECORDS)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "text",
    [
        lambda indent: written("\n", indent),
        lambda indent: written("\r\n\r\n", indent),
        lambda indent: written("", indent),
        lambda indent: "  " + written(" ", indent) + " ",
        lambda indent: "[" + written(",", indent) + "]",
        lambda indent: "[\n" + written(",\n", indent) + "\n]\n",
        lambda indent: json.dumps({"Records": RECORDS}, indent=indent),
        lambda indent: (
            json.dumps({"Records": RECORDS[:1000]}, indent=indent)
            + json.dumps({"Records": RECORDS[1000:]}, indent=indent)
        ),
        lambda indent: json.dumps({"Records": RECORDS, "more": [1]}, indent=indent),
        lambda indent: "\ufeff" + "\n" * 10_000 + written("\n", indent),
    ],
)
def test_a_large_file_is_cut_where_values_are_whole(text: Any, indent: int | None) -> None:
    data = text(indent).encode()
    found = list(pieces("f", blocks(data)))
    cuts = [piece for piece in found if isinstance(piece, Piece)]
    assert len(cuts) == len(found) > 10
    assert max(len(piece.data) for piece in cuts) < 3 * SIZE
    assert values(cuts) == RECORDS
    for piece in cuts:
        first = values([piece])[0]["number"]
        line = data.count(b"\n", 0, data.index(b'"number": %d,' % first)) + 1
        opening = piece.data.count(b"\n", 0, piece.data.index(b'"number"'))
        assert piece.line + opening == line


def test_a_small_file_is_one_piece() -> None:
    assert list(pieces("f", [b'\n{"a":', b" 1}\n{"])) == [Piece("f", 2, b'{"a": 1}\n{')]
    assert list(pieces("f", [])) == list(pieces("f", [b"\n \n"])) == []


@pytest.mark.parametrize("wrapped", [False, True])
def test_text_that_looks_like_a_boundary_is_none(wrapped: bool) -> None:
    evil = {"eventVersion": "}{}{", "inner": [{"eventVersion": 1}, {"eventVersion": 2}], "end": '}{"eventVersion":'}
    text = json.dumps(evil, separators=(",", ":"))
    data = ('{"Records":[' + ",".join([text] * 500) + "]}") if wrapped else text * 500
    found = [piece for piece in pieces("f", blocks(data.encode())) if isinstance(piece, Piece)]
    assert len(found) > 5
    assert values(found) == [evil] * 500


def test_objects_that_begin_in_many_ways_are_cut_too() -> None:
    objects = [{f"key{number}": [{"a": number}]} for number in range(3000)]
    data = "".join(map(json.dumps, objects)).encode()
    found = [piece for piece in pieces("f", blocks(data)) if isinstance(piece, Piece)]
    assert len(found) > 5
    assert values(found) == objects


@pytest.mark.parametrize("text", ["[" + written(","), '{"Records":[' + written(",")[:-1], written("")[:-1]])
def test_of_a_file_that_is_cut_off_only_the_end_is_broken(text: str) -> None:
    found = [piece for piece in pieces("f", blocks(text.encode())) if isinstance(piece, Piece)]
    numbers = [record["number"] for record in values(found[:-1])]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 1800


def test_garbage_in_the_middle_costs_no_more_than_itself() -> None:
    text = written("")
    middle = text.index('"number": 1000')
    data = text[:middle] + "garbage" + text[middle:]
    found = [piece for piece in pieces("f", blocks(data.encode())) if isinstance(piece, Piece)]
    bad = []
    whole = []
    for piece in found:
        try:
            whole += values([piece])
        except msgspec.DecodeError:
            bad.append(piece)
    assert len(bad) == 1
    assert b"garbage" in bad[0].data
    assert len(whole) > 1800


@pytest.mark.parametrize("before", ["", "{}\n", '[{"a": 1},\n', '{"Records": [{"a": 1},\n'])
def test_a_value_over_the_limit_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    monkeypatch.setattr(cut, "EVENT_SIZE", replace(EVENT_SIZE, most=20_000))
    data = before + '{"x": "' + "y" * 50_000 + '"}\n{"b": 1}\n{"b": 2}\n'
    found = list(pieces("f", blocks(data.encode())))
    (finding,) = [one for one in found if isinstance(one, Finding)]
    line = before.count("\n") + 1
    assert finding.message == f"the value at line {line} is too large (the limit event-size is 20,000) and left out"
    last = found[-1]
    assert isinstance(last, Piece)
    assert (last.line, last.data) == (line + 1, b'{"b": 1}\n{"b": 2}\n')
    assert values([piece for piece in found if isinstance(piece, Piece)])[-2:] == [{"b": 1}, {"b": 2}]


def test_a_value_over_the_limit_may_be_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut, "EVENT_SIZE", replace(EVENT_SIZE, most=20_000))
    (finding,) = pieces("f", blocks(b'{"x": "' + b"y" * 50_000 + b'"}'))
    assert isinstance(finding, Finding)


def test_binary_data_is_told_and_not_read() -> None:
    (finding,) = pieces("f", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
    assert isinstance(finding, Finding)
    assert "binary" in finding.message


@pytest.mark.parametrize(
    "data", [b"", b"\n" * 50_000, b"x" * 9000 + b"\n" * 100_000, b"x\n" * 3, (b"x" * 900 + b"\n") * 99]
)
def test_lines_are_counted(data: bytes) -> None:
    assert lines_in(data, len(data)) == data.count(b"\n")
    assert lines_in(data, len(data) // 2) == data.count(b"\n", 0, len(data) // 2)
