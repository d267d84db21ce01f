"""The ndjson of a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from detections.errors import UsageError
from detections.source import save

_SUMMARY = "exported_count"


def to_ndjson(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """One line an object, in the order given, keys in the order they have."""
    return b"".join(msgspec.json.encode(one) + b"\n" for one in objects)


def from_ndjson(data: bytes) -> Iterator[dict[str, Any]]:
    """The objects of a bundle, without the summary line that Kibana's export ends with.

    Raises:
        UsageError: a line is no JSON object; the message names it.
    """
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise UsageError(f"line {number} of the bundle is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise UsageError(f"line {number} of the bundle is no JSON object")
        if _SUMMARY not in found:
            yield found


def write(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write a bundle, all of it or nothing: an earlier one stays whole until this one is.

    Raises:
        UsageError: the folder or the file cannot be written.
    """
    save(path, to_ndjson(objects))
