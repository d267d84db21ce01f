"""Whatever is changed in a TOML document, the text then says exactly that; what is not changed stays byte for byte."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detections.source import edit, new, parse, same

NAMES = st.sampled_from(["a", "b", "c", "rule", "a b", 'q"', "é"])
TEXTS = st.text(st.sampled_from("ab'\"\\\n\t\r \x00\x7fé😀#[]={}"), max_size=8)
LEAVES = st.one_of(st.integers(-5, 5), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
TABLES = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)
COMMENT = "# a comment = [1"


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The same value with something in it changed, perhaps nothing."""
    if draw(st.integers(0, 5)) == 0:
        return draw(VALUES)
    if isinstance(value, dict):
        found = {name: draw(changed(one)) for name, one in value.items() if draw(st.integers(0, 9))}
        return found | draw(st.dictionaries(NAMES, VALUES, max_size=1))
    if isinstance(value, list):
        found = [draw(changed(one)) for one in value if draw(st.integers(0, 9))]
        if draw(st.booleans()):
            found.insert(draw(st.integers(0, len(found))), draw(VALUES))
        return found
    return draw(LEAVES) if draw(st.integers(0, 3)) == 0 else value


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r} = {inline(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"  {inline(one)},  {COMMENT}\n" for one in value) + "]"
    return new({"a": value}, "x").removeprefix("a = ").removesuffix("\n")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_the_text_says_what_is_wanted(data: st.DataObject) -> None:
    table = data.draw(TABLES)
    text = new(table, "x.toml")
    assert same(tomllib.loads(text), table)
    if data.draw(st.booleans()):
        text = text.replace("\n\n", f"\n{COMMENT}\n\n") if "'''" not in text and '"""' not in text else text
    if data.draw(st.booleans()) and "\r" not in text:
        text = text.replace("\n", "\r\n")
    document = parse(text, "x.toml")
    assert edit(document, table) == text
    wanted = data.draw(changed(table).filter(lambda one: isinstance(one, dict)))
    assert same(tomllib.loads(edit(document, wanted)), wanted)


@given(st.data(), st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=2, unique=True))
@settings(max_examples=200, deadline=None)
def test_other_entries_and_their_comments_stay(data: st.DataObject, names: list[str]) -> None:
    lines = {name: f"{name} = {inline(data.draw(LEAVES | st.lists(LEAVES)))}  # of {name}\n" for name in names}
    document = parse("# head\n[t]\n" + "".join(lines.values()) + "# tail\n", "x.toml")
    victim = data.draw(st.sampled_from(names))
    wanted = {"t": dict(document.data["t"])}
    if data.draw(st.booleans()):
        del wanted["t"][victim]
    else:
        wanted["t"][victim] = data.draw(VALUES)
    text = edit(document, wanted)
    assert same(tomllib.loads(text), wanted)
    kept = "".join(line for name, line in lines.items() if name != victim)
    assert all(line in text for name, line in lines.items() if name != victim) or not kept
    assert text.startswith("# head\n") and "# tail\n" in text
