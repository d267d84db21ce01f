"""How differences read."""

import time

import pytest

from detections.payload import Difference, diff, render


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("5m", "10m", ['~ field: "5m" -> "10m"']),
        (None, "x", ['+ field: "x"']),
        (["x"], None, ['- field: ["x"]']),
        (True, 1, ["~ field: true -> 1"]),
        ("é\n", None, ['- field: "é\\n"']),
        (
            "one is a long line of the query, which goes on\ntwo",
            "one is a long line of the query, which goes on\nthree",
            [
                "~ field:",
                "    @@ -1,2 +1,2 @@",
                "     one is a long line of the query, which goes on",
                "    -two",
                "    +three",
            ],
        ),
        (None, ["a" * 80], ["+ field:", "    @@ -0,0 +1,3 @@", "    +[", f'    +  "{"a" * 80}"', "    +]"]),
    ],
)
def test_rendered(old: object, new: object, lines: list[str]) -> None:
    assert render(Difference("field", old, new)) == lines


def test_a_default_is_told() -> None:
    assert diff({"type": "query"}, {"type": "query", "interval": "1h"}) == (Difference("interval", "5m", "1h"),)
    assert diff({}, {"note": "n"}) == (Difference("note", None, "n"),)


def test_tables_are_looked_into() -> None:
    old = {"threshold": {"field": ["a"], "value": 1}, "meta": {"a": {"b": 1, "c": 2}}}
    new = {"threshold": {"field": ["a"], "value": 2}, "meta": {"a": {"b": 1, "c": 3}}}
    assert [one.field for one in diff(old, new)] == ["meta.a.c", "threshold.value"]


def test_long_texts_take_no_long_time() -> None:
    one, other = ("\n".join(f"{word} {n * 7919 % 1000}" for n in range(20_000)) for word in ("a", "b"))
    started = time.perf_counter()
    lines = render(Difference("note", f"first\n{one}\nlast", f"first\n{other}\nlast"))
    assert time.perf_counter() - started < 2
    assert lines[1] == "    @@ -2,20000 +2,20000 @@"
    assert len(lines) == 40_002
