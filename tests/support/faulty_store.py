"""A store that speaks as much of S3 as reading needs, and fails as it is told to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class FaultyStore:
    """``objects`` by their keys. ``denied`` are prefixes that nobody may list or read; ``slow`` says how many times a
    key is answered by 503; ``cut`` after how many bytes the connection is closed, once; ``replaced`` keys have another
    content at each request; ``refusal`` is the code that ``denied`` is refused with."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.denied: tuple[str, ...] = ()
        self.refusal = "AccessDenied"
        self.slow: Counter[str] = Counter()
        self.cut: dict[str, int] = {}
        self.replaced: dict[str, int] = {}
        self.asked: list[str] = []
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[FaultyStore]:
        handler = type("Handler", (_Handler,), {"store": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: FaultyStore

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        _, bucket, *rest = unquote(path.path).split("/", 2)
        key = rest[0] if rest else ""
        query = parse_qs(path.query)
        self.store.asked.append(f"list {query.get('prefix', [''])[0]}" if "list-type" in query else f"get {key}")
        if bucket != "bucket":
            self._refuse(404, "NoSuchBucket")
        elif "list-type" in query:
            self._list(query.get("prefix", [""])[0], query.get("delimiter", [""])[0])
        elif key.startswith(self.store.denied or "\0"):
            self._refuse(403, self.store.refusal)
        elif self.store.slow[key] > 0:
            self.store.slow[key] -= 1
            self._refuse(503, "SlowDown")
        elif key not in self.store.objects:
            self._refuse(404, "NoSuchKey")
        else:
            self._get(key)

    def _list(self, prefix: str, delimiter: str) -> None:
        if prefix.startswith(self.store.denied or "\0"):
            self._refuse(403, self.store.refusal)
            return
        keys: list[str] = []
        folders: dict[str, None] = {}
        for key in sorted(key for key in self.store.objects if key.startswith(prefix)):
            folder, slash, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if slash:
                folders[f"{prefix}{folder}/"] = None
            else:
                keys.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.store.objects[key])}</Size><ETag>&quot;e&quot;</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
        )
        shared = "".join(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders)
        self._send(
            200,
            f"<ListBucketResult><Name>bucket</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(keys)}</KeyCount>"
            f"<IsTruncated>false</IsTruncated>{contents}{shared}</ListBucketResult>".encode(),
        )

    def _get(self, key: str) -> None:
        data = self.store.objects[key]
        tag = f'"{self.store.replaced.get(key, 0)}"'
        if key in self.store.replaced:
            self.store.replaced[key] += 1
        wanted = self.headers.get("If-Match")
        if wanted is not None and wanted != tag:
            self._refuse(412, "PreconditionFailed")
            return
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        body = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        cut = self.store.cut.pop(key, None)
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
