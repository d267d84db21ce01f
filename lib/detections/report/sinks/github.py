"""Workflow commands of GitHub Actions: each becomes an annotation.

A command is one line, ``::name key=value,...::data``. The runner reads ``%25``, ``%0A`` and ``%0D`` in data, and these
and ``%3A`` and ``%2C`` in values (ActionCommand.cs of actions/runner).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detections.errors import printable
from detections.report.sinks import Output


def command(name: str, properties: Mapping[str, str | int], lines: Sequence[str]) -> Output:
    """A command whose data are these lines. ``name`` and the keys of ``properties`` are our own words."""
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return Output(f"::{name} {told}::{'%0A'.join(map(_data, lines))}")


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
