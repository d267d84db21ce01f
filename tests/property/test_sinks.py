"""Whatever a value holds, its sink writes it as a value: every code point, and texts made to break out."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from detections.engine.alert import Alert
from detections.errors import Finding, Level, Location, printable
from detections.report import github as github_format
from detections.report import json as json_format
from detections.report import junit, sarif, text
from detections.report.sinks import Styled, markdown, terminal, xml
from detections.report.sinks.github import command
from detections.report.sinks.json import encode
from detections.report.table import aligned

OURS = re.compile(r"\x1b\[[0-9;]*m")
BREAKING = (
    "\n", "\r", "\x1b[2J", "\x9b1m", "::", "::error::x", "##[", "##[error]x", "%0A", "%25", ",line=1", "```", "~~~",
    "`", "|", "<", "</details>", "<script>", "&lt;", "]]>", "*", "_", "[x](y)", "![x](y)", "@team", "#1", "\\",
    "\u202e", "\u2028", "\ud800", "\udc00", "\x00", " ", "- ", "    ", "$x$",
)  # fmt: skip


def paired(value: str) -> str:
    """The text as any reader of UTF-16 gives it back: two surrogates that make a pair are one character."""
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


character = st.characters(exclude_categories=())
hostile = st.lists(st.one_of(st.sampled_from(BREAKING), character), max_size=12).map("".join).map(paired)
every = pytest.mark.parametrize("plane", range(17))


def groups(plane: int) -> Iterator[str]:
    """Every code point of a plane of Unicode, 256 at a time."""
    for start in range(plane << 16, (plane + 1) << 16, 256):
        yield "".join(map(chr, range(start, start + 256)))


def is_one_plain_line(shown: str) -> bool:
    """Whether a terminal shows it as one line, and GitHub's runner sees no command in it."""
    told = OURS.sub("", shown)
    return told.isprintable() and not told.lstrip().startswith("::") and "##[" not in told


def parsed_command(shown: str) -> tuple[str, dict[str, str], str]:
    """What GitHub's runner makes of a line."""
    assert shown.isprintable() and shown.startswith("::")
    told, _, data = shown[2:].partition("::")
    name, _, properties = told.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in properties.split(","))
    return name, {key: unescaped(value, {"%3A": ":", "%2C": ","}) for key, value in pairs.items()}, unescaped(data, {})


def unescaped(value: str, more: dict[str, str]) -> str:
    for escape, meant in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        value = value.replace(escape, meant)
    return value


@every
def test_a_terminal_gets_no_control_character(plane: int) -> None:
    for group in groups(plane):
        assert is_one_plain_line(terminal.line("  ", group, Styled(group, "red", bold=True)))


@given(st.lists(st.tuples(hostile, st.booleans()), max_size=4))
def test_a_terminal_gets_one_line(parts: list[tuple[str, bool]]) -> None:
    shown = terminal.line(*(Styled(value, dim=True) if styled else value for value, styled in parts))
    assert is_one_plain_line(shown)
    assert len(OURS.findall(shown)) == 2 * sum(styled for _, styled in parts)


@given(st.lists(st.tuples(hostile, hostile), min_size=1, max_size=4))
def test_a_row_of_a_table_is_one_line(rows: list[tuple[str, str]]) -> None:
    shown = list(aligned([{"name": name, "type": "keyword"} for name in rows[0]], rows))
    assert len(shown) == len(rows) + 3
    assert all(map(is_one_plain_line, shown))


@every
def test_github_gets_one_command(plane: int) -> None:
    for group in groups(plane):
        shown = printable(group)
        expected = ("error", {"file": shown, "title": "x"}, f"{shown}\n{shown}")
        assert parsed_command(command("error", {"file": group, "title": "x"}, [group, group])) == expected


@given(hostile.filter(bool), st.lists(hostile, min_size=1, max_size=3))
def test_a_command_holds_the_values_it_was_made_of(file: str, lines: list[str]) -> None:
    found = parsed_command(command("warning", {"file": file, "line": 3}, lines))
    assert found == ("warning", {"file": printable(file), "line": "3"}, "\n".join(map(printable, lines)))


@every
def test_json_gives_back_every_character(plane: int) -> None:
    values = [paired(group) for group in groups(plane)]
    shown = encode(values)
    assert shown.isprintable() and json.loads(shown) == values


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | hostile,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(hostile, below, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_json_gives_back_the_value(value: object) -> None:
    shown = encode(value)
    assert is_one_plain_line(shown) and json.loads(shown) == value


@every
def test_xml_gives_back_every_character_it_can_hold(plane: int) -> None:
    assert_held(list(groups(plane)))


@given(st.lists(hostile, max_size=4))
def test_xml_gives_back_the_values(values: list[str]) -> None:
    assert_held(values)


def assert_held(values: list[str]) -> None:
    root = xml.root("root", {})
    for value in values:
        xml.below(root, "below", {"name": value}, value)
    shown = xml.document(root)
    assert all(map(is_one_plain_line, shown.split("\n")))
    found = [(element.get("name"), element.text or "") for element in ElementTree.fromstring(shown)]
    assert found == [(held(value), held(value)) for value in values]


def held(value: str) -> str:
    """A value as XML 1.0 can hold it (its production Char)."""
    bad = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    return bad.sub(lambda one: printable(one[0]), value)


def tokens(source: str) -> Iterator[Token]:
    """The tokens of a Markdown text as GitHub reads it, those inside of paragraphs too."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source):
        yield token
        yield from token.children or ()


def shown_text(source: str) -> str:
    """What a reader sees of a text; no markup but what a sink makes."""
    told = []
    for token in tokens(source):
        if token.type in ("text", "text_special"):
            told.append(token.content)
        elif token.type == "html_inline":
            assert token.content in ("<span>", "</span>", "<sub>", "</sub>"), token
        else:
            assert token.type in ("inline", *STRUCTURE), token
    return "".join(told)


STRUCTURE = (
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close",
    "list_item_open", "list_item_close", "strong_open", "strong_close",
)  # fmt: skip
INLINE: tuple[Callable[[str], str], ...] = (
    lambda value: markdown.item("x", value, "x"),
    lambda value: markdown.heading(3, "x", value, "x"),
    lambda value: markdown.paragraph("x", value, "x"),
    lambda value: markdown.item("x", Styled(f"x{value}x", bold=True), Styled(value, dim=True), "x"),
)


@every
def test_markdown_shows_every_character_as_text(plane: int) -> None:
    for group in groups(plane):
        shown = printable(group)
        if not shown.isascii():  # else it is nothing but escapes, which the first group has too
            assert shown_text(markdown.item("x", group, "x")) == f"x{shown}x"


@given(hostile)
def test_markdown_shows_a_value_as_text(value: str) -> None:
    for number, write in enumerate(INLINE):
        expected = f"x{printable(value)}x" if number < 3 else f"xx{printable(value)}x{printable(value)}x"
        assert shown_text(write(value)) == expected


@given(st.lists(hostile, min_size=1, max_size=4), hostile)
def test_nothing_leaves_a_folded_block(lines: list[str], behind: str) -> None:
    source = "\n".join([markdown.item("x"), markdown.folded("what differs", "diff", lines), markdown.item("y", behind)])
    assert all(not line.lstrip().startswith("::") and "##[" not in line for line in source.split("\n"))
    found = list(tokens(source))
    (block,) = [token for token in found if token.type == "fence"]
    assert block.content.split("\n")[:-1] == [terminal.line(line) for line in lines]
    html = [token.content.strip() for token in found if token.type == "html_block"]
    assert html == ["<details><summary>what differs</summary>", "</details>"]
    assert sum(token.type == "list_item_open" for token in found) == 2


paths = hostile.map("rules/{}".format) | st.binary(max_size=4).map(lambda name: os.fsdecode(b"x" + name))
findings = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from(["query-syntax", "case"]),
        message=hostile,
        location=st.builds(Location, paths, st.integers(0, 2), st.integers(1, 9)),
        level=st.sampled_from(Level),
        excerpt=hostile,
        length=st.integers(1, 9),
        hint=hostile,
    ),
    max_size=4,
)


@given(findings)
def test_github_gets_one_command_a_finding(found: list[Finding]) -> None:
    *commands, last = github_format.check(found, [])
    assert [parsed_command(one)[0] for one in commands] == [
        "notice" if one.level is Level.NOTE else str(one.level) for one in found
    ]
    assert is_one_plain_line(last)


@given(findings)
def test_a_person_gets_the_lines_of_each_finding_and_no_other(found: list[Finding]) -> None:
    shown = list(text.check(found, []))
    assert all(map(is_one_plain_line, shown))
    assert sum(not line.startswith("    ") for line in map(unstyled, shown)) == len(found) + 1


def unstyled(shown: str) -> str:
    return OURS.sub("", shown)


@given(findings)
def test_programs_get_back_the_findings(found: list[Finding]) -> None:
    (told,) = map(json.loads, json_format.check(found, []))
    assert [(one["path"], one["message"], one.get("hint", "")) for one in told["findings"]] == [
        (one.location.path, one.message, one.hint) for one in found
    ]
    (log,) = map(json.loads, sarif.check(found, []))
    results = log["runs"][0]["results"]
    assert [one["message"]["text"] for one in results] == [
        f"{one.message}\n{one.hint}" if one.hint else one.message for one in found
    ]
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results]
    assert all(uri.isascii() for uri in uris)
    for uri, one in zip(uris, found, strict=True):
        with contextlib.suppress(UnicodeEncodeError):  # no file system has such a name
            assert unquote_to_bytes(uri) == os.fsencode(one.location.path)
    (document,) = junit.check(found, [])
    failures = list(ElementTree.fromstring(document).iter("failure"))
    errors = sorted((one for one in found if one.level is Level.ERROR), key=lambda one: one.location.path)
    assert [one.get("message") for one in failures] == [held(one.message) for one in errors]
    assert [one.text for one in failures] == [one.render() for one in errors]


@given(st.lists(st.tuples(hostile, hostile, hostile), max_size=3))
def test_an_alert_is_one_line(values: list[tuple[str, str, str]]) -> None:
    alerts = [Alert("id", name, 0, (event,), (term,)) for name, event, term in values]
    shown = list(text.alerts(alerts))
    assert len(shown) == len(alerts) and all(map(is_one_plain_line, shown))
    told = [json.loads(line) for line in json_format.alerts(alerts)]
    assert [(one["rule_name"], *one["event_ids"], *one["new_terms"]) for one in told] == values
