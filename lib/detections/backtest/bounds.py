"""What a rule's case file bounds: how noisy it may be over a data set, and which events it must alert on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from detections.backtest.model import Noise, Sources
from detections.case import Bounds

_NAMED = 5


class Watch:
    """The events that a rule must alert on, as its alerts come."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.missing = dict.fromkeys(wanted)

    def see(self, event_ids: Collection[str]) -> None:
        """Take the events of an alert."""
        if self.missing:
            for event_id in event_ids:
                self.missing.pop(event_id, None)


def held(noise: Noise, bounds: Bounds, missing: Collection[str], sources: Sources) -> Noise:
    """The noise with the bounds that it breaks; ``missing`` are the events that it should have alerted on."""
    return replace(noise, broken=tuple(_broken(noise, bounds, missing, sources)))


def _broken(noise: Noise, bounds: Bounds, missing: Collection[str], sources: Sources) -> Iterator[str]:
    if noise.not_evaluated:
        yield f"its bounds cannot be checked: {noise.not_evaluated}"
        return
    if bounds.most_a_day is not None and noise.worst and noise.worst[1] > bounds.most_a_day:
        day, count = noise.worst
        yield f"max_alerts_per_day is {bounds.most_a_day:,}: there were {count:,} on {day}"
    if bounds.share is not None and noise.alerts > bounds.share * sources.events:
        share = noise.alerts / sources.events if sources.events else 1.0
        yield f"max_share is {bounds.share}: {noise.alerts:,} alerts of {sources.events:,} events are {share:.2g}"
    if missing:
        named = ", ".join([*missing][:_NAMED])
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        yield f"must_alert: no alert on {named}{more}"
