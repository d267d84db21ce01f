"""The page of the architecture says what the contract of the rooms says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
(CONTRACT,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = [layer for layer in CONTRACT["layers"] if layer != "__main__"]


def test_the_picture_is_the_contract() -> None:
    picture = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert picture is not None
    assert picture[1].splitlines() == LAYERS


def test_contributing_names_the_same_rooms_in_the_same_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.search(r"imports only the rooms below it:\n\n((?:    .*\n)+)", text)
    assert listed is not None
    assert " ".join(listed[1].split()).split(" > ") == LAYERS


def test_every_room_has_one_sentence() -> None:
    rooms = [room for layer in LAYERS for room in layer.split(" | ")]
    assert re.findall(r"^\| (\w+) \| [A-Z].*\. \|$", PAGE, re.MULTILINE) == rooms


def test_what_the_page_names_is_there() -> None:
    for path in re.findall(r"`((?:tests|lib|docs|etc)/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path
