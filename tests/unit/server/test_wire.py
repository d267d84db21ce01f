"""One request over real sockets: a deadline for all of it, a bound for the answer, no redirect followed."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from detections.errors import ServerUnavailable
from detections.server import Backoff, Connection, Http, Lost
from detections.server import wire as module
from detections.server.wire import Wire

Talk = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Peer:
    """A server of one function a connection, on loopback."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.talks: list[Talk] = []
        self.heard: list[bytes] = []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def connection(self) -> Connection:
        return Connection(f"http://127.0.0.1:{self.listening.getsockname()[1]}", api_key="key")

    def answer(self, body: bytes, head: bytes = OK, length: int | None = None) -> None:
        size = len(body) if length is None else length
        self.talks.append(lambda sock: sock.sendall(head + b"Content-Length: %d\r\n\r\n" % size + body))

    def trickle(self, first: bytes, piece: bytes) -> None:
        def talk(sock: socket.socket) -> None:
            sock.sendall(first)
            while not self.done.wait(0.01):
                sock.sendall(piece)

        self.talks.append(talk)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self.listening.accept()
            except OSError:
                return
            with sock:
                try:
                    while self.talks:
                        heard = sock.recv(65536)
                        if not heard:
                            break
                        self.heard.append(heard)
                        self.talks.pop(0)(sock)
                except OSError:
                    pass  # the client has gone, as it should


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.done.set()
    made.listening.close()


def send(peer: Peer, timeout: float = 5.0) -> module.Raw:
    wire = Wire(peer.connection)
    try:
        return wire.send("GET", "/x", None, {}, timeout)
    finally:
        wire.close()


def test_what_is_sent_and_what_comes_back(peer: Peer) -> None:
    peer.answer(b"{}")
    found = send(peer)
    assert (found.status, found.body, found.headers["content-type"]) == (200, b"{}", "application/json")
    assert b"authorization: ApiKey key" in peer.heard[0]


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"", b"H"),
        (OK, b"X-A: b\r\n"),
        (OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK + b"\r\n", b"x"),
    ],
    ids=["status", "headers", "body", "chunks", "endless"],
)
def test_a_trickled_answer_does_not_outlast_the_deadline(peer: Peer, first: bytes, piece: bytes) -> None:
    peer.trickle(first, piece)
    start = time.monotonic()
    with pytest.raises(Lost) as raised:
        send(peer, timeout=0.3)
    assert raised.value.sent
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("head", [OK + b"Transfer-Encoding: chunked\r\n\r\n", OK + b"\r\n"])
def test_an_answer_without_end_is_not_read_to_it(peer: Peer, head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 100_000)
    monkeypatch.setattr(module, "_PIECE", 10_000)
    piece = b"%x\r\n%b\r\n" % (50_000, b"x" * 50_000)
    peer.trickle(head, piece)
    with pytest.raises(Lost, match="larger than 100,000 bytes, the most that is read") as raised:
        send(peer)
    assert raised.value.final


def test_a_compressed_answer_is_bounded_by_what_it_holds(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 1_000_000)
    bomb = gzip.compress(b"x" * 50_000_000)
    peer.answer(bomb, OK + b"Content-Encoding: gzip\r\n")
    with pytest.raises(Lost, match="larger than 1,000,000 bytes"):
        send(peer)
    peer.answer(gzip.compress(b"[1]"), OK + b"Content-Encoding: gzip\r\n")
    assert send(peer).body == b"[1]"


def test_what_follows_an_answer_that_was_given_up_is_no_answer_to_another_request(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 10)
    wire = Wire(peer.connection)
    peer.answer(b"x" * 100)
    peer.answer(b"[2]")
    with pytest.raises(Lost):
        wire.send("GET", "/x", None, {}, 5.0)
    assert wire.send("GET", "/x", None, {}, 5.0).body == b"[2]"
    wire.close()


def test_a_connection_is_used_again(peer: Peer) -> None:
    wire = Wire(peer.connection)
    ports = set()

    def talk(sock: socket.socket) -> None:
        ports.add(sock.getpeername())
        sock.sendall(OK + b"Content-Length: 2\r\n\r\n{}")

    peer.talks += [talk, talk, talk]
    for _ in range(3):
        wire.send("GET", "/x", None, {}, 5.0)
    wire.close()
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("body", "head", "length"),
    [
        (b"[1,", OK, 100),
        (gzip.compress(b"[1]" * 9999)[:50], OK + b"Content-Encoding: gzip\r\n", None),
        (b"no gzip", OK + b"Content-Encoding: gzip\r\n", None),
        (gzip.compress(b"[1]") + b"more", OK + b"Content-Encoding: gzip\r\n", None),
        (gzip.compress(b"[1]") * 2, OK + b"Content-Encoding: gzip\r\n", None),
        (zlib.compress(b"[1]"), OK + b"Content-Encoding: deflate\r\n", None),
        (b"", b"HTTP/9 what?\r\n", None),
        (b"", b"\x16\x03\x01\r\n", None),
        (b"", OK + b"X: " + b"x" * 70_000 + b"\r\n", None),
        (b"", OK + b"X: y\r\n" * 200, None),
    ],
    ids=["short", "short gzip", "no gzip", "more", "twice", "deflate", "no HTTP", "TLS", "long header", "many headers"],
)
def test_what_is_broken_is_told_in_a_line(peer: Peer, body: bytes, head: bytes, length: int | None) -> None:
    def talk(sock: socket.socket) -> None:
        size = len(body) if length is None else length
        sock.sendall(head + b"Content-Length: %d\r\n\r\n" % size + body)
        sock.shutdown(socket.SHUT_RDWR)

    peer.talks.append(talk)
    http = Http(peer.connection, lambda response: "?", Backoff(tries=1))
    with pytest.raises(ServerUnavailable) as raised:
        http.send("GET", "/x")
    http.close()
    assert "\n" not in str(raised.value) and raised.value.sent


def test_a_redirect_is_not_followed(peer: Peer) -> None:
    peer.answer(b"", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/elsewhere\r\n")
    assert send(peer).status == 302
    assert len(peer.heard) == 1


def test_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    wire = Wire(Connection(f"http://127.0.0.1:{port}"))
    with pytest.raises(Lost, match="cannot connect: is the server running, and the URL right") as raised:
        wire.send("GET", "/x", None, {}, 5.0)
    assert not raised.value.sent
    with pytest.raises(Lost, match="the host is unknown") as raised:
        Wire(Connection("http://there-is-no-such-host.invalid")).send("GET", "/x", None, {}, 5.0)
    assert raised.value.final
