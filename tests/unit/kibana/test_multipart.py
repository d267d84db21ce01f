"""multipart/form-data, read back by another implementation."""

from __future__ import annotations

import pytest
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder

from detections.kibana.multipart import OVERHEAD, one_file

CONTENTS = [b"", b"{}\n", b"--", b"\r\n--boundary--\r\n", bytes(range(256)), "äöü\u2028\n".encode(), b"x" * 100_000]


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_put_in_comes_out(content):
    kind, body = one_file("rules.ndjson", content)
    decoder = MultipartDecoder(kind.partition("boundary=")[2].encode())
    decoder.receive_data(body)
    decoder.receive_data(None)
    events = []
    while not events or not isinstance(events[-1], Epilogue):
        events.append(decoder.next_event())
    [file] = [event for event in events if isinstance(event, File)]
    assert (file.name, file.filename) == ("file", "rules.ndjson")
    assert b"".join(event.data for event in events if isinstance(event, Data)) == content


@pytest.mark.parametrize("content", CONTENTS)
def test_the_same_file_is_the_same_request_and_little_is_around_it(content):
    kind, body = one_file("rules.ndjson", content)
    assert one_file("rules.ndjson", content) == (kind, body)
    assert len(body) - len(content) < OVERHEAD
