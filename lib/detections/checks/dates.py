"""A date in `[metadata]` is not a date, or the dates contradict each other.

`creation_date` and `updated_date` tell how old a rule is and whether a change was noted. The check finds what is not a
calendar date, an update or a deprecation before the creation, and a day more than a year ahead, which is a slip of the
year.

Bad:

```toml
creation_date = "2026/11/24"
updated_date = "2025/11/25"
```

Good:

```toml
creation_date = "2026/11/24"
updated_date = "2026/11/25"
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from detections.errors import Finding
from detections.rule import Rule

CODE = "dates"
_KEYS = ("creation_date", "updated_date", "deprecation_date")
_AHEAD = datetime.timedelta(days=366)


def check(rule: Rule) -> Iterator[Finding]:
    dates: dict[str, datetime.date] = {}
    latest = datetime.datetime.now(datetime.UTC).date() + _AHEAD
    for key in _KEYS:
        value: str | None = getattr(rule.metadata, key)
        if value is None:
            continue
        date = _day(value)
        if date is None:
            message = f"{key} is not a calendar date"
        elif date > latest:
            message = f"{key} is more than a year ahead"
        else:
            dates[key] = date
            continue
        yield rule.document.finding(CODE, message, ("metadata", key), length=None)
    created = dates.get("creation_date")
    for key in _KEYS[1:]:
        if created and key in dates and dates[key] < created:
            message = f"{key} is before creation_date"
            yield rule.document.finding(CODE, message, ("metadata", key), length=None)


def _day(value: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(value.replace("/", "-"))
    except ValueError:
        return None
