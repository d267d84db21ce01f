"""What runs a plan on a server, by its kind: the same for events of our own and for those that a cluster has."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.compile.dsl import has_form
from detections.elastic import esql
from detections.elastic.capabilities import Capabilities, Feature
from detections.elastic.eql import computed, eql, eql_by_dsl
from detections.elastic.new_terms import new_terms
from detections.elastic.search import Source, events
from detections.elastic.threat_match import threat_match
from detections.elastic.threshold import threshold
from detections.engine.alert import Alert
from detections.errors import NotEvaluated
from detections.plan import (
    EqlPlan,
    GroupsPlan,
    MachineLearningPlan,
    NewTermsPlan,
    Plan,
    QueryPlan,
    RowsPlan,
    ThreatMatchPlan,
    ThresholdPlan,
    Window,
)

_BY_DSL = "EQL as Query DSL, its sequences joined here"
_COMPUTED = "EQL as Query DSL, its sequences joined here, and what Query DSL cannot say computed here"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plan is to run. ``ours``: its documents were indexed here, few, numbered, and with the timestamps that a
    server without runtime fields lacks."""

    can: Capabilities
    ours: bool

    def needs(self, feature: Feature) -> None:
        """Raises NotEvaluated where the server cannot do this."""
        why = self.can.why_not(feature)
        if why is not None:
            raise NotEvaluated(why)


@dataclass(frozen=True, slots=True)
class Way:
    """How a server runs a plan. ``remark`` is what stands in for something that it lacks, in words."""

    run: Callable[[Source, Window], Iterator[Alert]]
    remark: str = ""


Runner: TypeAlias = Callable[[Any, Place], Way]
"""The way to run a plan of one kind in a place. Raises NotEvaluated where there is none."""


def way(plan: Plan, place: Place) -> Way:
    """How a plan runs in a place.

    Raises:
        NotEvaluated: the server cannot run it.
    """
    runner = RUNNERS.get(type(plan))
    if runner is None:
        raise NotEvaluated(f"no request to Elasticsearch runs a {type(plan).__name__}")
    return runner(plan, place)


def why_not(plan: Plan, place: Place) -> str | None:
    """Why a plan cannot run in a place, None where it can."""
    try:
        way(plan, place)
    except NotEvaluated as error:
        return str(error)
    return None


def _query(plan: QueryPlan | MachineLearningPlan, place: Place) -> Way:
    place.needs("pit")
    return Way(functools.partial(events, plan))


def _new_terms(plan: NewTermsPlan, place: Place) -> Way:
    _needs_times(plan, place)
    return Way(functools.partial(new_terms, plan))


def _threshold(plan: ThresholdPlan, place: Place) -> Way:
    _needs_times(plan, place)
    return Way(functools.partial(threshold, plan))


def _threat_match(plan: ThreatMatchPlan, place: Place) -> Way:
    place.needs("pit")
    if not place.ours:
        raise NotEvaluated("indicator match over what a cluster has is not evaluated yet")
    return Way(functools.partial(threat_match, plan))


def _needs_times(plan: Plan, place: Place) -> None:
    # The combined timestamp is a field of our own documents, and a script elsewhere.
    place.needs("painless" if plan.time.fallback is not None and not place.ours else "pit")


def _esql(plan: RowsPlan, place: Place) -> Way:
    place.needs("esql")
    return Way(functools.partial(esql.rows, plan))


def _groups(plan: GroupsPlan, place: Place) -> Way:
    place.needs("esql")
    return Way(functools.partial(esql.groups, plan, ours=place.ours))


def _eql(plan: EqlPlan, place: Place) -> Way:
    why = place.can.why_not("eql")
    if why is None:
        return Way(functools.partial(eql, plan))
    if place.ours:
        place.needs("pit")
        return Way(functools.partial(eql_by_dsl, plan), _COMPUTED if computed(plan) else _BY_DSL)
    query = plan.as_query()
    if query is None or not has_form(query.selects):
        raise NotEvaluated(why)
    return _query(query, place)


RUNNERS: dict[type[Plan], Runner] = {
    QueryPlan: _query,
    NewTermsPlan: _new_terms,
    RowsPlan: _esql,
    GroupsPlan: _groups,
    EqlPlan: _eql,
    ThresholdPlan: _threshold,
    ThreatMatchPlan: _threat_match,
    MachineLearningPlan: _query,
}
