"""Alert suppression: which alerts of a rule are counted into another one (Security 8.19 and 9.x)."""

from __future__ import annotations

from dataclasses import dataclass

from detections.mapping import Field


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alerts whose events have the same values of ``fields`` are one alert. Without ``fields`` those of a threshold
    rule's group are.

    ``duration`` is how long an alert takes others in, in milliseconds from when it was raised; None: those of its own
    execution only. ``missing``: events that lack a field are like those that lack it, too; else each is an alert.
    ``each``: of several values each is another group, as an aggregation has them; else all together are one.
    """

    fields: tuple[Field, ...] = ()
    duration: int | None = None
    missing: bool = True
    each: bool = False

    def __str__(self) -> str:
        among = f"by {', '.join(field.name for field in self.fields)}, " if self.fields else ""
        lasting = "in each execution" if self.duration is None else f"for {self.duration // 1000:,} s"
        return f"{among}{lasting}{'' if self.missing else ', not where one is missing'}"
