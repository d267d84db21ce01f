"""For a comment on a pull request: a plan or a backtest in GitHub's Markdown, what is long folded away."""

from __future__ import annotations

from collections.abc import Iterator

from detections.backtest import Backtest, Noise
from detections.deploy.model import Change, Kind, Plan
from detections.report import noise as words
from detections.report.deployment import said_of, sections, summary
from detections.report.deployment import title as title_of
from detections.report.sinks import Output, Styled
from detections.report.sinks.markdown import (
    below,
    closed,
    columns,
    continued,
    folded,
    heading,
    item,
    opened,
    paragraph,
    row,
    text,
)

LIMIT = 60_000
"""Characters, at most: GitHub takes 65,536 in a comment."""


def plan(found: Plan) -> Iterator[Output]:
    """The plan; where it would be too long, the last rules without their differences, and then without themselves."""
    head = heading(3, f"{found.environment}: {summary(found)}")
    changes = [one for one in found.changes if one.kind is not Kind.UNCHANGED]
    lines = [_line(one) for one in changes]
    yield head
    shown = _length(head)
    room = LIMIT - shown - _length(*lines)
    left = 0
    for change, line in zip(changes, lines, strict=True):
        if shown + len(line) > LIMIT:
            left += 1
            continue
        yield line
        details = list(_details(change))
        if details and _length(*details) >= room:
            details = [continued("(what differs is too long for this comment)")]
        else:
            room -= _length(*details)
        yield from details
        shown += _length(line, *details)
    if left:
        yield paragraph(f"and {left:,} more")


def backtest(found: Backtest) -> Iterator[Output]:
    """What was read, and a table of the rules that have something to be said of, the loudest first; then what is known
    of each, as far as there is room."""
    head = [heading(3, f"Backtest: {words.summary(found)}"), text(words.read(found.sources, found.title))]
    if found.stopped:
        head.append(paragraph(Styled("Not all was read:", bold=True), f" {found.stopped}"))
    loud = words.loudest(found)
    if loud:
        names = ["Alerts", *(["Gained", "Lost"] * bool(found.base)), "A day", "Worst day", "Selected"]
        head += columns(names, "Rule")
    left = list(_left_out(found))
    room = LIMIT - _length(*head)
    rows, details = [_row(noise, found) for noise in loud], [list(_about(noise)) for noise in loud]
    shown = _fitting([_length(one) for one in rows], room)
    room -= _length(*rows[:shown])
    yield from [*head, *rows[:shown]]
    if shown < len(rows):
        yield paragraph(f"and {len(rows) - shown:,} more rules")
    told = [one for some in details[: _fitting([_length(*some) for some in details[:shown]], room)] for one in some]
    yield from told
    if left:
        name, ends = opened(f"{len(left):,} not evaluated"), closed()
        room -= _length(*told, name, ends)
        yield name
        yield from left[: _fitting([_length(one) for one in left], room)]
        yield ends


def _left_out(found: Backtest) -> Iterator[Output]:
    return (item(f"{noise.name}: {noise.not_evaluated}") for noise in found.rules if noise.not_evaluated)


def _fitting(lengths: list[int], room: int) -> int:
    """How many of some texts there is room for."""
    for number, length in enumerate(lengths):
        room -= length
        if room < 0:
            return number
    return len(lengths)


def _row(noise: Noise, found: Backtest) -> Output:
    cells = [f"{noise.alerts:,}"]
    if found.base:
        told = noise.difference
        cells += [f"{told.gained:,}", f"{told.lost:,}"] if told and not told.unknown else ["", ""]
    return row([*cells, words.median(noise, found), words.worst(noise), f"{noise.selected:,}", noise.name])


def _about(noise: Noise) -> Iterator[Output]:
    """What is known of a rule's alerts, folded away unless it is a reason to look."""
    for bound in noise.broken:
        yield item(Styled(noise.name, bold=True), f" breaks a bound: {bound}")
    body = []
    if why := noise.not_evaluated or noise.left_out:
        body.append(item(why))
    if noise.difference:
        body.append(item(words.compared(noise.difference)))
        body += [below(f"{'gained' if sign == '+' else 'lost'} {text}") for sign, text in
                 words.examples(noise.difference)]  # fmt: skip
    if counted := ", ".join(words.taken_off(noise)):
        body.append(item(counted))
    if noise.distinct:
        body.append(item(words.about(noise)))
    body += [item(f"{one.field}: {words.values(one, 10)}") for one in noise.busiest]
    if body:
        yield from [opened(noise.name), *body, closed()]


def _length(*outputs: Output) -> int:
    """With the line break behind each."""
    return sum(len(output) + 1 for output in outputs)


def _line(change: Change) -> Output:
    told = f": {text}" if (text := said_of(change)) else ""
    return item(Styled(change.kind, bold=True), f" {title_of(change)} ", Styled(change.rule_id, dim=True), told)


def _details(change: Change) -> Iterator[Output]:
    refusals = [line for problem in change.refusals for line in problem.render().split("\n")]
    for title, lines in [("why", refusals)] if refusals else sections(change):
        yield folded(title or "what differs", "diff", [line.removeprefix("    ") for line in lines])
