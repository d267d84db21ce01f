"""Running cases: the rule's plan over a case's events, the window ending now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detections.case.event import OWN, Bases, documents
from detections.case.model import Case, CaseFile, Verdict
from detections.engine.alert import Alert
from detections.engine.protocol import Engine
from detections.errors import DetectionsError, EventsError, Finding, NotAllowed, NotEvaluated, ServerUnavailable
from detections.events import batches
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.rule.keys import nearest
from detections.schedule.suppression import Raised, in_one_execution, most_of
from detections.source import Keys
from detections.values import datemath


def run(rule: Rule, plan: Plan, file: CaseFile, bases: Bases, engine: Engine) -> list[Verdict]:
    """The verdict of every case of a file, in order.

    Raises:
        NotEvaluated: the engine cannot run the plan at all.
        ServerUnavailable, NotAllowed: what the engine runs on is gone, or lets us in no more.
    """
    unread = _unread(file, bases)
    return [
        next((Verdict(case, (), unread[name].message, unread[name]) for name in _bases(case) if name in unread), None)
        or _judge(case, file, _alerts(rule, plan, case, bases, engine))
        for case in file.cases
    ]


def window(rule: Rule, plan: Plan, now: int) -> Window:
    """The window of an execution of the rule that starts now, as Kibana resolves the rule's date math.

    Raises:
        ValueError: ``from``, ``to`` or ``history_window_start`` is not date math.
    """
    end = datemath.resolve(rule.to, now, round_up=True)
    return Window(datemath.resolve(rule.from_, now), end, plan.history(end), now)


def own_alerts(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The alerts that stand on the event the case is about; or on a row that no event is behind, for that something is
    missing is found of all events together."""
    return tuple(
        alert for alert in alerts
        if (alert.row and not alert.event_ids) or any(name.startswith(f"{OWN}:") for name in alert.event_ids)
    )  # fmt: skip


def case_alerts(rule: Rule, plan: Plan, case: Case, bases: Bases, engine: Engine) -> tuple[Alert, ...]:
    """The alerts of the case's own event, without those that are suppressed, or more than ``max_signals``.

    Raises:
        DetectionsError: the events cannot be made, or the engine cannot run the plan.
        ValueError: the rule's window is not date math.
    """
    return own_alerts(_execution(rule, plan, case, bases, engine).alerts)


def _execution(rule: Rule, plan: Plan, case: Case, bases: Bases, engine: Engine) -> Raised:
    now, found = documents(case, bases)
    alerts = list(engine.run([(plan, window(rule, plan, now))], batches(found)))
    return in_one_execution(plan, alerts, most_of(rule))


def row_of(columns: Iterable[str], alert: Alert) -> dict[str, object]:
    """What an alert's row has in some columns, None where it has nothing."""
    row = dict(alert.row)
    return {name: row.get(name) for name in columns}


def group_of(case: Case, alert: Alert) -> dict[str, object]:
    """What an alert's group has of that which the case tells of it."""
    found = alert.threshold
    if found is None or case.threshold is None:
        return {}
    counted = None if found.cardinality is None else found.cardinality[1]
    made = {"count": found.count, "terms": dict(found.terms), "cardinality": counted}
    return {name: made[name] for name in case.threshold}


def _alerts(rule: Rule, plan: Plan, case: Case, bases: Bases, engine: Engine) -> Raised | Exception:
    try:
        return _execution(rule, plan, case, bases, engine)
    except (NotEvaluated, ServerUnavailable, NotAllowed):
        raise
    except (DetectionsError, ValueError) as error:
        return error


def _bases(case: Case) -> list[str]:
    return [spec.base for spec in (case.event, *case.history)]


def _unread(file: CaseFile, bases: Bases) -> dict[str, Finding]:
    """The bases of a file's cases that cannot be read, each with the finding where it is named first."""
    found: dict[str, Finding] = {}
    for name in dict.fromkeys(name for case in file.cases for name in _bases(case)):
        try:
            bases.get(name)
        except EventsError as error:
            near = nearest(name, bases.names())
            hint = f"did you mean {near}?" if near and near != name else ""
            found[name] = file.document.finding("case", str(error), _named(file, name), length=None, hint=hint)
    return found


def _named(file: CaseFile, base: str) -> Keys:
    """The place in a file that names a base first."""
    if file.document.data.get("base") == base:
        return ("base",)
    for number, table in enumerate(file.document.data["case"]):
        if table.get("base") == base:
            return ("case", number, "base")
        for place, entry in enumerate(table.get("history", ())):
            if entry.get("base") == base:
                return ("case", number, "history", place, "base")
    return ()


def _judge(case: Case, file: CaseFile, outcome: Raised | Exception) -> Verdict:
    keys: tuple[str | int, ...] = ("case", case.index, "verdict")
    problem = ""
    alerts: Sequence[Alert] = ()
    if isinstance(outcome, Exception):
        problem, keys = str(outcome), ("case", case.index, "name")
    else:
        alerts = own_alerts(outcome.alerts)
        said = "alert" if alerts else "suppressed" if own_alerts(outcome.suppressed) else "quiet"
        terms = sorted(alert.new_terms for alert in alerts)
        if said != case.verdict:
            problem = f"the rule {_SAYS[said]}, the case expects {_EXPECTS[case.verdict]}"
        elif case.new_terms is not None and terms != sorted(case.new_terms):
            problem = (
                f"the new terms are {[list(entry) for entry in terms]}, not {[list(entry) for entry in case.new_terms]}"
            )
            keys = ("case", case.index, "new_terms")
        elif case.row is not None and dict(case.row) not in (cells := [row_of(case.row, alert) for alert in alerts]):
            problem = f"the row has {', '.join(map(str, cells))}, not {dict(case.row)}"
            keys = ("case", case.index, "row")
        elif case.threshold is not None and case.threshold not in (groups := [group_of(case, one) for one in alerts]):
            problem = f"the group has {', '.join(map(str, groups))}, not {dict(case.threshold)}"
            keys = ("case", case.index, "threshold")
    finding = file.document.finding("case", f"{case.name}: {problem}", keys, length=None) if problem else None
    return Verdict(case, tuple(alerts), problem, finding)


_SAYS = {"alert": "alerts", "quiet": "stays quiet", "suppressed": "suppresses the alert"}
_EXPECTS = {"alert": "an alert", "quiet": "quiet", "suppressed": "it suppressed"}
