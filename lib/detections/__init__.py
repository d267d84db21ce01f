"""Detection rules for Elastic Security, proved before they are deployed.

The public functions are those of :mod:`detections.api`; they are loaded when first used, so that importing the package
costs nothing. ``detections.replay`` is the function, always: of the room of that name only what it holds is imported
(``from detections.schedule import Record``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detections.api import (
        Alerts,
        DetectionsWarning,
        Findings,
        Proofs,
        Rules,
        SearchResult,
        Sequence,
        check,
        load_rules,
        prove,
        read_events,
        replay,
        search,
        to_dsl,
    )

__all__ = [
    "Alerts", "DetectionsWarning", "Findings", "Proofs", "Rules", "SearchResult", "Sequence", "check", "load_rules",
    "prove", "read_events", "replay", "search", "to_dsl",
]  # fmt: skip
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("detections.api"), name)
    raise AttributeError(f"module 'detections' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
