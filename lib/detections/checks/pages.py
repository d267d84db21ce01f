"""The pages of the checks, made from their docstrings: ``python -m detections.checks.pages`` writes docs/checks."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from detections.checks.registry import PAGES, PROFILES
from detections.source import save

FOOTER = "*Silence it in a rule's file:* `# detections: allow {code}: <reason>` *(see [silence](silence.md)).*"


def pages() -> Iterator[tuple[str, str]]:
    """File name and text of every page, and of the list of them."""
    codes = sorted(module.CODE for module in PAGES)
    summaries = {}
    for module in PAGES:
        text = inspect.cleandoc(module.__doc__ or "")
        summaries[module.CODE] = text.partition("\n")[0]
        footer = "" if module.CODE == "silence" else "\n" + FOOTER.format(code=module.CODE) + "\n"
        yield f"{module.CODE}.md", f"# {module.CODE}\n\n{text}\n{footer}"
    house = {module.CODE: name for name, some in PROFILES.items() for module in some}
    lines = [f"| [{code}]({code}.md) | {house.get(code, 'always')} | {summaries[code]} |" for code in codes]
    head = "# The checks\n\n`detections check` runs them; a profile's checks run where it is switched on.\n\n"
    yield "README.md", head + "| code | runs | finds |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages into docs/checks of this checkout, and remove those of checks that are gone."""
    folder = Path(__file__).resolve().parents[3] / "docs" / "checks"
    folder.mkdir(parents=True, exist_ok=True)
    made = dict(pages())
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        save(folder / name, text.encode())
    sys.stdout.write(f"docs/checks: {len(made)} pages\n")


if __name__ == "__main__":
    main()
