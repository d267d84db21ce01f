"""One layout: what a text says, its comments and the order of its lists stay."""

from pathlib import Path

import pytest

from detections.rule.layout import formatted
from detections.source import parse
from detections.source.decode import decode

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "data" / "rules-corpus"

BEFORE = '''\
# Licence: ours.

# The query first.
[rule]
query = """
a : "b"
"""   # KQL
type = 'query'

name   =   """A"""
# Why 47:
# it was agreed.
risk_score = 47 # agreed
tags = ["z",
  "a"]
index = [
  "logs-*",  # ours
]
meta.b = 1
meta.a = { y = 1, x = 2 }

[[rule.filters]]
b = 1
a = 2
[rule.new_terms]
value = ["x"]
field = "new_terms_fields"
[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
name = "N"
id = "I"
[[rule.threat.technique]]
id = "T2"
[[rule.threat.technique]]
id = "T1"


# About the file.
[metadata]
updated_date = "2026/01/02"
creation_date = "2026/01/01"
# The end.
'''
AFTER = """\
# Licence: ours.

# About the file.
[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/02"

# The query first.
[rule]
index = [
  "logs-*",  # ours
]
meta.b = 1
meta.a = { y = 1, x = 2 }
name = "A"
# Why 47:
# it was agreed.
risk_score = 47  # agreed
tags = ["z", "a"]
type = "query"
query = '''
a : "b"
'''  # KQL

[[rule.threat]]
framework = "MITRE ATT&CK"

[[rule.threat.technique]]
id = "T2"

[[rule.threat.technique]]
id = "T1"

[rule.threat.tactic]
id = "I"
name = "N"

[[rule.filters]]
a = 2
b = 1

[rule.new_terms]
field = "new_terms_fields"
value = ["x"]

# The end.
"""


def layout(text: str) -> str:
    return formatted(parse(text, "a.toml"))


def test_a_file_is_laid_out():
    assert layout(BEFORE) == AFTER
    assert layout(AFTER) == AFTER
    assert decode(BEFORE) == decode(AFTER)


def test_line_ends_stay():
    assert layout(BEFORE.replace("\n", "\r\n")) == AFTER.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("'plain'", '"plain"'),
        (r'"a \"b\" \\"', r"""'a "b" \'"""),
        (r'"it\u0027s \"x\""', r'''"it's \"x\""'''),
        ("'''one line'''", '"one line"'),
        ('"""one \\\n  line"""', '"""one \\\n  line"""'),
        ('"""a\nb"""', '"""\na\nb"""'),
        ("'''a\nb'''", "'''\na\nb'''"),
        ('"""\na \\"\\"\\" b\nc"""', "'''\na \"\"\" b\nc'''"),
        (r'"a\nb"', '"""\na\nb"""'),
        (r'"a\u0007"', r'"a\u0007"'),
        ("0x1F", "0x1F"),
        ("1979-05-27 07:32:00Z", "1979-05-27 07:32:00Z"),
        ("[ 1, 2 ]", "[ 1, 2 ]"),
        ("[]", "[]"),
    ],
)
def test_a_value_keeps_its_meaning(value, wanted):
    assert layout(f"[rule]\nx = {value}\n") == f"[rule]\nx = {wanted}\n"


def test_a_long_list_has_a_line_an_item():
    items = [f'"logs-{number:030}"' for number in range(4)]
    text = layout(f"[rule]\nindex = [{', '.join(items)}]\n")
    assert text == "[rule]\nindex = [\n" + "".join(f"    {item},\n" for item in items) + "]\n"


@pytest.mark.parametrize("text", ["a = 1", "# only this\n", "[a.b]\nc = 1\n[a]\nd = 1\n", '["a b".c]\n"d e" = 1\n'])
def test_odd_texts_say_the_same(text):
    again = layout(text)
    assert decode(again) == decode(text)
    assert layout(again) == again


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared is not there")
def test_public_rules_say_the_same():
    changed = 0
    for path in sorted(CORPUS.rglob("*.toml")):
        text = path.read_text(encoding="utf-8")
        again = layout(text)
        assert layout(again) == again, path
        assert decode(again) == decode(text), path
        changed += again != text
    assert changed > 900


def test_ours_are_laid_out():
    for path in sorted((ROOT / "rules").rglob("*.toml")):
        text = path.read_text(encoding="utf-8")
        assert layout(text) == text, f"{path}: run `detections fmt`"
