from typing import Any

import pytest

from detections.events import walk
from detections.events.ecs import Ecs, ecs
from detections.events.text import REFUSED

OTHERS = ("Records", "_source", "hits", "eventSource", "eventName", "digestS3Bucket")
PATHS = ("event.action", "event.type", "source.ip", "aws.flat", "aws.flat.items.id", "user.name", "user.roles.id")


@pytest.fixture
def projection() -> Ecs:
    # Of its own, for what other tests ask teaches it nothing.
    return Ecs(PATHS, OTHERS, frozenset({"event"}), set[str]().add)


class Behind:
    """Where whole events come from."""

    def __init__(self, document: dict[str, Any] | None = None) -> None:
        self.document = document
        self.asked: list[int] = []

    def whole(self, row: int) -> dict[str, Any]:
        assert self.document is not None, f"row {row} was made whole"
        self.asked.append(row)
        return self.document

    def refuse(self, row: int, name: str, value: object) -> None:
        raise AssertionError(name)


def values(projection: Ecs, data: bytes, path: str) -> list[Any]:
    """The values at a path, row by row and all at once where both are had."""
    rows = projection.decoder.rows(data)

    view = projection.view(rows, Behind())
    some = view.values(path, range(len(rows)))
    everything = view.column(path, len(rows))
    assert everything in (None, some)
    return some


def test_columns_of_plain_lines(projection: Ecs) -> None:
    data = (
        b'{"event": {"action": "x", "type": ["a", "b"], "other": [[1]]}, "source": {"ip": null}}\n'
        b'{"noise": {"a.b": 1}, "aws": {"flat": {"items": [{"id": 1}, {"id": 2}], "x.y": true}}}\r\n'
        b"{}\n"
    )
    flat = {"items": [{"id": 1}, {"id": 2}], "x.y": True}
    assert [values(projection, data, path) for path in PATHS[:5]] == [
        ["x", None, None],
        [["a", "b"], None, None],
        [None, None, None],
        [None, flat, None],
        [None, [1, 2], None],
    ]


@pytest.mark.parametrize("separator", [b"\n", b"", b" ", b"\n\n"])
def test_values_may_follow_each_other_in_any_way(projection: Ecs, separator: bytes) -> None:
    data = separator.join([b'{"event": {"action": "x"}}', b'{"event": {\n"action": "y"}}'])
    assert values(projection, data, "event.action") == ["x", "y"]
    assert values(projection, b"[" + data.replace(b"}}" + separator, b"}},", 1) + b"]", "event.action") == ["x", "y"]
    assert values(
        projection, b'{"Records": [' + data.replace(b"}}" + separator, b"}},", 1) + b"]}", "event.action"
    ) == [
        "x",
        "y",
    ]


@pytest.mark.parametrize("key", ["event", "user"])
def test_objects_that_are_null_or_lists(projection: Ecs, key: str) -> None:
    name = {"event": "action", "user": "name"}[key]
    data = (
        f'{{"{key}": null}}\n{{"{key}": [{{"{name}": 1}}, null, {{"{name}": [2, 3]}}]}}\n{{"{key}": {{"{name}": 4}}}}'
    )
    assert values(projection, data.encode(), f"{key}.{name}") == [None, [1, 2, 3], 4]


@pytest.mark.parametrize(
    "line",
    [
        b'{"event.action": "x"}', b'{"event.action": null}', b'{"event.action": ""}', b'{"aws.flat": {}}',
        b'{"aws.flat.items.id": 1}', b'{"event": "text"}', b'{"event": [1]}', b'{"event": {"action": [[1]]}}',
        b'{"event": {"action": [null]}}', b"[[]]", b"1", b"null", b"{", b'{"event": {"action": NaN}}',
        b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}", b'{"Records": 1}', b'{"_source": {}}', b'{"hits": 1}',
        b'{"eventSource": 1}', b'{"eventName": 1}', b'{"digestS3Bucket": 1}',
    ],
)  # fmt: skip
def test_what_is_not_plain_is_noticed(projection: Ecs, line: bytes) -> None:
    with pytest.raises(REFUSED):
        projection.decoder.rows(line)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b'{"user.x": 1, "user": {"name": "x"}}', ""),
        (b'{"user": {"roles.id": 1}}', "user.roles.id"),
        (b'{"user": {"name": [["x"]]}}', "user.name"),
        (b'{"user": {"name": 1e400}}', "user.name"),
        (b'{"user": {"name": "\xff"}}', "user.name"),
        (b'{"user": "x"}', "user.name"),
        (b'{"aws": {"flat": {"x": %s}}}' % (b'{"x":' * 30 + b"1" + b"}" * 30), "aws.flat"),
    ],
)
def test_what_is_out_of_the_way_below_a_key_asks_for_the_whole_event(projection: Ecs, line: bytes, path: str) -> None:
    behind = Behind({path: "from the whole event"})
    rows = projection.decoder.rows(b"{}\n" + line)
    found = projection.view(rows, behind).values(path or "user.name", (0, 1))
    assert found == [None, "from the whole event" if path else "x"]
    assert behind.asked == ([1] if path else [])


def test_dotted_keys_below_a_value_that_is_taken_as_it_is(projection: Ecs) -> None:
    line = b'{"aws": {"flat": [{"items.id": 1}, {"items": {"id": 2}}, 3]}}'
    assert values(projection, line, "aws.flat.items.id") == [[1, 2]]


@pytest.mark.parametrize("path", ["Records.x", "eventName", 'a"b', "a\\b", "a\nb"])
def test_paths_that_the_shape_cannot_hold(path: str) -> None:
    assert ecs((path,)) is None


def test_what_is_asked_of_many_events_is_decoded_at_once_from_then_on() -> None:
    paths = ("event.action", "process.name", "process.args")
    data = b'{"process": {"name": "x"}}\n' * 8
    first = ecs(paths)
    assert first is not None
    view = first.view(first.decoder.rows(data), Behind())
    assert view.column("event.action", 8) == [None] * 8
    assert view.column("process.name", 8) is None
    assert view.values("process.name", (0, 1)) == ["x", "x"]
    assert ecs(paths) is first
    assert view.values("process.name", (2,)) == ["x"]
    then = ecs(paths)
    assert then is not None
    assert then.view(then.decoder.rows(data), Behind()).column("process.name", 8) == ["x"] * 8


def test_the_whole_event_has_the_same() -> None:
    document = {"a": {"b": [{"c": 1}, {"c": [2, {"d": 3}]}]}}
    assert walk.value(document, "a.b.c") == [1, 2, {"d": 3}]
