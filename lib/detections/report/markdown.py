"""For a comment on a pull request: a plan in GitHub's Markdown, what differs folded away."""

from __future__ import annotations

import re
from collections.abc import Iterable

from detections.deploy.model import Change, Kind, Plan
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
