"""How fast ES|QL is parsed and checked, what STATS costs on events, and how many public rules are evaluated.

`python bench/esql.py [RULES]` takes the queries of this project's corpus that are right, and the ES|QL rules below the
folder RULES, if one is given; of those it also says how many are evaluated here, and why others are not. Beside ours,
where they are installed: Elastic's offline validator (detection-rules-esql-py, with --ignore-requires-python below
Python 3.12), Polars and DuckDB. Wanted: parse and check below 1 ms a query on average and 50 times as fast as the
validator; STATS by two keys no dearer than the WHERE in front of it, and within 3 times Polars or DuckDB on the same
decoded columns; memory that grows with groups, not with events.
"""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import random
import resource
import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from detections import load_rules, replay, search
from detections.compile.esql import compile_esql
from detections.compile.planner import mapping_of
from detections.engine.aggregate import grouping
from detections.engine.table import Table, Vectors
from detections.errors import DetectionsError, Finding
from detections.mapping import Mapping, catalog_mapping
from detections.plan.rows import Aggregate
from detections.query import EsqlQuery
from detections.query.esql.parser import parse
from detections.rule import load
from detections.source import parse as parse_toml

ROUNDS = 5
EVENTS = 100_000
ROWS = 1_000_000
CORPUS = Path(__file__).parents[1] / "tests/corpus/esql/printed.toml"
WHERE = 'FROM logs-* | WHERE event.action != "none" AND user.name LIKE "u*"'
COUNTED = f"{WHERE} | STATS n = COUNT(*)"
STATS = f"{WHERE} | STATS n = COUNT(*) BY event.action, user.name"
RULE = f"""[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"
[rule]
author = ["x"]
description = "x"
name = "r"
risk_score = 21
rule_id = "5d9e8c1b-6f1a-4b6e-9d51-2a6f0c6f1a11"
severity = "low"
type = "esql"
language = "esql"
query = '''{STATS} | WHERE n > 1000000'''
"""


def queries(rules: Path | None) -> Iterator[str]:
    yield from (case["query"] for case in tomllib.loads(CORPUS.read_text(encoding="utf-8"))["case"])
    for path in [] if rules is None else sorted(rules.rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "esql":
            yield rule["query"]


def is_parsed(query: str) -> bool:
    try:
        check(query)
    except DetectionsError:
        return False
    return True


def check(query: str, mapping: Mapping | None = None) -> None:
    """Parse, for what is parsed is remembered, and check."""
    made = EsqlQuery(query, parse.__wrapped__(query))
    compile_esql(made, mapping or catalog_mapping(), refused=[])


def milliseconds(work: Callable[[str], object], texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        work(text)
    return (time.process_time() - began) * 1000 / len(texts)


def seconds(work: Callable[[], object]) -> float:
    """CPU time, of all threads: that of others does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def median(work: Callable[[], object]) -> float:
    return statistics.median(seconds(work) for _ in range(ROUNDS))


def other(name: str) -> Any:
    """A module that this project does not need, None where it is not installed; never a file of this folder."""
    here, sys.path[:] = sys.path[:], [path for path in sys.path if Path(path).resolve() != Path(__file__).parent]
    try:
        return importlib.import_module(name) if importlib.util.find_spec(name) else None
    finally:
        sys.path[:] = here


def parsed_and_checked(texts: list[str]) -> None:
    spent = statistics.median(milliseconds(check, texts) for _ in range(ROUNDS))
    print(f"{len(texts)} queries of {statistics.mean(map(len, texts)):.0f} characters on average, {ROUNDS} rounds")
    print(f"parse and check  {spent:8.2f} ms/query   (wanted: below 1)")
    validator = other("esql")
    if validator is None:
        print("validator        not installed")
        return
    taken: list[str] = []
    validator.parse_query(texts[0])
    theirs = milliseconds(lambda text: taken.append(text) if accepted(validator, text) else None, texts)
    print(f"validator        {theirs:8.2f} ms/query   ({theirs / spent:.0f} times ours; it accepts {len(taken)})")


def accepted(validator: Any, text: str) -> bool:
    try:
        validator.parse_query(text)
    except Exception:  # it refuses in more ways than one
        return False
    return True


def on_documents() -> None:
    chosen = random.Random(1)
    events = [event(number, chosen) for number in range(EVENTS)]
    where = median(lambda: search(events, COUNTED, "esql"))
    stats = median(lambda: search(events, STATS, "esql"))
    print(f"WHERE, counted   {where:8.2f} s for {EVENTS:,} events")
    print(f"STATS by two     {stats:8.2f} s   ({(stats - where) / where:+.0%} of the WHERE; wanted: below +100%)")


def event(number: int, chosen: random.Random) -> dict[str, Any]:
    return {
        "@timestamp": 1_768_392_000_000 + number,
        "event": {"action": chosen.choice("abcdefghij"), "id": str(number)},
        "user": {"name": f"u{chosen.randrange(1000)}"},
    }


def on_columns() -> None:
    """COUNT and SUM by two keys over columns that are decoded already: lists of texts and numbers."""
    chosen = random.Random(1)
    columns: dict[str, list[Any]] = {
        "a": [chosen.choice("abcdefghij") for _ in range(ROWS)],
        "u": [f"u{chosen.randrange(1000)}" for _ in range(ROWS)],
        "n": [chosen.randrange(1000) for _ in range(ROWS)],
    }
    fields = Mapping.of({"a": "keyword", "u": "keyword", "n": "long"})
    query = EsqlQuery(text := "FROM x | STATS c = COUNT(*), s = SUM(n) BY a, u", parse(text))
    stats = next(one for one in compile_esql(query, fields).commands if isinstance(one, Aggregate))
    groups_of = grouping(stats, Vectors())

    def ours() -> int:
        groups = groups_of()
        groups.add(Table(columns, ROWS))
        return groups.table().size

    spent = median(ours)
    print(f"STATS by two     {spent:8.2f} s for {ROWS:,} rows of decoded columns, {ours():,} groups")
    for name, run in (("polars", polars_groups), ("duckdb", duckdb_groups)):
        module = other(name)
        if module is None:
            print(f"{name:16s} not installed")
            continue
        whole, alone = run(module, columns)
        print(
            f"{name:16s} {whole:8.2f} s from the same lists ({spent / whole:.1f} times), {alone:.2f} s from columns of "
            f"its own ({spent / alone:.1f} times)"
        )


def polars_groups(polars: Any, columns: dict[str, list[Any]]) -> tuple[float, float]:
    def run(frame: Any) -> object:
        return frame.group_by("a", "u").agg(polars.len().alias("c"), polars.col("n").sum().alias("s"))

    frame = polars.DataFrame(columns)
    return median(lambda: run(polars.DataFrame(columns))), median(lambda: run(frame))


def duckdb_groups(duckdb: Any, columns: dict[str, list[Any]]) -> tuple[float, float]:
    pyarrow = other("pyarrow")
    if pyarrow is None:
        raise SystemExit("DuckDB reads columns of Arrow: install pyarrow, too")
    query = "SELECT a, u, count(*) AS c, sum(n) AS s FROM frame GROUP BY a, u"

    def run(frame: Any) -> object:  # DuckDB finds it by its name
        return duckdb.sql(query).fetchall()

    frame = pyarrow.table(columns)
    return median(lambda: run(pyarrow.table(columns))), median(lambda: run(frame))


def memory() -> None:
    """The largest size of a process that replays a rule with STATS over some events, made one by one."""
    context = multiprocessing.get_context("spawn")
    sizes = {}
    for count in (EVENTS, 10 * EVENTS):
        with context.Pool(1) as pool:
            sizes[count] = pool.apply(largest, (count,))
    shown = ", ".join(f"{size:.0f} MB with {count:,} events" for count, size in sizes.items())
    print(f"memory           {shown} in 10,000 groups")


def largest(count: int) -> float:
    rule, _ = load(parse_toml(RULE, "r.toml"))
    assert rule is not None
    chosen = random.Random(1)
    list(replay([rule], (event(number, chosen) for number in range(count))))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def evaluated(folder: Path) -> None:
    """How many rules have a plan that runs here: each is run over two documents."""
    rules = [rule for rule in load_rules(folder) if rule.type == "esql"]
    told: list[Finding] = []
    documents = [{"@timestamp": "2026-01-14T12:00:00Z", "event": {"id": str(number)}} for number in range(2)]
    list(replay(rules, documents, report=told.append))
    missing = [finding for finding in told if finding.code == "not-replayed"]
    print(f"{len(rules) - len(missing)} of {len(rules)} ES|QL rules are evaluated{'; not:' if missing else ''}")
    for finding in missing:
        print(f"  {finding.message}")
    mappings = {rule.query: mapping_of(rule) for rule in rules}
    spent = statistics.median(
        milliseconds(lambda query: check(query, mappings[query]), [*mappings]) for _ in range(ROUNDS)
    )
    print(f"parse and check  {spent:8.2f} ms/rule, each for the fields of its own indices (wanted: below 1)")


def main(rules: Path | None) -> None:
    parsed_and_checked([query for query in queries(rules) if is_parsed(query)])
    on_documents()
    on_columns()
    memory()
    if rules is not None:
        evaluated(rules)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
