"""Which of the indices that FROM unites a document is in, where it has sub-queries."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from detections.catalog.patterns import covers, targets
from detections.functions.signature import STRING, Function, function

PLACES = ("_index", "data_stream.type", "data_stream.dataset", "data_stream.namespace")
"""The fields that say where a document is: the index, else the parts of the data stream's name."""


def _in_source(
    index: object, kind: object, dataset: object, namespace: object, own: Sequence[str], every: Sequence[str]
) -> bool:
    """Whether a document is in some indices. One that is in none of those that are searched, or that does not say, is
    in each: what is given to be searched is searched."""
    name = index
    if not isinstance(name, str) and isinstance(dataset, str):
        parts = zip((kind, dataset, namespace), ("logs", "", "default"), strict=True)
        name = "-".join(part if isinstance(part, str) else default for part, default in parts)
    return not isinstance(name, str) or _covers(tuple(own), name) or not _covers(tuple(every), name)


@functools.lru_cache(maxsize=4096)
def _covers(indices: tuple[str, ...], name: str) -> bool:
    return covers(targets(indices), name)


FUNCTIONS: dict[str, Function] = {
    "in source": function(_in_source, *(STRING,) * 6, result="boolean", takes="whole"),
}
"""Its name is not a name, so that no query calls it."""
