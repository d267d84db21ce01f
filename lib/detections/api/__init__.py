"""The Python API: rules, events, checks, proofs, replays and searches, for notebooks and tools.

Events are ECS documents: dicts with nested objects, dotted keys, or both. Instants are datetimes, ISO 8601 texts or
milliseconds since the epoch; a datetime or text without a zone is UTC.

What is found is a sequence that shows itself as a table in a notebook; ``to_rows()`` gives dicts, ``to_pandas()`` and
``to_polars()`` data frames. What keeps an answer from being whole (a rule that is not evaluated, a file that is not
read, a field that nobody declares) is told to ``report``, or is a :class:`DetectionsWarning` where none is given.
"""

from detections.api.functions import check, instant, load_rules, prove, read_events, replay, search, to_dsl
from detections.api.results import Alerts, Findings, Proofs, Rules, SearchResult, Sequence
from detections.api.told import DetectionsWarning

__all__ = [
    "Alerts", "DetectionsWarning", "Findings", "Proofs", "Rules", "SearchResult", "Sequence", "check", "instant",
    "load_rules", "prove", "read_events", "replay", "search", "to_dsl",
]  # fmt: skip
