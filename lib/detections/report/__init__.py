"""Reports: what a command found, in the format that was asked for.

A format is a module of its name with one function a subject, ``check(findings, files)`` for one. Each takes values and
gives the pieces of the report as they come; nothing before this room knows a format. How a value is written safely is
the business of ``sinks``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from detections.report.sinks import Output

Report: TypeAlias = Callable[..., Iterable[Output]]

FORMATS: Mapping[str, tuple[str, ...]] = {
    "text": ("check", "test", "plan", "status", "alerts", "search", "explain", "backtest", "tune", "fields", "config"),
    "json": ("check", "test", "plan", "status", "alerts", "search", "explain", "backtest", "tune", "fields", "config"),
    "junit": ("check", "test", "backtest"),
    "sarif": ("check", "test"),
    "github": ("check", "test"),
    "markdown": ("plan", "backtest"),
    "html": ("backtest",),
    "table": ("search",),
    "csv": ("search",),
    "ndjson": ("search",),
}
"""Each format, and the subjects that it can tell of."""


def formats(subject: str) -> tuple[str, ...]:
    """The formats that can tell of this subject."""
    return tuple(name for name, subjects in FORMATS.items() if subject in subjects)


def report(subject: str, format: str) -> Report:  # noqa: A002 (the option's name)
    """The function that tells of this subject in this format."""
    found: Report = getattr(importlib.import_module(f"detections.report.{format}"), subject)
    return found
