"""KQL takes for text what means something in another language, and the query finds nothing of what was meant.

KQL has `field: value`, `< <= > >=`, `and`, `or`, `not`, `{ }` and, outside quotes, `*`. Whatever else looks like an
operator is part of a text, and the query is valid and silent:

* `user.name = "x"` without a colon is not a condition on a field: every field is asked for that text;
* `!user.name: x` asks a field called `!user.name`, and `user.name: !x` looks for `!x`; write `not user.name: x`;
* `a && b` and `a || b` are one text; write `and`, `or`;
* `'x'` keeps its quotes, `/x.*/` its slashes and `[1 TO 5]` its brackets: KQL has double quotes, `*`, and `<` with `>`;
* a star between quotes is a star. `"SUCCESS*"` finds only a value that ends with a star. Here it is a warning, for a
  value can have one (a policy's `"*"` is not reported).

Bad: `event.outcome: "SUCCESS*" and !user.name: 'root'`

Good: `event.outcome: SUCCESS* and not user.name: "root"`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from detections.checks.queries import queries_of
from detections.errors import Finding, Level
from detections.query import KqlQuery
from detections.query.kql.ast import Is, Literal, Range, leaves
from detections.query.span import Span
from detections.rule import Rule

CODE = "kql-literal"

_COMPARISON = re.compile(r"(?P<field>[\w.@-]+)\s*(?P<operator>!=|={1,2}|=~)\s*(?P<value>.+)", re.DOTALL)
_LOGIC = re.compile(r"\s(?P<operator>&&|\|\|)\s")
_WORDS = {"&&": "and", "||": "or"}
_INTERVAL = re.compile(r"[\[{]\s*\S+ TO \S+\s*[\]}]")
_REGEX = re.compile(r"/.*(?:\.[*+?]|\\[dsw]|\[.+\]|[|^$+]).*/", re.DOTALL)


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        if not isinstance(asked.query, KqlQuery):
            continue
        for leaf in leaves(asked.query.tree):
            for (start, end), message, hint, level in _told(leaf, asked.text):
                yield rule.document.finding(CODE, message, asked.keys, start, end - start, level, hint)


Told = tuple[Span, str, str, Level]


def _told(leaf: Is | Range, text: str) -> Iterator[Told]:
    """What is taken for text in one condition: where, what it is, and what was meant."""
    field, value = leaf.field, leaf.value
    written = text[slice(*field.span)]
    if written.startswith("!"):
        yield field.span, f"this asks a field called {written}", f"not {written[1:]}: ... would negate", Level.ERROR
    if not isinstance(leaf, Is) or (isinstance(value, Literal) and value.value is None):
        return
    if isinstance(value, Literal) and value.quoted:
        if isinstance(value.value, str) and "*" in value.value and value.value.strip("*"):
            hint = "without the quotes it stands for any text"
            yield value.span, "between quotes a star is a star", hint, Level.WARNING
        return
    yield from _unquoted(value.span, text[slice(*value.span)], alone=isinstance(field, Literal) and field.value is None)


def _unquoted(span: Span, written: str, *, alone: bool) -> Iterator[Told]:
    compared = _COMPARISON.fullmatch(written) if alone else None
    if compared is not None:
        no = "not " if compared["operator"] == "!=" else ""
        hint = f"did you mean {no}{compared['field']}: {compared['value']}?"
        yield span, f"KQL has no {compared['operator']}: this is a text, looked for in every field", hint, Level.ERROR
    elif logic := _LOGIC.search(written):
        at = span[0] + logic.start("operator")
        hint = f"did you mean {_WORDS[logic['operator']]}?"
        yield (at, at + 2), f"KQL has no {logic['operator']}: it is part of the text", hint, Level.ERROR
    elif written.startswith("!") and len(written) > 1:
        yield span, f"this looks for the text {written}", "not goes before the field: not field: value", Level.ERROR
    elif len(written) > 2 and written[0] == written[-1] == "'":
        yield span, "single quotes are part of the text", f'did you mean "{written[1:-1]}"?', Level.ERROR
    elif _INTERVAL.fullmatch(written):
        yield span, "KQL has no intervals: this is a text", "did you mean field >= ... and field <= ...?", Level.ERROR
    elif _REGEX.fullmatch(written):
        hint = "the language lucene has them, EQL's regex, or ES|QL's RLIKE"
        yield span, "KQL has no regular expressions: this is a text", hint, Level.ERROR
