"""The ndjson of a bundle."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from detections.errors import Finding, Location
from detections.source import save

CODE = "bundle"
_SUMMARY = "exported_count"
_NAMES = ("rule_id", "list_id", "item_id", "id")


def to_ndjson(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """One line an object, in the order given, keys in the order they have."""
    return b"".join(msgspec.json.encode(thing) + b"\n" for thing in objects)


def from_ndjson(data: bytes, path: str) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The objects of a bundle, without the summary line that Kibana's export ends with, and a finding for each line
    that is not a JSON object, or has an id that is not a string; ``path`` is only the bundle's name."""
    objects: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            thing = msgspec.json.decode(line)
        except UnicodeDecodeError:
            findings.append(Finding(CODE, "is not UTF-8", Location(path, number, 1)))
            continue
        except (msgspec.MsgspecError, RecursionError) as error:
            findings.append(Finding(CODE, f"is not valid JSON: {error}", Location(path, number, 1)))
            continue
        if not isinstance(thing, dict):
            findings.append(Finding(CODE, "is not a JSON object", Location(path, number, 1)))
        elif odd := [name for name in _NAMES if not isinstance(thing.get(name, ""), str)]:
            findings.append(Finding(CODE, f"{odd[0]} is not a string", Location(path, number, 1)))
        elif _SUMMARY not in thing:
            objects.append(thing)
    return objects, findings


def write(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write a bundle, all of it or nothing: an earlier one stays whole until this one is.

    Raises:
        UsageError: the folder or the file cannot be written.
    """
    save(path, to_ndjson(objects))
