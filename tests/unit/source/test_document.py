"""Places of keys and values, also inside strings."""

import pytest

from detections.errors import Level, Location
from detections.source import Document, parse

TEXT = '''\
# first
title = "a#b"  # second
"quoted \\u0061" . 'k.k' = 1
point = { x = 1, deep.y = [10, "é", {z = true}] }
when = [
  1979-05-27 07:32:00, # third
  -inf,
]

[rule]
name = """
line one
two \\
   joined \\"q\\" \\U0001F600 end"""
empty = ""

[[rule.threat]]
id = 'T1'
[rule.threat.tactic]
id = "TA1"

[[rule.threat]]
id = 'T2'
[[rule.threat.technique]]
id = 'a'
[[rule.threat.technique]]
id = 'b'

[rule.far.away]
x = 1
'''


@pytest.fixture
def document() -> Document:
    return parse(TEXT, "x.toml")


@pytest.mark.parametrize(
    ("keys", "value", "key"),
    [
        ((), (1, 1), (1, 1)),
        (("title",), (2, 10), (2, 1)),
        (("quoted a", "k.k"), (3, 27), (3, 19)),
        (("point",), (4, 9), (4, 1)),
        (("point", "x"), (4, 15), (4, 11)),
        (("point", "deep", "y"), (4, 27), (4, 23)),
        (("point", "deep", "y", 0), (4, 28), (4, 28)),
        (("point", "deep", "y", 1), (4, 33), (4, 32)),
        (("point", "deep", "y", 2, "z"), (4, 42), (4, 38)),
        (("when", 0), (6, 3), (6, 3)),
        (("when", 1), (7, 3), (7, 3)),
        (("rule",), (10, 1), (10, 2)),
        (("rule", "name"), (12, 1), (11, 1)),
        (("rule", "empty"), (15, 10), (15, 1)),
        (("rule", "threat"), (17, 1), (17, 8)),
        (("rule", "threat", 0), (17, 1), (17, 8)),
        (("rule", "threat", 0, "tactic"), (19, 1), (19, 14)),
        (("rule", "threat", 0, "tactic", "id"), (20, 7), (20, 1)),
        (("rule", "threat", 1), (22, 1), (22, 8)),
        (("rule", "threat", 1, "technique", 1, "id"), (27, 7), (27, 1)),
        (("rule", "far"), (29, 1), (29, 7)),
        (("rule", "far", "away", "x"), (30, 5), (30, 1)),
    ],
)
def test_places(document: Document, keys: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]) -> None:
    assert document.location(keys) == Location("x.toml", *value)
    assert document.key_location(keys) == Location("x.toml", *key)


def test_a_missing_key_is_missing_from_its_table(document: Document) -> None:
    assert document.location(("rule", "severity")) == document.location(("rule",))
    assert document.location(("rule", "threat", 1, "tactic", "id")) == Location("x.toml", 22, 1)
    assert document.location(("rule", "threat", 7)) == Location("x.toml", 17, 1)
    assert document.location(("nothing",)) == Location("x.toml", 1, 1)


@pytest.mark.parametrize(
    ("part", "line", "column"),
    [
        ("line", 12, 1),
        ("one", 12, 6),
        ("two", 13, 1),
        ("joined", 14, 4),
        ('"q', 14, 11),
        ("\U0001f600", 14, 17),
        (" end", 14, 27),
        ("end", 14, 28),
    ],
)
def test_an_offset_inside_a_string(document: Document, part: str, line: int, column: int) -> None:
    offset = document.data["rule"]["name"].index(part)
    assert document.location(("rule", "name"), offset) == Location("x.toml", line, column)


def test_an_offset_behind_a_string_is_its_closing_quotes(document: Document) -> None:
    name = document.data["rule"]["name"]
    assert document.location(("rule", "name"), len(name)) == Location("x.toml", 14, 31)
    assert document.location(("rule", "name"), len(name) + 99) == Location("x.toml", 14, 31)


@pytest.mark.parametrize(
    ("text", "offset", "line", "column"),
    [
        ("q = '''\r\nab\r\ncd'''", 3, 3, 1),
        ("q = '''ab\r\ncd'''", 2, 1, 10),
        ('q = """\\\r\n   ab"""', 0, 2, 4),
        ('q = """\n\n\nab"""', 2, 4, 1),
        ("q = '''a''b'''''", 4, 1, 12),
        ('q = """a""b"""""', 5, 1, 13),
        ('q = "\\\\\\t\\u0041x"', 3, 1, 16),
        ("q = ''''a'''", 1, 1, 9),
        ("q = 'é😀x'", 2, 1, 8),
    ],
)
def test_offsets_in_every_kind_of_string(text: str, offset: int, line: int, column: int) -> None:
    assert parse(text, "x.toml").location(("q",), offset) == Location("x.toml", line, column)


def test_comments_are_not_what_looks_like_them(document: Document) -> None:
    assert list(document.comments()) == [(1, "first"), (2, "second"), (6, "third")]
    assert list(parse("a = '''\n# no\n'''\n", "x.toml").comments()) == []


def test_a_finding_shows_its_line(document: Document) -> None:
    offset = document.data["rule"]["name"].index("joined")
    finding = document.finding("code", "message", ("rule", "name"), offset, 6, Level.WARNING, "hint")
    assert finding.location == Location("x.toml", 14, 4)
    assert finding.render() == (
        "x.toml:14:4: code message\n"
        '       joined \\"q\\" \\U0001F600 end"""\n'
        "       ^^^^^^\n"
        "    hint"
    )  # fmt: skip


def test_a_finding_underlines_all_of_the_first_line(document: Document) -> None:
    def length(*keys: str | int, at_key: bool = False) -> int:
        return document.finding("code", "message", keys, length=None, at_key=at_key).length

    assert length("title") == len("a#b")
    assert length("rule", "name") == len("line one")
    assert length("rule") == len("[rule]")
    assert length("rule", "threat") == len("[[rule.threat]]")
    assert length("when", 1) == len("-inf")
    assert length("rule", "empty") == 1
    assert length("rule", "threat", 0, "tactic", at_key=True) == len("tactic")
    assert length() == 1


def test_excerpt_of_a_line_that_is_not_there(document: Document) -> None:
    assert document.excerpt(2) == 'title = "a#b"  # second'
    assert document.excerpt(0) == document.excerpt(99) == ""
