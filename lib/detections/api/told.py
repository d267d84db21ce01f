"""What a caller is told: warnings where nobody else listens, and errors about arguments that cannot be meant."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from typing import TypeAlias

from detections.engine.embedded import UNKNOWN_INDEX
from detections.errors import Finding
from detections.events import Document
from detections.rule import Rule

Report: TypeAlias = Callable[[Finding], None]


class DetectionsWarning(UserWarning):
    """Why an answer is not whole: a rule that is not evaluated, a file that is not read, a field nobody declares."""


def reporter(report: Report | None) -> Report:
    """The given one, else one that warns."""
    if report is not None and not callable(report):
        raise TypeError(f"report must be a function that takes a finding, not {_kind(report)}")
    return report or _warned


def warn(message: str) -> None:
    """A warning at the line that called this package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "detections":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, DetectionsWarning, stacklevel=level)


def _warned(finding: Finding) -> None:
    # Events that are made by hand need not say in which index they are.
    if finding.code != UNKNOWN_INDEX:
        warn(f"{finding}: {finding.hint}" if finding.hint else str(finding))


def given_rules(function: str, rules: object) -> list[Rule]:
    """The rules that were given.

    Raises:
        TypeError: these are none.
    """
    if isinstance(rules, Rule | str | bytes | os.PathLike) or not isinstance(rules, Iterable):
        raise TypeError(f"{function}() takes rules, as load_rules() gives them, not {_kind(rules)}")
    found = list(rules)
    for one in found:
        if not isinstance(one, Rule):
            raise TypeError(f"{function}() takes rules, as load_rules() gives them, not {_kind(one)} among them")
    return found


def given_events(function: str, events: object) -> Iterator[Document]:
    """The documents that were given, each looked at when it is asked for.

    Raises:
        TypeError: these are none; of a document that is none when its turn comes.
    """
    if isinstance(events, str | bytes | os.PathLike):
        raise TypeError(f"{function}() takes documents, as read_events() gives them, not {_kind(events)}: a path?")
    if isinstance(events, AbstractMapping):
        raise TypeError(f"{function}() takes documents, not one: put it in a list")
    if not isinstance(events, Iterable):
        raise TypeError(f"{function}() takes documents, as read_events() gives them, not {_kind(events)}")
    return _documents(function, events)


def _documents(function: str, events: Iterable[object]) -> Iterator[Document]:
    for number, event in enumerate(events):
        if not isinstance(event, dict):
            raise TypeError(f"{function}() takes documents, which are dicts: event {number} is {_kind(event)}")
        yield event


def given_text(function: str, name: str, value: object) -> str:
    """A text that was given.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"{function}(): {name} must be a text, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
