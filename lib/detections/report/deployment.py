"""Plans, applies and executions for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from detections.deploy.model import Action, Change, Kind, Plan, Thing
from detections.deploy.outcome import Outcome
from detections.deploy.status import FAILED, NEVER, Execution
from detections.payload import render
from detections.report.count import plural
from detections.report.finding import finding
from detections.report.sinks import Fragment, Output, Styled
from detections.report.sinks.terminal import indented, line, padded, width

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


def plan(plan: Plan, *, briefly: bool = False) -> Iterator[Output]:
    """Every rule that is not as it should be with what differs, then the numbers. ``briefly`` leaves out what is to be
    created: for when it is told right below that it was."""
    yield line(Styled(f"{plan.environment}: {plan.kibana}", bold=True))
    yield line()
    left_out = (Kind.UNCHANGED, Kind.CREATE) if briefly else (Kind.UNCHANGED,)
    shown = [change for change in plan.changes if change.kind not in left_out]
    wide = _width(shown)
    for change in shown:
        yield from _change(change, wide)
    if shown:
        yield line()
    yield line(summary(plan))


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
    return width([title(change) for change in changes], _WIDE)


def _change(change: Change, wide: int) -> Iterator[Output]:
    sign, colour = SIGNS[change.kind]
    told = f"  {text}" if (text := said_of(change)) else ""
    head = Styled(f"{sign} {change.kind:<9}", colour, bold=True)
    yield line(head, f" {padded(title(change), wide)}  ", Styled(change.rule_id, dim=True), told)
    for problem in change.refusals:
        yield from indented(finding(problem))
    for heading, below in () if change.refusals else sections(change):
        if heading:
            yield line(f"    {heading}")
        yield from (line("    ", difference(text)) for text in below)


def difference(text: str) -> Fragment:
    """A line of a difference in the colour of its sign."""
    return Styled(text, _LINES.get(text[4:5] if text.startswith("    ") else text[:1]))


def outcome(outcome: Outcome, plan: Plan) -> Output:
    """What became of a change of a plan, in a line."""
    change = outcome.change
    word, colour = (_DONE[change.action or Action.UPDATE], "green") if outcome.done else ("not done", "red")
    told = f": {outcome.message}" if outcome.message else ""
    return line(
        Styled(f"{word:<9}", colour, bold=not outcome.done), f" {padded(title(change), _width(plan.work))}  ",
        Styled(change.rule_id, dim=True), told,
    )  # fmt: skip


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


def status(runs: Sequence[Execution]) -> Iterator[Output]:
    """One line a rule, failures first, with what went wrong below it."""
    if not runs:
        yield line("no rule with our tag in Kibana")
        return
    states, dates = width([run.status for run in runs], _WIDE), width([run.date for run in runs], _WIDE)
    for run in runs:
        state = Styled(padded(run.status, states), _STATES.get(run.status), bold=run.failing)
        off = Styled("" if run.enabled else "  disabled", dim=True)
        yield line(state, f"  {padded(run.date or '-', dates)}  {run.name}", off)
        if run.message and run.status != "succeeded":
            yield line(f"    {run.message}")
    failing = sum(run.failing for run in runs)
    disabled = sum(not run.enabled for run in runs)
    yield line(f"{plural(len(runs), 'rule')}, {failing:,} failing, {disabled:,} disabled")
