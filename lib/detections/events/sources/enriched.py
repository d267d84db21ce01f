"""Fields that an integration looks up of others: the parts of ``user_agent``, ``source.geo`` and ``source.as``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from detections.events import lookups
from detections.events.sources.record import Made, Record, Settings

GEOIP = "geoip"
"""The name among settings of the folder of databases."""

_AGENT = ("name", "version", "device.name", "os.name", "os.version", "os.full")
_GEO = (
    "continent_name", "country_name", "country_iso_code", "region_name", "region_iso_code", "city_name", "location",
)  # fmt: skip
_AS = ("number", "organization.name")


def agents(keys: tuple[str, ...]) -> tuple[Made, ...]:
    """The parts of ``user_agent.original``, which is made of some keys."""
    return tuple(
        Made(f"user_agent.{part}", keys, _part_of("user_agent.original", part, _agent), lacks=_no_agents)
        for part in _AGENT
    )


def places(keys: tuple[str, ...], of: str = "source") -> tuple[Made, ...]:
    """Where the address in ``source.ip`` is, which is made of some keys."""
    return (
        *_looked_up(f"{of}.geo", _GEO, keys, f"{of}.ip", lookups.place, ("City", "Country")),
        *_looked_up(f"{of}.as", _AS, keys, f"{of}.ip", lookups.network, ("ASN",)),
    )


def _looked_up(
    prefix: str,
    parts: Iterable[str],
    keys: tuple[str, ...],
    field: str,
    look_up: Callable[[str, str], Mapping[str, Any]],
    kinds: tuple[str, ...],
) -> tuple[Made, ...]:
    def found(record: Record, address: str) -> Mapping[str, Any]:
        folder = record.settings.get(GEOIP, "")
        return {} if lookups.no_places(folder, *kinds) else look_up(folder, address)

    def lacks(settings: Settings) -> str:
        return lookups.no_places(settings.get(GEOIP, ""), *kinds)

    return tuple(Made(f"{prefix}.{part}", keys, _part_of(field, part, found), lacks=lacks) for part in parts)


def _part_of(field: str, part: str, look_up: Callable[[Record, str], Mapping[str, Any]]) -> Callable[[Any], Any]:
    """Makes a part of what is found of a field's value; of several values the first counts."""

    def make(record: Record) -> Any:
        value = record.field(field)
        if isinstance(value, list):
            value = next(iter(value), None)
        return look_up(record, value).get(part) if isinstance(value, str) else None

    return make


def _agent(record: Record, text: str) -> Mapping[str, Any]:
    return lookups.agent(text)


def _no_agents(settings: Settings) -> str:
    return lookups.no_agents()
