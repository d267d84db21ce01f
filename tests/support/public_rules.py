"""Public rules, which stand beside the project in ../shared, and what is known to be wrong with them."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PUBLIC = ROOT.parent / "shared" / "data" / "rules-corpus"
_FAULT = re.compile(r"\| (?P<file>[\w/-]+\.toml) \| (?P<code>[\w-]+) \|")


def known_faults() -> dict[str, set[str]]:
    """What docs/compatibility.md lists: by file, relative to the corpus, the codes of its findings."""
    found: dict[str, set[str]] = defaultdict(set)
    for match in _FAULT.finditer((ROOT / "docs" / "compatibility.md").read_text("utf-8")):
        found[match["file"]].add(match["code"])
    return dict(found)
