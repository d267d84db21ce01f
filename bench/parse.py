"""How fast EQL is parsed, beside the package `eql` on the same queries, in the same run.

`python bench/parse.py [RULES]` takes the queries of the package's own cases and of this project's corpus, and the EQL
rules below the folder RULES, if one is given. Both parse what both know. Wanted: below 0.15 ms a query on average.
"""

from __future__ import annotations

import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import eql

from detections.checks import eql_adapter
from detections.errors import QuerySyntaxError
from detections.query.eql import parse

ROUNDS = 5
CORPUS = Path(__file__).parents[1] / "tests/corpus/eql/printed.toml"


def read(path: Path) -> dict[str, list[dict[str, str]]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def queries(rules: Path | None) -> Iterator[str]:
    yield from (case["query"] for case in read(CORPUS)["case"])
    yield from (case["query"] for case in read(Path(eql.__file__).parent / "etc/test_queries.toml")["queries"])
    for path in [] if rules is None else sorted(rules.rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "eql":
            yield rule["query"]


def is_parsed(query: str) -> bool:
    try:
        parse(query)
    except QuerySyntaxError:
        return False
    return eql_adapter.refusal(query) is None


def milliseconds(work: Callable[[str], object], texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        work(text)
    return (time.perf_counter() - began) * 1000 / len(texts)


def main(rules: Path | None) -> None:
    texts = [query for query in queries(rules) if is_parsed(query)]
    length = statistics.mean(map(len, texts))
    print(f"{len(texts)} queries of {length:.0f} characters on average; median of {ROUNDS} rounds")
    own = statistics.median(milliseconds(parse, texts) for _ in range(ROUNDS))
    other = milliseconds(eql_adapter.refusal, texts)
    print(f"detections  {own:7.3f} ms/query   (wanted: below 0.15)")
    print(f"eql {eql.__version__}   {other:7.3f} ms/query   ({other / own:.0f} times as long)")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
