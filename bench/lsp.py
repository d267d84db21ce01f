"""How long an edit takes in the language server, in a repository of 2,000 rules: from the edit to its diagnostics, and
to the answer of a completion. The pause that it waits for the typist (30 ms) is in it.

    python bench/lsp.py [RULES]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lsp"))

from conftest import Client  # noqa: E402

EDITS = 30


def fill(folder: Path, count: int) -> None:
    """A repository of so many rules, each with an id and a name of its own."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "rules").rglob("*.toml"))]
    (folder / "rules").mkdir()
    (folder / "pyproject.toml").write_text('[tool.detections]\nprofiles = ["house"]\n')
    for number in range(count):
        text = texts[number % len(texts)].replace('\nrule_id = "', f'\nrule_id = "{number:04}', 1)
        text = text.replace('\nname = "', f'\nname = "{number} ', 1)
        (folder / f"rules/rule_{number}.toml").write_text(text, encoding="utf-8")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name), count)
        client = Client(Path(name))
        client.start()
        path = "rules/rule_0.toml"
        text = (Path(name) / path).read_text(encoding="utf-8")
        client.open(path)
        time.sleep(10)  # the rules on disk are read meanwhile
        edits, completions = [], []
        for number in range(EDITS):
            start = time.perf_counter()
            client.changed(path, f"{text}# {number}\n")
            edits.append(time.perf_counter() - start)
            start = time.perf_counter()
            client.at("completion", path, text[: text.index("\nquery = ")].count("\n") + 2, 5)
            completions.append(time.perf_counter() - start)
        client.stop()
        client.process.stdout.close()
    for what, times in (("an edit", edits), ("a completion", completions)):
        print(f"{what}: {statistics.median(times) * 1000:.0f} ms, at most {max(times) * 1000:.0f} ms, {count} rules")


if __name__ == "__main__":
    main()
