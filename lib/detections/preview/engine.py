"""Kibana's rule preview as an engine: the rule's own executor runs over the events of a case, and nothing is kept.

The events go into an index of our own in the Elasticsearch behind that Kibana, the preview reads it, and its alerts say
by their ancestors which events they stand on (Kibana 8.19 and 9.x). Left out of the rule is what has nothing to do with
what it finds, or would hide it: actions, suppression. Exceptions of the project's files are sent as filters.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import Struct, ValidationError, convert
from msgspec import field as struct_field

from detections.compile.dsl import to_dsl
from detections.compile.esql.carry import IDS, asking_for_id, carrying
from detections.elastic.documents import TemporaryIndex
from detections.elastic.esql import lookups
from detections.elastic.server import Server
from detections.elastic.template import needed, template
from detections.engine import Embedded
from detections.engine.alert import Alert, Hit, Threshold
from detections.engine.column import Column
from detections.engine.hits import grouping
from detections.engine.indices import hidden, index_names
from detections.errors import Finding, Level, Location, NotEvaluated, ServerError
from detections.events import Batch, Document
from detections.kibana.client import Kibana
from detections.mapping import Field
from detections.payload import to_api
from detections.plan import GroupsPlan, Plan, RowsPlan, ThresholdPlan, Window
from detections.plan.exceptions import ExceptionItem
from detections.query import parse
from detections.query.esql.ast import From, Index, Query
from detections.query.esql.printer import to_esql
from detections.rule import Rule
from detections.values import datemath
from detections.values.dates import combined, format_date, parse_date
from detections.values.limits import GROUP_EVENTS

REFUSED = "refused-event"
_LEFT_OUT = (
    "rule_id", "enabled", "data_view_id", "saved_id", "exceptions_list", "actions", "response_actions", "throttle",
    "alert_suppression", "output_index", "meta",
)  # fmt: skip


T = TypeVar("T")


class Ancestor(Struct, frozen=True):
    """An event that an alert stands on."""

    id: str = ""


class Term(Struct, frozen=True):
    """A field and a value of it, or how many values it has."""

    field: str
    value: str | int | float | bool | None


class GroupFound(Struct, frozen=True):
    """``kibana.alert.threshold_result``"""

    count: int
    start: str | int | None = struct_field(default=None, name="from")
    terms: list[Term] = []
    cardinality: list[Term] = []


class Preview:
    """Runs the plans of ``rules`` through a Kibana's preview. ``server`` is the Elasticsearch that this Kibana uses.

    ``report`` is told of events that Elasticsearch refused; ``warnings`` holds what the previews warned of.
    """

    def __init__(
        self, kibana: Kibana, server: Server, rules: Iterable[Rule], report: Callable[[Finding], None]
    ) -> None:
        self._kibana = kibana
        self._server = server
        self._rules = {rule.rule_id: rule for rule in rules}
        self._report = report
        self.warnings: dict[str, None] = {}

    def why_not(self, plan: Plan) -> str | None:
        """Kibana runs rules of every type that has a plan; but its anomalies are what its own jobs have found."""
        return "its anomalies are those that the jobs of the cluster have found" if plan.presupposes else None

    def run(self, tasks: Sequence[tuple[Plan, Window]], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its span, sorted by timestamp (none last), then rule_id, then input.

        Raises:
            NotEvaluated: the span is none that an execution of the rule has.
            ServerError: Kibana or Elasticsearch refuses a request, or the rule failed in the preview.
        """
        events = list(batches)
        alerts = [alert for plan, span in tasks for alert in self._preview(plan, span, events)]
        yield from sorted(alerts, key=attrgetter("order"))

    def _preview(self, plan: Plan, span: Window, events: Sequence[Batch]) -> Iterator[Alert]:
        rule = self._rules[plan.rule_id]
        now = started_at(rule, span)
        declared = needed(plan.mapping, (document for batch in events for document in batch.documents()))
        index = TemporaryIndex(self._server, template(plan.mapping, declared=declared))
        index.create()
        try:
            places = {str((batch.ordinal << 32) + row): (batch, row) for batch, row in _seen(plan, events)}
            documents = ((name, batch.document(row)) for name, (batch, row) in places.items())
            for refused in index.add(documents, plan.rule_id):
                text = f"Elasticsearch refuses it: {refused.reason}"
                self._report(Finding(REFUSED, text, Location(f"event {refused.id}"), Level.WARNING))
            with self._query(rule, plan) as query:
                sources = self._sources(previewed(rule, index.name, query, plan.exceptions.at(now)), rule, now)
        finally:
            index.delete()
        if isinstance(plan, ThresholdPlan):
            yield from _groups(plan, span, events, sources)
            return
        for source in sources:
            alert = _alert(plan, source, places)
            if alert is not None:
                yield alert

    @contextmanager
    def _query(self, rule: Rule, plan: Plan) -> Iterator[Query | None]:
        """The rule's ES|QL, over lookup indices of our own, and with a column that says what is behind a row."""
        if not isinstance(plan, RowsPlan):
            yield None
            return
        tree = parse(str(rule.query), "esql").tree
        with lookups(plan, tree, self._server) as query:
            yield carrying(asking_for_id(query), IDS) if isinstance(plan, GroupsPlan) else query

    def _sources(self, body: dict[str, Any], rule: Rule, now: int) -> list[dict[str, Any]]:
        """The alerts of one execution of a rule, as Kibana has stored them."""
        end = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC).isoformat(timespec="milliseconds")
        run = self._kibana.preview(body, invocation_count=1, timeframe_end=end.replace("+00:00", "Z"))
        self.warnings.update(dict.fromkeys(run.warnings))
        if run.errors or run.aborted:
            why = "; ".join(run.errors) or "it was aborted"
            raise ServerError(f"the preview of {rule.name} failed: {why}", request="POST /rules/preview")
        return self._kibana.preview_alerts(run.id)


def started_at(rule: Rule, span: Window) -> int:
    """When the execution starts whose window ends with the span (milliseconds).

    Raises:
        NotEvaluated: there is none: the span is open, or the rule's ``to`` is rounded.
    """
    if span.end is None:
        raise NotEvaluated("a preview needs a window that ends")
    now = 2 * span.end - datemath.resolve(rule.to, span.end, round_up=True)
    if datemath.resolve(rule.to, now, round_up=True) != span.end or datemath.resolve(rule.from_, now) != span.start:
        raise NotEvaluated(f"no execution of the rule has this window: it looks from {rule.from_} to {rule.to}")
    return now


def previewed(
    rule: Rule, index: str, query: Query | None = None, excepted: Sequence[ExceptionItem] = ()
) -> dict[str, Any]:
    """The rule as it is previewed: over this index only, its exceptions as filters, since Kibana may not have them;
    ``query`` goes before its own ES|QL.

    Raises:
        NotEvaluated: the rule has exceptions, and rules of its type no filters.
    """
    body = {name: value for name, value in to_api(rule).items() if name not in _LEFT_OUT}
    if rule.type == "esql":
        query = query or parse(str(rule.query), "esql").tree
        source = query.commands[0]
        if not isinstance(source, From):
            raise NotEvaluated("the query reads no index")
        body["query"] = to_esql(
            replace(query, commands=(replace(source, sources=(Index(index),)), *query.commands[1:]))
        )
    else:
        body["index"] = [index]
    if rule.type == "threat_match":
        body["threat_index"] = [index]
    if excepted:
        if rule.type == "esql":
            raise NotEvaluated("an ES|QL rule has no filters, by which the exceptions of the files could be previewed")
        queries = [item.query or to_dsl(item.predicate) for item in excepted]
        body["filters"] = [*body.get("filters", ()), *({"meta": {"negate": True}, "query": one} for one in queries)]
    if rule.type == "saved_query":
        body["type"] = "query"  # what its saved query says is another matter than what its file says
    return body


def _seen(plan: Plan, events: Iterable[Batch]) -> Iterator[tuple[Batch, int]]:
    """The events that the rule sees: the preview searches one index for all of its own."""
    for batch in events:
        names = index_names(batch)
        unseen = frozenset(hidden(plan.indices, names))
        yield from ((batch, row) for row, name in enumerate(names) if name not in unseen)


def _alert(plan: Plan, source: Mapping[str, Any], places: Mapping[str, tuple[Batch, int]]) -> Alert | None:
    """The alert, None for one that is only a part of a sequence's."""
    if _field(source, "kibana.alert.group.index") is not None:
        return None
    if isinstance(plan, GroupsPlan):
        names = dict.fromkeys(_list(source, IDS.name, list[str]))
    else:
        ancestors = _list(source, "kibana.alert.ancestors", list[Ancestor])
        names = dict.fromkeys(ancestor.id for ancestor in ancestors)
    hits = [_hit(plan, int(name), *places[name]) for name in names if name in places]
    terms = tuple(_text(term) for term in _list(source, "kibana.alert.new_terms", list[str | int | float | bool]))
    if isinstance(plan, RowsPlan) and (hits or isinstance(plan, GroupsPlan)):
        cells = [(column.name, _field(source, column.name)) for column in plan.shows]
        return Alert.of_row(plan, sorted(hits)[-GROUP_EVENTS.most :], cells, None)
    return Alert.on(plan, hits, terms) if hits else None


def _groups(
    plan: ThresholdPlan, span: Window, events: Sequence[Batch], sources: Iterable[Mapping[str, Any]]
) -> Iterator[Alert]:
    """The alerts of a threshold rule. Kibana's name no event, so that those of their group are looked up here."""
    everything = replace(plan, value=1, cardinality=None)
    groups = {group.terms: group for group in Embedded().run([(everything, span)], events)}
    for source in sources:
        try:
            found = convert(_field(source, "kibana.alert.threshold_result"), GroupFound)
        except ValidationError as error:
            raise ServerError(f"an alert of the preview has an invalid threshold result: {error}") from None
        values = {term.field: term.value for term in found.terms}
        terms = tuple((field.name, shown(field, values.get(field.name))) for field in plan.fields)
        counted = next(((one.field, int(one.value)) for one in found.cardinality if isinstance(one.value, int)), None)
        group = groups.get(tuple(value for _, value in terms))
        result = Threshold(terms, found.count, None if found.start is None else parse_date(found.start), counted)
        made = Alert(plan.rule_id, plan.rule_name, None, (), threshold=result)
        yield made if group is None else replace(group, threshold=result)


def shown(field: Field, value: Any) -> str:
    """A term as other engines show it: Kibana has dates in milliseconds."""
    return format_date(value) if field.family == "date" and isinstance(value, int) else _text(value)


def _list(source: Mapping[str, Any], name: str, kind: type[list[T]]) -> list[T]:
    """The values of a field of an alert, none where it is absent.

    Raises:
        ServerError: they are something else.
    """
    value = _field(source, name)
    try:
        return [] if value is None else convert(value if isinstance(value, list) else [value], kind)
    except ValidationError as error:
        raise ServerError(f"an alert of the preview has an invalid {name}: {error}") from None


def _hit(plan: Plan, position: int, batch: Batch, row: int) -> Hit:
    columns = (Column(Field(name, "date"), batch.columns([name])[0]) for name in plan.time.names)
    time = combined(column.values(row) for column in columns)
    event_id = _field(batch.document(row), "event.id")
    fields = () if plan.suppression is None else plan.suppression.fields
    grouped = [grouping(field, Column(field, batch.columns([field.path])[0]).values(row)) for field in fields]
    return Hit(time is None, time or 0, position, "" if event_id is None else str(event_id), grouped=tuple(grouped))


def _field(document: Mapping[str, Any] | Document, name: str) -> Any:
    """A field, whether its name is written with dots, as tables, or as a mixture of both."""
    if name in document:
        return document[name]
    for at, character in enumerate(name):
        if character == "." and isinstance(below := document.get(name[:at]), Mapping):
            found = _field(below, name[at + 1 :])
            if found is not None:
                return found
    return None


def _text(term: Any) -> str:
    return str(term).lower() if isinstance(term, bool) else str(term)
