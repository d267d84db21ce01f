"""Random documents and queries, new terms and sequences: both engines find the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from detections.compile.planner import plan as make_plan
from detections.elastic.engine import Elasticsearch
from detections.elastic.server import Server
from detections.engine import Embedded
from detections.errors import NotEvaluated
from detections.events import Document, batches
from detections.mapping import Field, Mapping
from detections.plan import NewTermsPlan, Plan, TimeField, Window
from detections.plan.predicate import Always
from detections.rule import load_rules
from detections.values.dates import format_date

ROOT = Path(__file__).parents[2]
MAPPING = Mapping.of(
    {
        "k": {"type": "keyword", "ignore_above": 8, "fields": {"text": "text"}},
        "u": {"type": "keyword", "null_value": "NULL"},
        "t": "text",
        "n": "long",
        "s": "short",
        "e": "double",
        "h": "half_float",
        "i": "ip",
        "b": "boolean",
        "d": "date",
        "f": "flattened",
        "r": {"type": "alias", "path": "k"},
        "o.k": "keyword",
        "o.t": "text",
        "x": "nested",
        "x.k": "keyword",
        "x.n": "long",
        "x.y": "nested",
        "x.y.k": "keyword",
    }
)
# What differs says enough as it is: no shrinking, each step of which would cost an index.
FEW = settings(
    max_examples=40, deadline=None, phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip

# --- documents

PIECES = st.sampled_from(
    [*"abAB12 .-_*?\\/:@é", "ß", "İ", "Σ", "\u017f", "日", "👍", "'", "ab", "10.0.0.1", "true", "\t"]
)
TEXT = st.lists(PIECES, max_size=5).map("".join)
WORD = st.one_of(st.sampled_from(["a", "ab", "A", "b a", "1", "22", "", "null", "NULL"]), TEXT)
NUMBER = st.one_of(
    st.sampled_from([0, 1, -1, 22, 1.5, "1", "22", " 22", "1.5", "1e1", "x"]),
    st.sampled_from([2**15, 2**31, 2**53 + 1, 2**63 - 1, 2**63]), st.integers(-(2**40), 2**40),
    st.floats(-1e6, 1e6, width=32).map(lambda number: number + 0.0),  # no -0.0 (docs/semantics.md)
)  # fmt: skip
ADDRESS = st.sampled_from(["10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "::1", "2001:db8::1", "010.0.0.1", "junk", ""])
DATE = st.sampled_from(
    ["2024-01-01", "2024-01-01T12:30:00Z", "2024-02", "2024", "2023-12-31T23:59:59.999Z", "2024-01-01T00:00:00+02:00",
     1704110400000, "1704110400000", "x", "2024-02-30", -1, "2024-01-01T12:30:00.123456Z"]
)  # fmt: skip
TRUTH = st.sampled_from([True, False, "true", "false", "", "True"])


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(st.one_of(values, st.none()), max_size=3), st.none())


INNER = st.fixed_dictionaries({}, optional={"k": several(WORD), "n": several(NUMBER)})
OUTER = st.fixed_dictionaries(
    {},
    optional={
        "k": several(WORD),
        "n": several(NUMBER),
        "y": st.one_of(INNER, st.lists(INNER, max_size=2)),
        "y.k": WORD,
    },
)
FLAT = st.fixed_dictionaries(
    {},
    optional={
        "a": several(st.one_of(WORD, NUMBER)),
        "b": st.one_of(st.just({"c": "ab"}), INNER),
        "a.b": WORD,
        "v": TRUTH,
    },
)
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "k": several(st.one_of(WORD, NUMBER)), "u": several(WORD), "t": several(WORD), "n": several(NUMBER),
        "s": several(NUMBER), "e": several(NUMBER), "h": several(NUMBER), "i": several(ADDRESS), "b": several(TRUTH),
        "d": several(DATE), "f": st.one_of(FLAT, st.lists(FLAT, max_size=2)), "f.a": WORD, "o": INNER,
        "o.k": several(WORD), "o.t": WORD, "x": st.one_of(OUTER, st.lists(OUTER, max_size=3)), "x.k": several(WORD),
        "z": WORD,
    },
)  # fmt: skip

# Of a field that no document has, Elasticsearch does not even read the constants.
FULL: Document = {
    "k": "k", "u": "u", "t": "t", "n": 1, "s": 1, "e": 1, "h": 1, "i": "::1", "b": True, "d": 0, "f": {"a": "a"},
    "o": {"k": "k", "t": "t"}, "x": {"k": "k", "n": 1, "y": {"k": "k"}},
}  # fmt: skip

# --- queries

QUOTED = WORD.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
_SPECIAL = str.maketrans({character: f"\\{character}" for character in '\\():<>"*{}'})


def plain(text: str) -> str:
    return text.translate(_SPECIAL).strip(" \t").replace("\t", "\\t") or "a"


STARRED = st.lists(st.one_of(st.just("*"), WORD.map(plain)), min_size=1, max_size=3).map("".join)
STRINGS = st.one_of(QUOTED, WORD.map(plain), STARRED, st.just("*"))
NUMBERS = st.one_of(
    NUMBER.map(str).map(plain), st.sampled_from(['"22"', "22.0", "1*", "*", "99999999999999999999", "-1"])
)
ADDRESSES = st.one_of(
    ADDRESS.map(plain), st.sampled_from(["10.0.0.0/8", '"10.0.0.0/30"', '"2001:db8::/32"', "10.*", "*", "10.0.0.0/33"])
)
DATES = st.one_of(
    DATE.map(str).map(plain), st.sampled_from(['"2024-01-01"', "2024*", "*", '"2024-01-01||/M"', "2024-1"])
)
TRUTHS = st.sampled_from(["true", "false", '"true"', "True", "*", "t*", "null"])
VALUES = {
    **dict.fromkeys(["k", "u", "t", "r", "k.text", "f", "f.a", "f.b.c", "o.k", "o.t", "k*", "o.*"], STRINGS),
    **dict.fromkeys(["n", "s", "e", "h"], NUMBERS),
    "i": ADDRESSES,
    "b": TRUTHS,
    "d": DATES,
}


OPERATORS = st.sampled_from([" : "] * 3 + [" < ", " <= ", " > ", " >= "])


def is_condition(names: list[str]) -> st.SearchStrategy[str]:
    return st.one_of([st.tuples(st.just(name), OPERATORS, VALUES[name]).map("".join) for name in names])


def grown(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda parts: f"({''.join(parts)})"),
            inner.map(lambda query: f"(not ({query}))"),
        )

    return st.recursive(leaf, larger, max_leaves=4)


INSIDE = grown(is_condition(["k", "n"]))
NESTED = st.one_of(
    INSIDE.map(lambda query: f"x: {{ {query} }}"),
    st.tuples(INSIDE, is_condition(["k"])).map(lambda parts: f"x: {{ {parts[0]} and y: {{ {parts[1]} }} }}"),
    is_condition(["k"]).map(lambda query: f"x.{query}"),
)
# What stands beside a field that is not there is not even read, so that such a one stands alone.
ABSENT = st.tuples(st.sampled_from(["z", "o", "x", "k.none", "none*"]), OPERATORS, STRINGS).map("".join)
QUERY = st.one_of(ABSENT, *[grown(st.one_of(is_condition(list(VALUES)), NESTED, STRINGS))] * 9)


def on_purpose(query: str) -> bool:
    """Whether it is refused though Elasticsearch answers: a wildcard on a flattened sub-key (docs/semantics.md)."""
    return any(f"{name} : " in query and "*" in query for name in ("f.a", "f.b.c"))


@FEW
@given(documents=st.lists(DOCUMENT, min_size=5, max_size=25), queries=st.lists(QUERY, min_size=20, max_size=40))
def test_queries(documents: list[Document], queries: list[str], both: Any) -> None:
    asked = [query for query in queries if not on_purpose(query)]
    corpus = both.index(MAPPING, [FULL, *documents])
    try:
        assert corpus.differences(asked, "random queries") == []
        both.agreed(len(asked) * len(documents), "random pairs")
    finally:
        corpus.close()


# --- alerts

START = 1_700_000_000_000
TIMES = st.integers(0, 12).map(lambda minute: format_date(START + minute * 60_000))
EVENT = st.fixed_dictionaries(
    {"@timestamp": TIMES},
    optional={
        "event.ingested": TIMES, "k": several(st.sampled_from(["a", "b", "c", "too long a value"])),
        "n": several(st.sampled_from([1, 2, "2"])), "i": several(st.sampled_from(["::1", "10.0.0.1", "junk"])),
        "b": several(st.booleans()), "f": st.fixed_dictionaries({"a": several(st.sampled_from(["p", "q", 1]))}),
        "d": several(st.sampled_from(["2024", 1704110400000])), "e": several(st.sampled_from([0.5, 1, "0.5"])),
    },
)  # fmt: skip
TIME = st.sampled_from(
    [TimeField(), TimeField("event.ingested", "@timestamp"), TimeField("event.ingested"), TimeField("d", "@timestamp")]
)


def ends(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high).map(lambda minute: START + minute * 60_000)


WINDOW = st.one_of(
    st.just(Window()),
    st.builds(Window, ends(2, 4), ends(5, 13), ends(-1, 1)),
    st.builds(Window, st.none(), ends(5, 13)),
)
ALERTS = Mapping.of(
    {
        "@timestamp": "date", "event.ingested": "date", "event.id": "keyword",
        "k": {"type": "keyword", "ignore_above": 8}, "n": "long", "i": "ip", "b": "boolean", "f": "flattened",
        "d": "date", "e": "double",
    }
)  # fmt: skip
FIELDS = st.lists(st.sampled_from(["k", "n", "i", "b", "f.a", "d", "e", "none"]), min_size=1, max_size=3, unique=True)
SEQUENCES = [
    'any where k == "a"',
    'any where n > 1 and not k : ("A", "b*")',
    "any where ?none == null | tail 2",
    "sequence by k [any where n == 1] [any where n == 2]",
    "sequence by k with maxspan=2m [any where true] [any where b == true] until [any where n == 2]",
    'sequence [any where k == "a"] by i [any where k == "b"] by i',
    "sequence by ?k with maxspan=3m [any where n == 1] ![any where b == true] [any where n == 2]",
    "sequence by k [any where true] with runs=3 | head 2",
    'any where stringContains(k, "a") and length(k) == 1',
]
RULE = next(rule for rule in load_rules(ROOT / "rules") if rule.type == "eql")


@pytest.fixture(scope="module")
def engine(server: Server) -> Iterator[Elasticsearch]:
    with Elasticsearch(server) as made:
        yield made


EVENTS = st.lists(EVENT, min_size=10, max_size=30)


def same(tasks: list[tuple[Plan, Window]], events: list[Document], engine: Elasticsearch) -> int:
    """How many alerts both engines give; none where both say that a search of these events fails."""
    named: list[Document] = [{**event, "event.id": f"e{number}"} for number, event in enumerate(events)]
    try:
        expected = list(Embedded().run(tasks, batches(named)))
    except NotEvaluated:
        with pytest.raises(NotEvaluated):
            list(engine.run(tasks, batches(named)))
        return 0
    assert list(engine.run(tasks, batches(named))) == expected
    return len(expected)


@FEW
@given(events=EVENTS, asked=st.lists(st.tuples(FIELDS, TIME, WINDOW), min_size=5, max_size=10))
def test_new_terms(
    events: list[Document], asked: list[tuple[list[str], TimeField, Window]], engine: Elasticsearch,
    agreed: Callable[[int, str], None],
) -> None:  # fmt: skip
    tasks: list[tuple[Plan, Window]] = []
    for number, (names, time, span) in enumerate(asked):
        fields = tuple(ALERTS.get(name) or Field(name, "unmapped") for name in names)
        tasks.append(
            (
                NewTermsPlan(
                    rule_id=f"r{number}",
                    rule_name="r",
                    time=time,
                    mapping=ALERTS,
                    predicate=Always(True),
                    fields=fields,
                    history_window_start="now-1h",
                ),
                span,
            )
        )
    agreed(same(tasks, events, engine), "alerts on random new terms")


@FEW
@given(events=EVENTS, windows=st.lists(WINDOW, min_size=len(SEQUENCES), max_size=len(SEQUENCES)))
def test_sequences(
    events: list[Document], windows: list[Window], engine: Elasticsearch, agreed: Callable[[int, str], None]
) -> None:
    rules = [replace(RULE, rule_id=query, query=query, timestamp_override=None, filters=()) for query in SEQUENCES]
    tasks = [(make_plan(rule, ALERTS), span) for rule, span in zip(rules, windows, strict=True)]
    agreed(same(tasks, events, engine), "alerts on random sequences")
