"""Of a connector's configuration only what is known to be harmless is shown, whatever else is in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.bundle import connectors
from detections.bundle.connectors import harmless, is_placeholder, placeholder

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (".index", {"index": "alerts", "refresh": True, "executionTimeField": "@timestamp"}),
        (".email", {"from": "soc@example.com", "host": "smtp.example.com", "port": 465, "secure": True,
                    "hasAuth": True, "service": "other"}),
        (".jira", {"apiUrl": "https://example.atlassian.net", "projectKey": "SOC"}),
        (".webhook", {"method": "post", "hasAuth": False, "authType": "webhook-authentication-basic"}),
        (".slack_api", {"allowedChannels": [{"id": "C1", "name": "soc"}]}),
        (".swimlane", {"apiUrl": "https://s.example", "appId": "a", "connectorType": "all",
                       "mappings": {"alertIdConfig": {"id": "1", "key": "k", "name": "n", "fieldType": "text"}}}),
    ],
)  # fmt: skip
def test_what_is_known_to_be_harmless_stays(kind: str, config: dict[str, Any]) -> None:
    assert harmless(kind, config) == (config, [])


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (".webhook", {"url": f"https://hooks.example.com/services/{SECRET}"}),
        (".webhook", {"headers": {"X-Team": SECRET}}),
        (".webhook", {"headers": [{"name": "Authorization", "value": SECRET}]}),
        (".torq", {"webhookIntegrationUrl": f"https://hooks.torq.io/v1/webhooks/{SECRET}"}),
        (".xmatters", {"configUrl": f"https://example.xmatters.com/api?apiKey={SECRET}"}),
        (".cases-webhook", {"createIncidentJson": f'{{"token": "{SECRET}"}}', "createIncidentUrl": f"https://{SECRET}"}),
        (".d3security", {"url": f"https://example.com/{SECRET}"}),
        (".email", {"host": f"smtp://u:{SECRET}@example.com"}),
        (".index", {"index": {"a": {"b": {"c": {"d": {"e": SECRET}}}}}}),
        (".jira", {"apiUrl": f"javascript://{SECRET}"}),
        (".jira", {"apiUrl": f"https://[{SECRET}"}),
        (".jira", {"apiUrl": f"{SECRET}@example.com"}),
        *((".jira", {name: SECRET}) for name in ("pass", "pwd", "passphrase", "bearer", "jwt", "tokens", "x")),
        (".of-tomorrow", {"apiUrl": f"https://{SECRET}", "method": SECRET}),
        ("", {"index": SECRET}),
    ],
)  # fmt: skip
def test_everything_else_is_named_and_left_out(kind: str, config: dict[str, Any]) -> None:
    kept, left_out = harmless(kind, config)
    assert (kept, left_out) == ({}, list(config))


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{SECRET}@jira.example.com:8443/base", f"https://jira.example.com:8443/base?token={SECRET}",
        f"https://jira.example.com:8443/base#{SECRET}", f"https://{SECRET}@jira.example.com:8443/base?a=1#b",
    ],
)  # fmt: skip
def test_of_a_url_that_stays_user_query_and_fragment_go(url: str) -> None:
    kept, left_out = harmless(".jira", {"apiUrl": url, "projectKey": "SOC"})
    assert kept == {"apiUrl": "https://jira.example.com:8443/base", "projectKey": "SOC"}
    assert left_out == ["apiUrl"]


def test_what_says_nothing_is_no_secret() -> None:
    assert harmless(".webhook", {"headers": None, "url": [], "ca": {}}) == ({}, [])


def test_a_placeholder_names_what_it_stands_for() -> None:
    assert placeholder("url") == "<not pulled: url>"
    assert is_placeholder(placeholder("headers"))
    assert not any(map(is_placeholder, ("", "https://x", None, {}, "<not pulled: url> ", "<not pulled: <b>>")))


@given(
    st.sampled_from([*connectors._HARMLESS, ".other"]),
    st.dictionaries(
        st.text(max_size=8), st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner))
    ),
)
def test_no_key_is_kept_that_is_not_on_the_list(kind: str, config: dict[str, Any]) -> None:
    kept, left_out = harmless(kind, config)
    assert kept.keys() <= set(connectors._HARMLESS.get(kind, ()))
    assert kept.keys() | set(left_out) <= config.keys()
