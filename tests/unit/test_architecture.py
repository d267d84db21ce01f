"""The page of the architecture says what the contract of the rooms says."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
(CONTRACT,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
MODULES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in (ROOT / "lib").rglob("*.py")}
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


def test_modules_are_at_most_400_lines() -> None:
    assert {path: lines for path, text in MODULES.items() if (lines := text.count("\n")) > 400} == {}


def test_functions_are_at_most_60_lines() -> None:
    """A docstring aside: of a command it is the help."""
    long = {}
    for path, text in MODULES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = node.body[0] if ast.get_docstring(node) else None
                described = _height(docstring) if docstring else 0
                if _height(node) - described > 60:
                    long[f"{path}:{node.lineno} {node.name}"] = _height(node) - described
    assert long == {}


def test_any_is_rare() -> None:
    """Below 8 in a thousand lines, documents (``dict[str, Any]``) aside."""
    lines = sum(text.count("\n") for text in MODULES.values())
    untyped = sum(1 for text in MODULES.values() for _ in _untyped(ast.parse(text)))
    assert untyped * 1000 / lines < 8


def _height(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _untyped(node: ast.AST) -> Iterator[ast.Name]:
    match node:
        case ast.Name("Any"):
            yield node
        case ast.Subscript(
            ast.Name("dict" | "Mapping" | "AbstractMapping"), ast.Tuple([ast.Name("str"), ast.Name("Any")])
        ):
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _untyped(child)
