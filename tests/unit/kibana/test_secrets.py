"""What a connector's configuration says that nobody is to read."""

from __future__ import annotations

import pytest

from detections.kibana.secrets import without_secrets


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "apikey", "X-Auth", "Ocp-Key", "Set-Cookie", "botToken"]
)
def test_headers_that_carry_secrets_are_left_out(name: str) -> None:
    config = {"headers": {name: "hunter2", "X-Team": "soc"}}
    assert without_secrets(config) == ({"headers": {"X-Team": "soc"}}, [f"config.headers.{name}"])


def test_what_only_sounds_like_a_secret_stays() -> None:
    config = {
        "accessTokenUrl": "https://idp.example.com/token", "authType": "oauth2", "clientId": "c", "hasAuth": True,
        "projectKey": "SOC", "apiTokenId": "t", "max_output_tokens": 3, "passwords": "", "path": "not://a:b@url?token=1",
    }  # fmt: skip
    assert without_secrets(config) == (config, [])


def test_users_and_tokens_in_urls_are_left_out() -> None:
    config = {"url": "https://u:hunter2@h:1/x?a=%20b&token=hunter2&sig=hunter2#f", "more": ["http://h/?x=1&y"]}
    found, left_out = without_secrets(config)
    assert found == {"url": "https://h:1/x?a=%20b#f", "more": ["http://h/?x=1&y"]}
    assert left_out == ["token in config.url", "sig in config.url", "the user in config.url"]
