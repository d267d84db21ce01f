"""What integrations look up: user agents and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from detections.errors import UsageError
from detections.events import lookups
from detections.events.sources import CLOUDTRAIL, GITHUB, OKTA, chosen


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    cities = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-City")
    cities.insert_network(
        IPSet(["198.51.100.0/24"]),
        {
            "continent": {"names": {"en": "Europe"}},
            "country": {"iso_code": "DE", "names": {"en": "Germany", "de": "Deutschland"}},
            "subdivisions": [{"iso_code": "BE", "names": {"en": "Land Berlin"}}, {"iso_code": "XX"}],
            "city": {"names": {"en": "Berlin"}},
            "location": {"latitude": 52.5, "longitude": 13.25},
        },
    )
    cities.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "FR"}})
    cities.to_db_file(str(tmp_path / "city.mmdb"))
    networks = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="DBIP-ASN-Lite")
    networks.insert_network(
        IPSet(["198.51.100.0/24", "2001:db8::/32"]),
        {"autonomous_system_number": 64496, "autonomous_system_organization": "Example Net"},
    )
    networks.to_db_file(str(tmp_path / "asn.mmdb"))
    return tmp_path


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that has to be installed."""
    lookups.agent.cache_clear()
    lookups.databases.cache_clear()
    monkeypatch.setattr(lookups, "_module", lambda name: None)
    yield
    lookups.agent.cache_clear()
    lookups.databases.cache_clear()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "aws-cli/2.27.12 md/awscrt#0.26.1 os/linux#6.8.0",
            {"name": "aws-cli", "version": "2.27.12", "device.name": "Other", "os.name": "Linux", "os.full": "Linux"},
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.0 Mobile/15E148 Safari/604.1",
            {
                "name": "Mobile Safari", "version": "17.0", "device.name": "iPhone", "os.name": "iOS",
                "os.version": "17.0", "os.full": "iOS 17.0",
            },
        ),
        ("nobody knows", {"name": "Other", "device.name": "Other"}),
    ],
)  # fmt: skip
def test_user_agents(text: str, parts: dict[str, str]) -> None:
    assert lookups.agent(text) == parts


def test_places_and_networks(databases: Path) -> None:
    folder = str(databases)
    assert lookups.place(folder, "198.51.100.7") == {
        "continent_name": "Europe", "country_name": "Germany", "country_iso_code": "DE", "region_name": "Land Berlin",
        "region_iso_code": "DE-BE", "city_name": "Berlin", "location": {"lat": 52.5, "lon": 13.25},
    }  # fmt: skip
    assert lookups.place(folder, "203.0.113.9") == {"country_iso_code": "FR"}
    assert lookups.place(folder, "10.0.0.1") == {}
    assert lookups.network(folder, "2001:db8::1") == {"number": 64496, "organization.name": "Example Net"}
    assert lookups.network(folder, "fe80::1%eth0") == {}


def test_records_have_what_was_looked_up(databases: Path) -> None:
    settings = chosen({"geoip": str(databases)})
    record = {"eventName": "x", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.27.12"}
    made = CLOUDTRAIL.to_ecs(record, settings)
    assert made["source"]["geo"]["country_name"] == "Germany"
    assert made["source"]["as"] == {"number": 64496, "organization": {"name": "Example Net"}}
    assert made["user_agent"]["name"] == "aws-cli"
    assert "geo" not in CLOUDTRAIL.to_ecs(record)["source"]
    client = {"ipAddress": "198.51.100.7", "userAgent": {"rawUserAgent": "aws-cli/2.27.12"}}
    assert OKTA.to_ecs({"client": client}, settings)["source"]["geo"]["city_name"] == "Berlin"
    assert GITHUB.to_ecs({"user_agent": "curl/8.5.0"})["user_agent"]["name"] == "curl"


@pytest.mark.parametrize(
    ("path", "settings", "lacks"),
    [
        ("source.geo.country_name", {}, "name a folder of databases with --geoip"),
        ("source.geo", {}, "name a folder of databases with --geoip"),
        ("source.ip", {}, ""),
        ("user_agent.name", {}, ""),
        ("user_agent.original", {}, ""),
    ],
)
def test_what_is_missing_is_said(path: str, settings: dict[str, str], lacks: str) -> None:
    assert CLOUDTRAIL.table.lacking(path, settings) == lacks


def test_a_folder_that_has_only_some_databases(databases: Path) -> None:
    (databases / "asn.mmdb").unlink()
    settings = chosen({"geoip": str(databases)})
    assert CLOUDTRAIL.table.lacking("source.geo.city_name", settings) == ""
    assert CLOUDTRAIL.table.lacking("source.as.number", settings) == f"{databases} has no database of the kind ASN"


def test_folders_without_databases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no \.mmdb file"):
        chosen({"geoip": str(tmp_path)})
    with pytest.raises(UsageError, match="is not a folder"):
        chosen({"geoip": str(tmp_path / "nowhere")})
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "city.mmdb").write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match=r"city\.mmdb cannot be read"):
        chosen({"geoip": str(broken)})


def test_without_the_libraries_nothing_is_made_up(without: None, tmp_path: Path) -> None:
    record: dict[str, Any] = {"eventName": "x", "userAgent": "aws-cli/2.27.12"}
    assert CLOUDTRAIL.to_ecs(record)["user_agent"] == {"original": "aws-cli/2.27.12"}
    assert CLOUDTRAIL.table.lacking("user_agent.name", {}) == "install detections[enrich]"
    with pytest.raises(UsageError, match=r"--geoip needs maxminddb: install detections\[enrich\]"):
        chosen({"geoip": str(tmp_path)})
