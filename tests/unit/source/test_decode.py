"""The fast decoder reads what ``tomllib`` reads, and refuses what it refuses."""

import random
import tomllib
from pathlib import Path

import pytest

from detections.source.decode import decode

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "data" / "rules-corpus"
TEXTS = (
    "a = 1979-05-27T07:32:00Z\nb = 1979-05-27\nc = 07:32:00.999999999\nd = 1979-05-27 07:32:00-07:00\n",
    "a = +1_000\nb = 0xf\nc = inf\nd = -nan\ne = 1e400\nf = 9223372036854775808\ng = 1_0.5e-3\nh = true\n",
    "x = { a = 1, b = [2, [3]] }\n'k k' = {}\n[a]\n[a.b]\nc = 1\n[[a.d]]\ne = 2\n[a.b.f]\n",
    's = "\\u0041 \\n"\nt = \'\'\'\nq\'\'\'\nr = """\\\n  x"""\na.b.c = 1\na.d = [1, "x",]  # why\n',
)
PIECES = [*"\n\t\r\"'#=[]{},:.-+_0aeZ\\ \x00\x7f\ufeff\xa0é", '"""', "'''", "0x", "1e5", "nan", "[[", "\r\n", "07:32"]


def outcome(read, text: str) -> str:
    try:
        return repr(read(text))
    except ValueError:
        return "refused"


def mutated(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(text) + 1)
        if dice.random() < 0.6:
            text = text[:at] + dice.choice(PIECES) + text[at:]
        else:
            text = text[:at] + text[at + dice.randint(1, 3) :]
    return text


def test_what_is_read_and_what_is_refused_is_the_same():
    dice = random.Random(20)
    for text in TEXTS:
        assert outcome(decode, text) == outcome(tomllib.loads, text) != "refused"
    for _ in range(5_000):
        text = mutated(dice.choice(TEXTS), dice)
        assert outcome(decode, text) == outcome(tomllib.loads, text), text


@pytest.mark.parametrize("value", ["[" * 100_000, "{x=" * 100_000, "9" * 5_000, "\ufeff1"])
def test_what_only_tomllib_refuses_well_is_left_to_it(value):
    with pytest.raises((ValueError, RecursionError)):
        decode(f"a = {value}")


def test_a_byte_order_mark_is_refused():
    with pytest.raises(ValueError, match="Invalid"):
        decode("\ufeffa = 1")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared is not there")
def test_public_rules_read_alike():
    texts = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.rglob("*.toml"))]
    assert len(texts) > 900
    assert [text for text in texts if decode(text) != tomllib.loads(text)] == []
