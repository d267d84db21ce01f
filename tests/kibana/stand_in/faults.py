"""What goes wrong between a client and Kibana, on purpose."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Literal

from werkzeug import Request, Response

HTML = "<!DOCTYPE html><html><head><title>{status} Bad things</title></head><body><h1>nginx</h1></body></html>"


@dataclass
class Fault:
    """``on`` is a regular expression over ``METHOD /path``. The first ``skip`` matches pass, the next ``times`` fail.

    ``worked``: Kibana does what it was asked to, and only the answer is lost.
    """

    on: str
    kind: Literal["answer", "drop", "cut", "cut_json", "slow"]
    times: int = 1
    skip: int = 0
    worked: bool = False
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    seconds: float = 0.0

    def strikes(self, request: str) -> bool:
        if not re.search(self.on, request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if not self.times:
            return False
        self.times -= 1
        return True

    def answer(self, request: Request, worked: Response | None) -> Response:
        """What the client gets instead of ``worked``."""
        if self.kind == "drop":
            return reset(request, b"")
        if self.kind == "slow":
            time.sleep(self.seconds)
            return worked or Response()
        if self.kind in ("cut", "cut_json"):
            whole = worked.get_data() if worked is not None else b"{}"
            half = whole[: len(whole) // 2]
            if self.kind == "cut":
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(whole)}\r\n\r\n"
                return reset(request, head.encode() + half)
            return Response(half, 200, content_type=worked.content_type if worked else "application/json")
        if self.body is None:
            said = {"statusCode": self.status, "error": "Fault", "message": "it is broken on purpose"}
            return Response(json.dumps(said), self.status, self.headers, content_type="application/json")
        kind = "text/html" if self.body.startswith("<") else "application/json"
        return Response(self.body, self.status, self.headers, content_type=kind)


def reset(request: Request, sent: bytes) -> Response:
    """Send some bytes and then reset the connection. The response that is returned reaches nobody."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    if sent:
        connection.sendall(sent)
        time.sleep(0.01)  # what was sent must arrive before the reset overtakes it
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    return Response(status=500)
