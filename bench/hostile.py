"""What hostile input costs: each line is one input that once took minutes, gigabytes, or never came to an end.

``python bench/hostile.py``; each line is a process of its own. ``seconds`` do not count making the input, ``peak MB``
is the highest resident set, of which about 60 are there before anything is read.
"""

from __future__ import annotations

import gzip
import json
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import detections
from detections.errors import DetectionsError, Finding, ServerError
from detections.rule import load
from detections.server import Backoff, Connection, Http
from detections.source import parse

TIME = 1_767_225_600_000
SAMPLE = Path(__file__).parents[1] / "tests/events/cloudtrail/create_network_acl.json"
Line = Callable[[Path], Callable[[], str]]
"""Makes an input, in a folder; what it gives is measured, and says what it came to."""


def _read(path: Path) -> str:
    told: list[Finding] = []
    count = sum(1 for _ in detections.read_events(path, report=told.append))
    return f"{count:,} events{''.join(f'; {finding.message}' for finding in told[:1])}"


def _objects(separator: bytes, count: int, head: bytes = b"", record: bytes | None = None) -> Line:
    def make(folder: Path) -> Callable[[], str]:
        path = folder / "log.json"
        one = record or json.dumps(json.loads(SAMPLE.read_bytes())).encode()
        with path.open("wb") as file:
            file.write(head)
            for _ in range(count):
                file.write(one + separator)
        return lambda: f"{path.stat().st_size / 1e6:.0f} MB, {_read(path)}"

    return make


def _bomb(folder: Path) -> Callable[[], str]:
    path = folder / "log.json.gz"
    piece = b"[" + b" " * (1 << 20)
    with gzip.open(path, "wb", 9) as file:
        for _ in range(1000):
            file.write(piece)
    return lambda: f"{path.stat().st_size / 1e6:.1f} MB for {1000 * len(piece) / 1e9:.1f} GB, {_read(path)}"


def _events(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        {
            "@timestamp": TIME + number,
            "event": {"category": "process", "id": str(number)},
            "host": {"name": "a"},
            **fields,
        }
        for number in range(count)
    ]


def _eql(query: str, count: int, **options: Any) -> Line:
    def make(folder: Path) -> Callable[[], str]:
        events = _events(count)
        return lambda: f"{len(detections.search(events, query, 'eql', **options).sequences):,} found"

    return make


def _esql(query: str, **fields: Any) -> Line:
    def make(folder: Path) -> Callable[[], str]:
        events = _events(1, **fields)
        types = dict.fromkeys(fields, "keyword")
        return lambda: f"rows {json.dumps(detections.search(events, query, 'esql', fields=types).rows)[:60]}"

    return make


_RULE = """[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"
[rule]
author = ["x"]
description = "x"
name = "r"
risk_score = 21
rule_id = "r"
severity = "low"
index = ["logs-*"]
"""
_NEW = """type = "new_terms"
language = "kuery"
query = "*"
[rule.new_terms]
field = "new_terms_fields"
value = ["a", "b", "c"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-7d"
"""


def _new_terms(folder: Path) -> Callable[[], str]:
    rule, findings = load(parse(_RULE + _NEW, "r.toml"))
    assert rule is not None, findings
    events = _events(1, **{name: [f"{name}{value}" for value in range(200)] for name in "abc"})
    told: list[Finding] = []

    def run() -> str:
        count = sum(1 for _ in detections.replay([rule], events, report=told.append))
        return f"{count:,} alerts; {next(one.message for one in told if one.code == 'limit')}"

    return run


def _tags(folder: Path) -> Callable[[], str]:
    path = folder / "r.toml"
    tags = ", ".join(f'"Tag: {number}"' for number in range(50_000))
    path.write_text(f'{_RULE}tags = [{tags}]\ntype = "query"\nlanguage = "kuery"\nquery = "a: 1"\n')
    command = [sys.executable, "-m", "detections", "check", str(path)]

    def run() -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        return f"{path.stat().st_size / 1e6:.1f} MB, {len(done.stdout) / 1e3:.0f} kB said, exit code {done.returncode}"

    return run


def _ors(language: str, template: str, between: str, count: int) -> Line:
    def make(folder: Path) -> Callable[[], str]:
        query = template % between.join(f'name {"==" if language != "kuery" else ":"} "{n}"' for n in range(count))

        def run() -> str:
            try:
                result = detections.search(_events(10, name="7"), query, language, fields={"name": "keyword"})
            except DetectionsError as error:
                return f"{len(query) / 1e6:.1f} MB, refused: {str(error).splitlines()[0][:70]}"
            return f"{len(query) / 1e6:.1f} MB, {len(result.events) or len(result.rows)} events found"

        return run

    return make


@contextmanager
def _server(talk: Callable[[socket.socket], None]) -> Iterator[Connection]:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                sock, _ = listening.accept()
                with sock:
                    sock.recv(65536)
                    talk(sock)
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    yield Connection(f"http://127.0.0.1:{listening.getsockname()[1]}", api_key="key", timeout=2)


def _answer(first: bytes, piece: bytes, pause: float) -> Line:
    def talk(sock: socket.socket) -> None:
        sock.sendall(first)
        while True:
            sock.sendall(piece)
            time.sleep(pause)

    def make(folder: Path) -> Callable[[], str]:
        def run() -> str:
            with _server(talk) as connection:
                http = Http(connection, str, Backoff(tries=1))
                try:
                    http.send("GET", "/x")
                except ServerError as error:
                    return error.message
                return "an answer"

        return run

    return make


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
_CHUNK = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
_SMALL = b'{"@timestamp":"2026-01-01T00:00:00Z","event":{"action":"a"}}'
_DOUBLED = "FROM x | EVAL z = name" + "".join(", z = MV_APPEND(z, z)" for _ in range(40)) + " | KEEP z"
_REPLACED = 'FROM x | EVAL z = REPLACE(name, "%s", "") | EVAL n = LENGTH(z) | KEEP n'
_SAMPLE, _ANY = "sample by host.name", " [any where true]"
_RUNS = "sequence by host.name [any where true] with runs=100"
LINES: dict[str, Line] = {
    "objects without line breaks": _objects(b"", 30_000),
    "the same, a line each": _objects(b"\n", 30_000),
    "'[' and 80,000 objects": _objects(b",", 80_000, b"[\n", _SMALL),
    "a gzip bomb": _bomb,
    "one line of 50 MB": _objects(b"x" * 50_000_000, 1),
    "EQL, runs=100 of 20,000 events": _eql(_RUNS, 20_000),
    "EQL, runs=100 of 100,000 events": _eql(_RUNS, 100_000),
    "EQL, sample of 2 in 20,000": _eql(
        "sample by host.name" + " [any where true]" * 2, 20_000, max_samples_per_key=500
    ),
    "EQL, sample of 5 in 20,000": _eql(
        "sample by host.name" + " [any where true]" * 5, 20_000, max_samples_per_key=500
    ),
    "new terms, 3 fields of 200 values": _new_terms,
    "MV_APPEND(z, z), 40 times": _esql(_DOUBLED, name="a"),
    "REPLACE (a*)*b in 5,000 a": _esql(_REPLACED % "(a*)*b", name="a" * 5000),
    "REPLACE (a|a)*\\1b in 5,000 a": _esql(_REPLACED % r"(a|a)*\\1b", name="a" * 5000),
    "50,000 tags on one line": _tags,
    "KQL, 100,000 times or": _ors("kuery", "%s", " or ", 100_000),
    "KQL, 20,000 times or": _ors("kuery", "%s", " or ", 20_000),
    "EQL, 20,000 times or": _ors("eql", "any where %s", " or ", 20_000),
    "ES|QL, 20,000 times OR": _ors("esql", "FROM x | WHERE %s", " OR ", 20_000),
    "an answer a byte a time, timeout 2": _answer(_HEAD, b"1\r\n \r\n", 0.05),
    "an answer without end": _answer(_HEAD, _CHUNK, 0),
}


def measure(name: str) -> None:
    """Print one line: seconds, peak in MB, what it came to."""
    with tempfile.TemporaryDirectory() as folder:
        run = LINES[name](Path(folder))
        begun = time.perf_counter()
        said = run()
        seconds = time.perf_counter() - begun
    unit = 1 if sys.platform == "darwin" else 1024
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * unit
    print(f"{name:36} {seconds:8.1f} {peak / 1e6:8.0f}   {said}", flush=True)


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    print(f"{'':36} {'seconds':>8} {'peak MB':>8}")
    for name in LINES:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
