"""The pages in a real browser, from their files: search, facets, keys, and nothing that acts, asks or keeps out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

ACL = "AWS EC2 Network Access Control List Creation"
_AXE = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done, (e) => done(String(e)));"


def find(browser: Any, selector: str) -> WebElement:
    return browser.driver.find_element(By.CSS_SELECTOR, selector)


def texts(browser: Any, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText.trim())"
    found: list[str] = browser.driver.execute_script(script, selector)
    return found


def names(browser: Any) -> list[str]:
    return texts(browser, "#results .name a")


def search(browser: Any, query: str) -> list[str]:
    box = find(browser, "#search")
    box.clear()
    box.send_keys(query)
    return names(browser)


def press(browser: Any, *keys: str) -> WebElement:
    """The element that has the focus once the keys were pressed."""
    for key in keys:
        browser.driver.switch_to.active_element.send_keys(key)
    found: WebElement = browser.driver.switch_to.active_element
    return found


def facet(browser: Any, name: str, value: str) -> WebElement:
    return next(
        one for one in browser.driver.find_elements(By.CSS_SELECTOR, f"#facet-{name} label")
        if one.find_element(By.CSS_SELECTOR, ".value").text == value
    )  # fmt: skip


def pages(site: Path, rules: int) -> list[Path]:
    return [*sorted(site.glob("*.html")), *sorted((site / "rules").glob("*.html"))[:rules]]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("access control list creation", ACL),
        ("ACCESS-LIST ReplaceNetworkAclEntri", None),
        ("createnetworkacl", ACL),
        ("networkacl", ACL),  # inside a word of the query
        ("7666efda", ACL),  # the beginning of its rule_id
        ("T1562.007", "AWS EC2 Network Access Control List Creation"),
        ('"the" Serial-Console', "AWS EC2 Serial Console Access Enabled"),
        ("ec2 snapshot externally", "AWS EC2 Snapshot Shared Externally"),
        ("()", None),
        ("\\", None),
    ],
)
def test_search_finds(browser: Any, ours: Path, query: str, first: str | None) -> None:
    browser.open(ours / "index.html")
    assert len(names(browser)) == 27
    found = search(browser, query)
    if first is None:
        assert found == []
        assert find(browser, "#count").text == "No rule is like this"
    else:
        assert first in found[:2]
        assert len(found) < 27


def test_facets_filter_and_count_what_the_others_leave(browser: Any, ours: Path) -> None:
    browser.open(ours / "index.html")
    high = facet(browser, "severity", "high")
    expected = int(high.find_element(By.CSS_SELECTOR, ".number").text)
    high.click()
    assert find(browser, "#count").text == f"{expected} of 27 rules"
    assert texts(browser, "#results .severity") == ["high"] * expected
    medium = int(facet(browser, "severity", "medium").find_element(By.CSS_SELECTOR, ".number").text)
    assert medium > 0, "the other values of a facet say what they would add"
    eql = facet(browser, "type", "EQL")
    both = int(eql.find_element(By.CSS_SELECTOR, ".number").text)
    eql.click()
    assert len(names(browser)) == both < expected
    find(browser, "#clear").click()
    assert len(names(browser)) == 27


def test_the_address_keeps_what_was_asked(browser: Any, ours: Path) -> None:
    browser.open(ours / "index.html")
    search(browser, "snapshot")
    facet(browser, "severity", "high").click()
    found = names(browser)
    assert 0 < len(found) < 27
    address = browser.driver.current_url
    assert address.endswith("#q=snapshot&severity=high")
    browser.driver.get("about:blank")
    browser.driver.get(address)
    assert names(browser) == found
    assert find(browser, "#search").get_attribute("value") == "snapshot"


def test_a_technique_has_the_rules_of_its_sub_techniques(browser: Any, ours: Path) -> None:
    browser.open(ours / "index.html", "#technique=T1562")
    assert ACL in names(browser)
    browser.open(ours / "index.html", "#technique=T9999&tactic=Nonsense&sort=constructor")
    assert len(names(browser)) == 27, "what the address asks for and nobody has is left out"


def test_keys_do_all_that_a_mouse_does(browser: Any, ours: Path) -> None:
    browser.open(ours / "index.html")
    assert press(browser, Keys.TAB).text == "Skip to content"
    assert press(browser, "/").get_attribute("id") == "search"
    press(browser, *"acl/")
    assert find(browser, "#search").get_attribute("value") == "acl/", "in the box it is a character"
    press(browser, Keys.BACKSPACE)
    found = names(browser)
    assert press(browser, Keys.ARROW_DOWN).text == found[0]
    assert press(browser, Keys.ARROW_DOWN).text == found[1]
    assert press(browser, Keys.ARROW_UP, Keys.ARROW_UP).get_attribute("id") == "search"
    press(browser, Keys.ESCAPE)
    assert len(names(browser)) == 27
    box = facet(browser, "severity", "low").find_element(By.CSS_SELECTOR, "input")
    browser.driver.execute_script("arguments[0].focus()", box)
    press(browser, Keys.SPACE)
    assert set(texts(browser, "#results .severity")) == {"low"}
    press(browser, "/")
    first = names(browser)[0]
    press(browser, Keys.ARROW_DOWN, Keys.ENTER)
    assert find(browser, "h1").text == first


def test_alerts_sort_the_catalogue_and_lead_to_the_noise(browser: Any, ours: Path) -> None:
    browser.open(ours / "index.html", "#sort=alerts")
    counts = [int(text.split()[0]) for text in texts(browser, "#results .alerts")]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 0
    find(browser, "#results .name a").click()
    assert find(browser, "#noise .figures dd").text == str(counts[0])
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, "#noise .chart rect")) == 1


def test_a_clause_leads_to_its_row(browser: Any, ours: Path) -> None:
    browser.open(ours / "index.html", "#q=access+control+list+creation")
    find(browser, "#results .name a").click()
    clauses = browser.driver.find_elements(By.CSS_SELECTOR, ".query .clause")
    rows = browser.driver.find_elements(By.CSS_SELECTOR, "#clauses tbody tr")
    assert len(clauses) == len(rows) > 3
    browser.driver.execute_script("arguments[0].focus()", clauses[-1])
    press(browser, Keys.ENTER)
    assert find(browser, "tr:target code").text == " ".join(clauses[-1].text.split())


def test_the_matrix_is_coloured_by_number_and_by_proof(browser: Any, ours: Path) -> None:
    browser.open(ours / "attack.html")
    cell = find(browser, ".matrix a.technique")
    number = cell.value_of_css_property("background-color")
    assert "/" not in cell.text
    find(browser, "#by-proof").click()
    assert cell.value_of_css_property("background-color") != number
    assert "/" in cell.text
    shown = len([one for one in browser.driver.find_elements(By.CSS_SELECTOR, ".technique") if one.is_displayed()])
    find(browser, "#gaps").click()
    gaps = len([one for one in browser.driver.find_elements(By.CSS_SELECTOR, ".technique") if one.is_displayed()])
    assert gaps > shown + 200


def test_paper_shows_what_is_folded(browser: Any, ours: Path) -> None:
    browser.open(ours / "backtest.html")
    folded = "return document.querySelectorAll('details:not([open])').length"
    before = browser.driver.execute_script(folded)
    assert before > 0
    browser.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.driver.execute_script(folded) == 0
    browser.driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.driver.execute_script(folded) == before


def test_a_backtest_alone_unfolds_the_rule_that_is_asked_for(browser: Any, alone: Path) -> None:
    browser.open(alone / "backtest.html")
    assert find(browser, "body").value_of_css_property("margin") == "0px", "its style is in the page"
    row = find(browser, ".loudest tbody tr")
    alerts = row.find_element(By.CSS_SELECTOR, ".number").text
    assert not any(one.is_displayed() for one in browser.driver.find_elements(By.CSS_SELECTOR, "details .chart"))
    row.find_element(By.TAG_NAME, "a").click()
    assert [one.text for one in browser.driver.find_elements(By.CSS_SELECTOR, "details[open] dd")][:1] == [alerts]
    assert find(browser, "details[open] .chart").is_displayed()
    browser.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.driver.find_elements(By.CSS_SELECTOR, "details:not([open])") == []


def test_what_a_page_does_wrong_is_seen(browser: Any, axe: str, tmp_path: Path) -> None:
    """The witnesses of the tests below: without this one, none of them could be seen to fail."""
    page = tmp_path / "bad.html"
    page.write_text(
        "<title>x</title><img src='https://tracker.example/x.png'><script>document.acted = 1; nope()</script>"
    )
    browser.requests(), browser.problems()
    browser.open(page)
    assert browser.driver.execute_script("return document.acted") == 1
    assert "https://tracker.example/x.png" in browser.requests()
    assert any("nope" in problem for problem in browser.problems())
    browser.driver.execute_script(axe)
    found = browser.driver.execute_async_script(_AXE)["violations"]
    assert {"image-alt", "html-has-lang"} <= {one["id"] for one in found}


@pytest.mark.parametrize("site", ["ours", "hostile", "public", "alone"])
def test_no_page_fails_acts_or_asks_for_anything(browser: Any, site: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(site)
    browser.requests(), browser.problems()
    for page in pages(folder, 8):
        browser.open(page)
        assert find(browser, "h1").get_attribute("textContent")
        assert browser.driver.execute_script("return document.acted") is None, page
        assert browser.driver.find_elements(By.CSS_SELECTOR, "img, iframe, object, embed, [onload], [onerror]") == []
        links = browser.driver.execute_script("return [...document.links].map((one) => one.protocol)")
        assert set(links) <= {"file:", "https:", "http:", "mailto:"}, page
        assert browser.problems() == [], page
    asked = {url.partition("#")[0] for url in browser.requests()} - {"about:blank", "data:,"}
    assert asked, "the browser tells what it asks for"
    assert {url for url in asked if not url.startswith(folder.as_uri())} == set()


def test_hostile_rules_are_found_and_shown_as_text(browser: Any, hostile: Path) -> None:
    browser.open(hostile / "index.html")
    assert len(search(browser, "<script>")) == 5
    assert names(browser)[0].startswith("0 </title></script><script>document.acted=1</script>")
    find(browser, "#results .name a").click()
    assert "<script>document.acted=1</script>" in find(browser, "#guide").text
    assert "<script>document.acted=1</script>" in find(browser, ".query").text
    assert "failed" in find(browser, "#cases .failed").text


@pytest.mark.parametrize(
    ("site", "scheme"),
    [
        ("ours", "light"),
        ("ours", "dark"),
        ("hostile", "light"),
        ("hostile", "dark"),
        ("public", "light"),
        ("alone", "dark"),
    ],
)
def test_nothing_keeps_anybody_out(
    browser: Any, axe: str, site: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(site)
    browser.media(scheme)
    for page in pages(folder, 3):
        if site == "public" and page.name == "list.html":
            continue  # a thousand rows like those of the other two
        browser.open(page)
        browser.driver.execute_script("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        if page.name == "attack.html":
            find(browser, "#by-proof" if scheme == "dark" else "#gaps").click()
        browser.driver.execute_script(axe)
        found = browser.driver.execute_async_script(_AXE)
        assert isinstance(found, dict), found
        told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found["violations"]]
        assert told == [], page
    browser.media()


@pytest.mark.parametrize("site", ["ours", "hostile", "public", "alone"])
def test_a_phone_scrolls_one_way_only(browser: Any, site: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(site)
    browser.media(width=360)
    for page in pages(folder, 5):
        browser.open(page)
        assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= 360, page
    browser.media()


def test_a_page_of_results_at_a_time(browser: Any, public: Path) -> None:
    browser.open(public / "index.html")
    assert len(names(browser)) == 30
    more = find(browser, "#more")
    browser.driver.execute_script("arguments[0].click()", more)
    assert len(names(browser)) == 90
    assert browser.driver.switch_to.active_element.text == names(browser)[30], "the focus goes to what is new"
    browser.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(names(browser)) == 923


@pytest.mark.parametrize(
    ("query", "named"),
    [("okta session hijack", "Okta"), ("kubernetes secrets", "Kubernetes"), ("/etc/ld.so.preload", "")],
)
def test_search_over_the_public_rules(browser: Any, public: Path, query: str, named: str) -> None:
    browser.open(public / "index.html")
    found = search(browser, query)
    assert found
    assert named in found[0]
