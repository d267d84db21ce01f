import json
from pathlib import Path

import pytest

from detections.case.event import Bases, documents, expand
from detections.case.model import Case
from detections.case.read import read_cases
from detections.errors import EventsError
from detections.source import parse
from detections.values.dates import parse_date

RECORD = {
    "eventVersion": "1.09",
    "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "123456789012"},
    "eventTime": "2026-01-14T10:00:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "CreateRoute",
    "requestParameters": {"items": [{"id": "a"}]},
    "eventID": "f1b2",
}


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    (tmp_path / "raw.json").write_text(json.dumps(RECORD))
    ecs = {"@timestamp": "2026-01-14T10:00:00Z", "event": {"action": "x", "ingested": "2026-01-14T10:00:05Z"}}
    (tmp_path / "ecs.json").write_text(json.dumps(ecs))
    (tmp_path / "junk.json").write_bytes(b"\x00\xff")
    return Bases(tmp_path)


def case(settings: str, base: str = "raw.json") -> Case:
    file = read_cases(parse(f'base = "{base}"\n[[case]]\nname = "n"\nverdict = "alert"\n{settings}', "x.toml"))
    assert not file.findings
    return file.cases[0]


def test_the_own_event_is_last_and_every_event_has_an_id_of_its_own(bases: Bases) -> None:
    now, events = documents(case('history = [{ at = "-7d" }, { at = "-1m" }]'), bases)
    assert now == parse_date("2026-01-14T10:00:00Z")
    assert [event["event"]["id"] for event in events] == ["history-1:f1b2", "history-2:f1b2", "own:f1b2"]
    assert [event["@timestamp"] for event in events] == [
        "2026-01-07T10:00:00.000Z", "2026-01-14T09:59:00.000Z", "2026-01-14T10:00:00.000Z",
    ]  # fmt: skip


def test_raw_changes_come_before_the_mapping_and_set_after_it(bases: Bases) -> None:
    settings = """
raw = { "userIdentity.userName" = "bob", "requestParameters.items.1" = { id = "b" }, "errorCode" = "Denied" }
set = { "cloud.account.id" = "2" }
unset = ["data_stream.dataset"]
"""
    _, (event,) = documents(case(settings), bases)
    assert event["user"]["name"] == "bob"
    assert event["event"]["outcome"] == "failure"
    assert event["aws"]["cloudtrail"]["request_parameters"] == "{items=[{id=a}, {id=b}]}"
    assert event["cloud"]["account"]["id"] == "2"
    assert "dataset" not in event["data_stream"]


def test_now_is_the_changed_time(bases: Bases) -> None:
    now, (event,) = documents(case('raw = { eventTime = "2026-02-01T20:00:00Z" }\nat = "-10m"'), bases)
    assert now == parse_date("2026-02-01T20:00:00Z")
    assert event["@timestamp"] == "2026-02-01T19:50:00.000Z"


def test_an_ecs_base_moves_its_times(bases: Bases) -> None:
    _, (event,) = documents(case('at = "-1h"', "ecs.json"), bases)
    assert event["event"]["ingested"] == event["@timestamp"] == "2026-01-14T09:00:00.000Z"


def test_retain_is_the_setting_of_the_mapping(bases: Bases) -> None:
    _, (event,) = documents(case('retain = "flattened"'), bases)
    assert "request_parameters" not in event["aws"]["cloudtrail"]
    assert event["aws"]["cloudtrail"]["flattened"]["request_parameters"] == {"items": [{"id": "a"}]}


@pytest.mark.parametrize(
    ("settings", "base", "message"),
    [
        ("", "absent.json", "absent.json"),
        ("", "junk.json", "junk.json"),
        ("", "../raw.json", "outside"),
        ('raw_unset = ["userIdentity.nobody"]', "raw.json", "cannot be removed"),
        ('unset = ["no.such"]', "raw.json", "cannot be removed"),
        ('raw = { "eventName.x" = 1 }', "raw.json", "does not fit"),
        ('raw = { "requestParameters.items.7" = 1 }', "raw.json", "does not fit"),
        ('raw = { "eventTime" = "soon" }', "raw.json", "no readable time"),
        ('raw = { "x" = 1 }', "ecs.json", "ECS document"),
    ],
)
def test_what_cannot_be_made_is_said(bases: Bases, settings: str, base: str, message: str) -> None:
    with pytest.raises(EventsError, match=message):
        documents(case(settings, base), bases)


def test_repeats_are_written_out() -> None:
    assert expand({"repeat": "ab", "times": 3}) == "ababab"
    assert expand([{"repeat": {"userId": "{n}"}, "times": 2}]) == [
        [{"userId": "000000000000"}, {"userId": "000000000001"}]
    ]
    assert expand({"repeat": "x", "other": 1}) == {"repeat": "x", "other": 1}


@pytest.mark.parametrize(
    "value",
    [
        {"repeat": "x", "times": 10**12},
        [{"repeat": {"a": {"repeat": "x", "times": 10_000}}, "times": 10_000}],
        {"a": {"repeat": {"repeat": "xx", "times": 4_000}, "times": 4_000}},
    ],
)
def test_repeats_are_bounded(value: object) -> None:
    with pytest.raises(EventsError, match="the limit repeated is 10,000,000"):
        expand(value)


def test_a_hit_as_kibana_shows_it_is_a_base(bases: Bases) -> None:
    source = json.loads((bases.folder / "ecs.json").read_text())
    hit = {"_index": "logs-x-default", "_id": "1", "_score": None, "_source": source, "fields": {"event.action": ["x"]}}
    (bases.folder / "hit.json").write_text(json.dumps(hit))
    now, (event,) = documents(case('set = { "event.action" = "y" }', "hit.json"), bases)
    assert now == parse_date("2026-01-14T10:00:00Z")
    assert event["event"]["action"] == "y" and event["_index"] == "logs-x-default"
    assert event.keys() == {"@timestamp", "event", "_index"}
