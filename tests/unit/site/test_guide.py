"""Markdown of others: shown as it is meant, and unable to act."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.site.guide import LONGEST, guide

_ALLOWED = frozenset(
    ("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "s", "code", "pre", "a", "br", "hr", "blockquote",
     "div", "table", "thead", "tbody", "tr", "th", "td")
)  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s[^<>]*)?)/?>")
_ATTRIBUTES = re.compile(
    r"""(?: (?:href="(?:https?|mailto):[^"]*"|title="[^"]*"|rel="noreferrer"|tabindex="0"|role="group"|start="\d+"
    |aria-label="Table"|class="scroll"|class="note"))*\s*""".replace("\n    ", ""),
    re.IGNORECASE,
)  # fmt: skip


def safe(text: str) -> str:
    """The HTML of a text, which has but the elements and attributes that it may have."""
    html = guide(text)
    rest = html
    for slash, name, attributes in _TAG.findall(html):
        assert name in _ALLOWED, html
        assert not slash or not attributes
        assert _ATTRIBUTES.fullmatch(attributes), (attributes, html)
    rest = _TAG.sub("", html)
    assert "<" not in rest, html
    return str(html)


def test_markdown() -> None:
    html = safe("# A\n\n**b** `c` [d](https://e.example)\n\n1. x\n2. y\n\n```\n<f>\n```\n")
    assert "<h3>A</h3>" in html
    assert "<strong>b</strong> <code>c</code>" in html
    assert '<a href="https://e.example" rel="noreferrer">d</a>' in html
    assert '<pre tabindex="0"><code>&lt;f&gt;\n</code></pre>' in html


def test_headings_go_down_in_steps_of_one() -> None:
    html = safe("## a\n#### b\n###### c\n### d\n# e\n")
    assert re.findall(r"<h(\d)>(\w)", html) == [("3", "a"), ("4", "b"), ("5", "c"), ("4", "d"), ("3", "e")]


@pytest.mark.parametrize("head", ["## Setup\n", "## Triage and analysis\n\n", "# setup #\n", "\n### Setup"])
def test_a_heading_that_the_page_has_already_is_left_out(head: str) -> None:
    assert guide(f"{head}\ntext") == "<p>text</p>\n"


def test_a_heading_that_only_begins_like_it_stays() -> None:
    assert "<h3>Setup of Fleet</h3>" in guide("## Setup of Fleet\ntext")


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>", "a <img src=x onerror=y>", "<!-- c -->", "<a href='javascript:x'>y</a>",
        "[a](javascript:x)", "[a](JAVASCRIPT:x)", "[a](java\tscript:x)", "[a](&#106;avascript:x)", "<javascript:x>",
        "[a](data:text/html,x)", "[a](data:image/png;base64,x)", "[a](vbscript:x)", "[a](file:///x)", "[a](/x)",
        "[a](x.html)", "[a](//example.com/x)", "[a]: javascript:x\n[a]", "![a](https://example.com/x.png)",
    ],
)  # fmt: skip
def test_what_would_act_or_ask_is_text(text: str) -> None:
    html = safe(text)
    assert "<a" not in html or 'href="https://example.com/x.png"' in html


def test_an_image_leads_to_nothing_by_itself() -> None:
    assert "<img" not in guide("![alt](https://example.com/x.png)")


def test_a_link_to_nowhere_leads_nowhere() -> None:
    assert safe("[a]()") == "<p><a>a</a></p>\n"


def test_tables_scroll_and_have_no_style_of_their_own() -> None:
    html = safe("| a | b |\n|:--|--:|\n| 1 | 2 |\n")
    assert html.startswith('<div class="scroll"')
    assert "style=" not in html, "the page's policy refuses it"


def test_queries_of_osquery_are_shown_where_the_guide_names_them() -> None:
    transform = {
        "osquery": [{"label": "Ports *all*", "query": "SELECT `a`\nFROM b"}],
        "investigate": [{"label": "By user"}],
    }
    html = guide("- $osquery_0\n- $investigate_0\n- $osquery_9", transform)
    assert "<strong>Ports *all*</strong> <code>SELECT `a` FROM b</code>" in html
    assert "<strong>By user</strong> (in Timeline)" in html
    assert "$osquery_9" in html


def test_a_text_without_end_is_cut() -> None:
    html = guide("word " * LONGEST)
    assert len(html) < LONGEST * 1.1
    assert "too long to be shown" in html


@given(st.text(st.sampled_from("<>[]()!`*_#|:\\\n \t&;\"'-=/") | st.characters(), max_size=120))
def test_nothing_acts_whatever_the_text(text: str) -> None:
    safe(text)


@given(
    st.lists(
        st.sampled_from(
            ["[a](", "javascript:", ")", "<script>", "</script>", "![", "](", "https://x", '"', "'", "`", "\n", "&#",
             ";", "<a href=", "|", "\n|-|\n", " onclick=x", "&lt;", "\\", ":", "<", ">"]
        ),
        max_size=14,
    )
)  # fmt: skip
def test_nothing_acts_whatever_its_parts(parts: list[str]) -> None:
    safe("".join(parts))
