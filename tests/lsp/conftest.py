"""The server as an editor has it: a process of its own, spoken to over its standard input and output."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).parents[2]
RULE = "defense_evasion_ec2_network_acl_created.toml"


class Client:
    """Speaks JSON-RPC, and keeps what the server says by itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "detections", "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.answers: dict[int, Any] = {}
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.arrived = threading.Condition()
        self.count = 0
        self.version = 1
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        stream = self.process.stdout
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if "id" in message and "method" not in message:
                with self.arrived:
                    self.answers[message["id"]] = message
                    self.arrived.notify_all()
            else:
                self.told.put(message)

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.process.stdin.flush()

    def notify(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self.count += 1
        number = self.count
        self.send({"id": number, "method": method, "params": params})
        with self.arrived:
            assert self.arrived.wait_for(lambda: number in self.answers, 60), method
            answer = self.answers.pop(number)
        assert "error" not in answer, answer
        return answer["result"]

    def start(self, **capabilities: Any) -> Any:
        answer = self.ask("initialize", processId=None, rootUri=self.folder.as_uri(), capabilities=capabilities)
        self.notify("initialized")
        return answer

    def uri(self, path: str) -> str:
        return (self.folder / path).as_uri()

    def open(self, path: str, text: str | None = None) -> list[dict[str, Any]]:
        """Open a file; its diagnostics."""
        said = (self.folder / path).read_text() if text is None else text
        self.notify(
            "textDocument/didOpen",
            textDocument={"uri": self.uri(path), "languageId": "toml", "version": 1, "text": said},
        )
        return self.diagnostics(path, 1)

    def changed(self, path: str, text: str) -> list[dict[str, Any]]:
        """Change an open file; its diagnostics."""
        self.change(path, text)
        return self.diagnostics(path, self.version)

    def change(self, path: str, text: str) -> None:
        self.version += 1
        self.notify(
            "textDocument/didChange", textDocument={"uri": self.uri(path), "version": self.version},
            contentChanges=[{"text": text}],
        )  # fmt: skip

    def diagnostics(self, path: str, version: int | None = None) -> list[dict[str, Any]]:
        """The diagnostics of a file that come next, of this version of its text where one is wanted."""
        while True:
            message = self.told.get(timeout=60)
            params = message.get("params") or {}
            about = message["method"] == "textDocument/publishDiagnostics" and params["uri"] == self.uri(path)
            if about and version in (None, params.get("version")):
                return params["diagnostics"]

    def at(self, method: str, path: str, line: int, character: int) -> Any:
        return self.ask(
            f"textDocument/{method}", textDocument={"uri": self.uri(path)},
            position={"line": line, "character": character},
        )  # fmt: skip

    def stop(self) -> int:
        if self.process.poll() is None:
            self.ask("shutdown")
            self.notify("exit")
            self.process.stdin.close()
        return self.process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.detections]\nprofiles = ["house"]\n')
    for name in ("rules", "tests/rules"):
        (tmp_path / name / "aws").mkdir(parents=True)
        shutil.copy(REPO / name / "aws" / RULE, tmp_path / name / "aws" / RULE)
    shutil.copytree(REPO / "tests/events", tmp_path / "tests/events")
    return tmp_path


@pytest.fixture
def started(folder: Path) -> Iterator[Callable[[], Client]]:
    """Start a server, where a test has something to do before."""
    clients: list[Client] = []

    def start() -> Client:
        clients.append(Client(folder))
        clients[-1].start()
        return clients[-1]

    yield start
    for made in clients:
        try:
            assert made.stop() == 0
        finally:
            made.process.kill()
            made.process.wait()
            for stream in (made.process.stdin, made.process.stdout):
                stream.close()


@pytest.fixture
def client(started: Callable[[], Client]) -> Client:
    return started()
