r"""A query asks a field what its type cannot answer.

Elasticsearch refuses some combinations of operator and type with an error, and then the rule fails at every run; others
it answers wrongly, which nobody notices. Both are found here, with the types that the fields have in the rule's indices
and the answers of Elasticsearch 9.2:

* a wildcard on a number, a date, an address or a boolean; a word on a number; no date on a date: refused;
* a wildcard on a key of a flattened field (`aws.cloudtrail.flattened.request_parameters.name: *admin*`), unless it is a
  lone star or one star at the end: the pattern runs over key and value together and finds the wrong documents;
* a range with one bound on a key of a flattened field: refused;
* parentheses nested more than about thirty deep: refused;
* a field that is stored but not searchable (`event.original`): refused.

A wildcard on the flattened field itself, without a key, is fine, and so is one on the `.text` of a string field.

Bad: `source.ip: 10.*`

Good: `source.ip: "10.0.0.0/8"`
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.queries import queries_of, refusals_of
from detections.errors import Finding
from detections.rule import Rule

CODE = "field-type"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        for error in refusals_of(asked):
            length = error.end - error.start
            yield rule.document.finding(CODE, error.message, asked.keys, error.start, length)
