"""Rules of every type over random events: the same alerts from both engines, in every detail."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from detections.compile.exceptions import ExceptionLists, Values
from detections.compile.planner import plan as make_plan
from detections.elastic.cluster import Cluster
from detections.elastic.documents import TemporaryIndex
from detections.elastic.engine import Elasticsearch
from detections.elastic.server import Server
from detections.elastic.template import template
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.kept import Kept
from detections.events import Document, batches
from detections.mapping import UNMAPPED, Field, Mapping
from detections.plan import Cardinality, Plan, ThresholdPlan, Window
from detections.schedule import Executor, Outage, ticks
from made_rules import new_terms, rule_of

MAPPING = Mapping.of({
    "@timestamp": "date", "event.ingested": "date", "event.id": "keyword", "event.action": "keyword",
    "user.name": "keyword", "host.name": "keyword", "source.ip": "ip", "source.port": "long", "ratio": "double",
    "ok": "boolean", "seen": "date", "message": "text",
})  # fmt: skip
START = 1_768_392_000_000
WINDOWS = (
    Window(), Window(START + 10_000, START + 50_000, START, START + 50_000),
    Window(None, START + 30_000, None, START + 10_000),
)  # fmt: skip
Agree = Callable[[list[Plan], list[Document]], int]


@pytest.fixture(scope="module")
def engine(server: Server) -> Iterator[Elasticsearch]:
    with Elasticsearch(server) as made:
        yield made


@pytest.fixture
def agree(engine: Elasticsearch) -> Agree:
    """Runs plans on both; how many alerts they agreed on."""

    def run(plans: list[Plan], documents: list[Document]) -> int:
        tasks = [(plan.named(f"{number}"), window) for number, (plan, window) in
                 enumerate(itertools.product(plans, WINDOWS))]  # fmt: skip
        here = list(Embedded().run(tasks, batches(documents)))
        assert list(engine.run(tasks, batches(documents))) == here
        return len(here)

    return run


def events(seed: int, count: int = 120) -> list[Document]:
    chosen = random.Random(seed)

    def some(values: list[Any]) -> Any:
        found = chosen.choices(values, k=chosen.choice((0, 1, 1, 1, 2, 3)))
        return found[0] if len(found) == 1 else found or None

    def one(number: int) -> Document:
        time = START + chosen.randrange(60) * 1000
        return {
            "@timestamp": None if chosen.random() < 0.05 else time,
            "event": {"id": f"e{number}", "action": chosen.choice("abc"),
                      "ingested": chosen.choice((None, time + chosen.randrange(20) * 1000))},
            "user": {"name": some(["ann", "bob", "cat"])}, "host": {"name": some(["h", "i"])},
            "source": {"ip": some(["10.0.0.1", "10.0.0.2", "::1"]), "port": some([22, 22, 80, "443", "x"])},
            "ratio": some([0.5, 1, 2.25]), "ok": some([True, False, "true"]), "seen": some([START, "2026-01-01"]),
            "message": "a b c",
        }  # fmt: skip

    return [one(number) for number in range(count)]


def test_threshold(agree: Agree, agreed: Callable[[int, str], None]) -> None:
    rule = rule_of('type = "threshold"\nlanguage = "kuery"\nquery = "event.action: (a or b)"\n'
                   '[rule.threshold]\nfield = ["user.name"]\nvalue = 2')  # fmt: skip
    plan = make_plan(rule, MAPPING)
    assert isinstance(plan, ThresholdPlan)
    names = [(), ("user.name",), ("host.name", "user.name"), ("source.ip",), ("source.port",), ("ratio", "ok"),
             ("seen",), ("nowhere",), ("user.name", "host.name", "source.ip", "source.port", "ok")]  # fmt: skip
    counted = [
        None,
        ("source.ip", 2),
        ("user.name", 3),
        ("seen", 1),
        ("source.port", 3),
        ("nowhere", 0),
        ("nowhere", 1),
    ]
    plans: list[Plan] = []
    for fields, asked in itertools.product(names, counted):
        made = replace(
            plan, value=2 + len(plans) % 4, fields=tuple(_field(name) for name in fields),
            cardinality=None if asked is None else Cardinality(_field(asked[0]), asked[1]),
        )  # fmt: skip
        plans.append(made)
    found = sum(agree(plans, events(seed)) for seed in range(3))
    assert found > 1000
    agreed(found, "alerts of threshold rules")


PLACES: tuple[Document, ...] = (
    {}, {"_index": ".ds-logs-okta.system-prod-2026.01.31-000001"}, {"_index": "filebeat-8.13.0"},
    {"data_stream": {"dataset": "okta.system"}}, {"data_stream.type": "metrics", "data_stream.dataset": "okta.system"},
    {"_index": ["a", "b"], "data_stream.dataset": "aws.cloudtrail"},
)  # fmt: skip
BODIES = (
    'type = "query"\nlanguage = "kuery"\nquery = "event.action: a"',
    'type = "threshold"\nlanguage = "kuery"\nquery = "event.action: *"\n'
    '[rule.threshold]\nfield = ["user.name"]\nvalue = 9',
    new_terms("event.action: *", '"user.name"', "now-1h"),
    """type = "eql"\nlanguage = "eql"\n"""
    """query = 'sequence by user.name [any where event.action == "a"] [any where event.action == "b"]'""",
)


@pytest.mark.parametrize("body", BODIES)
def test_a_rule_sees_the_events_of_its_indices(body: str, agree: Agree, agreed: Callable[[int, str], None]) -> None:
    places = random.Random(7)
    found = []
    for searched in ('"*"', '"logs-*"', '"logs-okta*", "filebeat-*"', '"logs-*", "-logs-okta*"', '"metrics-*"'):
        documents = [one | places.choice(PLACES) for one in events(11)]
        found.append(agree([make_plan(rule_of(body, index=f"index = [{searched}]\n"), MAPPING)], documents))
    assert len(set(found)) > 1
    agreed(sum(found), "alerts of rules with indices")


def _field(name: str) -> Field:
    return MAPPING.get(name) or Field(name, UNMAPPED)


SCHEDULED = {
    "query": 'type = "query"\nlanguage = "kuery"\nquery = "event.action: (a or b)"',
    "now": 'type = "query"\nlanguage = "kuery"\nquery = "event.action: a and @timestamp >= now-8s"',
    "new terms": new_terms("event.action: (a or b)", '"user.name", "host.name"', "now-30s"),
    "threshold": 'type = "threshold"\nlanguage = "kuery"\nquery = "event.action: (a or b)"\n'
                 '[rule.threshold]\nfield = ["user.name", "source.ip"]\nvalue = 2',
}  # fmt: skip
BY = '\n[rule.alert_suppression]\ngroup_by = ["user.name", "source.port"]\n'
SUPPRESSED = {
    "suppressed query": f'{SCHEDULED["query"]}{BY}duration = {{ value = 20, unit = "s" }}',
    "suppressed in each execution": f'{SCHEDULED["query"]}{BY}missing_fields_strategy = "doNotSuppress"',
    "suppressed new terms": new_terms("event.action: *", '"host.name", "source.ip"', "now-30s") + BY,
    "suppressed threshold": f'{SCHEDULED["threshold"]}\n[rule.alert_suppression.duration]\nvalue = 15\nunit = "s"',
}


@pytest.mark.parametrize("name", [*SCHEDULED, *SUPPRESSED])
def test_executions(server: Server, lacking: frozenset[str], agreed: Callable[[int, str], None], name: str) -> None:
    """The same rule from execution to execution: late events, what was raised before, and groups that have alerted."""
    rule = rule_of(f'interval = "5s"\nfrom = "now-12s"\nmax_signals = 1000\n{(SCHEDULED | SUPPRESSED)[name]}')
    plan = make_plan(rule, MAPPING)
    documents = [one for one in events(7, 200) if one["@timestamp"] is not None]
    index = TemporaryIndex(server, template(MAPPING, lacking), "detections-parity")
    index.create()
    try:
        index.add([(f"0:{number}", one) for number, one in enumerate(documents)], "all")
        (kept,) = Embedded().keep([plan], batches(documents))
        assert isinstance(kept, Kept)
        here, there = Executor(rule, plan, kept), Executor(rule, plan, Cluster(server, index.name, any_index=True))
        count = suppressed = 0
        outage = Outage(START + 20_000, START + 41_000)
        for tick in ticks(rule, plan, START, START + 80_000, [outage]):
            found = here.execute(tick)
            assert there.execute(tick) == found
            count += len(found.alerts)
            suppressed += len(found.suppressed)
    finally:
        index.delete()
    assert count > 5
    assert bool(suppressed) is (name in SUPPRESSED)
    agreed(count, "alerts of executions")


def test_exceptions(agree: Agree, agreed: Callable[[int, str], None]) -> None:
    entries = [
        _entry("user.name", "match", "ann"), _entry("user.name", "match_any", ["ann", "cat"]),
        _entry("ratio", "exists"),
        _entry("user.name", "wildcard", "?a*"), _entry("source.ip", "match", "10.0.0.0/31"),
        _entry("message", "match", "a b"), _entry("source.port", "match", "22"),
        {"field": "source.ip", "type": "list", "list": {"id": "net", "type": "ip_range"}},
        {"field": "user.name", "type": "list", "list": {"id": "names", "type": "keyword"}},
    ]  # fmt: skip
    values = {"net": Values("ip_range", ("10.0.0.2-10.0.0.9", "::/64")), "names": Values("keyword", ("bob",))}
    items: list[dict[str, Any]] = []
    for first, second in itertools.product(entries, entries):
        turned = {**second, "operator": "excluded" if len(items) % 3 else "included"}
        until = ("2026-01-14T12:00:20Z", None)[len(items) % 2]
        items.append({"item_id": f"{len(items)}", "name": "x", "entries": [first, turned], "expire_time": until})
    reference = {"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}
    found = 0
    for number in range(0, len(items), 2):
        lists = ExceptionLists({("single", "l"): items[number : number + 2]}, values)
        for body in (SCHEDULED["query"], SCHEDULED["new terms"], SCHEDULED["threshold"], SEQUENCE):
            rule = rule_of(body)
            object.__setattr__(rule, "exceptions_list", (reference,))
            assert list(lists.problems(rule, MAPPING)) == []
            plan = make_plan(rule, MAPPING, exceptions=lists)
            assert len(plan.exceptions.items) == min(2, len(items) - number)
            found += agree([plan], events(number, 40))
    assert found > 1000
    agreed(found, "alerts of rules with exceptions")


SEQUENCE = 'type = "eql"\nlanguage = "eql"\nquery = "sequence by event.action [any where true] [any where true]"'


def _entry(field: str, kind: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "type": kind, **({} if value is None else {"value": value})}


MAPPED = """type = "threat_match"
language = "kuery"
query = "event.action: (a or b)"
threat_query = "event.action: c and not user.name: cat"
threat_index = ["logs-ti*"]
"""
GROUPS: tuple[tuple[tuple[str, str, bool], ...], ...] = (
    (("user.name", "user.name", False),),
    (("source.ip", "source.ip", False),),
    (("message", "user.name", False),),
    (("user.name", "user.name", False), ("host.name", "host.name", False)),
    (("user.name", "user.name", False), ("source.port", "source.port", True)),
    (("source.port", "source.port", False), ("host.name", "nowhere", True)),
)


def test_indicators(engine: Elasticsearch, agreed: Callable[[int, str], None]) -> None:
    found = 0
    for number, groups in enumerate([*itertools.combinations(GROUPS, 1), *itertools.combinations(GROUPS, 2)]):
        mapping = "".join(
            "[[rule.threat_mapping]]\nentries = ["
            + ", ".join(
                f'{{ field = "{field}", type = "mapping", value = "{value}", negate = {str(negate).lower()} }}'
                for field, value, negate in group
            )
            + "]\n"
            for group in groups
        )
        rule = rule_of(MAPPED + mapping, index='index = ["logs-*", "-logs-ti*"]\n')
        documents = [_each_once(one) for one in events(number)]
        for one in documents[::3]:
            one["_index"] = "logs-ti"
            one["message"] = "ann"
        tasks = [(make_plan(rule, MAPPING), window) for window in WINDOWS]
        for task in tasks:
            here = list(Embedded().run([task], batches(documents)))
            assert _by_indicator(engine.run([task], batches(documents))) == _by_indicator(here)
            found += len(here)
    assert found > 500
    agreed(found, "alerts of indicator match rules")


def _each_once(document: Document) -> Document:
    """The document without what Elasticsearch counts otherwise: values that are there twice, or malformed."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: kept(one) for name, one in value.items()}
        if isinstance(value, list):
            return list(dict.fromkeys(one for one in value if one != "x"))
        return None if value == "x" else value

    return {name: kept(one) for name, one in document.items()}


def _by_indicator(alerts: Iterable[Alert]) -> list[Alert]:
    return [replace(one, indicators=tuple(sorted(one.indicators, key=str))) for one in alerts]


def test_machine_learning(agree: Agree, agreed: Callable[[int, str], None]) -> None:
    rule = rule_of(
        'type = "machine_learning"\nanomaly_threshold = 50\nmachine_learning_job_id = ["rare", "high"]', index=""
    )
    chosen = random.Random(4)
    documents = [
        {"timestamp": START + chosen.randrange(60) * 1000, "event": {"id": f"e{number}"},
         "job_id": chosen.choice(("rare", "high", "low")), "result_type": chosen.choice(("record", "record", "bucket")),
         "record_score": chosen.choice((49.9, 50, 50.1, 99)), "is_interim": chosen.choice((False, False, True))}
        for number in range(200)
    ]  # fmt: skip
    found = agree([make_plan(rule)], documents)
    assert found > 50
    agreed(found, "alerts on anomalies")
