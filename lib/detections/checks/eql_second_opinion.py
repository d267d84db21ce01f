r"""The PyPI package `eql` does not agree whether the query is EQL.

EQL is read here as Elasticsearch 9 reads it. The package `eql`, set to Elasticsearch's syntax, reads every EQL rule a
second time: where the two disagree, one of them is wrong, and it may be this project. Neither disagreement stops
anything by itself, so it is a warning. Look what Kibana says of the query; silence the warning where it takes it.

Known differences are not told. `eql` does not read `@timestamp` without back-quotes, a category in quotes, a doubled
back-quote in a name, nested comments, `1.` for a number, two `\u{...}` in one string. It takes what was Endgame's (the
pipes `unique`, `sort`, `filter` and `count`, `join`, `fork`, `child of`, indices of arrays, expressions as join keys),
and it does not count: runs, events of a sequence, keys of a sample, levels of nesting.

Where `eql` is not installed (it is AGPLv3, and some must do without), one warning says so.

Bad: `process where substring(1, 2) == process.name`

Good: `process where process.name == "1"`
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from types import ModuleType

from detections.checks import eql_differences
from detections.checks.queries import RuleQuery, queries_of, refusals_of
from detections.errors import Finding, Level
from detections.rule import Rule

CODE = "eql-second-opinion"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        if asked.language != "eql":
            continue
        adapter = _adapter()
        if adapter is None:
            message = "the package eql is not installed, so no EQL rule has a second opinion: pip install eql"
            yield rule.document.finding(CODE, message, asked.keys, level=Level.WARNING)
            continue
        for message, start, length in _disagreement(asked, adapter):
            yield rule.document.finding(CODE, message, asked.keys, start, length, Level.WARNING)


def _disagreement(asked: RuleQuery, adapter: ModuleType) -> Iterator[tuple[str, int, int]]:
    if (error := asked.problem) is not None:
        if not eql_differences.is_known(error.message) and adapter.refusal(asked.text) is None:
            yield "eql takes the query, which is refused here", error.start, error.end - error.start
        return
    if adapter.refusal(asked.text) is None:
        return
    refused = adapter.refusal(eql_differences.reworded(asked.text))
    if refused is None:
        return
    if refusals_of(asked):
        return
    yield f"eql refuses the query, which is read here: {refused.message}", refused.start, refused.length


@functools.cache
def _adapter() -> ModuleType | None:
    """The adapter, loaded for the first EQL rule: importing `eql` takes a third of a second."""
    try:
        return importlib.import_module("detections.checks.eql_adapter")
    except ModuleNotFoundError:
        return None
