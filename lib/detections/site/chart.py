"""Charts as SVG: bars for the days of a backtest. Their colours are the stylesheet's."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 720, 180
BARS = 92
"""Most bars of a chart: what has more days gets bars of several days."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 12, 26
_HIGH = HEIGHT - _TOP - _BOTTOM
_THICKEST = 40


def histogram(days: Mapping[datetime.date, int], first: datetime.date, last: datetime.date, what: str) -> Markup:
    """How many of something there were on each day from ``first`` to ``last``; ``what`` names one of it (``alert``).

    A day that lies outside counts for the nearest one inside."""
    step, counts = binned(days, first, last)
    peak = max(counts, default=0)
    per = "a day" if step == 1 else f"in {step:,} days"
    label = f"{_many(sum(counts), what)} from {first} to {last}; most {per}: {peak:,}"
    html = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, label)
    return html + _axes(nice(peak), first, last) + _bars(counts, nice(peak), first, step, what) + Markup("</svg>")


def _axes(top: int, first: datetime.date, last: datetime.date) -> Markup:
    """Lines for none, half and all of the scale, and the days at both ends."""
    html = Markup()
    for part in (0, 0.5, 1) if top > 1 else (0, 1):
        y = _TOP + _HIGH * (1 - part)
        html += Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, WIDTH, y, y)
        html += Markup('<text class="axis end" x="{}" y="{:.1f}">{}</text>').format(_LEFT - 6, y + 4, short(top * part))
    ends = [("axis", _LEFT, first), ("axis end", WIDTH - _RIGHT, last)]
    for name, x, day in ends if last > first else ends[:1]:
        html += Markup('<text class="{}" x="{}" y="{}">{}</text>').format(name, x, HEIGHT - 7, day)
    return html


def _bars(counts: Sequence[int], top: int, first: datetime.date, step: int, what: str) -> Markup:
    wide = (WIDTH - _LEFT - _RIGHT) / max(1, len(counts))
    thick = max(0.5, min(wide, _THICKEST) - min(2.0, wide * 0.2))
    html = Markup()
    for number, count in enumerate(counts):
        if not count:
            continue
        tall = max(1.0, _HIGH * count / top)
        day = str(first + datetime.timedelta(days=number * step))
        said = f"{day if step == 1 else f'{day} and {step - 1:,} days'}: {_many(count, what)}"
        html += Markup('<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"><title>{}</title></rect>').format(
            _LEFT + number * wide, HEIGHT - _BOTTOM - tall, thick, tall, said
        )
    return html


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' * (count != 1)}"


def spark(days: Mapping[datetime.date, int], first: datetime.date, last: datetime.date) -> Markup:
    """The same, without words, for a cell of a table."""
    _, counts = binned(days, first, last, 45)
    peak = max(counts, default=0) or 1
    html = Markup('<svg class="spark" viewBox="0 0 {} 24" aria-hidden="true">').format(len(counts) * 3)
    for number, count in enumerate(counts):
        if count:
            tall = max(2.0, 24 * count / peak)
            html += Markup('<rect x="{}" y="{:.1f}" width="2" height="{:.1f}"/>').format(number * 3, 24 - tall, tall)
    return html + Markup("</svg>")


def share(part: int, whole: int) -> Markup:
    """A bar as long as a part is of a whole."""
    width = 100 * min(1.0, part / whole) if whole else 0
    return Markup(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{:.1f}" height="8"/></svg>'
    ).format(max(1.0, width) if part else 0)


def binned(
    days: Mapping[datetime.date, int], first: datetime.date, last: datetime.date, bars: int = BARS
) -> tuple[int, list[int]]:
    """How many days a bar has, and the counts of all bars."""
    length = max(0, (last - first).days) + 1
    step = -(-length // bars)
    counts = [0] * -(-length // step)
    for day, count in days.items():
        counts[min(max(0, (day - first).days), length - 1) // step] += count
    return step, counts


def nice(peak: int) -> int:
    """A round number that is not below ``peak``: 1, 2, 4, 5, 10, 20, 40, 50 and so on."""
    scale = 1
    while True:
        for step in (1, 2, 4, 5):
            if step * scale >= peak:
                return step * scale
        scale *= 10


def short(number: float) -> str:
    """A count in few characters: 950, 1.5k, 20M."""
    for scale, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= scale:
            return f"{number / scale:.3g}{unit}"
    return f"{number:g}"
