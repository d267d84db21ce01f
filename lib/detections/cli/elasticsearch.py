"""``detections elasticsearch``"""

from __future__ import annotations

import contextlib
import signal
import time
from types import FrameType

import click

from detections.cli.output import show
from detections.cli.progress import progress
from detections.elastic.docker import container
from detections.elastic.node import Node, ephemeral
from detections.errors import ServerUnavailable

_LOOK = 0.5


@click.command("elasticsearch")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to listen on.  [default: a free one]")
@click.option("--docker", "image", metavar="IMAGE", help="Run this image in Docker instead of a node of our own.")
def command(port: int, image: str | None) -> int:
    """Run an Elasticsearch until Ctrl-C, and print its URL.

    It listens on the loopback interface only, has no security, and its data go with it. The first start fetches 41 MB
    of jars into the user's cache folder. It has no EQL, no ES|QL and no scripts; an image of Elasticsearch has.
    """
    with contextlib.ExitStack() as stack:
        node: Node | None = None
        with progress() as shown:
            if image is None:
                node = stack.enter_context(ephemeral(port=port, progress=shown))
                url = node.url
            else:
                url = stack.enter_context(container(image, port=port, progress=shown)).url
        show(url)
        _until_told(node)
    return 0


def _until_told(node: Node | None) -> None:
    """Wait for Ctrl-C or SIGTERM, while the node lives.

    Raises:
        ServerUnavailable: the node has died.
    """
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        while node is None or node.alive:
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, previous)
    raise ServerUnavailable(f"the node has died{node.last_words()}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
