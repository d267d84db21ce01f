"""Objects of a store: against S3 as moto speaks it, and against a store with faults."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer

from detections.engine import Embedded
from detections.errors import EventsError, Finding
from detections.events import Counts, TimeRange, read, store
from detections.events.listing import listed
from detections.events.span import EVERYTHING
from detections.events.store import Url
from detections.schedule import replay
from detections.values.dates import parse_date
from faulty_store import FaultyStore
from made_rules import rule_of

KEY, SECRET = "AKIAEXAMPLE", "not-to-be-shown"
RULE = 'type = "query"\nlanguage = "kuery"\nquery = "event.action: Delete*"'


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Lets stores be found at an endpoint."""
    for name, value in {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    store.opened.cache_clear()
    yield lambda url: monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    store.opened.cache_clear()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(moto: str, here: Callable[[str], None]) -> Any:
    here(moto)
    client = boto3.client("s3", endpoint_url=moto, region_name="eu-west-1")
    client.create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="trail"):
        for one in page.get("Contents", ()):
            client.delete_object(Bucket="trail", Key=one["Key"])
    client.delete_bucket(Bucket="trail")


@pytest.fixture
def faulty(here: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyStore]:
    with FaultyStore().serving() as made:
        here(made.url)
        yield made


def packed(number: int, count: int = 3) -> bytes:
    records = [
        {
            "eventName": "DeleteTrail" if one == 0 else "ListTrails",
            "eventSource": "cloudtrail.amazonaws.com",
            "eventID": f"{number}-{one}",
            "eventTime": f"2026-01-{1 + number % 28:02d}T00:{one:02d}:00Z",
        }
        for one in range(count)
    ]
    return gzip.compress(json.dumps({"Records": records}).encode(), mtime=0)


def name(region: str, day: int, minute: str = "0005", account: str = "123456789012", root: str = "AWSLogs") -> str:
    folder = f"{root}/{account}/CloudTrail/{region}/2026/01/{day:02d}"
    return f"{folder}/{account}_CloudTrail_{region}_202601{day:02d}T{minute}Z_x.json.gz"


def events(url: str) -> tuple[list[str], list[Finding], Counts]:
    findings: list[Finding] = []
    counts: list[Counts] = []
    found = [
        identity
        for batch in read([url], findings.append, count=counts.append)
        for identity in batch.columns(["event.id"])[0]
    ]
    return found, findings, sum(counts, Counts())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bucket_is_replayed_as_the_same_files_are(s3: Any, tmp_path: Path, jobs: int) -> None:
    for day in range(1, 20):
        key = name("eu-west-1", day)
        s3.put_object(Bucket="trail", Key=key, Body=packed(day))
        (tmp_path / key.rpartition("/")[2]).write_bytes(packed(day))
    rule = rule_of(RULE)
    engine = Embedded(jobs=jobs)
    there = list(replay([rule], read(["s3://trail/AWSLogs/"], print), engine))
    local = list(replay([rule], read([tmp_path], print), engine))
    assert [alert.event_ids for alert in there] == [(f"{day}-0",) for day in range(1, 20)]
    assert [(one.timestamp, one.event_ids) for one in there] == [(one.timestamp, one.event_ids) for one in local]


def instants(start: str, end: str) -> TimeRange:
    return TimeRange(parse_date(start), parse_date(end))


def keys(url: str, span: TimeRange = EVERYTHING) -> list[str]:
    return [str(found).removeprefix("s3://trail/") for found, *_ in listed(Url(url), span, print)]


def test_of_a_window_only_its_days_are_listed(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [name(region, day) for region in ("eu-west-1", "us-east-1") for day in range(1, 29)]
    others = [
        every[0].replace("CloudTrail/", "CloudTrail-Digest/", 1),
        "AWSLogs/123456789012/Config/eu-west-1/2026/01/10/x.json.gz",
        every[9].replace(".json.gz", ".txt"),
    ]
    for key in (*every, *others):
        s3.put_object(Bucket="trail", Key=key, Body=b"x")
    span = instants("2026-01-10T12:00:00Z", "2026-01-11T00:00:00Z")
    asked: list[str] = []
    library = store.library()
    for listing in ("list", "list_with_delimiter"):
        whole = getattr(library, listing)
        monkeypatch.setattr(
            library, listing, lambda there, prefix, whole=whole: asked.append(prefix) or whole(there, prefix)
        )
    days = [name(region, day) for region in ("eu-west-1", "us-east-1") for day in (11, 12)]
    assert (
        keys("s3://trail/", span) == days[:1] + days[2:3]
    )  # of the 12th a file is too late: nothing is delivered so late
    listed_days = [one for one in asked if one and one.count("/") == 6]
    assert {one[-5:] for one in listed_days} == {"01/10", "01/11", "01/12"}
    assert sorted(keys("s3://trail/AWSLogs/")) == sorted([*every, others[1]])


@pytest.mark.parametrize("root", ["AWSLogs/o-abcdef", "o-abcdef/AWSLogs/o-abcdef"])
def test_trails_of_organisations(s3: Any, root: str) -> None:
    accounts = ("111111111111", "222222222222")
    every = [name("eu-west-1", day, account=account, root=root) for account in accounts for day in (1, 15)]
    for key in every:
        s3.put_object(Bucket="trail", Key=key, Body=b"x")
    span = instants("2026-01-14T00:00:00Z", "2026-01-20T00:00:00Z")
    assert keys("s3://trail/", span) == [every[1], every[3]]
    assert keys(f"s3://trail/{root}/222222222222", span) == [every[3]]


def test_files_named_by_an_earlier_minute_are_left_out(s3: Any) -> None:
    for minute in ("0000", "1155", "1205", "2355"):
        s3.put_object(Bucket="trail", Key=name("eu-west-1", 10, minute), Body=b"x")
    span = instants("2026-01-10T12:00:00Z", "2026-01-10T13:00:00Z")
    assert keys("s3://trail/", span) == [name("eu-west-1", 10, minute) for minute in ("1205", "2355")]


def test_one_object(s3: Any) -> None:
    s3.put_object(Bucket="trail", Key="one.json.gz", Body=packed(1))
    assert events("s3://trail/one.json.gz")[0] == ["1-0", "1-1", "1-2"]
    _, (finding,), counts = events("s3://trail/other.json.gz")
    assert (finding.message, counts.unread) == ("not read: there is no such object", 1)


def test_what_is_not_there_is_said(s3: Any) -> None:
    _, (finding,), _ = events("s3://trail/nothing/")
    assert finding.message == "no object of events here that the window needs"
    _, (finding,), _ = events("s3://nowhere/")
    assert finding.message == "not listed: the store says NoSuchBucket (404 Not Found)"


def test_faults_of_some_objects_leave_the_others(faulty: FaultyStore) -> None:
    names = [name("eu-west-1", day) for day in range(1, 8)]
    faulty.objects = {key: packed(day) for day, key in enumerate(names, 1)}
    faulty.objects[names[1]] = packed(2)[:-20]
    faulty.objects[names[2]] = b"\x1f\x8b broken"
    faulty.slow[names[3]] = 2
    faulty.cut[names[4]] = 30
    faulty.denied = (names[5],)
    found, findings, counts = events("s3://bucket/AWSLogs/")
    whole = [day for day in range(1, 8) if day not in (2, 3, 6)]
    assert {one for one in found if one[0] != "2"} == {f"{day}-{number}" for day in whole for number in range(3)}
    told = {finding.location.path.partition("_202601")[2][:2]: finding.message for finding in findings}
    assert told == {
        "02": "gzip data is cut off, read up to there",
        "03": told["03"],
        "06": "not read: the store says AccessDenied (403 Forbidden)",
    }
    assert told["03"].startswith("damaged gzip data")
    assert (counts.files, counts.unread) == (7, 3)


def test_a_folder_that_is_denied_leaves_the_others(faulty: FaultyStore) -> None:
    faulty.objects = {name(region, 5): packed(5) for region in ("eu-west-1", "us-east-1")}
    faulty.denied = ("AWSLogs/123456789012/CloudTrail/eu-west-1",)
    findings: list[Finding] = []
    span = instants("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z")
    found = [str(url) for url, *_ in listed(Url("s3://bucket/"), span, findings.append)]
    assert found == [f"s3://bucket/{name('us-east-1', 5)}"]
    (finding,) = findings
    assert finding.location.path == "s3://bucket/AWSLogs/123456789012/CloudTrail/eu-west-1/"
    assert finding.message == "not listed: the store says AccessDenied (403 Forbidden)"


def test_a_connection_that_is_lost_is_taken_up_where_it_was(faulty: FaultyStore) -> None:
    data = bytes(range(256)) * 20_000
    faulty.objects["large.json"] = data
    faulty.cut["large.json"] = 3_000_000
    assert b"".join(store.blocks(Url("s3://bucket/large.json"))) == data
    assert faulty.asked.count("get large.json") == 2


def test_an_object_that_is_replaced_while_it_is_read(faulty: FaultyStore) -> None:
    faulty.objects["large.json"] = b"x" * 5_000_000
    faulty.cut["large.json"] = 3_000_000
    faulty.replaced["large.json"] = 0
    with pytest.raises(store.Unreadable, match="not read to the end: it was replaced while it was read"):
        list(store.blocks(Url("s3://bucket/large.json")))


def test_a_clock_that_the_store_refuses(faulty: FaultyStore) -> None:
    faulty.denied, faulty.refusal = ("",), "RequestTimeTooSkewed"
    _, (finding,), _ = events("s3://bucket/")
    assert finding.message.endswith("RequestTimeTooSkewed (403 Forbidden): is the clock of this machine right?")


def test_no_secret_is_told(faulty: FaultyStore) -> None:
    faulty.denied = ("",)
    faulty.objects["a.json"] = b"{}"
    _, findings, _ = events("s3://bucket/")
    assert SECRET not in str(findings)
    assert KEY not in str(findings)


def test_addresses() -> None:
    url = Url("s3://bucket/a/b c.json")
    assert (url.root, url.key) == ("s3://bucket", "a/b c.json")
    azure = Url("az://container/a/b.json")
    assert (azure.root, azure.key) == ("az://container", "a/b.json")
    odd = Url("s3://bucket/a?b#c.json")
    assert (odd.root, odd.key) == ("s3://bucket", "a?b#c.json")
    assert not store.is_url("C://folder")
    assert not store.is_url("events/s3:x")
    with pytest.raises(EventsError, match="no address of an object"):
        read(["s3:///"], print)


@pytest.mark.parametrize("address", [f"https://user:{SECRET}@host/a.json", f"https://host/a.json?sign={SECRET}"])
def test_an_address_with_a_secret_is_not_taken(address: str) -> None:
    with pytest.raises(EventsError, match="a password or a query is not taken") as refused:
        read([address], print)
    assert SECRET not in str(refused.value)


def test_a_file_of_a_web_server(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/logs/a.json.gz").respond_with_data(packed(1))
    assert events(httpserver.url_for("/logs/a.json.gz"))[0] == ["1-0", "1-1", "1-2"]


def test_names_with_odd_characters(faulty: FaultyStore) -> None:
    faulty.objects = {"logs/a?b#c %41 é.json.gz": packed(1)}
    assert events("s3://bucket/logs/")[0] == ["1-0", "1-1", "1-2"]


def test_without_obstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    store.opened.cache_clear()

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("detections.events.store.importlib.import_module", missing)
    with pytest.raises(EventsError, match=r"install detections\[s3\]"):
        read(["s3://bucket/"], print)
