"""The example notebook runs from its first cell to its last, in a folder of rules."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
NOTEBOOK = json.loads((ROOT / "docs/notebook.ipynb").read_text())


def shown(source: str, names: dict[str, Any]) -> object:
    """Run a cell; the value of its last line, as a notebook shows it."""
    tree = ast.parse(source)
    *_, last = tree.body
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), names)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    values = [shown("".join(cell["source"]), names) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert repr(values[0]) == "<27 rules>"
    assert all("<table>" in value._repr_html_() for value in values if hasattr(value, "_repr_html_"))
    assert len(names["alerts"]) > 10 and names["frame"].shape[0] == len(names["alerts"])


def test_it_is_kept_without_what_a_run_has_put_into_it() -> None:
    assert NOTEBOOK["nbformat"] == 4
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 4 and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
