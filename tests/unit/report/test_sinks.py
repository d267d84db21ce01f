"""How a value looks in each sink; that none breaks out is held by tests/property/test_sinks.py."""

import math

import pytest

from detections.report.sinks import Styled, markdown, terminal, xml
from detections.report.sinks.github import command
from detections.report.sinks.json import encode, uri
from detections.report.sinks.terminal import line, padded, width


def test_a_line_holds_its_values_with_escapes_and_in_our_colours() -> None:
    assert line("a\tb", Styled("c\x1b[31m", "red", bold=True), Styled("d")) == (
        "a\\tb\x1b[31m\x1b[1mc\\x1b[31m\x1b[0md"
    )


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["::error::x"], r"\x3a:error::x"),
        (["  ", "::", "error::x"], r"  \x3a:error::x"),
        ([":", ":error::x"], r"\x3a:error::x"),
        (["a ##", "[error]x [y]"], r"a ##\x5berror]x \x5by]"),
        (["a::b"], "a::b"),
        (["#[x]"], "#[x]"),
    ],
)
def test_a_line_is_no_workflow_command(parts: list[str], shown: str) -> None:
    assert line(*parts) == shown


def test_columns_are_as_wide_as_what_a_terminal_shows() -> None:
    assert padded("\x07\u6771", 8) == "\\x07\u6771  "
    assert padded("\u6771", 4, right=True) == "  \u6771"
    assert width(["a", "\u6771\u4eac", "x" * 61], 60) == 4
    assert width(["a", "x" * 61]) == 61
    assert width([]) == 0


def test_a_command_has_properties_and_lines() -> None:
    assert command("notice", {"file": "a,b:c", "line": 3}, ["100%", "x\ny"]) == (
        r"::notice file=a%2Cb%3Ac,line=3::100%25%0Ax\ny"
    )


def test_json_has_escapes_for_what_does_not_print_and_null_for_what_it_lacks() -> None:
    assert encode({"a": "\x7f\u202e\U000e0001##[", "b": math.inf}) == (
        r'{"a":"\u007f\u202e\udb40\udc01#\u0023[","b":null}'
    )
    assert encode(["\ud800", math.nan, {"a": (1.5, math.inf)}]) == r'["\ud800",null,{"a":[1.5,null]}]'


def test_a_path_is_a_reference() -> None:
    assert uri("a b/\u00e9\udcff\ud800") == "a%20b/%C3%A9%FF%5Cud800"


def test_xml_has_references_for_what_does_not_print_and_escapes_for_what_it_lacks() -> None:
    root = xml.root("a", {"b": "\n\u202e"})
    xml.below(root, "c", {}, "\x00\r\n::error::")
    assert xml.document(root).split("\n") == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<a b="&#10;&#8238;">',
        "  <c>\\x00&#13;",
        "&#58;:error::</c>",
        "</a>",
    ]


def test_markdown_shows_text_as_text() -> None:
    assert markdown.item(Styled("new", bold=True), " *a* @b #1 http://c www.d", Styled("e<f>", dim=True)) == (
        r"- **new** \*a\* <span>@</span>b <span>#</span>1 http\://c www\.d<sub>e\<f\></sub>"
    )
    assert markdown.heading(2, "a|b") == "## a\\|b\n"
    assert markdown.paragraph("a") == "\na"
    assert markdown.paragraph("::ffff:1.2.3.4") == "\n" + r"\::ffff:1.2.3.4"
    assert markdown.continued("a`b`") == r"  a\`b\`"


def test_a_fence_is_longer_than_any_in_it() -> None:
    shown = markdown.folded("what <differs>", "diff", ["+```", "-a\r````"]).split("\n")
    assert shown == [
        "  <details><summary>what &lt;differs&gt;</summary>", "", "  `````diff", "  +```", r"  -a\r````", "  `````", "",
        "  </details>",
    ]  # fmt: skip


def test_a_line_of_code_is_no_workflow_command() -> None:
    assert "\n" + r"   \x3a:error::x" + "\n" in markdown.folded("x", "diff", [" ::error::x"])
    assert terminal.line(" ::error::x") == r" \x3a:error::x"
