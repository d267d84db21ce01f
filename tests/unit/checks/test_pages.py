from pathlib import Path

from detections.checks import pages

FOLDER = Path(__file__).parents[3] / "docs" / "checks"


def test_the_pages_are_those_of_the_checks():
    made = dict(pages.pages())
    assert made == {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}, "run make generate"


def test_a_page_can_be_read():
    made = dict(pages.pages())
    assert "# attack\n" in made["attack.md"]
    assert "# detections: allow attack: <reason>" in made["attack.md"]
    assert "| [tags](tags.md) | house |" in made["README.md"]
