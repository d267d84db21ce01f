"""The limits of what is read and computed, in one table: ``python -m detections.values.limits`` writes docs/limits.md.

Ordinary rules and logs stay far below them; a slip or an attacker may not. What is beyond a limit is refused, or left
out and reported under the limit's name.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

CODE = "limit"
"""The code of findings about what is beyond a limit."""


@dataclass(frozen=True, slots=True)
class Limit:
    """``most`` is the largest number that is allowed of ``what``; ``beyond`` what happens to more, ``reason`` why it is
    this number."""

    name: str
    most: int
    what: str
    beyond: str
    reason: str

    def __str__(self) -> str:
        return f"the limit {self.name} is {self.most:,}"


QUERY_TEXT = Limit(
    "query-text", 500_000, "characters of a query", "The query is refused.",
    "Fifty times the longest of 900 public rules; ES|QL of this length is parsed within a few seconds. Elasticsearch"
    " reads ES|QL of up to 1,000,000 characters.",
)  # fmt: skip
KQL_DEPTH = Limit(
    "kql-depth", 200, "levels of parentheses and `not` in KQL", "The query is refused.",
    "Kibana's own parser ends with its stack. Elasticsearch refuses a query from `dsl-depth` on.",
)  # fmt: skip
LUCENE_DEPTH = Limit(
    "lucene-depth", 200, "levels of parentheses in Lucene's query syntax", "The query is refused.",
    "Lucene's own parser ends with its stack.",
)  # fmt: skip
DSL_DEPTH = Limit(
    "dsl-depth", 30, "queries that stand one in the other", "The query is refused.",
    "Elasticsearch's `indices.query.bool.max_nested_depth`.",
)  # fmt: skip
DSL_CLAUSES = Limit(
    "dsl-clauses", 200_000, "queries that the wildcards in field names of a KQL query stand for",
    "The query is refused.",
    "`*: x` is one for each field, and there are thousands. Elasticsearch's `indices.query.bool.max_clause_count` grows"
    " with its memory: about 40,000 with 16 GB.",
)  # fmt: skip
SEQUENCE_EVENTS = Limit(
    "sequence-events", 256, "events of an EQL sequence, a run of n events counted n times", "The query is refused.",
    "Elasticsearch's own.",
)  # fmt: skip
SAMPLE_EVENTS = Limit("sample-events", 5, "events of an EQL sample", "The query is refused.", "Elasticsearch's own.")
RUNS = Limit("runs", 100, "runs of one event of an EQL sequence", "The query is refused.", "Elasticsearch's own.")
ESQL_COMMANDS = Limit(
    "esql-commands", 500, "commands of an ES|QL query", "The query is refused.", "Elasticsearch's own.",
)  # fmt: skip
REGEX_STATES = Limit(
    "regex-states", 10_000, "states of a Lucene regular expression", "The query is refused.",
    "Lucene's `max_determinized_states`.",
)  # fmt: skip
TEXT = Limit(
    "text", 1_048_576, "bytes of a text that a function makes", "The result is null.", "Elasticsearch's own.",
)  # fmt: skip
VALUES = Limit(
    "values", 100_000, "values of one column in one row that a function makes", "The result is null.",
    "Elasticsearch has none, and ends such a query when memory runs out: `MV_APPEND(a, a)` forty times over are 10^12 "
    "values.",
)  # fmt: skip
REGEX_STEPS = Limit(
    "regex-steps", 5_000_000, "steps of one regular expression of REPLACE or GROK on one text",
    "The result is null; GROK takes the text as one that does not match.",
    "A pattern without references ends long before: its steps grow with the text, not with the ways through it. "
    "Elasticsearch has a second for GROK, and none for REPLACE.",
)  # fmt: skip
REGEX_INSTRUCTIONS = Limit(
    "regex-instructions", 100_000, "instructions that one regular expression of REPLACE or GROK is made of",
    "As beyond `regex-steps`, for the texts whose work the pattern may multiply.", "`(?:x{1000}){100}` has so many.",
)  # fmt: skip
GROUPS = Limit(
    "groups", 10_000_000, "groups that one STATS makes", "The query has no result, and a warning says so.",
    "Their states would not fit into memory: Elasticsearch ends such a query, too.",
)  # fmt: skip
COMBINATIONS = Limit(
    "combinations", 10_000,
    "combinations of one event's values: of new terms fields, of join keys, of the fields in one condition of EQL",
    "The first ones, in the order of their values, are looked at; of more than three fields so many fewer that they"
    " hold no more values. A warning names the event.",
    "A page of Kibana's composite aggregation: three fields of 200 values have 8,000,000.",
)  # fmt: skip
SHOWN_VALUES = Limit(
    "shown-values", 20, "values of one field in one event that a backtest counts", "The first ones are counted.",
    "What an exception is made for has one value, or a few.",
)  # fmt: skip
THRESHOLD = Limit(
    "threshold", 2_000_000, "groups of a threshold rule, with the events and values that are kept of each",
    "The rule is not evaluated, and a warning names it; other rules are.",
    "About 500 MB. Kibana asks for groups in pages of 10,000, in a window of minutes.",
)  # fmt: skip
GROUP_EVENTS = Limit(
    "group-events", 20, "events that the alert on a group names: of a threshold rule, of ES|QL that aggregates",
    "It names the latest ones.", "Kibana's alert names none: it has the values that the events share.",
)  # fmt: skip
CASE_EVENTS = Limit(
    "case-events", 10_000, "events in the history of a case", "The case is refused.", "Thresholds are lower by far.",
)  # fmt: skip
INDICATORS = Limit(
    "indicators", 1_000_000, "indicators, and events that may match one, of an indicator match rule",
    "The rule is not evaluated, and a warning names it; other rules are.", "About 1 GB.",
)  # fmt: skip
MATCHES = Limit(
    "matches", 200, "indicators that one alert names", "The first ones are named.", "Kibana's own.",
)  # fmt: skip
KEPT = Limit(
    "kept", 1_000_000, "events that one rule selects in a replay as the scheduler runs it",
    "The rule is not replayed, and a warning names it; other rules are.",
    "About 1 GB. A rule that selects as many is one to be narrowed, or replayed day by day.",
)  # fmt: skip
BUSIEST_VALUES = Limit(
    "busiest-values", 1_000, "values of one field of one rule's alerts that a backtest counts one by one",
    "A new value takes the place of the rarest. The report says that counts are approximate: too high by the rarest's"
    " at most, and a value that has more than a thousandth of all is there.",
    "A thousand values of 24 fields are about 4 MB a rule.",
)  # fmt: skip
DISTINCT_VALUES = Limit(
    "distinct-values", 1_024, "distinct values of one field of one rule's alerts that a backtest counts one by one",
    "Their number is estimated, with a standard error of 3 %.", "As `busiest-values`.",
)  # fmt: skip
SUPPRESSIBLE = Limit(
    "suppressible", 1_000_000, "alerts of a rule with alert suppression in a backtest",
    "They are counted before suppression, and the report says so.", "Each is kept until all events were read.",
)  # fmt: skip
TUNED_ALERTS = Limit(
    "tuned-alerts", 1_000_000, "alerts of a rule that is tuned", "The rule is not tuned.",
    "Each is remembered, so that none is lost unnoticed; a rule as noisy as this needs another query.",
)  # fmt: skip
BACKTEST_DAYS = Limit(
    "backtest-days", 10_000, "days on which one rule alerts in a backtest",
    "The alerts of further days are counted, but not by day.", "27 years. Times in events may be anything.",
)  # fmt: skip
ESQL_ROWS = Limit(
    "esql-rows", 10_000, "rows of an answer to an ES|QL query that aggregates, on a server", "The rule is not run.",
    "Elasticsearch's `esql.query.result_truncation_max_size`. Kibana takes the first 101.",
)  # fmt: skip
EQL_RESULTS = Limit(
    "eql-results", 10_000, "events or sequences that one search in EQL gives on a server",
    "The time is searched in halves; what cannot be cut is not run.", "Elasticsearch's `index.max_result_window`.",
)  # fmt: skip
PACKAGE_FIELDS = Limit(
    "package-fields", 200_000, "fields and groups in a file of a package, those that YAML's aliases repeat each time",
    "The package is refused.", "Elasticsearch's `index.mapping.total_fields.limit` is 1,000 unless it is raised.",
)  # fmt: skip
REPEATED = Limit(
    "repeated", 10_000_000, "characters and values that `repeat` makes in one value of a case",
    "The case fails, and says so.", "The largest field of an event that is indexed has 32,766 bytes.",
)  # fmt: skip
SLICES = Limit(
    "slices", 100_000, "slices of a replay on a cluster", "The replay is refused: take longer slices.",
    "A slice a minute for two months.",
)  # fmt: skip
ANSWER = Limit(
    "answer", 268_435_456, "bytes of one answer of a server, decompressed", "The request fails; it is not sent again.",
    "An export of 10,000 rules of 10 kB each is 100 MB.",
)  # fmt: skip
REQUEST_TIME = Limit(
    "request-time", 86_400, "seconds that one request may be given (`timeout`)", "The configuration is refused.",
    "A day. A request ends when its own time is over, however slowly the answer comes.",
)  # fmt: skip
LISTED = Limit(
    "listed", 10_000, "things in one list of Kibana's (rules, exception items, value lists)", "The list is not read.",
    "Elasticsearch's `index.max_result_window`, which Kibana asks within.",
)  # fmt: skip
SECRET_FILE = Limit(
    "secret-file", 65_536, "bytes of a file that a variable like `KIBANA_API_KEY_FILE` names", "It is refused.",
    "No key is longer, and `/dev/zero` has no end.",
)  # fmt: skip
CONNECTOR_DEPTH = Limit(
    "connector-depth", 4, "levels of tables and lists in a connector's configuration", "The key is not pulled.",
    "Kibana's own types have three.",
)  # fmt: skip
EVENT_SIZE = Limit(
    "event-size", 67_108_864, "bytes of one JSON value in a file of events",
    "It is left out, and the rest of the file is read.", "CloudTrail's largest event has 256 kB, Firehose's largest"
    " object 128 MB; memory is bounded by some times as much.",
)  # fmt: skip
EVENT_DEPTH = Limit(
    "event-depth", 100, "levels of objects and lists in an event",
    "What is deeper is left out; of a raw record, the key that holds it.",
    "Elasticsearch itself stops at 20 objects (flattened), and at 1,000 levels of JSON.",
)  # fmt: skip
GZIP_EXPANSION = Limit(
    "gzip-expansion", 250, "times its size that a gzip file unpacks to, beyond the first 64 MB",
    "What comes before is read.", "Logs reach about 30; 1 MB made for it unpacks to 1 GB.",
)  # fmt: skip

ALL = tuple(value for value in list(vars().values()) if isinstance(value, Limit))


def page() -> str:
    """The page of the limits, in Markdown."""
    cells = [(one.name, f"{one.most:,}", one.what, one.beyond, one.reason) for one in ALL]
    rows = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells]
    return "\n".join([
        "# Limits", "", "Made from `lib/detections/values/limits.py` by `make generate`.", "",
        "| limit | at most | of | beyond it | why |", "|---|---|---|---|---|", *rows, "",
    ])  # fmt: skip


def main() -> None:
    """Write the page into docs of this checkout."""
    target = Path(__file__).resolve().parents[3] / "docs" / "limits.md"
    target.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"docs/limits.md: {len(ALL)} limits\n")


if __name__ == "__main__":
    main()
