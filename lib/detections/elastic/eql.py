"""Rule type eql: by ``_eql/search`` as Kibana runs it (Security 9.2), or, on a server without it, by Query DSL.

Without it, one search finds the events that any stage of the query selects, and says which of them (named queries);
they are joined here, by the embedded engine's state machines. Conditions that Query DSL cannot say (functions, fields
compared with each other) are computed here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from detections.compile.dsl import at_least, to_dsl
from detections.elastic.search import Dsl, Hit, Source, fields_of, found
from detections.engine.alert import Alert
from detections.engine.bits import of_rows
from detections.engine.eql import EqlCollector, Finder
from detections.engine.evaluator import Evaluator, Predicates
from detections.errors import NotEvaluated, TooManyResults
from detections.events.batches import Documents
from detections.plan import EqlPlan, Window
from detections.plan.predicate import Predicate
from detections.plan.program import stages_of

MOST = 10_000
"""Events or sequences that one ``_eql/search`` gives."""


def eql(source: Source, plan: EqlPlan, window: Window) -> Iterator[Alert]:
    """The alerts of a plan by ``_eql/search``: one an event or sequence.

    Raises:
        ServerError: the server refuses the query.
        TooManyResults: it finds more than it gives at once.
        NotEvaluated: the plan was changed after it was made.
    """
    if plan.sent is None:
        raise NotEvaluated("a changed EQL query has no text that a server could be asked")
    filter_ = source.within(plan.sent["filter"], plan.time, window.start, window.end)
    body = {**plan.sent, "filter": filter_, "size": MOST, "fields": fields_of(plan.time)}
    path = f"/{source.index}/_eql/search"
    hits = source.server.ask("POST", path, body, rule=plan.rule_name).body["hits"]
    events: list[list[Hit]] = [[hit] for hit in hits.get("events", [])]
    events += [[hit for hit in one["events"] if not hit.get("missing")] for one in hits.get("sequences", [])]
    if len(events) >= MOST:
        message = f"rule '{plan.rule_name}': {MOST:,} results and perhaps more; ask for less time at once"
        raise TooManyResults(message, request=f"POST {path}")
    for one in events:
        several = [found(hit, plan.time) for hit in one]
        names = tuple([name for event in several for name in event.event_ids])
        yield Alert(plan.rule_id, plan.rule_name, max(several).timestamp, names, position=several[0].position)


def eql_by_dsl(source: Source, plan: EqlPlan, window: Window) -> Iterator[Alert]:
    """The same by Query DSL. What has no form in it is computed here, of the events that the rest has found."""
    stages = stages_of(plan.program.body)
    named = [
        {"bool": {"filter": [at_least(stage.predicate)], "_name": str(number)}} for number, stage in stages.items()
    ]
    asked: Dsl = {"bool": {"should": named, "minimum_should_match": 1}}
    if plan.filter is not None:
        asked = {"bool": {"filter": [asked, at_least(plan.filter)]}}
    query = source.within(asked, plan.time, window.start, window.end)
    hits = sorted(
        source.hits(query, plan.time, plan.rule_name, {"_source": True}), key=lambda hit: found(hit, plan.time).position
    )
    yield from _joined(plan, window, hits)


def computed(plan: EqlPlan) -> bool:
    """Whether a condition of the plan has no form in Query DSL."""
    conditions = [stage.predicate for stage in stages_of(plan.program.body).values()]
    return not all(map(_has_form, [*conditions, *([] if plan.filter is None else [plan.filter])]))


def _has_form(predicate: Predicate) -> bool:
    try:
        to_dsl(predicate)
    except NotEvaluated:
        return False
    return True


def _joined(plan: EqlPlan, window: Window, hits: list[dict[str, Any]]) -> Iterator[Alert]:
    """The hits, in the order in which they were indexed, as the rows of one batch."""
    predicates = Predicates()
    collector = EqlCollector(plan, window, predicates)
    finder = Finder(plan.program, predicates, plan.filter)
    evaluator = Evaluator(
        Documents(0, [hit["_source"] for hit in hits]), predicates, [*predicates.paths, *finder.paths]
    )
    selected = {
        number: of_rows([row for row, hit in enumerate(hits) if str(number) in hit["matched_queries"]], len(hits))
        for number in stages_of(plan.program.body)
    }
    if computed(plan):
        here = finder.selected(evaluator)
        selected = {number: rows & here[number] for number, rows in selected.items()}
    events = {row: found(hit, plan.time) for row, hit in enumerate(hits)}
    collector.merge((finder.candidates(evaluator, selected), events))
    yield from collector.alerts()
