"""Changing a TOML text changes what has to change; whoever wrote the rest finds it as it was."""

from __future__ import annotations

import copy
import difflib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from detections.errors import SourceError
from detections.source import edit, new, parse, read, same

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "data" / "rules-corpus"

TEXT = '''# The head of the file.
[metadata]
maturity = "production"   # since March

[rule]
# Who wrote it.
author = ["me"]
index = [
    "logs-*",  # all of them
    "filebeat-*"
]
name = 'A "rule"'
note = """## Look
A path: C:\\\\temp
"""
risk_score = 47
type = "query"
query = \'\'\'
a: "b"
\'\'\'

# Defence.
[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0005"

[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = "TA0006"  # stolen

[rule.meta]
own = { a = 1, b = [true] }
'''
DATA: dict[str, Any] = tomllib.loads(TEXT)


def changed(**fields: Any) -> tuple[dict[str, Any], list[str]]:
    """The data with these fields of the rule changed (None: without them), and the lines of the text that differ."""
    wanted = copy.deepcopy(DATA)
    for name, value in fields.items():
        if value is None:
            del wanted["rule"][name]
        else:
            wanted["rule"][name] = value
    text = edit(parse(TEXT, "a.toml"), wanted)
    assert same(tomllib.loads(text), wanted)
    return wanted, _changes(TEXT, text)


def _changes(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_no_change_is_no_change() -> None:
    assert edit(parse(TEXT, "a.toml"), copy.deepcopy(DATA)) == TEXT
    assert edit(parse(TEXT.replace("\n", "\r\n"), "a.toml"), copy.deepcopy(DATA)) == TEXT.replace("\n", "\r\n")


def test_a_value_is_changed_in_its_place_and_the_comment_stays() -> None:
    wanted = copy.deepcopy(DATA)
    wanted["metadata"]["maturity"] = "deprecated"
    text = edit(parse(TEXT, "a.toml"), wanted)
    assert text == TEXT.replace('"production"', '"deprecated"')


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"risk_score": 48}, ["- risk_score = 47", "+ risk_score = 48"]),
        ({"risk_score": None}, ["- risk_score = 47"]),
        ({"name": 'Another "one"'}, ["- name = 'A \"rule\"'", "+ name = 'Another \"one\"'"]),
        ({"name": "It's"}, ["- name = 'A \"rule\"'", '+ name = "It\'s"']),
        ({"note": "## Look\nA path: C:\\other\n"}, ["- A path: C:\\\\temp", "+ A path: C:\\\\other"]),
        ({"note": "## Look\nA path: C:\\temp"}, ["- A path: C:\\\\temp", '- """', '+ A path: C:\\\\temp"""']),
        ({"query": 'a: "b"\n  and c: d\n'}, ["+   and c: d"]),
        ({"query": 'a: "c"\n'}, ['- a: "b"', '+ a: "c"']),
        ({"query": "a: '''\n"}, ["- query = '''", '- a: "b"', "- '''", '+ query = """', "+ a: '''", '+ """']),
        ({"author": ["me", "you"]}, ['- author = ["me"]', '+ author = ["me", "you"]']),
        ({"author": []}, ['- author = ["me"]', "+ author = []"]),
        ({"index": ["logs-*", "x", "filebeat-*"]}, ['+     "x",']),
        ({"index": ["x", "logs-*", "filebeat-*"]}, ['+     "x",']),
        ({"index": ["logs-*"]}, ['-     "filebeat-*"']),
        ({"index": ["filebeat-*"]}, ['-     "logs-*",  # all of them']),
        ({"index": ["logs-*", "other-*"]}, ['-     "filebeat-*"', '+     "other-*"']),
        ({"index": ["logs-*", "filebeat-*", "x"]}, ['-     "filebeat-*"', '+     "filebeat-*",', '+     "x",']),
        ({"enabled": True}, ["+ enabled = true"]),
        ({"meta": None}, ["- ", "- [rule.meta]", "- own = { a = 1, b = [true] }"]),
        ({"meta": {"own": {"a": 2}}}, ["- own = { a = 1, b = [true] }", "+ own = { a = 2 }"]),
        ({"threat": []}, None),
        ({"index": [{"a": 1}]}, None),
        ({"meta": 3}, None),
    ],
)
def test_only_the_lines_of_what_changed_are_changed(fields: dict[str, Any], lines: list[str] | None) -> None:
    _, found = changed(**fields)
    if lines is not None:
        assert sorted(found) == sorted(lines)


def test_a_new_key_comes_behind_the_one_that_it_follows() -> None:
    wanted = copy.deepcopy(DATA)
    wanted["rule"] = {name: wanted["rule"][name] for name in ("author", "index")} | {"license": "x"} | wanted["rule"]
    text = edit(parse(TEXT, "a.toml"), wanted)
    assert text == TEXT.replace("""]
name""", """]
license = "x"
name""")  # fmt: skip


def test_new_tables_come_at_the_end_of_theirs() -> None:
    wanted = copy.deepcopy(DATA)
    wanted["rule"]["threat"][0]["technique"] = [{"id": "T1"}]
    wanted["rule"]["threat"].append({"framework": "x"})
    wanted["rule"]["new_terms"] = {"value": ["a"]}
    assert edit(parse(TEXT, "a.toml"), wanted) == (
        TEXT.replace('id = "TA0005"\n', 'id = "TA0005"\n\n[[rule.threat.technique]]\nid = "T1"\n').replace(
            "# stolen\n", '# stolen\n\n[[rule.threat]]\nframework = "x"\n'
        )
        + '\n[rule.new_terms]\nvalue = ["a"]\n'
    )


def test_elements_are_found_again_where_they_went() -> None:
    wanted = copy.deepcopy(DATA)
    del wanted["rule"]["threat"][0]
    text = edit(parse(TEXT, "a.toml"), wanted)
    assert 'id = "TA0006"  # stolen' in text and "TA0005" not in text and "# Defence." in text
    wanted["rule"]["threat"].insert(0, {"framework": "first"})
    assert same(tomllib.loads(edit(parse(text, "a.toml"), wanted)), wanted)


def test_a_key_and_an_element_that_come_to_one_place_are_each_in_theirs() -> None:
    text = '[rule]\nname = "a"\n[[rule.threat]] # first\nframework = "F"\n'
    wanted = {"rule": {"name": "a", "to": "now", "threat": [{"framework": "E"}, {"framework": "F"}]}}
    changed = edit(parse(text, "a.toml"), wanted)
    assert tomllib.loads(changed) == wanted
    assert changed == text.replace("[[", 'to = "now"\n[[rule.threat]]\nframework = "E"\n\n[[')


@pytest.mark.parametrize("header", ["[rule]\n", ""])
def test_tables_of_dotted_keys_are_followed(header: str) -> None:
    above = "" if header else "rule."
    text = (
        f"{header}{above}name = 'a' # its name\n# How often.\n{above}'the meta'.every.value = 5 # hours\n"
        f"{above}'the meta'.gone = 1 # gone, too\n{above}type = 'eql' # its type\n"
    )
    wanted = {"rule": {"name": "a", "the meta": {"every": {"value": 6, "unit": "h"}, "new": {"x": [1]}}, "type": "eql"}}
    changed = edit(parse(text, "a.toml"), wanted)
    assert tomllib.loads(changed) == wanted
    assert changed == text.replace("= 5 # hours\n", f'= 6 # hours\n{above}"the meta".every.unit = "h"\n').replace(
        f"{above}'the meta'.gone = 1 # gone, too\n", f'{above}"the meta".new = {{ x = [1] }}\n'
    )


def test_line_ends_stay_those_of_the_file() -> None:
    wanted = copy.deepcopy(DATA)
    wanted["rule"]["query"] = "one\ntwo\n"
    wanted["rule"]["extra"] = [{"a": 1}]
    text = edit(parse(TEXT.replace("\n", "\r\n"), "a.toml"), wanted)
    assert "\n" not in text.replace("\r\n", "") and same(tomllib.loads(text), wanted)


def test_a_file_without_a_last_line_end_keeps_it_that_way() -> None:
    for wanted in ({"a": 1, "b": 2}, {"a": 1, "t": {"x": 1}}, {"a": 1, "t": {"x": 1}, "b": 2}):
        text = edit(parse("a = 1", "a.toml"), wanted)
        assert same(tomllib.loads(text), wanted) and not text.endswith("\n")


@pytest.mark.parametrize(
    "text",
    [
        "a.b = 1\na.c = 2\n",
        "[t]\nx.y.z = 1\n",
        "[a.b]\nc = 1\n[d]\ne = 1\n[a]\nf = 1\n",
        "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[[a]]\n[a.d]\ne = 1\n",
        "a = [\n 1, 2, # both\n 3 ]\n",
        "a = [{ b = 1 }, { b = 2 }]\n",
        "\"quo ted\".'k' = 1\n",
    ],
)
def test_unusual_layouts_say_what_is_wanted_too(text: str) -> None:
    document = parse(text, "a.toml")
    for name, value in (("new", 1), ("new", {"x": [1]}), ("a", 3), ("a", [{"z": 1}]), ("a", [4, 2]), ("t", {"x": {}})):
        wanted = {**copy.deepcopy(document.data), name: value}
        assert same(tomllib.loads(edit(document, wanted)), wanted)


def test_numbers_and_truth_are_told_apart() -> None:
    document = parse("a = 1\n", "a.toml")
    assert edit(document, {"a": True}) == "a = true\n"
    assert edit(document, {"a": 1.0}) == "a = 1.0\n"
    assert edit(document, {"a": [1]}) == "a = [1]\n"


def test_what_toml_cannot_say_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(10_000):
        deep = {"a": deep}
    with pytest.raises(SourceError, match="nested more than 100 levels deep"):
        new(deep, "a.toml")
    with pytest.raises(SourceError, match="nested more than 100 levels deep"):
        edit(parse(TEXT, "a.toml"), {"a": deep})
    with pytest.raises(SourceError, match=r"a\.toml: toml cannot be expressed in TOML"):
        new({"a": "\ud800"}, "a.toml")
    with pytest.raises(SourceError, match=r"cannot express null, the value of rule\.a\[1\]"):
        new({"rule": {"a": [1, None]}}, "a.toml")
    with pytest.raises(SourceError, match="cannot be expressed in TOML"):
        edit(parse(TEXT, "a.toml"), {"a": "\ud800"})


def test_a_new_document_is_laid_out_for_people() -> None:
    data = {
        "metadata": {"maturity": "production"},
        "rule": {
            "tags": ["Domain: Cloud" for _ in range(9)],
            "false_positives": ["One.\nTwo.\n"],
            "query": 'a: "\\b"\n',
            "regex": "\\d+",
            "threat": [{"framework": "x", "tactic": {"id": "TA0001"}}, {}],
            "own": {"inner": {"a b": 1}},
            "empty": {},
        },
    }
    assert (
        new(data, "a.toml")
        == """[metadata]
maturity = "production"

[rule]
tags = [
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
    "Domain: Cloud",
]
false_positives = [
    \'\'\'
One.
Two.
\'\'\',
]
query = \'\'\'
a: "\\b"
\'\'\'
regex = '\\d+'
empty = {}

[[rule.threat]]
framework = "x"

[rule.threat.tactic]
id = "TA0001"

[[rule.threat]]

[rule.own.inner]
"a b" = 1
"""
    )


def test_a_public_rule_is_changed_in_one_place() -> None:
    if not CORPUS.is_dir():
        pytest.skip("../shared is not there")
    for path in sorted(CORPUS.rglob("*.toml"))[::7]:
        document = read(path)
        assert edit(document, copy.deepcopy(document.data)) == document.text
        assert same(tomllib.loads(new(document.data, "a.toml")), document.data)
        wanted = copy.deepcopy(document.data)
        wanted["rule"]["risk_score"] = 1
        wanted["rule"]["own"] = [{"a": "b"}]
        del wanted["rule"]["name"]
        text = edit(document, wanted)
        kinds = [line[0] for line in _changes(document.text, text)]
        assert kinds.count("-") == 2 and kinds.count("+") == 4, path
        assert same(tomllib.loads(text), wanted), path
