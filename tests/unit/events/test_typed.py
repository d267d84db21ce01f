import pytest

from detections.events.typed import REFUSED, Typed, signals, typed

PATHS = ("event.action", "event.type", "source.ip", "aws.flat", "aws.flat.items.id")


@pytest.fixture
def decoder() -> Typed:
    made = typed(PATHS)
    assert made is not None
    return made


def test_columns_of_plain_lines(decoder: Typed) -> None:
    data = (
        b'{"event": {"action": "x", "type": ["a", "b"], "other": [[1]]}, "source": {"ip": null}}\n'
        b'{"noise": {"a.b": 1}, "aws": {"flat": {"items": [{"id": 1}, {"id": 2}], "x.y": true}}}\r\n'
        b"{}\n"
    )
    flat = {"items": [{"id": 1}, {"id": 2}], "x.y": True}
    assert decoder.columns(decoder.lines(data)) == [
        ["x", None, None],
        [["a", "b"], None, None],
        [None, None, None],
        [None, flat, None],
        [None, [1, 2], None],
    ]


def test_objects_that_are_null_or_lists(decoder: Typed) -> None:
    data = b'{"event": null}\n{"event": [{"action": 1}, null, {"action": [2, 3]}]}\n{"event": {"action": 4}}'
    assert decoder.columns(decoder.lines(data))[0] == [None, [1, 2, 3], 4]


@pytest.mark.parametrize(
    "line",
    [
        b'{"event.action": "x"}', b'{"event.action": null}', b'{"event.action": ""}', b'{"aws.flat": {}}',
        b'{"aws": {"flat.items": 1}}', b'{"aws": {"flat.items.id": 1}}', b'{"aws.flat.items.id": 1}',
        b'{"event": "text"}', b'{"event": [1]}', b'{"event": {"action": [[1]]}}', b'{"event": {"action": [null]}}',
        b"[]", b"1", b"null", b"{", b'{"event": {"action": NaN}}', b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        *(f'{{"{name}": 1}}'.encode() for name in signals()),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_noticed(decoder: Typed, line: bytes) -> None:
    with pytest.raises(REFUSED):
        decoder.line(line)


def test_dotted_keys_below_a_value_that_is_taken_as_it_is(decoder: Typed) -> None:
    row = decoder.line(b'{"aws": {"flat": [{"items.id": 1}, {"items": {"id": 2}}, 3]}}')
    assert decoder.columns([row])[4] == [[1, 2]]


def test_paths_that_the_shape_cannot_hold() -> None:
    assert typed(("Records.x",)) is None
    assert typed(('a"b',)) is None
    assert typed(("a\\b",)) is None
    assert typed(("a\nb",)) is None
    assert typed(()) is not None
