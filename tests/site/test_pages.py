"""The pages as HTML, without a browser: sound, whole, and made of what they may be made of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.parse
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

_VOID = {"col", "meta", "link", "input", "br", "hr", "wbr"}
_ACTIVE = {"img", "iframe", "object", "embed", "style", "base", "audio", "video"}
_WEB = ("https://", "http://", "mailto:")


class Page(HTMLParser):
    """A page's elements, and that each is closed where it must be."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == [], path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (self.path, tag)
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, (self.path, tag)
        assert self.open.pop() == tag, (self.path, tag, self.getpos())

    def all(self, name: str) -> Iterator[str]:
        return (value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name)


@cache
def parsed(path: Path) -> Page:
    return Page(path)


def pages(site: Path) -> list[Page]:
    return [parsed(path) for path in sorted(site.rglob("*.html"))]


@pytest.fixture(params=["ours", "hostile"])
def site(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_all_pages_are_there(ours: Path) -> None:
    assert {path.name for path in ours.glob("*")} == {
        ".detections-site", "attack-navigator.json", "attack.html", "backtest.html", "catalogue.js", "index.html",
        "index.js", "list.html", "page.js", "plan.html", "rules", "style.css",
    }  # fmt: skip
    assert len(list((ours / "rules").iterdir())) == 27


def test_every_link_leads_somewhere(site: Path) -> None:
    for page in pages(site):
        for target in (*page.all("href"), *page.all("src")):
            if target.startswith(_WEB) or target == "data:,":
                continue
            name, _, fragment = target.partition("#")
            path = (page.path.parent / urllib.parse.unquote(name)).resolve() if name else page.path
            assert path.is_file() and path.is_relative_to(site), (page.path, target)
            if fragment and path.name != "index.html":  # there it is a search
                assert fragment in parsed(path).all("id"), (page.path, target)


def test_ids_are_unique(site: Path) -> None:
    for page in pages(site):
        ids = list(page.all("id"))
        assert len(set(ids)) == len(ids), page.path


def test_nothing_stands_in_a_page_that_its_policy_would_refuse(site: Path) -> None:
    for page in pages(site):
        assert not {tag for tag, _ in page.elements} & _ACTIVE, page.path
        names = {name for _, attributes in page.elements for name in attributes}
        assert not {name for name in names if name.startswith("on") or name in ("style", "srcset", "action")}, page.path
        scripts = [attributes.get("src") for tag, attributes in page.elements if tag == "script"]
        assert all(src and src.removeprefix("../") in ("page.js", "index.js", "catalogue.js") for src in scripts)
        policy = next(one["content"] or "" for tag, one in page.elements if one.get("http-equiv"))
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "unsafe" not in policy


def test_links_that_leave_are_of_the_web(site: Path) -> None:
    for page in pages(site):
        for tag, attributes in page.elements:
            target = attributes.get("href") or ""
            if tag == "a" and ":" in target.partition("#")[0].partition("?")[0].partition("/")[0]:
                assert target.startswith(_WEB), (page.path, target)
                assert attributes.get("rel") == "noreferrer"


def test_headings_go_down_in_steps_of_one(site: Path) -> None:
    for page in pages(site):
        levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[:1] == [1], page.path
        assert levels.count(1) == 1, page.path
        assert all(new <= old + 1 for old, new in pairwise(levels)), (page.path, levels)


def test_the_index_is_data(site: Path) -> None:
    script = (site / "index.js").read_text(encoding="utf-8")
    table = json.loads(script.removeprefix("const INDEX = ").removesuffix(";\n"))
    assert len(table["names"]) == len(table["pages"]) == len(list((site / "rules").iterdir()))
    layer = json.loads((site / "attack-navigator.json").read_text(encoding="utf-8"))
    assert {one["techniqueID"][0] for one in layer["techniques"]} <= {"T"}


def test_the_numbers_are_those_of_the_backtest(ours: Path) -> None:
    told = json.loads((ours.parent / "backtest.json").read_text())
    table = json.loads((ours / "index.js").read_text().removeprefix("const INDEX = ").removesuffix(";\n"))
    alerts = {one["rule_id"]: one["alerts"] for one in told["rules"]}
    assert dict(zip(table["pages"], table["alerts"], strict=True)) == {k: v for k, v in alerts.items() if k != "gone"}
    assert f"<dd>{sum(alerts.values()):,}</dd>" in (ours / "backtest.html").read_text()


def test_a_backtest_alone_needs_no_other_file(alone: Path) -> None:
    page = parsed(alone / "backtest.html")
    targets = {target for target in (*page.all("href"), *page.all("src")) if target != "data:,"}
    assert len(targets) > 10
    assert {target[:1] for target in targets} == {"#"}
    assert {target[1:] for target in targets} <= set(page.all("id"))
    text = page.path.read_text(encoding="utf-8")
    policy = next(one["content"] or "" for tag, one in page.elements if one.get("http-equiv"))
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        [own] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashed = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{directive} 'sha256-{hashed}';" in policy
    assert "unsafe" not in policy


def test_a_backtest_alone_says_what_the_one_of_a_site_says(alone: Path, ours: Path) -> None:
    def numbers(path: Path) -> list[str]:
        html = path.read_text(encoding="utf-8")
        return re.findall(r'<d[dt].*?</d[dt]>|<td class="number">.*?</td>', html.partition("Rule by rule")[0])

    both = [numbers(folder / "backtest.html") for folder in (alone, ours)]
    assert len(both[0]) > 150
    assert both[0] == both[1][: len(both[0])]
