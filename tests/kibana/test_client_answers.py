"""What a Kibana, or what stands before it, may answer, one kind a test: told for what it is, and no secret with it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from detections.errors import NotAllowed, ServerError
from detections.kibana.client import Kibana
from detections.server import connection

RULE: dict[str, Any] = {
    "rule_id": "a", "name": "A", "description": "A.", "type": "query", "query": "a: 1", "risk_score": 21,
    "severity": "low",
}  # fmt: skip
LIST = {"list_id": "l", "name": "L", "description": "L.", "type": "detection"}
VALUES = {"id": "v", "name": "V", "description": "V.", "type": "keyword"}


def sent(stand_in, word: str) -> int:
    return sum(word in str(seen) for seen in stand_in.requests)


def test_no_credentials(stand_in, backoff):
    with Kibana(connection("kibana", url=stand_in.url), backoff=backoff) as kibana:
        with pytest.raises(NotAllowed, match=r"authentication failed: .*missing authentication") as raised:
            kibana.find_rules()
        assert raised.value.status == 401
        with pytest.raises(NotAllowed, match="authentication failed: Kibana does not tell its version"):
            kibana.status()


def test_user_and_password(stand_in, backoff):
    said = connection("kibana", url=stand_in.url, username=stand_in.username, password=stand_in.password)
    with Kibana(said, backoff=backoff) as kibana:
        assert kibana.status().version == "9.2.0"


def test_the_missing_privilege_is_named(stand_in, kibana):
    stand_in.denied.append(("POST .*/rules", "rules-all"))
    with pytest.raises(NotAllowed, match=r"a privilege is missing: .*granted by the Kibana privileges \[rules-all\]"):
        kibana.import_rules([RULE])
    assert kibana.find_rules() == []


def test_a_conflict(stand_in, kibana):
    kibana.create_exception_list(LIST)
    with pytest.raises(ServerError, match=r"answered 409: .*already exists") as raised:
        kibana.create_exception_list(LIST)
    assert raised.value.status == 409


BODIES = [
    ('{"statusCode": 500, "error": "Internal Server Error", "message": "An internal server error occurred"}',
     "An internal server error occurred"),
    ('{"status_code": 500, "message": "it broke"}', "it broke"),
    ('{"status_code": 400, "message": ["one", "two"]}', "one; two"),
    ('{"statusCode": 500, "error": "Internal Server Error"}', "Internal Server Error"),
    ("{}", "no reason is given"), ("[1]", "[1]"), ('"x"', '"x"'), ("null", "null"),
    ('{"message": {"a": 1}}', "no reason is given"), ('{"message": [{}, "two"]}', "two"),
    ('{"message": ' + "[" * 500 + "]" * 500 + "}", "no reason is given"),
    ("", "the answer is empty"),
    ("<html><h1>500</h1></html>", "an HTML page"), ("Not JSON at all", "Not JSON at all"),
    ("<title>\nIt &amp; broke\n</title>", "an HTML page, 'It & broke'"),
    ("[" * 10_000 + "]" * 10_000, "["), ("{" * 10_000, "{"), ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), BODIES)
@pytest.mark.parametrize("status", [400, 500])
def test_every_shape_of_an_error_is_readable(stand_in, kibana, status, body, message):
    stand_in.fail("GET", status, body=body)
    with pytest.raises(ServerError) as raised:
        kibana.get_exception_list("a")
    assert raised.value.status == status
    assert raised.value.message.startswith(message)
    assert raised.value.message.isprintable()
    assert len(raised.value.message) < 1_100


def test_a_huge_error_is_cut_short(stand_in, kibana):
    stand_in.fail("GET", 500, body=json.dumps({"message": "x" * 5_000_000}))
    with pytest.raises(ServerError) as raised:
        kibana.find_rules()
    assert len(str(raised.value)) < 1_100


def test_a_page_of_html_that_says_200_is_no_answer(stand_in, kibana):
    stand_in.fail("GET", 200, body="<html><title>Sign in</title></html>")
    with pytest.raises(ServerError, match="an HTML page, 'Sign in'; is the URL right, with its base path"):
        kibana.find_rules()


def test_a_page_of_html_is_no_answer_where_little_is_asked_of_one(stand_in, kibana):
    kibana.create_value_list(VALUES)
    for on, call in (
        ("DELETE", lambda: kibana.delete_exception_item("a")),
        ("_import", lambda: kibana.import_value_list_items("v", ["x"])),
        ("_export", lambda: kibana.export_value_list_items("v")), ("_export", kibana.export_rules),
    ):  # fmt: skip
        stand_in.fail(on, 200, body="<html><title>Sign in</title></html>")
        with pytest.raises(ServerError, match="an HTML page, 'Sign in'; is the URL right, with its base path"):
            call()
        stand_in.revive()


def test_an_answer_of_200_that_says_secrets_back_is_not_shown(stand_in, backoff):
    said = connection("kibana", url=stand_in.url, username="u", password="it's\\me")
    stand_in.fail("GET", 200, body="<title>\x1b[31mWho sent it&#39;s\\me?</title>")
    with Kibana(said, backoff=backoff) as kibana, pytest.raises(ServerError, match=r"'\\x1b\[31mWho sent \*\*\*\?'"):
        kibana.find_rules()


def test_values_are_no_json_that_ends_too_early(stand_in, kibana, slept):
    kibana.create_value_list(VALUES)
    kibana.import_value_list_items("v", ["192.0.2.1", "a b"])
    assert sorted(kibana.export_value_list_items("v")) == ["192.0.2.1", "a b"]
    assert sent(stand_in, "items/_export") == 2
    assert not slept


@pytest.mark.parametrize("body", ["", "{}", '"x"'])
def test_a_redirect_is_no_answer(stand_in, kibana, body):
    stand_in.fail("GET", 302, body=body, headers={"Location": "/base/login"})
    with pytest.raises(ServerError, match="it redirects to /base/login"):
        kibana.find_rules()


@pytest.mark.parametrize("body", ["[]", "{}", '{"status": {"overall": "x"}}', "17"])
def test_what_is_no_kibana_is_told(stand_in, kibana, body):
    stand_in.fail("status", 200, body=body)
    with pytest.raises(ServerError, match="not the status of a Kibana; is the URL right"):
        kibana.status()


@pytest.mark.parametrize("body", ["[]", "17", "null", '"x"', "true", '{"id": 1}', '{"id": "x", "rule_id": []}'])
def test_json_that_is_no_answer_is_told(stand_in, kibana, body):
    calls: dict[str, Any] = {
        "a page of a list": kibana.find_rules, "an exception list": lambda: kibana.create_exception_list(LIST),
        "an exception item": lambda: kibana.get_exception_item("i"),
        "the result of an import": lambda: kibana.import_rules([RULE]),
        "the result of a bulk action": lambda: kibana.bulk_action("enable", ["x"]),
        "a search for alerts": lambda: kibana.preview_alerts("p"), "an export": kibana.export_rules,
        "a list of connectors": kibana.find_connectors, "a list of spaces": kibana.spaces,
    }  # fmt: skip
    if not body.startswith("{"):
        calls["the result of a preview"] = lambda: kibana.preview(
            RULE, invocation_count=1, timeframe_end="2026-01-15T09:00:00Z"
        )
    if body == "[]":
        del calls["a list of connectors"], calls["a list of spaces"]
    for what, call in calls.items():
        stand_in.fail("", 200, body=body)
        with pytest.raises(ServerError, match=f"the answer is not {what}.*: .*(Expected|required)") as raised:
            call()
        assert raised.value.request and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (17, "Expected `object`, got `int`"),
        ({"id": "1"}, "Object missing required field `rule_id`"),
        ({"rule_id": "a"}, "Object missing required field `id`"),
        ({"id": "1", "rule_id": "a", "tags": "x"}, "Expected `array`, got `str` - at `$.tags`"),
        ({"id": "1", "rule_id": "a", "enabled": "no"}, "Expected `bool`, got `str` - at `$.enabled`"),
    ],
)
def test_a_rule_that_is_none_is_told(stand_in, kibana, thing, reason):
    stand_in.fail("_find", 200, body=json.dumps({"total": 1, "data": [thing]}))
    with pytest.raises(ServerError) as raised:
        kibana.find_rules()
    assert str(raised.value).endswith(f"rules/_find answered 200: the answer is not a rule: {reason}")


def test_a_list_has_an_end(stand_in, kibana):
    stand_in.fail("_find", 200, body=json.dumps({"total": 10_001, "data": []}))
    with pytest.raises(ServerError, match="10,000"):
        kibana.find_rules()
    endless = [{"id": str(number), "rule_id": str(number)} for number in range(1000)]
    stand_in.fail("_find", 200, times=99, body=json.dumps({"total": 10_000, "data": endless}))
    with pytest.raises(ServerError, match="the list changes while it is read"):
        kibana.find_rules()
    assert sent(stand_in, "_find") == 31


def test_a_kibana_that_is_starting(stand_in, kibana):
    stand_in.level = "unavailable"
    assert kibana.status().level == "unavailable"
    stand_in.fail("status", 503, body="Kibana server is not ready yet", times=99)
    with pytest.raises(ServerError, match="503"):
        kibana.status()


@pytest.mark.parametrize("version", ["8.18.0", "10.0.0"])
def test_an_unknown_version_is_told(stand_in, kibana, version):
    stand_in.world.version = version
    assert version in kibana.status().unsupported


def test_no_secret_is_in_messages_reprs_or_logs(stand_in, backoff, caplog):
    caplog.set_level(logging.DEBUG)
    stand_in.space().connectors["c"] = {"id": "c", "name": "C", "config": {"headers": {"x": "of-the-mail-server"}}}
    for said in (
        connection("kibana", url=stand_in.url, api_key=stand_in.api_key),
        connection("kibana", url=stand_in.url, username=stand_in.username, password=stand_in.password),
    ):
        with Kibana(said, backoff=backoff) as kibana:
            shown = [repr(kibana), repr(vars(kibana)), repr(vars(kibana._http)), repr(vars(kibana._http._client))]
            shown += [repr(said), repr(kibana.find_connectors())]
            for status in (200, 400, 401, 403, 500, 503):
                said_back = json.dumps({"message": f"you sent {' and '.join(said.secrets)}", "total": said.secrets[0]})
                stand_in.fail("GET", status, times=99 if status == 503 else 1, body=said_back)
                with pytest.raises(ServerError) as raised:
                    kibana.find_rules()
                assert status == 200 or "you sent ***" in str(raised.value)
                shown += [str(raised.value), repr(raised.value)]
                stand_in.revive()
        assert not [secret for secret in said.secrets if secret in "\n".join(shown)]
        assert "of-the-mail-server" not in "\n".join(shown)
    assert not [secret for secret in (*stand_in.secrets, "of-the-mail-server") if secret in caplog.text]
