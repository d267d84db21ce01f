"""Markdown of rules (descriptions, guides, setup) as HTML that cannot act: no HTML of the author's own, no image, no
address but of the web and of mail.

What Kibana's guides may hold besides Markdown is shown as text: a query of Osquery, an investigation in Timeline.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from detections.rule.guide import with_buttons

LONGEST = 200_000
"""Characters of a text that are rendered; what follows is left out, and the page says so."""
_HEAD = re.compile(r"\A\s*#{1,6}[ \t]+(?i:triage and analysis|investigation guide|setup)[ \t]*#*[ \t]*(?:\n|\Z)")
_WEB = re.compile(r"(?i:https?|mailto):")


def guide(text: str, transform: Mapping[str, Any] | None = None, *, top: int = 3) -> Markup:
    """A text in Markdown as HTML, its highest headings of the level ``top``. ``transform`` is the rule's table of that
    name, whose entries the text names (``$osquery_0``). A heading at its beginning that says what the page says above
    it is left out."""
    text = _HEAD.sub("", text)
    if transform:
        text = with_buttons(text, transform, _button)
    cut = len(text) > LONGEST
    html = Markup(_markdown().render(text[:LONGEST], {"top": top}))  # safe: html is off, and the renderer escapes
    return html + Markup('<p class="note">The rest of this text is too long to be shown.</p>') if cut else html


def _button(kind: str, said: Mapping[str, Any]) -> str:
    label = re.sub(r"([\\`*_{}\[\]<>()#!|])", r"\\\1", str(said.get("label", "")))
    query = " ".join(str(said.get("query", "")).split())
    if not query:
        return f"**{label}** (in Timeline)"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", query)), default=0))
    return f"**{label}** {fence} {query} {fence}"


@functools.cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 20, "xhtmlOut": False}).enable(
        ["table", "strikethrough"]
    )
    made.disable(["image", "html_block", "html_inline"])
    made.validateLink = lambda url: _WEB.match(url) is not None  # type: ignore[method-assign]
    made.core.ruler.push("headings", _headings)
    made.core.ruler.push("cells", _cells)
    made.add_render_rule("link_open", _link_open)
    made.add_render_rule("fence", _block)
    made.add_render_rule("code_block", _block)
    made.add_render_rule("table_open", _table_open)
    made.add_render_rule("table_close", _table_close)
    return made


def _headings(state: Any) -> None:
    """Headings go down in steps of one, from the level that the page has room for."""
    open_levels: list[int] = []
    for token in state.tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, state.env['top'] + len(open_levels) - 1)}"


def _cells(state: Any) -> None:
    """The alignment of cells is a style of their own, which the pages' policy refuses."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            token.attrs.pop("style", None)


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:  # fmt: skip
    link = tokens[index]
    if link.attrs.get("href"):
        link.attrSet("rel", "noreferrer")
    else:
        link.attrs.clear()  # it would lead to the page itself
    return renderer.renderToken(tokens, index, options, env)


def _block(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:  # fmt: skip
    """Code may be wider than the page: it scrolls, also by keyboard."""
    return str(Markup('<pre tabindex="0"><code>{}</code></pre>\n').format(tokens[index].content))


def _table_open(*_: object) -> str:
    return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"
