import subprocess
import sys
from pathlib import Path

import pytest

from detections import checks
from detections.checks import eql_adapter, eql_second_opinion
from detections.rule import load_rules

BASE = (Path(__file__).parents[2] / "corpus" / "check" / "base.toml").read_text(encoding="utf-8")


@pytest.fixture
def eql_rules(tmp_path):
    body = BASE.replace('type = "query"', 'type = "eql"').replace('language = "kuery"', 'language = "eql"')
    start, end = body.index("query = '''"), body.index("references =")
    (tmp_path / "x.toml").write_text(body[:start] + "query = 'any where true'\n" + body[end:], encoding="utf-8")
    eql_second_opinion._adapter.cache_clear()
    yield load_rules(tmp_path)
    eql_second_opinion._adapter.cache_clear()


def test_without_the_package_one_warning_says_that_the_opinion_is_missing(eql_rules, monkeypatch):
    monkeypatch.setitem(sys.modules, "eql", None)
    monkeypatch.delitem(sys.modules, "detections.checks.eql_adapter")
    found = [finding for finding in checks.run(eql_rules, ()) if finding.code == "eql-second-opinion"]
    assert [(finding.level, finding.message) for finding in found] == [
        ("warning", "the package eql is not installed, so no EQL rule has a second opinion: pip install eql")
    ]


def test_with_it_the_rule_is_read(eql_rules):
    assert not [finding for finding in checks.run(eql_rules, ()) if finding.code == "eql-second-opinion"]


def test_the_package_is_loaded_only_where_there_is_an_eql_rule():
    program = "import sys, detections.checks; print('eql' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout == "False\n"


def test_a_place_is_an_offset_into_the_query():
    query = 'process where\n  process.name = "a"'
    refused = eql_adapter.refusal(query)
    assert query[refused.start : refused.start + refused.length] == "="


def test_lines_end_where_eql_ends_them():
    query = 'any where a == "\x0b\u2028" and\r\n  b = 1'
    refused = eql_adapter.refusal(query)
    assert query[refused.start : refused.start + refused.length] == "="


def test_what_is_missing_at_the_end_has_its_place_there():
    refused = eql_adapter.refusal("process where x == (1")
    assert (refused.start, refused.length) == (len("process where x == (1"), 1)


@pytest.mark.parametrize("query", ["", "process where (", "\x00", "any where \\"])
def test_what_it_stumbles_over_is_a_refusal(query):
    assert eql_adapter.refusal(query) is not None


def test_depth_does_not_end_the_run():
    eql_adapter.refusal("process where " + "(" * 10_000 + "x" + ")" * 10_000)
