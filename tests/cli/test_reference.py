from pathlib import Path

from detections.cli import COMMANDS, EXITS
from detections.cli.reference import page
from detections.report import FORMATS


def test_the_committed_page_is_the_one_the_code_makes() -> None:
    committed = Path(__file__).parents[2] / "docs" / "cli.md"
    assert committed.read_text(encoding="utf-8") == page(), "run make generate"


def test_the_page_has_every_command_format_and_exit_code() -> None:
    lines = page().splitlines()
    for name in COMMANDS:
        assert f"## {name}" in lines
    for style in FORMATS:
        assert any(line.startswith(f"| {style} | ") for line in lines)
    for code in EXITS:
        assert any(line.startswith(f"| {int(code)} | ") for line in lines)
