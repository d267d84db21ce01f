"""Which Elasticsearch to run on: the one that is named, else a node of our own, else a container."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from detections.elastic.docker import container
from detections.elastic.jars import Progress
from detections.elastic.node import ephemeral
from detections.errors import NotInstalled, ServerUnavailable
from detections.server import Connection


@contextlib.contextmanager
def reach(
    named: Connection | None = None, *, image: str | None = None, progress: Progress | None = None
) -> Iterator[Connection]:
    """The connection to run on: ``named``, a container of ``image``, else the ephemeral node, and only where that
    cannot be had a container of the default image. What was started is gone after the block.

    Raises:
        ServerUnavailable: there is none; the message says why of each.
    """
    if named is not None:
        yield named
        return
    with contextlib.ExitStack() as stack:
        if image is not None:
            yield stack.enter_context(container(image, progress=progress))
            return
        try:
            found = Connection(stack.enter_context(ephemeral(progress=progress)).url)
        except NotInstalled as missing:
            found = _instead(stack, missing, progress)
        yield found


def _instead(stack: contextlib.ExitStack, missing: NotInstalled, progress: Progress | None) -> Connection:
    try:
        return stack.enter_context(container(progress=progress))
    except ServerUnavailable as error:
        raise NotInstalled(str(missing), details=[f"and instead of it: {error}"]) from None
