"""How fast ``replay`` is over objects of a store, beside the same files in a folder.

``python bench/store.py [EVENTS]``: gzipped raw CloudTrail, 500 records an object, in the layout of a trail, served over
HTTP by another process on this machine that answers each request after some milliseconds, as a store in the same region
does; with all rules of the project. Medians, in turn.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from made.events import deliver

import detections
from detections.engine import Embedded
from detections.events import read
from detections.schedule import replay

RULES = Path(__file__).parents[1] / "rules"
EVENTS = 100_000
ROUNDS = 3
LATENCY = 0.02
PREFIX = "AWSLogs/123456789012/CloudTrail/eu-west-1/2026/01/01/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = Path()

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        time.sleep(LATENCY)
        path = urlsplit(self.path)
        body = self.listed() if "list-type" in parse_qs(path.query) else self.one(unquote(path.path))
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def listed(self) -> bytes:
        contents = "".join(
            f"<Contents><Key>{PREFIX}{path.name}</Key><Size>{path.stat().st_size}</Size><ETag>e</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for path in sorted(self.folder.iterdir())
        )
        return f"<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>".encode()

    def one(self, path: str) -> bytes:
        return (self.folder / path.rpartition("/")[2]).read_bytes()


def serve(folder: Path, told: Connection) -> None:
    handler = type("Of", (Handler,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    told.send(server.server_port)
    server.serve_forever()


def replayed(place: str, jobs: int, told: Connection) -> None:
    rules = detections.load_rules(RULES)
    engine = Embedded(jobs=jobs, report=lambda _: None)
    begin = time.perf_counter()
    alerts = sum(1 for _ in replay(rules, read([place], lambda _: None), engine))
    told.send((alerts, time.perf_counter() - begin))


def measured(place: str, jobs: int = 1) -> tuple[int, float]:
    """Alerts and seconds, in a process of its own, as a command has it."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=replayed, args=(place, jobs, there))
    process.start()
    found: tuple[int, float] = here.recv()
    process.join()
    return found


def main(folder: Path, count: int) -> None:
    files = deliver(folder, count)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, there), daemon=True)
    server.start()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{here.recv()}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1",
    }  # fmt: skip
    work: dict[str, Callable[[], tuple[int, float]]] = {
        "folder": lambda: measured(str(folder)),
        "store": lambda: measured("s3://b/AWSLogs/"),
        "store --jobs 2": lambda: measured("s3://b/AWSLogs/", 2),
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    found = set()
    for _ in range(ROUNDS):
        for name, run in work.items():
            alerts, taken = run()
            found.add(alerts)
            times[name].append(taken)
    server.terminate()
    speed = {name: count / statistics.median(taken) for name, taken in times.items()}
    print(f"{count:,} events in {len(files)} objects, {LATENCY * 1000:.0f} ms a request; median of {ROUNDS}")
    for name, one in speed.items():
        print(f"{name:<16} {one:>10,.0f} events/s   {one / speed['folder']:>5.2f} of the folder")
    assert len(found) == 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made), int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
