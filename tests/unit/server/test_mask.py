"""Secrets are hidden in every form in which a server may say them back."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_plus

import pytest

from detections.server import Mask, connection

KEY = "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"
ENCODED = base64.b64encode(KEY.encode()).decode()
PASSWORD = "it's a/secret + more"


@pytest.mark.parametrize("given", [KEY, ENCODED])
@pytest.mark.parametrize("form", [KEY, ENCODED, *KEY.split(":"), quote(KEY, safe=""), quote(ENCODED, safe="")])
def test_an_api_key_is_hidden_however_it_was_given(given: str, form: str) -> None:
    mask = Mask(connection("kibana", url="https://k", api_key=given).secrets)
    assert mask(f"you sent '{form}'") == "you sent '***'"


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD),
        base64.b64encode(PASSWORD.encode()).decode(), base64.b64encode(f"elastic:{PASSWORD}".encode()).decode(),
    ],
)  # fmt: skip
def test_a_password_is_hidden(form: str) -> None:
    mask = Mask(connection("kibana", url="https://k", username="elastic", password=PASSWORD).secrets)
    said = mask(f"elastic sent {form}.")
    assert "***" in said and PASSWORD not in said and form.split("/")[-1] not in said
    assert said.startswith("elastic sent ")


def test_a_short_id_is_no_secret() -> None:
    mask = Mask(connection("kibana", url="https://k", api_key="an:secret-part").secrets)
    assert mask("an answer, and the secret-part") == "an answer, and the ***"


def test_nothing_is_hidden_where_there_is_nothing_to_hide() -> None:
    assert Mask(connection("kibana", url="https://k").secrets)("text") == "text"
    assert "secret" not in repr(Mask(["secret"]))
