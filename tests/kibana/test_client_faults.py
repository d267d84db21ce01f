"""What can go wrong between the client and Kibana, one fault a test. Nothing sleeps."""

from __future__ import annotations

import json
import socket
import time
from email.utils import formatdate
from typing import Any

import pytest

from detections.errors import ServerError, ServerUnavailable, UsageError
from detections.kibana.client import Kibana
from detections.server import Backoff, connection

RULE: dict[str, Any] = {
    "rule_id": "a", "name": "A", "description": "A.", "type": "query", "query": "a: 1", "risk_score": 21,
    "severity": "low",
}  # fmt: skip
LIST = {"list_id": "l", "name": "L", "description": "L.", "type": "detection", "namespace_type": "single"}
ITEM = {
    "item_id": "i", "list_id": "l", "name": "I", "description": "I.", "type": "simple",
    "entries": [{"field": "x", "type": "exists", "operator": "included"}],
}  # fmt: skip
CONNECTOR = {"id": "c", "type": "action", "attributes": {"actionTypeId": ".email", "name": "Mail", "config": {}}}
ACTION = {"id": "c", "action_type_id": ".email", "group": "default", "params": {"message": "x"}}


def rules(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**RULE, "rule_id": f"r{number:03}", **changes} for number in range(count)]


def sent(stand_in, word: str) -> int:
    return sum(word in str(seen) for seen in stand_in.requests)


# -- connections


def test_nobody_is_there(backoff, slept):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Kibana(connection("kibana", url=url), backoff=backoff) as kibana:
        with pytest.raises(
            ServerUnavailable, match="cannot connect: is the server running, and the URL right"
        ) as raised:
            kibana.create_exception_list(LIST)
        assert not raised.value.sent
    assert len(slept) == backoff.tries - 1


@pytest.mark.parametrize("fault", ["drop", "cut", "cut_json"])
def test_reading_survives_a_dropped_connection(stand_in, kibana, fault):
    kibana.create_exception_list(LIST)
    getattr(stand_in, fault)("GET .*/exception_lists", times=2)
    assert kibana.get_exception_list("l").name == "L"
    assert sent(stand_in, "GET /api/exception_lists") == 3


@pytest.mark.parametrize("fault", ["drop", "cut", "cut_json"])
def test_replacing_survives_a_lost_answer(stand_in, kibana, fault):
    kibana.create_exception_list(LIST)
    getattr(stand_in, fault)("PUT", times=1)
    assert kibana.update_exception_list({**LIST, "name": "B"}).name == "B"


def test_deleting_survives_a_lost_answer(stand_in, kibana):
    kibana.create_exception_list(LIST)
    kibana.create_exception_item(ITEM)
    stand_in.drop("DELETE", worked=True)
    assert kibana.delete_exception_item("i") is True
    assert kibana.delete_exception_item("i") is False


@pytest.mark.parametrize("fault", ["drop", "cut", "cut_json"])
def test_a_created_list_is_not_created_again_when_the_answer_is_lost(stand_in, kibana, fault):
    options = {"worked": True} if fault == "drop" else {}
    getattr(stand_in, fault)("POST", **options)
    assert kibana.create_exception_list(LIST).list_id == "l"
    assert sent(stand_in, "POST") == 1
    assert len(stand_in.space().lists) == 1


def test_a_list_that_was_not_created_is_created_after_all(stand_in, kibana, slept):
    stand_in.drop("POST", times=2)
    stand_in.fail("POST", 502, times=1)
    assert kibana.create_exception_list(LIST).list_id == "l"
    assert sent(stand_in, "POST") == 4
    assert len(slept) == 3


def test_a_list_of_somebody_else_is_not_taken_for_ours(stand_in, kibana):
    stand_in.drop("POST")
    stand_in.after_request = lambda number: stand_in.world.spaces["default"].lists or theirs()

    def theirs() -> None:
        stand_in.after_request = None
        with Kibana(connection("kibana", url=stand_in.url, api_key=stand_in.api_key)) as other:
            other.create_exception_list({**LIST, "name": "Theirs"})

    with pytest.raises(ServerError) as raised:
        kibana.create_exception_list(LIST)
    assert raised.value.status == 409
    assert kibana.get_exception_list("l").name == "Theirs"


@pytest.mark.parametrize("kind", ["list", "item", "values"])
def test_nothing_else_is_created_twice_either(stand_in, kibana, kind):
    if kind in ("item",):
        kibana.create_exception_list(LIST)
    if kind == "values":
        kibana.create_value_list({"id": "w", "name": "W", "description": "W.", "type": "ip"})
    before = sent(stand_in, "POST")
    stand_in.drop("POST", worked=True)
    {
        "list": lambda: kibana.create_exception_list(LIST),
        "item": lambda: kibana.create_exception_item(ITEM),
        "values": lambda: kibana.create_value_list({"id": "v", "name": "V", "description": "V.", "type": "ip"}),
    }[kind]()
    assert sent(stand_in, "POST") == before + 1


def test_a_slow_kibana_is_told_apart_from_none(stand_in, backoff, slept):
    stand_in.slow("GET", seconds=0.3, times=99)
    said = connection("kibana", url=stand_in.url, api_key=stand_in.api_key, timeout=0.05)
    with Kibana(said, backoff=Backoff(tries=2, sleep=slept.append)) as kibana:
        with pytest.raises(ServerUnavailable, match=r"GET http://.*/api/exception_lists: no answer in time") as raised:
            kibana.get_exception_list("l")
        assert raised.value.sent
    assert len(slept) == 1


def test_nobody_is_there_any_more_between_two_requests(stand_in, kibana):
    stand_in.kill_after(1)
    with pytest.raises(ServerUnavailable, match="the connection was dropped"):
        kibana.create_exception_list(LIST)
    assert [made["list_id"] for made in stand_in.space().lists.values()] == ["l"]
    stand_in.revive()
    assert kibana.get_exception_list("l")


# -- back-off


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_too_many_requests_is_obeyed_whatever_was_asked(stand_in, kibana, slept, method):
    kibana.create_exception_list(LIST)
    stand_in.fail(method, 429, times=2, headers={"Retry-After": "7"})
    {
        "GET": lambda: kibana.get_exception_list("l"),
        "POST": lambda: kibana.create_exception_list({**LIST, "list_id": "m"}),
        "PUT": lambda: kibana.update_exception_list(LIST),
        "DELETE": lambda: kibana.delete_exception_item("i"),
    }[method]()
    assert slept == [7.0, 7.0]


def test_a_clock_an_hour_off_waits_no_hour(stand_in, slept):
    until = formatdate(time.time() + 9, usegmt=True)
    stand_in.fail("GET", 429, headers={"Retry-After": until})
    wrong = Backoff(sleep=slept.append, clock=lambda: time.time() - 3_600)
    with Kibana(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), backoff=wrong) as kibana:
        kibana.find_rules()
    assert 7 <= slept[0] <= 10


def test_an_import_is_refused_for_now(stand_in, kibana, slept):
    stand_in.fail("_import", 429, headers={"Retry-After": "3"})
    assert kibana.import_rules(rules(3)).success
    assert slept == [3.0]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_in_trouble_is_asked_again(stand_in, kibana, status):
    stand_in.fail("GET", status, times=3, body="<html><head><title>Trouble</title></head></html>")
    assert kibana.get_exception_list("l") is None
    assert sent(stand_in, "GET") == 4


def test_an_end_of_patience_says_what_was_answered(stand_in, kibana):
    stand_in.fail("GET", 503, times=99, body="<html><head><title>503 Service &lt;away&gt;</title></head></html>")
    with pytest.raises(ServerUnavailable) as raised:
        kibana.get_exception_list("l")
    assert str(raised.value) == "GET /api/exception_lists answered 503: an HTML page, '503 Service <away>'"


@pytest.mark.parametrize("overwrite", [True, False])
def test_an_import_is_sent_again_only_where_it_overwrites(stand_in, kibana, overwrite):
    stand_in.drop("_import", worked=True)
    if overwrite:
        assert kibana.import_rules(rules(3), overwrite=True).success
        return
    with pytest.raises(ServerUnavailable) as raised:
        kibana.import_rules(rules(3))
    assert raised.value.sent
    assert sent(stand_in, "_import") == 1


def test_an_import_that_overwrites_only_its_rules_is_not_sent_again_with_lists(stand_in, kibana):
    stand_in.drop("_import", worked=True)
    with pytest.raises(ServerUnavailable):
        kibana.import_rules([LIST, *rules(1)], overwrite=True)
    assert sent(stand_in, "_import") == 1


@pytest.mark.parametrize("action", ["enable", "disable", "delete"])
def test_a_bulk_action_is_sent_again_since_that_changes_nothing(stand_in, kibana, action):
    identity = kibana.create_rule(RULE)["id"]
    stand_in.drop("_bulk_action", worked=True)
    assert kibana.bulk_action(action, [identity]).success
    assert sent(stand_in, "_bulk_action") == 2
    assert len(stand_in.space().rules) == (0 if action == "delete" else 1)


# -- imports


def test_an_import_where_everything_fails_is_a_failure_though_it_says_200(stand_in, kibana):
    for rule in rules(5):
        stand_in.refused[rule["rule_id"]] = (500, "no shards available")
    result = kibana.import_rules(rules(5))
    assert (result.success, result.rules, len(result.problems)) == (False, 0, 5)


def test_one_refused_rule_among_a_hundred(stand_in, kibana):
    stand_in.refused["r042"] = (400, "it is cursed")
    result = kibana.import_rules(rules(100))
    assert (result.success, result.rules) == (False, 99)
    assert [(one.id, one.status, one.message) for one in result.problems] == [("r042", 400, "it is cursed")]
    assert len(stand_in.space().rules) == 99


def test_one_refused_rule_among_a_hundred_in_bulk(stand_in, kibana):
    kibana.import_rules(rules(150))
    stand_in.refused["r042"] = (500, "it is cursed")
    ids = [rule["id"] for rule in stand_in.space().rules.values()]
    result = kibana.bulk_action("enable", ids)
    assert (result.succeeded, result.failed) == (149, 1)
    assert [one.message for one in result.problems] == ["it is cursed"]
    assert sent(stand_in, "_bulk_action") == 2
    assert kibana.bulk_action("enable", []).success


def test_a_bulk_action_that_breaks_altogether_is_an_error(stand_in, kibana):
    stand_in.fail("_bulk_action", 500, body="<html><title>Oops</title></html>")
    with pytest.raises(ServerError, match="an HTML page, 'Oops'"):
        kibana.bulk_action("enable", ["x"])


def test_an_import_that_is_too_large_is_cut_up(stand_in, kibana):
    seen: list[int] = []
    result = kibana.import_rules(rules(3, note="x" * 4_000_000), done=lambda part: seen.append(part.rules))
    assert (result.success, result.rules, seen) == (True, 3, [2, 1])


def test_a_proxy_that_takes_less_than_kibana_is_given_less(stand_in, kibana):
    stand_in.fail("_import", 413, times=2, body="<html><title>413 Request Entity Too Large</title></html>")
    result = kibana.import_rules(rules(40))
    assert (result.success, result.rules, len(stand_in.space().rules)) == (True, 40, 40)


def test_a_rule_that_no_proxy_takes_is_named(stand_in, kibana):
    stand_in.fail("_import", 413, times=99, body="<html><title>413 Request Entity Too Large</title></html>")
    with pytest.raises(ServerError, match="413 Request Entity Too Large"):
        kibana.import_rules(rules(1))
    with pytest.raises(ServerError, match=r"413 Request Entity Too Large.*; r000 is larger than"):
        kibana.import_rules([CONNECTOR, *rules(1, actions=[ACTION])])


def test_what_was_done_before_a_request_failed_is_known(stand_in, kibana):
    done: list[int] = []
    stand_in.fail("_import", 500, skip=1, body='{"status_code": 500, "message": "broken"}')
    with pytest.raises(ServerError, match="broken"):
        kibana.import_rules(rules(3, note="x" * 4_000_000), done=lambda part: done.append(part.rules))
    assert done == [2]


def test_fail_first_succeed_second(stand_in, kibana):
    stand_in.first_import_fails = True
    objects = [CONNECTOR, *rules(1, actions=[ACTION])]
    assert "missing action IDs: c" in kibana.import_rules(objects).problems[0].message
    assert kibana.import_rules(objects, overwrite=True).refused() == {}


@pytest.mark.parametrize("version", ["8.19.4", "9.2.0"])
@pytest.mark.parametrize("overwrite", [True, False])
def test_connectors_and_the_versions_of_kibana(stand_in, kibana, version, overwrite):
    stand_in.world.version = version
    flags = {"overwrite": True, "overwrite_exceptions": True, "overwrite_action_connectors": overwrite}
    objects = [CONNECTOR, LIST, *rules(3, actions=[ACTION], note="x" * 4_000_000)]
    assert kibana.import_rules(objects, **flags).success
    assert len(stand_in.space().rules) == 3
    assert kibana.import_rules(rules(3, actions=[ACTION]), **flags).success


# -- lists of things


def test_all_pages_are_read_in_one_order(stand_in, kibana):
    kibana.import_rules(rules(2_500))
    found = kibana.find_rules()
    assert [rule.rule_id for rule in found] == [rule["rule_id"] for rule in rules(2_500)]
    assert sent(stand_in, "_find") == 3


def test_a_list_that_changes_while_it_is_read_is_read_again(stand_in, kibana):
    kibana.import_rules(rules(1_500))
    first = next(iter(stand_in.space().rules))
    finds = iter((lambda: stand_in.space().rules.pop(first), lambda: None, lambda: None, lambda: None))
    stand_in.after_request = lambda number: next(finds)()
    assert len(kibana.find_rules()) == 1_499


def test_a_list_that_never_rests_is_an_error(stand_in, kibana):
    kibana.import_rules(rules(1_500))
    stand_in.after_request = lambda number: stand_in.space().rules.pop(next(iter(stand_in.space().rules)))
    with pytest.raises(ServerError, match="the list changes while it is read"):
        kibana.find_rules()


@pytest.mark.parametrize("fault", ["cut", "cut_json", "drop"])
def test_an_export_that_is_cut_off_is_asked_for_again(stand_in, kibana, fault):
    kibana.import_rules(rules(3))
    getattr(stand_in, fault)("_export")
    assert len(kibana.export_rules().rules) == 3


def test_an_export_without_its_summary_is_cut_off(stand_in, kibana):
    kibana.import_rules(rules(3))
    stand_in.fail("_export", 200, body=json.dumps(RULE), times=9)
    with pytest.raises(ServerUnavailable, match="the answer was cut off"):
        kibana.export_rules()


# -- spaces, base paths


def test_another_space_is_another_place(stand_in, kibana, backoff, admin):
    kibana.request("POST", "/api/spaces/space", body={"id": "soc", "name": "SOC"})
    with admin(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), "soc", backoff) as other:
        other.create_rule(RULE)
        assert len(other.find_rules()) == 1
    assert kibana.find_rules() == []
    assert {seen.space for seen in stand_in.requests} == {"default", "soc"}


def test_a_space_that_is_not_there_takes_rules_so_it_is_looked_for(stand_in, kibana, backoff):
    kibana.check_space()
    with Kibana(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), "nowhere", backoff) as lost:
        assert lost.import_rules([RULE]).success
        with pytest.raises(UsageError, match=r"unknown space 'nowhere' \(available: default\)"):
            lost.check_space()
    assert kibana.find_rules() == []


@pytest.mark.parametrize(
    "body", ['{"statusCode":404,"error":"Not Found","message":"Not Found"}', "<title>404 Not Found</title>", "", "no"]
)
def test_a_route_that_is_not_there_is_no_missing_rule(stand_in, kibana, body):
    for call in (lambda: kibana.get_exception_list("l"), lambda: kibana.delete_exception_item("i"), kibana.find_rules,
                 lambda: kibana.find_exception_items("l")):  # fmt: skip
        stand_in.fail("", 404, body=body)
        with pytest.raises(ServerError, match="is the URL right, with its base path") as raised:
            call()
        assert raised.value.status == 404


@pytest.mark.parametrize("space", ["", "SOC", "a/b", "../x", "a b", "default\n", "ä"])
def test_what_is_no_space_is_refused(stand_in, space):
    with pytest.raises(UsageError, match="invalid space ID"):
        Kibana(connection("kibana", url=stand_in.url), space)


def test_a_base_path(stand_in, backoff):
    stand_in.base_path = "/kibana"
    with Kibana(connection("kibana", url=f"{stand_in.url}/", api_key=stand_in.api_key), backoff=backoff) as kibana:
        assert kibana.status().version == "9.2.0"
        assert stand_in.url.endswith("/kibana")
