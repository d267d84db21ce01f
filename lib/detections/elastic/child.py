"""The process that is an Elasticsearch node: it starts Java inside itself and ends when its parent does.

It is run by its path, ``python -P child.py SETTINGS``, with one JSON object as its argument (:mod:`.node` makes it),
and imports nothing of this package. What it has to say it says in one line of JSON each on standard output: ``url``
when the node answers, ``failed`` where it does not start, ``closed`` when node and data are gone. Java's and
Elasticsearch's own words go to standard error. The node is closed when standard input ends or the parent is another:
both come by themselves when the parent dies, however it dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import importlib
import json
import os
import select
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_CLOSING = 10
"""Seconds that the node's threads have to end."""

_READY = 60
"""Seconds that it has to get ready."""

_LOOK = 1.0
"""Seconds between two looks at who the parent is: a sibling may keep our standard input open."""


def main() -> None:
    told = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    jpype = importlib.import_module("jpype")
    options = list(told["options"])
    training = _training(Path(told["train"]), options) if told["train"] else None
    try:
        jpype.startJVM(told["jvm"], *options, classpath=[], interrupt=False)
        _serve(jpype, told, out)
    finally:
        shutil.rmtree(told["folder"], ignore_errors=True)
    _say(out, closed=True)
    jpype.shutdownJVM()
    # A thread that outlived the node may have written there once more.
    shutil.rmtree(told["folder"], ignore_errors=True)
    if training:
        _publish(Path(told["train"]))


def _serve(jpype: Any, told: dict[str, Any], out: IO[str]) -> None:
    """Start the node, and close it when nobody wants it any more."""
    try:
        node = _start(jpype, told["settings"], Path(told["folder"], "config"))
    except jpype.JException as error:
        _say(out, failed=": ".join(_causes(error)))
        return
    try:
        address = _address(jpype, node)
        _ready(address)
        _say(out, url=f"http://{address}")
        _wait(told["parent"])
    finally:
        node.close()
        node.awaitClose(_CLOSING, jpype.JClass("java.util.concurrent.TimeUnit").SECONDS)


def _start(jpype: Any, settings: dict[str, str], config: Path) -> Any:
    """The started node, by its own Java classes (Elasticsearch 9.2)."""
    java = jpype.JClass
    logging = java("org.elasticsearch.common.logging.LogConfigurator")
    # First of all: without it LoggerFactory is null.
    logging.configureESLogging()
    builder = java("org.elasticsearch.common.settings.Settings").builder()
    for name, value in settings.items():
        builder.put(name, value)
    names, none = java("java.util.Map").of(), java("java.util.Set").of()
    supplier = jpype.JProxy("java.util.function.Supplier", dict={"get": lambda: "ephemeral"})
    path = java("java.nio.file.Path").of(str(config))
    preparer = java("org.elasticsearch.node.InternalSettingsPreparer")
    environment = preparer.prepareEnvironment(builder.build(), names, path, supplier)
    logging.configure(environment, True)
    plugins = java("org.elasticsearch.plugins.PluginsLoader")
    bundles = plugins.loadModulesBundles(environment.modulesDir())
    loader = plugins.createPluginsLoader(bundles, none, names)
    return java("org.elasticsearch.node.Node")(environment, loader).start()


def _causes(error: Any) -> Iterator[str]:
    """A Java exception's message and those of what caused it, each once."""
    seen = set()
    while error is not None and (text := str(error)) not in seen:
        seen.add(text)
        yield text
        error = error.getCause()


def _address(jpype: Any, node: Any) -> str:
    transport = jpype.JClass("org.elasticsearch.http.HttpServerTransport")
    return str(node.injector().getInstance(transport.class_).boundAddress().publishAddress())


def _ready(address: str) -> None:
    """Wait until the node has its cluster's state: before that it answers, but refuses what it is asked."""
    connection = http.client.HTTPConnection(address)
    connection.request("GET", f"/_cluster/health?wait_for_status=green&timeout={_READY}s")
    connection.getresponse().read()
    connection.close()


def _say(out: IO[str], **what: object) -> None:
    """Tell the parent, if there is one."""
    try:
        out.write(json.dumps(what) + "\n")
        out.flush()
    except BrokenPipeError:
        pass


def _wait(parent: int) -> None:
    """Until standard input ends, or the parent is gone."""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], _LOOK)
        if ready and not os.read(0, 1024):
            return


def _training(folder: Path, options: list[str]) -> IO[str] | None:
    """Have Java archive its classes at the end, unless another node is at it: the lock, held to the end of this."""
    try:
        lock = (folder / "node.lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    options.append(f"-XX:ArchiveClassesAtExit={folder / 'node.new'}")
    return lock


def _publish(folder: Path) -> None:
    """Give the new archive its name, which holds its checksum."""
    new = folder / "node.new"
    try:
        with new.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        new.replace(folder / f"node-{digest}.jsa")
    except OSError:
        pass


if __name__ == "__main__":
    main()
