"""For a comment on a pull request: a plan or a backtest in GitHub's Markdown, what is long folded away."""

from __future__ import annotations

import re
from collections.abc import Iterable

from detections.backtest import Backtest, Noise
from detections.deploy.model import Change, Kind, Plan
from detections.report import noise as words
from detections.report.deployment import said_of, sections, summary, title

LIMIT = 60_000
"""Characters, at most: GitHub takes 65,536 in a comment."""
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()|~!&])")
_LINKING = re.compile(r"([@#])")


def plan(found: Plan) -> str:
    """The plan; where it would be too long, the last rules without their differences, and then without themselves."""
    head = [f"### {_text(found.environment)}: {summary(found)}", ""]
    parts = [(one, _line(one), "\n".join(_details(one))) for one in found.changes if one.kind is not Kind.UNCHANGED]
    room = LIMIT - len("\n".join(head)) - sum(len(line) + 1 for _, line, _ in parts)
    lines, left = head, 0
    for _, line, details in parts:
        if sum(map(len, lines)) + len(line) > LIMIT:
            left += 1
            continue
        lines.append(line)
        if details and len(details) < room:
            lines.append(details)
            room -= len(details) + 1
        elif details:
            lines.append("  (what differs is too long for this comment)")
    if left:
        lines.append(f"\nand {left:,} more")
    return "\n".join(lines)


def backtest(found: Backtest) -> str:
    """What was read, and a table of the rules that have something to be said of, the loudest first; then what is known
    of each, as far as there is room."""
    lines = [f"### Backtest: {_text(words.summary(found))}", "", _text(words.read(found.sources, found.title)), ""]
    if found.stopped:
        lines += [f"**Not all was read:** {_text(found.stopped)}", ""]
    loud = words.loudest(found)
    heads = ["Alerts", *(["Gained", "Lost"] * bool(found.base)), "A day", "Worst day", "Selected", "Rule"]
    if loud:
        lines += [f"| {' | '.join(heads)} |", f"|{' --: |' * (len(heads) - 1)} --- |"]
    room = LIMIT - sum(len(line) + 1 for line in lines)
    rows, details = [_row(noise, found) for noise in loud], ["\n".join(_about(noise)) for noise in loud]
    shown = _fitting(rows, room)
    room -= sum(len(row) + 1 for row in rows[:shown])
    lines += rows[:shown]
    if shown < len(rows):
        lines.append(f"\nand {len(rows) - shown:,} more rules")
    lines += ["", *details[: _fitting(details[:shown], room)]]
    left = [noise for noise in found.rules if noise.not_evaluated]
    if left:
        lines += ["", f"<details><summary>{len(left):,} not evaluated</summary>", ""]
        told = [f"- {_text(noise.name)}: {_text(noise.not_evaluated)}" for noise in left]
        lines += [*told[: _fitting(told, LIMIT - sum(len(line) + 1 for line in lines) - 20)], "", "</details>"]
    return "\n".join(lines).rstrip()


def _fitting(texts: list[str], room: int) -> int:
    """How many of some texts there is room for."""
    for number, text in enumerate(texts):
        room -= len(text) + 1
        if room < 0:
            return number
    return len(texts)


def _row(noise: Noise, found: Backtest) -> str:
    cells = [f"{noise.alerts:,}"]
    if found.base:
        told = noise.difference
        cells += [f"{told.gained:,}", f"{told.lost:,}"] if told and not told.unknown else ["", ""]
    cells += [words.median(noise, found), words.worst(noise), f"{noise.selected:,}", _text(noise.name)]
    return f"| {' | '.join(cells)} |"


def _about(noise: Noise) -> Iterable[str]:
    """What is known of a rule's alerts, folded away unless it is a reason to look."""
    for bound in noise.broken:
        yield f"- **{_text(noise.name)}** breaks a bound: {_text(bound)}"
    body = []
    if why := noise.not_evaluated or noise.left_out:
        body.append(f"- {_text(why)}")
    if noise.difference:
        body.append(f"- {_text(words.compared(noise.difference))}")
        body += [f"  - {'gained' if sign == '+' else 'lost'} {_text(line)}" for sign, line in
                 words.examples(noise.difference)]  # fmt: skip
    if noise.distinct:
        body.append(f"- {words.about(noise)}")
    body += [f"- {_text(one.field)}: {_text(words.values(one, 10))}" for one in noise.busiest]
    if body:
        yield "\n".join([f"<details><summary>{_text(noise.name)}</summary>", "", *body, "", "</details>"])


def _line(change: Change) -> str:
    told = f": {_text(text)}" if (text := said_of(change)) else ""
    return f"- **{change.kind}** {_text(title(change))} <sub>{_text(change.rule_id)}</sub>{told}"


def _details(change: Change) -> Iterable[str]:
    refusals = [line for problem in change.refusals for line in problem.render().split("\n")]
    for heading, lines in [("why", refusals)] if refusals else sections(change):
        body = "\n".join(line.removeprefix("    ") for line in lines)
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
        yield f"  <details><summary>{heading or 'what differs'}</summary>\n"
        yield "\n".join(f"  {line}" for line in (f"{fence}diff", *body.split("\n"), fence))
        yield "\n  </details>"


def _text(text: str) -> str:
    """Text that Markdown leaves alone, on one line: nobody is mentioned, no issue is linked. GitHub looks for both in
    what was rendered, where a backslash or an entity is gone; an element of its own parts the sign from the name."""
    return _LINKING.sub(r"<span>\1</span>", _ACTIVE.sub(r"\\\1", " ".join(text.split())))
