"""Plans, applies and executions for a person at a terminal. Colours are ANSI codes; whoever prints strips them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from detections.deploy.model import Action, Change, Kind, Plan, Thing
from detections.deploy.outcome import Outcome
from detections.deploy.status import FAILED, NEVER, Execution
from detections.errors import printable
from detections.payload import render
from detections.report.count import plural
from detections.report.text import finding

SIGNS = {
    Kind.REFUSED: ("x", "red"),
    Kind.CREATE: ("+", "green"),
    Kind.UPDATE: ("~", "yellow"),
    Kind.REPLACE: ("±", "yellow"),
    Kind.DRIFTED: ("!", "magenta"),
    Kind.CONFLICT: ("!", "red"),
    Kind.GONE: ("-", "red"),
    Kind.FOREIGN: ("?", "cyan"),
}
_WIDE = 70
_LINES = {"+": "green", "-": "red", "@": "cyan", "~": "yellow"}
_WORDS = {
    Kind.REFUSED: "refused",
    Kind.CREATE: "to create",
    Kind.UPDATE: "to update",
    Kind.REPLACE: "to replace",
    Kind.DRIFTED: "drifted",
    Kind.CONFLICT: "in conflict",
    Kind.GONE: "gone from the repo",
    Kind.FOREIGN: "foreign",
    Kind.UNCHANGED: "unchanged",
}
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DISABLE: "disabled",
    Action.DELETE: "deleted",
}
_STATES = {FAILED: "red", "partial failure": "yellow", "warning": "yellow", NEVER: "cyan", "succeeded": "green"}


def plan(plan: Plan, *, briefly: bool = False) -> str:
    """Every rule that is not as it should be with what differs, then the numbers. ``briefly`` leaves out what is to be
    created: for when it is told right below that it was."""
    lines = [click.style(printable(f"{plan.environment}: {plan.kibana}"), bold=True), ""]
    left_out = (Kind.UNCHANGED, Kind.CREATE) if briefly else (Kind.UNCHANGED,)
    shown = [change for change in plan.changes if change.kind not in left_out]
    width = _width(shown)
    for change in shown:
        lines += _change(change, width)
    return "\n".join([*lines, *([""] if len(lines) > 2 else []), summary(plan)])


def summary(plan: Plan) -> str:
    """``1 to create, 2 drifted, 21 unchanged; 2 exception items to write; 3 rules of others``."""
    parts = [", ".join(f"{plan.counts[kind]:,} {word}" for kind, word in _WORDS.items() if plan.counts[kind])]
    for thing in Thing:
        count = sum(change.thing is thing for change in plan.work)
        if count and thing is not Thing.RULE:
            parts.append(f"{plural(count, thing)} to write")
    if plan.others:
        parts.append(f"{plural(plan.others, 'rule')} of others")
    return "; ".join([parts[0] or "no rules", *parts[1:]])


def title(change: Change) -> str:
    """What a change is about; of a rule only its name."""
    return change.name if change.thing is Thing.RULE else f"{change.thing} {change.name}"


def said_of(change: Change) -> str:
    """What else there is to know of a change: who edited the rule, what an apply does all the same, the note."""
    parts = []
    if change.edited and (change.kind in (Kind.DRIFTED, Kind.CONFLICT) or change.edits):
        parts.append(f"last written by {change.edited}")
    if change.note:
        parts.append(change.note)
    if change.proof and change.kind is not Kind.REFUSED:
        parts.append(change.proof)
    if change.action is not None and str(change.action) != str(change.kind):
        verb = "written over" if change.action is Action.UPDATE else _DONE[change.action]
        parts.append(f"will be {verb}")
    return "; ".join(parts)


def sections(change: Change) -> Iterable[tuple[str, list[str]]]:
    """The differences of a change, each list with its heading, empty where the kind says it."""
    if change.edits:
        yield "edited in Kibana:", [line for difference in change.edits for line in render(difference)]
    if change.differences and (change.kind is not Kind.DRIFTED or not change.edits):
        heading = "" if change.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE) else "from Kibana to the repo:"
        yield heading, [line for difference in change.differences for line in render(difference)]


def _width(changes: Iterable[Change]) -> int:
    """Of the column of titles; longer ones stick out."""
    return max((len(title(change)) for change in changes if len(title(change)) <= _WIDE), default=0)


def _change(change: Change, width: int) -> list[str]:
    sign, colour = SIGNS[change.kind]
    told = f"  {printable(text)}" if (text := said_of(change)) else ""
    head = click.style(f"{sign} {change.kind:<9}", fg=colour, bold=True)
    lines = [f"{head} {printable(title(change)):<{width}}  {click.style(printable(change.rule_id), dim=True)}{told}"]
    for problem in change.refusals:
        lines += [f"    {line}" for line in finding(problem).split("\n")]
    for heading, below in () if change.refusals else sections(change):
        lines += [f"    {heading}"] if heading else []
        lines += [f"    {_coloured(printable(line))}" for line in below]
    return lines


def _coloured(line: str) -> str:
    colour = _LINES.get(line[4:5] if line.startswith("    ") else line[:1])
    return click.style(line, fg=colour) if colour else line


def outcome(outcome: Outcome, plan: Plan) -> str:
    """What became of a change of a plan, in a line."""
    change = outcome.change
    word, colour = (_DONE[change.action or Action.UPDATE], "green") if outcome.done else ("not done", "red")
    head = click.style(f"{word:<9}", fg=colour, bold=not outcome.done)
    told = f": {printable(outcome.message)}" if outcome.message else ""
    width = _width(plan.work)
    return f"{head} {printable(title(change)):<{width}}  {click.style(printable(change.rule_id), dim=True)}{told}"


def done(outcomes: Sequence[Outcome], missing: Sequence[Change]) -> str:
    """``3 created, 1 not done, 20 not reached``."""
    parts = []
    for action, word in _DONE.items():
        if count := sum(outcome.done and outcome.change.action is action for outcome in outcomes):
            parts.append(f"{count:,} {word}")
    if failures := sum(not outcome.done for outcome in outcomes):
        parts.append(f"{failures:,} not done")
    if missing:
        parts.append(f"{len(missing):,} not reached")
    return ", ".join(parts) or "nothing to do"


def status(runs: Sequence[Execution]) -> str:
    """One line a rule, failures first, with what went wrong below it."""
    if not runs:
        return "no rule with our tag in Kibana"
    width = max(len(printable(run.status)) for run in runs)
    lines = []
    for run in runs:
        state = click.style(f"{printable(run.status):<{width}}", fg=_STATES.get(run.status), bold=run.failing)
        off = "" if run.enabled else click.style("  disabled", dim=True)
        lines.append(f"{state}  {printable(run.date) or '-':<24}  {printable(run.name)}{off}")
        if run.message and run.status != "succeeded":
            lines.append(f"    {printable(run.message)}")
    failing = sum(run.failing for run in runs)
    disabled = sum(not run.enabled for run in runs)
    parts = [plural(len(runs), "rule"), f"{failing:,} failing", f"{disabled:,} disabled"]
    return "\n".join([*lines, ", ".join(parts)])
