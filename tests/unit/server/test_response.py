"""Answers are decoded once: what they are not is one line that names the request and what was expected."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from detections.errors import ServerError, ServerUnavailable
from detections.server import Form, Response
from detections.server.wire import Raw

JSON = "application/json; charset=utf-8"


class Space(msgspec.Struct):
    id: str
    count: int = 0


def response(body: bytes, mime: str = JSON, status: int = 200, form: Form = "json", **headers: str) -> Response:
    return Response.of(Raw(status, {"content-type": mime, **headers}, body), "GET /x", form, 1, str)


def test_what_is_relied_on_is_there_and_the_rest_is_passed_over() -> None:
    assert response(b'{"id": "a", "more": [1]}').read(Space, "a space") == Space("a")
    assert response(b'{"id": "a"}', "application/vnd.elasticsearch+json;compatible-with=9").decoded() == {"id": "a"}
    assert response(b'{"id": "a"}', "").decoded() == {"id": "a"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"true", "Expected `object`, got `bool`"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "Object missing required field `id`"),
        (b'{"id": null}', "Expected `str`, got `null` - at `$.id`"),
        (b'{"id": "a", "count": true}', "Expected `int`, got `bool` - at `$.count`"),
    ],
)
def test_a_wrong_shape_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(ServerError) as raised:
        response(body).read(Space, "a space")
    assert str(raised.value) == f"GET /x answered 200: the answer is not a space: {reason}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"id": "\xff"}', "invalid UTF-8 at byte 0"),
        (b"[NaN]", "JSON is malformed: invalid character (byte 1)"),
        (b"1e999", "Number out of range"),
        (b"[" * 100_000 + b"]" * 100_000, "it is nested too deeply"),
        (b"{} {}", "JSON is malformed: trailing characters (byte 4)"),
    ],
)
@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_what_cannot_be_decoded_is_told(body: bytes, reason: str, form: Form) -> None:
    mime, name = {"json": (JSON, "JSON"), "ndjson": ("application/ndjson", "ndjson")}[form]
    with pytest.raises(ServerError) as raised:
        response(body, mime, form=form).decoded()
    assert str(raised.value) == f"GET /x answered 200: the answer is not {name}: {reason}"
    assert not isinstance(raised.value, ServerUnavailable)


@pytest.mark.parametrize("body", [b'{"id": "a', b"[1,", b'"'])
def test_a_body_that_ends_too_early_is_cut_off(body: bytes) -> None:
    assert response(body).is_cut
    with pytest.raises(ServerUnavailable, match="the answer was cut off") as raised:
        response(body).decoded()
    assert raised.value.sent
    assert not response(b"").is_cut


@pytest.mark.parametrize(
    ("body", "mime", "status", "message"),
    [
        (b"<html><title>Sign &amp; in</title>", "text/html", 200, "an HTML page, 'Sign & in'"),
        (b"<p>", JSON, 200, "an HTML page"),
        (b"", "text/plain", 200, "the answer is empty"),
        (b"what\xff", "text/plain", 200, "what\ufffd"),
        (b"x" * 5000, "text/plain", 200, "x" * 200),
        (b"", JSON, 302, "it redirects to /login"),
    ],
)
def test_an_answer_of_something_else_is_told(body: bytes, mime: str, status: int, message: str) -> None:
    found = response(body, mime, status, location="/login")
    assert found.other_than_json() == message
    with pytest.raises(ServerError, match="is the URL right, with its base path"):
        raise found.foreign()


def test_lines() -> None:
    assert response(b'{"a": 1}\n\n{"b": 2}\r\n', "application/ndjson", form="ndjson").decoded() == [{"a": 1}, {"b": 2}]
    assert response(b"1.2.3.4\n\na\rb\n", "application/ndjson", form="text").decoded() == ["1.2.3.4", "a\rb"]
    assert response(b'{"a": 1}\n{"b"', "application/ndjson", form="ndjson").is_cut
    for body, mime in ((b"\xff", "application/ndjson"), (b"a", "text/html"), (b"a", JSON)):
        with pytest.raises(ServerError):
            response(body, mime, form="text").decoded()


def test_an_error_is_json_whatever_was_asked_for() -> None:
    assert response(b'{"message": "no"}', JSON, 400, "ndjson").value == {"message": "no"}


def test_a_part_is_converted_like_the_whole() -> None:
    found = response(b'{"data": [{"id": "a"}, {}]}')
    parts: list[Any] = found.decoded()["data"]
    assert found.convert(parts[0], Space, "a space") == Space("a")
    with pytest.raises(ServerError, match="not a space: Object missing required field `id`"):
        found.convert(parts[1], Space, "a space")
