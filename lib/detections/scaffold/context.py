"""The fields of a made event that no condition asks for: when it was, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from detections.plan import Plan
from detections.scaffold.candidates import NOW
from detections.values.dates import format_date

TIME = format_date(NOW)
_STREAM = re.compile(r"(?P<type>logs|metrics)-(?P<dataset>[a-z0-9_.]+)-(?P<namespace>[^-]+)")


def context(plan: Plan, asked: Iterable[str]) -> Mapping[str, object]:
    """The time, and the data stream that the rule's indices name, without the fields that a condition asks for."""
    made: dict[str, object] = {"@timestamp": TIME, "event.ingested": TIME, "event.id": "1"}
    found = next((match for index in plan.indices if (match := _STREAM.fullmatch(index))), None)
    if found:
        dataset = found["dataset"]
        made |= {
            "data_stream.type": found["type"], "data_stream.dataset": dataset, "data_stream.namespace": "default",
            "event.dataset": dataset, "event.module": dataset.partition(".")[0],
        }  # fmt: skip
    known = set(asked)
    return {path: value for path, value in made.items() if path not in known}
