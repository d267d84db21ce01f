"""TLS: whom the client trusts, and what it says when it does not."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kibana_stand_in import StandIn
from pytest_httpserver import HTTPServer

from detections.errors import ServerUnavailable
from detections.kibana.client import Kibana
from detections.server import connection

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not there")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own for localhost, its key beside it."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "ca.pem"


@pytest.fixture
def secure(certificate: Path) -> Iterator[StandIn]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with HTTPServer(host="localhost", ssl_context=context, threaded=True) as server:
        yield StandIn(server)


def test_the_named_authority_is_trusted(secure, certificate, backoff):
    said = connection("kibana", url=secure.url, api_key=secure.api_key, ca_file=certificate)
    with Kibana(said, backoff=backoff) as kibana:
        assert kibana.status().version == "9.2.0"


def test_nobody_else_is(secure, backoff, slept):
    with (
        Kibana(connection("kibana", url=secure.url, api_key=secure.api_key), backoff=backoff) as kibana,
        pytest.raises(
            ServerUnavailable, match="its certificate is not trusted: name the authority's CA file"
        ) as raised,
    ):
        kibana.find_rules()
    assert not raised.value.sent
    assert not slept
    assert not secure.requests


def test_the_certificate_must_be_the_hosts(secure, certificate, backoff):
    url = secure.url.replace("localhost", "127.0.0.1")
    with (
        Kibana(connection("kibana", url=url, ca_file=certificate), backoff=backoff) as kibana,
        pytest.raises(ServerUnavailable, match="its certificate is for another host"),
    ):
        kibana.status()


def test_http_is_not_https(stand_in, backoff):
    url = stand_in.url.replace("http://", "https://")
    with (
        Kibana(connection("kibana", url=url), backoff=backoff) as kibana,
        pytest.raises(ServerUnavailable, match="TLS handshake failed: is the URL's scheme right"),
    ):
        kibana.status()
