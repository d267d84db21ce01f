"""The place of every value of a random TOML document is where its writer put it, down to each code point of a string.

The writer below knows the places because it counts what it writes; it shares nothing with the scanner.
"""

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detections.errors import Location
from detections.source import parse
from detections.source.scan import scan

Keys = tuple[str | int, ...]

CHARACTERS = st.sampled_from(
    ["a", "Z", "é", "😀", '"', "'", "\\", "\n", "\t", "#", "=", "[", "]", "{", "}", ".", ",", " "]
)
BLANK = st.sampled_from(["", " ", "\t", "  "])
GAP = st.sampled_from(["", " ", "\n", "\r\n", " # ] not, the end\n", "\n\n  "])
KEY = st.sampled_from(["a", "b-c", "D_1", "7", "é x", "a.b", 'q"q', "k'k", "#", "back\\slash"])
SCALAR = st.sampled_from(
    ["1", "-2.5e3", "0x_f".replace("_", ""), "true", "inf", "1979-05-27", "1979-05-27 07:32:00Z", "07:32:00"]
)


class Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.values: dict[Keys, int] = {}
        self.keys: dict[Keys, int] = {}
        self.strings: dict[Keys, tuple[str, list[int]]] = {}

    def blank(self, strategy: st.SearchStrategy[str] = BLANK) -> None:
        self.text += self.draw(strategy)

    def document(self) -> None:
        self.entries(())
        for name in self.draw(st.lists(KEY, max_size=3, unique=True)):
            if self.draw(st.booleans()):
                self.header((f"t {name}", name), "[", "]")
            else:
                for index in range(self.draw(st.integers(1, 2))):
                    self.header((f"t {name}", index), "[[", "]]")
                    below = self.draw(KEY)
                    if below not in {keys[2] for keys in self.keys if keys[:2] == (f"t {name}", index) and keys[2:]}:
                        self.header((f"t {name}", index, below), "[", "]")

    def header(self, keys: Keys, opening: str, closing: str) -> None:
        self.values[keys] = len(self.text)
        self.text += opening
        names = [key for key in keys if isinstance(key, str)]
        for number, name in enumerate(names):
            self.blank()
            self.keys[keys] = len(self.text)
            self.key(name)
            self.text += "." if number < len(names) - 1 else ""
        self.text += closing
        self.blank()
        self.text += "\n"
        self.entries(keys)

    def entries(self, table: Keys) -> None:
        for name in self.draw(st.lists(KEY, max_size=3, unique=True)):
            self.blank(GAP)
            self.pair((*table, name), 0)
            self.text += self.draw(st.sampled_from(["\n", "\r\n", "  # comment\n"]))

    def pair(self, keys: Keys, depth: int) -> None:
        if self.draw(st.integers(0, 4)) == 0:
            keys = (*keys[:-1], f"d {keys[-1]}", keys[-1])
            self.key(str(keys[-2]))
            self.blank()
            self.text += "."
            self.blank()
        self.keys[keys] = len(self.text)
        self.key(str(keys[-1]))
        self.blank()
        self.text += "="
        self.blank()
        self.value(keys, depth)

    def key(self, name: str) -> None:
        bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if bare and self.draw(st.booleans()):
            self.text += name
        elif "'" not in name and self.draw(st.booleans()):
            self.text += f"'{name}'"
        else:
            self.text += '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("é", "\\u00e9") + '"'

    def value(self, keys: Keys, depth: int) -> None:
        kind = self.draw(st.sampled_from(["scalar", "string", "string", "list", "table"][: 5 if depth < 3 else 3]))
        self.values[keys] = len(self.text)
        if kind == "scalar":
            self.text += self.draw(SCALAR)
        elif kind == "string":
            self.string(keys)
        elif kind == "list":
            self.text += "["
            for index in range(self.draw(st.integers(0, 3))):
                self.blank(GAP)
                self.value((*keys, index), depth + 1)
                self.blank(GAP)
                self.text += ","
            self.blank(GAP)
            self.text += "]"
        else:
            self.text += "{"
            for number, name in enumerate(self.draw(st.lists(KEY, max_size=3, unique=True))):
                self.text += "," if number else ""
                self.blank()
                self.pair((*keys, name), depth + 1)
                self.blank()
            self.text += "}"

    def string(self, keys: Keys) -> None:
        value = "".join(self.draw(st.lists(CHARACTERS, max_size=12)))
        literal = "'" not in value and self.draw(st.booleans())
        multiline = self.draw(st.booleans()) or (literal and "\n" in value)
        quotes = ("'" if literal else '"') * (3 if multiline else 1)
        self.text += quotes + (self.draw(st.sampled_from(["\n", "\r\n"])) if multiline else "")
        places = []
        for character in value:
            joined = multiline and not literal and self.draw(st.integers(0, 5)) == 0
            if joined:
                self.text += "\\ \n \r\n  "
            places.append(len(self.text))
            legal = character not in ('"\\' if multiline else '"\\\n') and not (joined and character.isspace())
            plain = literal or (legal and self.draw(st.booleans()))
            self.text += character if plain else self.escaped(character)
        self.strings[keys] = (value, [*places, len(self.text)])
        self.values[keys] = places[0] if places else len(self.text)
        self.text += quotes

    def escaped(self, character: str) -> str:
        short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
        code = f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08X}"
        return self.draw(st.sampled_from([code, short.get(character, code)]))


@st.composite
def written(draw: st.DrawFn) -> Writer:
    writer = Writer(draw)
    writer.document()
    return writer


def at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


def offset_of(text: str, place: Location) -> int:
    return sum(len(line) + 1 for line in text.split("\n")[: place.line - 1]) + place.column - 1


@settings(max_examples=100, deadline=None)
@given(written())
def test_every_place_is_where_the_writer_put_it(writer: Writer) -> None:
    document = parse(writer.text or "a = 1", "x.toml")
    assert document.data == tomllib.loads(document.text)
    for keys, offset in writer.values.items():
        place = document.location(keys)
        assert offset_of(document.text, place) == offset, keys
    for keys, offset in writer.keys.items():
        place = document.key_location(keys)
        assert offset_of(document.text, place) == offset, keys
    for keys, (value, offsets) in writer.strings.items():
        assert at(document.data, keys) == value
        for index, offset in enumerate(offsets):
            place = document.location(keys, index)
            assert offset_of(document.text, place) == offset, (keys, index)


@given(st.text(st.sampled_from("ab=.'\"[]{},#\\\n\r 1\0"), max_size=60))
def test_any_text_can_be_scanned(text: str) -> None:
    assert len(scan(text).comments) <= text.count("#")
