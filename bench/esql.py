"""How fast ES|QL is parsed and checked, and what STATS costs on events.

`python bench/esql.py [RULES]` takes the queries of this project's corpus that are right, and the ES|QL rules below the
folder RULES, if one is given; of those it also says how many are evaluated here, and why others are not. Wanted: below
1 ms a query on average for parse and check together, and that STATS by two keys costs no more than the WHERE in front
of it.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from detections import load_rules, replay, search
from detections.compile.esql import compile_esql
from detections.errors import DetectionsError, Finding
from detections.mapping import catalog_mapping
from detections.query import parse

ROUNDS = 5
EVENTS = 100_000
CORPUS = Path(__file__).parents[1] / "tests/corpus/esql/printed.toml"
WHERE = 'FROM logs-* | WHERE event.action != "none" AND user.name LIKE "u*"'
COUNTED = f"{WHERE} | STATS n = COUNT(*)"
STATS = f"{WHERE} | STATS n = COUNT(*) BY event.action, user.name"


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


def check(query: str) -> None:
    compile_esql(parse(query, "esql"), catalog_mapping(), refused=[])


def milliseconds(work: Callable[[str], object], texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        work(text)
    return (time.process_time() - began) * 1000 / len(texts)


def seconds(query: str, events: list[dict[str, object]]) -> float:
    began = time.process_time()
    search(events, query, "esql")
    return time.process_time() - began


def evaluated(folder: Path) -> None:
    """How many rules have a plan that runs here: each is run over two documents."""
    rules = [rule for rule in load_rules(folder) if rule.type == "esql"]
    told: list[Finding] = []
    documents = [{"@timestamp": "2026-01-14T12:00:00Z", "event": {"id": str(number)}} for number in range(2)]
    list(replay(rules, documents, report=told.append))
    print(f"{len(rules) - len(told)} of {len(rules)} ES|QL rules are evaluated; not:")
    for finding in told:
        print(f"  {finding.message}")


def main(rules: Path | None) -> None:
    texts = [query for query in queries(rules) if is_parsed(query)]
    spent = statistics.median(milliseconds(check, texts) for _ in range(ROUNDS))
    print(f"{len(texts)} queries of {statistics.mean(map(len, texts)):.0f} characters on average, {ROUNDS} rounds")
    print(f"parse and check  {spent:6.2f} ms/query   (wanted: below 1)")
    chosen = random.Random(1)
    events: list[dict[str, object]] = [
        {"event": {"action": chosen.choice("abcdefghij")}, "user": {"name": f"u{chosen.randrange(1000)}"}}
        for _ in range(EVENTS)
    ]
    where, stats = seconds(COUNTED, events), seconds(STATS, events)
    print(f"WHERE, counted   {where:6.2f} s for {EVENTS} events")
    print(f"STATS by two     {stats:6.2f} s   ({(stats - where) / where:+.0%} of the WHERE; wanted: below +100%)")
    if rules is not None:
        evaluated(rules)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
