"""What a boundary is: it makes inputs, and gives them to the code behind it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Protocol

REPO = Path(__file__).parents[3]


class Boundary(Protocol):
    """``name`` names it in files and on the command line."""

    name: str

    def make(self, rng: random.Random) -> bytes:
        """An input, the same one for the same state of ``rng``."""

    def run(self, data: bytes, folder: Path) -> None:
        """Give an input to the code, which may keep files in ``folder``. A DetectionsError is an answer; any other
        exception is a find."""
