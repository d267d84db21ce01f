"""What tuning proposes, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from detections.report.count import plural
from detections.report.sinks import Output, Styled
from detections.report.sinks.terminal import line
from detections.tune import Entry, Tuning

_NAMED = 5
_VALUES = 10


def tune(found: Tuning) -> Iterator[Output]:
    """The proposed exceptions, what was refused, the query with clauses, and counts last."""
    yield line(Styled(found.name, bold=True), f": {found.path}")
    for number, item in enumerate(found.items, 1):
        yield line()
        yield line(f"exception {number}, silences {plural(item.silences, 'false positive')}")
        yield from (line(f"    {_entry(entry)}") for entry in item.entries)
    if found.refused:
        yield line()
        yield line("refused")
    for refusal in found.refused:
        yield line(f"    {' and '.join(map(_entry, refusal.item.entries))}: {refusal.why}")
    if found.query:
        yield line()
        yield line("or as clauses of the query")
        yield from (line(f"    {text}") for text in found.query.splitlines())
    elif found.no_query:
        yield line()
        yield line(f"not as clauses of the query: {found.no_query}")
    yield line()
    for remark in found.remarks:
        yield line(Styled("note", "cyan", bold=True), f": {remark}")
    for names, what in ((found.missing, "no alert of this rule"), (found.left, "not silenced")):
        if names:
            yield line(f"{what}: {'; '.join(names[:_NAMED])}{_more(len(names) - _NAMED)}")
    counts = [plural(found.alerts, "alert"), plural(found.false_positives, "false positive")]
    yield line(", ".join([*counts, f"{found.silenced:,} silenced by {plural(len(found.items), 'exception')}"]))


def _entry(entry: Entry) -> str:
    if len(entry.values) <= _VALUES:
        return str(entry)
    return f"{entry.field} is one of {', '.join(entry.values[:_VALUES])}{_more(len(entry.values) - _VALUES)}"


def _more(count: int) -> str:
    return f" and {count:,} more" if count > 0 else ""
