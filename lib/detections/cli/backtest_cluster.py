"""``detections backtest --on elasticsearch``: over what a cluster has, rule by rule and slice by slice."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from detections.backtest import Run, Sources
from detections.backtest.model import day_of, in_calendar
from detections.cli.backtesting import Found, Options
from detections.cli.common import Warnings
from detections.cli.interrupt import Interruption, interruption
from detections.cli.meter import duration
from detections.cli.progress import progress
from detections.cli.reading import Done
from detections.cli.replay_cluster import Asked as Asked
from detections.elastic.cluster import Cluster
from detections.elastic.server import Server
from detections.errors import NotAllowed, NotEvaluated, ServerError, ServerUnavailable
from detections.events import Counts
from detections.plan import QueryPlan
from detections.rule import Rule, Rules
from detections.schedule.slices import Planned, Slice, found_in, slices

_Shown = Callable[[str], None] | None


def over(asked: Asked, rules: Rules, options: Options, before: Rules | None, warnings: Warnings) -> Found:
    """A backtest over the documents of a cluster.

    Raises:
        UsageError: the options are wrong.
        ServerUnavailable, NotAllowed: the cluster does not answer, or not to us.
    """
    named, index, start = asked.events()
    end = round(time.time() * 1000) if asked.end is None else asked.end
    pieces = list(slices(start, end, asked.milliseconds(start, end)))
    done = Done(warnings)
    with Server(named) as server, progress() as shown, interruption() as interrupted:
        cluster = Cluster(server, index, any_index=asked.any_index)
        cluster.count(start, end)
        there = cluster.overview(start, end)
        done.add(Counts(events=there.documents))
        run = Run(
            rules, cluster.why_not, start=start, end=end, base=before, tables=options.tables,
            exceptions=options.exceptions,
        )  # fmt: skip
        _go(run, cluster, pieces, shown, interrupted)
    names = (f"{cluster.url}/{cluster.index}",)
    first, last = (at if at is not None and in_calendar(at) else None for at in (there.first, there.last))
    days = {day_of(day): count for day, count in there.days.items() if in_calendar(day)}
    sources = Sources(names, events=there.documents, first=first, last=last, days=days)
    stopped = "it was interrupted" if interrupted.came else ""
    title = options.title or index
    return Found(run.result(title, sources, stopped=stopped, base=options.base), done)


def _go(run: Run, cluster: Cluster, pieces: Sequence[Slice], shown: _Shown, interrupted: Interruption) -> None:
    """Run each task over each slice; what the cluster refuses for one does not stop the others."""
    began = time.monotonic()
    for number, (plan, window) in enumerate(run.tasks):
        rule = run.rules[number]
        try:
            if (count := run.counting.get(number)) is not None:
                assert isinstance(plan, QueryPlan)
                count(cluster.selected(plan, window))
                continue
            task = Planned(rule, plan, window)
            assert window.start is not None and window.end is not None
            whole = [Slice(window.start, window.end, whole=True)]
            for at, piece in enumerate(whole if task.whole else pieces):
                if interrupted.came:
                    return
                if shown:
                    shown(_line(number + at / len(pieces), len(run.tasks), time.monotonic() - began, rule))
                for alert in found_in(cluster, task, piece):
                    run.take(alert)
        except (ServerUnavailable, NotAllowed):
            raise
        except (ServerError, NotEvaluated) as error:
            run.refuse(number, str(error))


def _line(done: float, total: int, seconds: float, rule: Rule) -> str:
    """``41 %, 2 min left: a rule``"""
    share = done / total
    left = f", {duration(seconds / share - seconds)} left" if share > 0.01 else ""
    return f"{100 * share:.0f} %{left}: {rule.name}"
