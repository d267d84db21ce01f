"""What integrations look up: the parts of user agents, and where addresses are.

User agents are taken apart by ua-parser (the extra ``enrich``), whose regular expressions are those of Elasticsearch's
processor. Places and networks come from databases in MaxMind's format, read by maxminddb: GeoLite2, or any other of its
kind, in a folder that the user names. What is looked up once is remembered.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from detections.errors import UsageError

_REMEMBERED = 1 << 14
_LONGEST = 4096
EXTRA = "install detections[enrich]"
_KINDS = ("City", "Country", "ASN")


@functools.cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def no_agents() -> str:
    """What is missing to take user agents apart, empty if nothing."""
    return "" if _module("ua_parser") else EXTRA


@functools.lru_cache(maxsize=_REMEMBERED)
def agent(text: str) -> Mapping[str, str]:
    """The parts of a user agent by their names below ``user_agent``, as Elasticsearch's processor has them."""
    parser = _module("ua_parser")
    if parser is None:
        return {}
    found = parser.parse(text[:_LONGEST])
    parts: dict[str, str] = {"name": "Other", "device.name": "Other"}
    if found.user_agent is not None:
        parts["name"] = found.user_agent.family
        parts["version"] = _version(found.user_agent)
    if found.device is not None:
        parts["device.name"] = found.device.family
    if found.os is not None:
        parts["os.name"], parts["os.version"] = found.os.family, _version(found.os)
        parts["os.full"] = f"{found.os.family} {parts['os.version']}".rstrip()
    return {name: value for name, value in parts.items() if value}


def _version(found: Any) -> str:
    parts = []
    for name in ("major", "minor", "patch", "patch_minor"):
        value = getattr(found, name)
        if not value:
            break
        parts.append(value)
    return ".".join(parts)


def no_places(folder: str, *kinds: str) -> str:
    """What is missing to look addresses up in databases of some kinds, empty if nothing."""
    if not folder:
        return "name a folder of databases with --geoip"
    if any(kind in databases(folder) for kind in kinds):
        return ""
    return f"{folder} has no database of the kind {' or '.join(kinds)}"


@functools.cache
def databases(folder: str) -> Mapping[str, Any]:
    """The readers of a folder's databases by kind: City, Country, ASN.

    Raises:
        UsageError: the folder has no such database, one cannot be read, or maxminddb is not installed.
    """
    library = _module("maxminddb")
    if library is None:
        raise UsageError(f"--geoip needs maxminddb: {EXTRA}")
    if not Path(folder).is_dir():
        raise UsageError(f"--geoip: {folder} is not a folder")
    found: dict[str, Any] = {}
    for path in sorted(Path(folder).glob("*.mmdb")):
        try:
            reader = library.open_database(str(path))
        except (OSError, ValueError, library.InvalidDatabaseError) as error:
            raise UsageError(f"--geoip: {path} cannot be read: {error}") from None
        for kind in _KINDS:
            if kind in reader.metadata().database_type:
                found.setdefault(kind, reader)
    if not found:
        raise UsageError(f"--geoip: {folder} has no .mmdb file with cities, countries or networks (ASN)")
    return found


@functools.lru_cache(maxsize=_REMEMBERED)
def place(folder: str, address: str) -> Mapping[str, Any]:
    """Where an address is, by names below ``geo``, as Elasticsearch's processor has it by default."""
    found = _entry(folder, address, "City", "Country")
    country, region = found.get("country") or {}, (found.get("subdivisions") or [{}])[0]
    made = {
        "continent_name": _name(found.get("continent")),
        "country_name": _name(country),
        "country_iso_code": country.get("iso_code"),
        "region_name": _name(region),
        "city_name": _name(found.get("city")),
    }
    if country.get("iso_code") and region.get("iso_code"):
        made["region_iso_code"] = f"{country['iso_code']}-{region['iso_code']}"
    location = found.get("location") or {}
    if location.get("latitude") is not None and location.get("longitude") is not None:
        made["location"] = {"lat": location["latitude"], "lon": location["longitude"]}
    return {name: value for name, value in made.items() if value}


@functools.lru_cache(maxsize=_REMEMBERED)
def network(folder: str, address: str) -> Mapping[str, Any]:
    """The autonomous system of an address, by names below ``as``."""
    found = _entry(folder, address, "ASN")
    made = {
        "number": found.get("autonomous_system_number"),
        "organization.name": found.get("autonomous_system_organization"),
    }
    return {name: value for name, value in made.items() if value}


def _entry(folder: str, address: str, *kinds: str) -> dict[str, Any]:
    reader = next((databases(folder)[kind] for kind in kinds if kind in databases(folder)), None)
    try:
        found = reader.get(address) if reader is not None else None
    except ValueError:
        # An address that only Elasticsearch reads, or one that the database is too old for.
        return {}
    return found if isinstance(found, dict) else {}


def _name(entry: Any) -> Any:
    return (entry.get("names") or {}).get("en") if isinstance(entry, dict) else None
