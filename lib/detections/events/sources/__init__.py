"""The log sources whose raw records are mapped to ECS."""

from __future__ import annotations

from collections.abc import Mapping

from detections.errors import UsageError
from detections.events.batch import Document
from detections.events.lookups import databases
from detections.events.sources.cloudtrail import CLOUDTRAIL
from detections.events.sources.enriched import GEOIP
from detections.events.sources.github import GITHUB
from detections.events.sources.kubernetes import KUBERNETES
from detections.events.sources.okta import OKTA
from detections.events.sources.record import Refuse, Settings
from detections.events.sources.source import Dataset, Setting, Source

__all__ = [
    "CLOUDTRAIL",
    "GEOIP",
    "GITHUB",
    "KUBERNETES",
    "OKTA",
    "Dataset",
    "Refuse",
    "Setting",
    "Settings",
    "Source",
    "chosen",
    "companion",
    "known_settings",
    "recognise",
    "signals",
    "wrappers",
]

SOURCES: tuple[Source, ...] = (CLOUDTRAIL, KUBERNETES, OKTA, GITHUB)
"""Every source; the first that recognises an object has it."""


def recognise(value: Document) -> Source | None:
    """The source whose raw record an object is, None for a document of ECS."""
    return next((source for source in SOURCES if source.recognises(value)), None)


def companion(value: Document) -> str:
    """What an object is that lies among a source's files and is not an event, empty for any other."""
    return next((said for source in SOURCES for key, said in source.companions.items() if key in value), "")


def signals(before: Source | None = None) -> tuple[str, ...]:
    """The keys of which every raw record and every companion has one at its top level; with ``before``, the records of
    the sources before one."""
    if before is not None:
        return tuple(key for source in SOURCES[: SOURCES.index(before)] for key in source.signals)
    return tuple(dict.fromkeys(key for source in SOURCES for key in (*source.signals, *source.companions)))


def wrappers() -> tuple[str, ...]:
    """The keys under which files keep their records."""
    return tuple(dict.fromkeys(source.wrapper for source in SOURCES if source.wrapper))


def known_settings() -> tuple[Setting, ...]:
    """The settings of all sources. Their names differ."""
    return tuple(setting for source in SOURCES for setting in source.settings)


def chosen(settings: Mapping[str, str]) -> Settings:
    """The settings, checked; ``geoip`` is the folder of databases that addresses are looked up in.

    Raises:
        UsageError: no source has such a setting, or the setting no such value; or a folder has no database.
    """
    known = {setting.name: setting for setting in known_settings()}
    for name, value in settings.items():
        if name == GEOIP:
            if value:
                databases(value)
            continue
        if name not in known:
            raise UsageError(f"unknown setting {name} (available: {', '.join(known)})")
        if value not in known[name].choices:
            raise UsageError(f"{name} must be one of {', '.join(known[name].choices)}, not {value}")
    return dict(settings)
