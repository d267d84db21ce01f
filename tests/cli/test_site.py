"""``detections site``"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detections.backtest import Backtest, Noise, Sources, write_backtest

Run = Callable[..., Any]
ID = "7666efda-3063-43f1-b9e1-e1ef4d1cba19"


def test_pages_of_the_project(run: Run, project: Path) -> None:
    done = run("site")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"dist/site/index\.html: 1 rule, 9 files, 0\.\d MB\n", done.out)
    page = (project / f"dist/site/rules/{ID}.html").read_text()
    assert "26 of 26 as expected" in page
    assert 'class="clause covered"' in page
    assert 'id="mutants"' not in page
    assert "backtest.html" not in page


def test_the_folder_is_configured(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.detections]\nsite = "public"\n')
    assert run("site").code == 0
    assert (project / "public/index.html").is_file()


def test_mutants_are_shown_when_they_are_tried(run: Run, project: Path) -> None:
    assert run("site", "--mutate").code == 0
    page = (project / f"dist/site/rules/{ID}.html").read_text()
    assert re.search(r"Mutants <span[^>]*>\d+ of \d+ noticed", page)
    assert "<code>event.outcome: &#34;success&#34;</code>: always true" in page


def test_a_failing_case_is_shown_and_is_no_failure_of_the_site(run: Run, project: Path) -> None:
    cases = next((project / "tests/rules/aws").iterdir())
    cases.write_text(cases.read_text().replace('verdict = "quiet"', 'verdict = "alert"', 1))
    assert run("site").code == 0
    assert "failing" in (project / "dist/site/list.html").read_text()
    page = (project / f"dist/site/rules/{ID}.html").read_text()
    assert "the rule stays quiet, the case expects an alert" in page
    assert "25 of 26 as expected" in page


def test_a_rule_that_does_not_load_is_told_and_the_others_are_written(run: Run, project: Path) -> None:
    (project / "rules/aws/broken.toml").write_text('[rule]\nname = "<b>x"\ntype = "nonsense"\n')
    done = run("site")
    assert done.code == 1
    assert "rules/aws/broken.toml" in done.err
    assert "1 rule" in done.out
    index = (project / "dist/site/index.html").read_text()
    assert "rules/aws/broken.toml" in index
    assert (project / f"dist/site/rules/{ID}.html").is_file()


def test_a_rule_without_cases_is_shown_without(run: Run, project: Path) -> None:
    next((project / "tests/rules/aws").iterdir()).unlink()
    done = run("site")
    assert (done.code, done.err) == (0, "")
    page = (project / f"dist/site/rules/{ID}.html").read_text()
    assert "not proved" in page
    assert "Not run: no cases." in page


def test_a_query_that_cannot_be_parsed_is_shown_as_it_is(run: Run, project: Path) -> None:
    rule = next((project / "rules/aws").iterdir())
    rule.write_text(rule.read_text().replace("(data_stream.dataset", "((data_stream.dataset"))
    assert run("site").code == 0
    page = (project / f"dist/site/rules/{ID}.html").read_text()
    assert "the query cannot be used" in page
    assert '((<span class="q-field">data_stream.dataset</span>' in page.replace('<span class="q-bracket">(</span>', "(")


def test_a_backtest_a_plan_and_a_status_are_shown(run: Run, project: Path) -> None:
    write_backtest(project / "b.json", Backtest("August", Sources(("x",), events=9), (Noise(ID, "n", 3, 2),)))
    change = {"kind": "create", "action": "create", "rule_id": ID, "name": "n"}
    for name in ("dev", "prod"):
        (project / f"{name}.json").write_text(json.dumps({"environment": name, "kibana": "k", "changes": [change]}))
    ran = {"rule_id": ID, "name": "n", "enabled": False, "status": "failed", "date": "", "message": "why"}
    (project / "s.json").write_text(json.dumps({"rules": [ran], "failing": 1}))
    done = run("site", "--backtest", "b.json", "--plan", "dev.json", "--plan", "prod.json", "--status", "s.json")
    assert (done.code, done.err) == (0, "")
    page = (project / f"dist/site/rules/{ID}.html").read_text()
    assert 'id="noise"' in page
    assert "Disabled in Kibana; last run: failed: why" in page
    plan = (project / "dist/site/plan.html").read_text()
    assert plan.index(">dev <") < plan.index(">prod <")
    assert "The 0 rules enabled in Kibana" in (project / "dist/site/attack.html").read_text()


@pytest.mark.parametrize("option", ["--backtest", "--plan", "--status"])
@pytest.mark.parametrize("content", [None, "{"])
def test_a_file_that_is_none_is_wrong_usage(run: Run, project: Path, option: str, content: str | None) -> None:
    if content is not None:
        (project / "x.json").write_text(content)
    done = run("site", option, "x.json")
    assert done.code == 2
    assert "x.json" in done.err
    assert not (project / "dist/site").exists()


def test_a_folder_of_others_is_refused(run: Run, project: Path) -> None:
    done = run("site", "-o", ".")
    assert done.code == 2
    assert "is not empty" in done.err


def test_without_rules_there_are_pages_that_say_so(run: Run, project: Path) -> None:
    next((project / "rules/aws").iterdir()).unlink()
    done = run("site")
    assert done.code == 1
    assert "0 rules" in done.out


def test_the_same_rules_make_the_same_pages(run: Run, project: Path) -> None:
    run("site", "-o", "one")
    run("site", "-o", "two")
    names = sorted(path.relative_to(project / "one") for path in (project / "one").rglob("*") if path.is_file())
    assert len(names) == 10
    for name in names:
        assert (project / "one" / name).read_bytes() == (project / "two" / name).read_bytes()


def test_what_the_extra_brings_is_asked_for(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "jinja2" else usual(name, *more)
    )
    done = run("site")
    assert done.code == 1
    assert "the package jinja2 is not installed: pip install 'detections[site]'" in done.err
