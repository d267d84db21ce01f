"""What a query finds depends on the type of a field that no mapping declares.

An undeclared field is assumed to have the type that Elasticsearch would give its values: a number is a number, a text a
keyword, and in `logs-*` a name such as `*.ip`, `*.created` or `*command_line` decides. Often the type does not matter:
`acme.user: "alice"` finds the same in a keyword and in a wildcard field. Here it does: an order (`acme.took > 5`), a
pattern, a block of addresses, words of a text. If the index has another type, the rule finds something else there than
here, or the search fails.

Declare the field in a file that `fields` under `[tool.detections]` names; `detections fields` makes one from a cluster,
from Kibana or from an integration's package (docs/fields.md).

Bad: `acme.address: "10.0.0.0/8"`

Good: the same, with `"acme.address" = "ip"` in `fields/acme.toml`
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.catalog import catalog
from detections.checks.queries import predicates_of, queries_of
from detections.checks.unknown_field import why
from detections.errors import Finding, Level
from detections.plan.guess import guesses
from detections.rule import Rule

CODE = "guessed-type"


def check(rule: Rule) -> Iterator[Finding]:
    known = catalog(rule.fields)
    for asked in queries_of(rule):
        for guess in guesses(predicates_of(asked)):
            # A slip is told as one; and of what public rules name, somebody has the field.
            if known.is_known(guess.field) or why(guess.field, asked.indices, known) is not None:
                continue
            start, end = guess.span
            message = f"no mapping declares the type of {guess.field}, and {guess.what} is asked of it"
            hint = f"it is assumed to be {guess.taken_for}"
            yield rule.document.finding(CODE, message, asked.keys, start, end - start, Level.WARNING, hint)
