"""A backtest as JSON: what a file keeps, and what programs are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from detections.backtest.model import FORM, Backtest
from detections.errors import UsageError
from detections.source.files import read_file, save

_ADVICE = "run `detections backtest` again"


def write_backtest(path: Path, backtest: Backtest) -> None:
    """Write a backtest.

    Raises:
        UsageError: the file cannot be written.
    """
    save(path, msgspec.json.encode(record(backtest)) + b"\n")


def record(backtest: Backtest) -> dict[str, Any]:
    """A backtest as an object of JSON. Beside what is read again stand the numbers that follow from it: all alerts, and
    of each rule the median of alerts a day and the worst day."""
    said: dict[str, Any] = msgspec.to_builtins(backtest) | {"alerts": backtest.alerts}
    for rule, noise in zip(said["rules"], backtest.rules, strict=True):
        rule["median"] = noise.median(backtest.sources.span)
        rule["worst"] = None if noise.worst is None else {"day": str(noise.worst[0]), "alerts": noise.worst[1]}
    return said


def read_backtest(path: Path) -> Backtest:
    """A backtest from its file.

    Raises:
        UsageError: it is not there, or is not a backtest. The message says which part of it is wrong.
    """
    try:
        found = msgspec.json.decode(read_file(path), type=Backtest)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not a backtest: {error}; {_ADVICE}") from None
    if found.form != FORM:
        raise UsageError(f"{path} is a backtest of another version of this program; {_ADVICE}")
    return found
