"""A missing event of an EQL sequence stands where Elasticsearch does not do what the query says.

`![...]` says that no such event may come. Elasticsearch 9 falls short of that at three places:

* as the last event: a sequence is complete as soon as the search ends, although `maxspan` still runs. A rule searches
  up to now, so it alerts at once, and the event that would have kept it silent comes too late (Elasticsearch's issue
  145323). Ask for an event behind it, or say in the note that the alert is a question;
* behind `until`: the mark is ignored, `until ![...]` is `until [...]` (issue 132787);
* beside an optional join key (`by ?user.id`): such events are asked for by the values of the keys, and null is none.
  One sequence whose key is null fails the whole search, and the rule with it.

Bad:

```
sequence by user.id with maxspan=1h
  [iam where event.action == "CreateAccessKey"]
  ![iam where event.action == "DeleteAccessKey"]
```

Good:

```
sequence by user.id with maxspan=1h
  [iam where event.action == "CreateAccessKey"]
  ![iam where event.action == "DeleteAccessKey"]
  [iam where event.action == "CreateUser"]
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.queries import queries_of
from detections.errors import Finding, Level
from detections.query import EqlQuery
from detections.query.eql import ast
from detections.rule import Rule

CODE = "eql-missing-event"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        if isinstance(asked.query, EqlQuery) and isinstance(asked.query.tree.body, ast.Sequence):
            for start, length, message in (*_misplaced(asked.query.tree.body), *_null_keys(asked.query.tree.body)):
                yield rule.document.finding(CODE, message, asked.keys, start, length, Level.WARNING)


def _misplaced(sequence: ast.Sequence) -> Iterator[tuple[int, int, str]]:
    last, until = sequence.terms[-1], sequence.until
    if last.missing:
        yield last.span[0], len("!["), "the rule alerts at once, not when maxspan is over without this event"
    if until is not None and until.missing:
        yield until.span[0], len("!["), "Elasticsearch ignores the mark of a missing event after until"


def _null_keys(sequence: ast.Sequence) -> Iterator[tuple[int, int, str]]:
    if any(term.missing for term in sequence.terms):
        for key in (*sequence.by, *(key for term in sequence.terms for key in term.by)):
            if key.optional:
                start, end = key.span
                yield (
                    start,
                    end - start,
                    "the search fails where this key is null, since it joins a missing event",
                )
