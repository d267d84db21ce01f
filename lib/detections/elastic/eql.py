"""Rule type eql: by ``_eql/search`` as Kibana runs it (Security 9.2), or, on a server without it, by Query DSL.

Without it, one search finds the events that any stage of the query selects, and says which of them (named queries);
they are joined here, by the embedded engine's state machines. Conditions that Query DSL cannot say (functions, fields
compared with each other) are computed here as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.compile.dsl import Dsl, at_least, has_form
from detections.compile.request import at
from detections.elastic.answers import Eql, RawHit
from detections.elastic.search import Source, fields_of, hit, sparing
from detections.engine.alert import Alert
from detections.engine.eql import EqlCollector, Finder
from detections.engine.evaluator import Evaluator, Predicates
from detections.errors import NotEvaluated, ServerError, TooManyResults
from detections.events.batches import Documents
from detections.plan import EqlPlan, Window
from detections.plan.program import stages_of
from detections.values import limits
from detections.values.bits import of_rows

MOST = limits.EQL_RESULTS.most
"""Events or sequences that one ``_eql/search`` gives."""


def eql(plan: EqlPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan by ``_eql/search``: one an event or sequence.

    Raises:
        ServerError: the server refuses the query.
        TooManyResults: it finds more than it gives at once.
        NotEvaluated: the plan was changed after it was made.
    """
    if plan.sent is None:
        raise NotEvaluated("a changed EQL query has no text that a server could be asked")
    asked = sparing(plan, at(plan.sent["filter"], window.now), window)
    filter_ = source.within(asked, plan.time, window.start, window.end, window.ingested)
    body = {**plan.sent, "filter": filter_, "size": MOST, "fields": fields_of(plan)}
    path = f"/{source.index}/_eql/search"
    answer = source.server.read(Eql, "an answer to an EQL search", "POST", path, body, rule=plan.rule_name).hits
    results: list[list[RawHit]] = [[found] for found in answer.events]
    results += [[found for found in sequence.events if not found.missing] for sequence in answer.sequences]
    if not all(results):
        raise ServerError("the answer has a sequence without an event", request=f"POST {path}")
    if len(results) >= MOST:
        message = f"rule '{plan.rule_name}': {MOST:,} results and perhaps more; ask for less time at once"
        raise TooManyResults(message, request=f"POST {path}")
    for result in results:
        yield Alert.on(plan, [hit(found, plan) for found in result])


def eql_by_dsl(plan: EqlPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The same by Query DSL. What has no form in it is computed here, of the events that the rest has found."""
    stages, now = stages_of(plan.program.body), window.now
    named = [
        {"bool": {"filter": [at_least(stage.predicate, now)], "_name": str(number)}} for number, stage in stages.items()
    ]
    asked: Dsl = {"bool": {"should": named, "minimum_should_match": 1}}
    if plan.filter is not None:
        asked = {"bool": {"filter": [asked, at_least(plan.filter, now)]}}
    query = source.within(sparing(plan, asked, window), plan.time, window.start, window.end, window.ingested)
    documents = list(source.hits(query, plan, {"_source": True}))
    yield from _joined(plan, window, sorted(documents, key=lambda found: hit(found, plan).position))


def computed(plan: EqlPlan) -> bool:
    """Whether a condition of the plan has no form in Query DSL."""
    return not all(has_form(condition.predicate) for condition in (*plan.conditions(), *plan.excepting()))


def _joined(plan: EqlPlan, window: Window, documents: list[RawHit]) -> Iterator[Alert]:
    """The documents, in the order in which they were indexed, as the rows of one batch."""
    predicates = Predicates()
    collector = EqlCollector(plan, window, predicates)
    finder = Finder(plan.program, predicates, plan.filter, plan.exceptions.condition)
    sources = Documents(0, [found.source for found in documents])
    evaluator = Evaluator(sources, predicates, [*predicates.paths, *finder.paths], window.now)
    selected = {
        number: of_rows(
            [row for row, found in enumerate(documents) if str(number) in found.matched_queries], len(documents)
        )
        for number in stages_of(plan.program.body)
    }
    if computed(plan):
        here = finder.selected(evaluator)
        selected = {number: rows & here[number] for number, rows in selected.items()}
    events = {row: hit(found, plan) for row, found in enumerate(documents)}
    collector.merge((finder.candidates(evaluator, selected), events))
    yield from collector.alerts()
