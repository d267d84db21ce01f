"""Connections: where a server is, and secrets that are shown nowhere."""

from __future__ import annotations

import base64
import pickle

import pytest

from detections.errors import UsageError
from detections.server import Connection, connection

SECRET = "hunter2-and-more"


def cloud_id(text: str) -> str:
    return f"name:{base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://kibana.example:5601", "https://kibana.example:5601"),
        ("https://kibana.example/base/path/", "https://kibana.example/base/path"),
        ("kibana.example:5601", "https://kibana.example:5601"),
        ("http://[::1]:5601/", "http://[::1]:5601"),
        ("http://my_kibana:5601", "http://my_kibana:5601"),
    ],
)
def test_a_url_is_cleaned(url, clean):
    assert connection("kibana", url=url).url == clean


def test_credentials_in_a_url_are_taken_out_of_it_and_decoded():
    found = connection("kibana", url="https://elastic:p%40ss%2Fword@kibana.example")
    assert found.url == "https://kibana.example"
    assert found.basic == ("elastic", "p@ss/word")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://kibana.example",
        "https://",
        "https://ho st",
        "https://k:99999",
        "",
        "https://k:abc",
        "https://[::1",
        "https://kibana..example",
        f"https://{'k' * 64}.example",
        "https://kibana%00.example",
        "https://kibana%0a.example",
        "https://[fe80::1%00]",
        "https://kibana.example/a b",
        "https://kibana.example/\udcff",
        "https://kibana.example/b\u00e4se",
    ],
)
def test_what_is_no_url_is_refused(url):
    with pytest.raises(UsageError, match="invalid URL, expected one like https://host:5601"):
        connection("kibana", url=url)


@pytest.mark.parametrize(
    ("text", "product", "url"),
    [
        ("eu.cloud.example$abc$def", "kibana", "https://def.eu.cloud.example:443"),
        ("eu.cloud.example$abc$def", "elasticsearch", "https://abc.eu.cloud.example:443"),
        ("eu.cloud.example:9243$abc$def", "kibana", "https://def.eu.cloud.example:9243"),
        ("eu.cloud.example$abc:1$def:2", "kibana", "https://def.eu.cloud.example:2"),
        ("eu.cloud.example$abc$def$ghi", "kibana", "https://def.eu.cloud.example:443"),
    ],
)
def test_a_cloud_id_says_where_the_server_is(text, product, url):
    assert connection(product, cloud_id=cloud_id(text)).url == url


@pytest.mark.parametrize("said", ["name:???", "name:", cloud_id("host$abc"), cloud_id("$$"), "name:/w=="])
def test_a_cloud_id_that_cannot_be_read_is_refused(said):
    with pytest.raises(UsageError, match="cloud ID"):
        connection("kibana", cloud_id=said)


def test_an_api_key_is_encoded_once():
    encoded = base64.b64encode(f"id:{SECRET}".encode()).decode()
    for said in (f"id:{SECRET}", encoded, f" {encoded}\n"):
        assert connection("kibana", url="https://k", api_key=said).headers == {"authorization": f"ApiKey {encoded}"}


@pytest.mark.parametrize("key", ["ab\ncd", "ab\r\nx: y", "schlüssel", "a\x00b"])
def test_an_api_key_that_no_header_can_hold_is_refused_without_being_shown(key):
    with pytest.raises(UsageError) as raised:
        connection("kibana", url="https://k", api_key=key)
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    "said",
    [
        {}, {"url": "https://k", "cloud_id": "x:y"},
        {"url": "https://k", "api_key": "a", "username": "u", "password": "p"},
        {"url": "https://u:p@k", "api_key": "a"},
        {"url": "https://k", "username": "u"}, {"url": "https://k", "password": SECRET},
        {"url": "https://k", "username": "u", "password": f"{SECRET}\udcff"},
        {"url": f"https://u:{SECRET}@k%00"}, {"url": f"https://u:{SECRET}@[k"},
    ],
)  # fmt: skip
def test_too_little_or_too_much_is_refused_without_secrets(said):
    with pytest.raises(UsageError) as raised:
        connection("kibana", **said)
    assert SECRET not in str(raised.value)


def test_no_repr_shows_a_secret():
    for found in (
        connection("kibana", url="https://k", api_key=f"id:{SECRET}"),
        connection("kibana", url="https://k", username="u", password=SECRET),
    ):
        shown = f"{found!r} {found} {found.node()!r} {[found]}"
        assert not [secret for secret in found.secrets if secret in shown]
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_node_has_the_base_path_and_the_timeout():
    node = connection("kibana", url="https://k/base", timeout=7).node()
    assert (node.host, node.port, node.path_prefix, node.request_timeout) == ("k", 443, "/base", 7)


def test_a_ca_file_must_be_one(tmp_path):
    good_for_nothing = tmp_path / "ca.pem"
    for message, url in (("the CA file does not exist", "https://k"), ("is not https", "http://k")):
        with pytest.raises(UsageError, match=message):
            Connection(url, ca_file=good_for_nothing).node()
    good_for_nothing.write_text("what is this?")
    with pytest.raises(UsageError, match="not a PEM file of certificates"):
        Connection("https://k", ca_file=good_for_nothing).node()


@pytest.mark.parametrize("timeout", [0, -1, 86_401, float("inf"), float("nan")])
def test_a_timeout_is_one_that_can_be_waited_for(timeout):
    with pytest.raises(UsageError, match="the timeout must be between 0 and 86,400 seconds"):
        connection("kibana", url="https://k", timeout=timeout)
