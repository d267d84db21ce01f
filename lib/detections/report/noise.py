"""A backtest in words, and for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from detections.backtest import Backtest, Busiest, Difference, Example, Noise, Sources
from detections.backtest.model import day_of
from detections.errors import printable
from detections.report.count import plural
from detections.report.sinks import Output, Styled
from detections.report.sinks.terminal import line, padded, width
from detections.values.dates import format_date

_WORDS = {"user.name": "user", "cloud.account.id": "account", "source.ip": "address", "host.name": "host"}
_LONGEST = 48
_VALUES = 3
_FIELDS = 8
_UNITS = ("B", "kB", "MB", "GB")


def backtest(found: Backtest) -> Iterator[Output]:
    """What was read, then the rules with alerts, the loudest first, each with its busiest values; then the others.
    The other formats have more of the values."""
    loud = loudest(found)
    yield line(Styled(read(found.sources, found.title), bold=True))
    if found.stopped:
        yield line(Styled("not all was read", "yellow", bold=True), f": {found.stopped}")
    if loud:
        yield line()
        yield line(Styled(f"{'alerts':>9} {'a day':>8}  {'worst day':<20} {'selected':>10}  rule", dim=True))
    for noise in loud:
        yield from _rule(noise, found)
    yield line()
    yield from _rest(found)
    yield line(summary(found))


def loudest(found: Backtest) -> list[Noise]:
    """The rules that have something to be said of: alerts, raised or not, a difference, or a bound that is broken."""
    told = [
        noise for noise in found.rules
        if noise.alerts or noise.suppressed or noise.excepted or noise.difference or noise.broken
    ]  # fmt: skip
    return sorted(told, key=lambda noise: (-noise.alerts, noise.name, noise.rule_id))


def read(sources: Sources, title: str) -> str:
    """``trail: 1,234 events in 12 files, 5.6 MB, 2026-01-01 to 2026-01-31, 31 days``"""
    parts = [plural(sources.events, "event")]
    parts[0] += f" in {plural(sources.files, 'file')}" if sources.files else ""
    if sources.bytes:
        parts.append(size(sources.bytes))
    if sources.first is not None and sources.last is not None:
        parts.append(f"{day_of(sources.first)} to {day_of(sources.last)}")
        parts.append(f"{plural(sources.span, 'day')}{' with events' if sources.days else ''}")
    if sources.refused:
        parts.append(f"{plural(sources.refused, 'place')} that hold no event")
    return f"{title}: {', '.join(parts)}"


def size(count: float) -> str:
    """Bytes in a unit that leaves few digits."""
    for unit in _UNITS:
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} TB"


def median(noise: Noise, found: Backtest) -> str:
    """The median of alerts a day, whole numbers without a fraction."""
    value = noise.median(found.sources.span)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def worst(noise: Noise) -> str:
    """``88 on 2026-01-12``"""
    return f"{noise.worst[1]:,} on {noise.worst[0]}" if noise.worst else ""


def about(noise: Noise) -> str:
    """``2 users, 1 account``: who and what the alerts are about."""
    counts = {word: noise.distinct[name] for name, word in _WORDS.items() if name in noise.distinct}
    return ", ".join(f"{count:,} {'addresses' if name == 'address' and count != 1 else name + 's' * (count != 1)}"
                     for name, count in counts.items())  # fmt: skip


def values(busiest: Busiest, most: int = _VALUES) -> str:
    """``alice 8, bob 2 and 3 more``"""
    shown = ", ".join(f"{_short(value.text)} {value.count:,}" for value in busiest.values[:most])
    left = busiest.distinct - len(busiest.values[:most])
    more = f" and {'about ' * busiest.approximate}{left:,} more" if left > 0 else ""
    return f"{'about ' * busiest.approximate}{shown}{more}"


def compared(difference: Difference) -> str:
    """``3 gained, 1 lost: 10 before``, or what there is to say instead."""
    if difference.unknown:
        return f"the version before is not evaluated: {difference.unknown}"
    if difference.new:
        return f"new: {plural(difference.gained, 'alert')} gained"
    if difference.gone:
        return f"gone: {plural(difference.lost, 'alert')} lost"
    if not difference.gained and not difference.lost:
        return "the same alerts as before"
    return f"{difference.gained:,} gained, {difference.lost:,} lost: {plural(difference.alerts, 'alert')} before"


def examples(difference: Difference) -> Iterator[tuple[str, str]]:
    """Alerts gained and lost, each with its sign."""
    for sign, some in (("+", difference.gained_examples), ("-", difference.lost_examples)):
        yield from ((sign, _example(one)) for one in some)


def summary(found: Backtest) -> str:
    """``27 rules, 16 alerts, 1 not evaluated``"""
    parts = [plural(len(found.rules), "rule"), plural(found.alerts, "alert")]
    if left := sum(bool(noise.not_evaluated) for noise in found.rules):
        parts.append(f"{left:,} not evaluated")
    differences = [noise.difference for noise in found.rules if noise.difference]
    if found.base:
        gained, lost = sum(one.gained for one in differences), sum(one.lost for one in differences)
        parts.append(f"compared with {found.base}: {gained:,} gained, {lost:,} lost")
    if broken := sum(len(noise.broken) for noise in found.rules):
        parts.append(f"{plural(broken, 'bound')} broken")
    return ", ".join(parts)


def taken_off(noise: Noise) -> Iterator[str]:
    """``12 suppressed``, ``3 excepted``; nothing where nothing was."""
    if noise.suppressed:
        yield f"{noise.suppressed:,} suppressed"
    if noise.excepted:
        yield f"{noise.excepted:,} excepted"


def _rule(noise: Noise, found: Backtest) -> Iterator[Output]:
    numbers = f"{noise.alerts:>9,} {median(noise, found):>8}  {worst(noise):<20} {noise.selected:>10,}  "
    yield line(numbers, Styled(noise.name, bold=True))
    indent = " " * 11
    for problem in noise.broken:
        yield line(indent, Styled("broken", "red", bold=True), f": {problem}")
    if noise.difference:
        yield line(f"{indent}{compared(noise.difference)}")
        for sign, text in examples(noise.difference):
            yield line(indent, Styled(f"{sign} {text}", "green" if sign == "+" else "red"))
    counted = [*taken_off(noise)]
    counted += [about(noise)] * bool(noise.distinct)
    if noise.first is not None and noise.last is not None:
        both = dict.fromkeys((format_date(noise.first), format_date(noise.last)))
        counted.append(" to ".join(both))
    if counted:
        yield line(indent + "; ".join(counted))
    if why := noise.not_evaluated or noise.left_out:
        yield line(indent, Styled("not evaluated" if noise.not_evaluated else "in part", "yellow"), f": {why}")
    # A value that comes once says nothing of what comes again and again.
    telling = [busiest for busiest in noise.busiest if busiest.values[0].count > 1][:_FIELDS]
    wide = width([busiest.field for busiest in telling], _LONGEST)
    for busiest in telling:
        yield line(Styled(f"{indent}{padded(busiest.field, wide)}  {values(busiest)}", dim=True))


def _rest(found: Backtest) -> Iterator[Output]:
    for noise in found.rules:
        if noise.not_evaluated and not noise.difference:
            yield line(Styled("not evaluated", "yellow"), f" {noise.name}: {noise.not_evaluated}")
    silent = sum(noise.ran and not noise.alerts for noise in found.rules)
    if silent:
        yield line(f"no alert: {plural(silent, 'rule')}")


def _example(example: Example) -> str:
    when = "no time" if example.timestamp is None else format_date(example.timestamp)
    terms = f"  new: {', '.join(map(_short, example.new_terms))}" if example.new_terms else ""
    return f"{when}  {' '.join(map(_short, example.event_ids))}{terms}"


def _short(value: str) -> str:
    whole = printable(" ".join(value.split())) or "(empty)"
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
