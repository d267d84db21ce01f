"""The fields that public rules use, whose types were looked up: the catalog knows them, as what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from detections.catalog import catalog
from detections.checks import unknown_field
from detections.checks.queries import predicates_of, queries_of
from detections.mapping import catalog_mapping
from detections.plan.predicate import And, Between, IsTrue, Not, Or, Predicate
from detections.plan.predicate import Test as Leaf
from detections.rule import Rule, load_rules
from public_rules import PUBLIC

FACTS = PUBLIC.parent / "fields" / "MANIFEST.md"
pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="../shared is not there")
ALIKE = {"integer": "long", "alias|keyword": "keyword", "keyword, normalizer lowercase": "keyword"}
"""What the extracts have for another type: a long holds every integer."""
COMPARED_AS_TEXT = {"file.Ext.windows.zone_identifier", "o365.audit.Parameters.WithinSizeRangeMinimum"}
"""Keywords in their integrations, too."""


def typed() -> dict[str, str]:
    """The fields that were undeclared once and are no keywords, with their types."""
    text = FACTS.read_text("utf-8")
    part = text[text.index("### Undeclared today and not keyword") : text.index("### Left")]
    return {
        name: line[1]
        for line in re.finditer(r"^- \*\*(.+?)\*\* \(\d+\): (.*)$", part, re.MULTILINE)
        for name in re.findall(r"`([^`]+)` \d+", line[2])
    } | {"process.name.caseless": "keyword"}


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return list(load_rules(PUBLIC))


def _leaves(predicate: Predicate) -> Iterator[Leaf]:
    match predicate:
        case And(items) | Or(items):
            for item in items:
                yield from _leaves(item)
        case Not(item) | IsTrue(item):
            yield from _leaves(item)
        case Leaf():
            yield predicate


def asked(rules: list[Rule]) -> Iterator[tuple[Rule, Leaf]]:
    for rule in rules:
        for query in queries_of(rule):
            for predicate in predicates_of(query):
                yield from ((rule, test) for test in _leaves(predicate))


def test_their_types_are_those_that_were_looked_up() -> None:
    known = catalog_mapping()
    found = {name: (field.types, field.declared) for name in typed() if (field := known.get(name))}
    assert len(found) > 120
    assert {
        name: (kind, found.get(name))
        for name, kind in typed().items()
        if name not in found or not found[name][1] or ALIKE.get(kind, kind) not in found[name][0]
    } == {}


def test_every_field_of_public_rules_is_known(rules: list[Rule]) -> None:
    named = {name for rule in rules for name in unknown_field.names(rule) if "*" not in name}
    assert len(named) > 450
    assert [name for name in named if not catalog().is_known(name)] == []


def test_no_number_is_compared_as_text(rules: list[Rule]) -> None:
    ordered = [test.field for _, test in asked(rules) if isinstance(test.operator, Between)]
    assert {field.name for field in ordered if field.family not in ("number", "date", "ip")} == COMPARED_AS_TEXT
    assert sum(field.family == "number" for field in ordered) >= 30


def test_text_is_asked_by_its_words_and_lower_case_in_lower_case(rules: list[Rule]) -> None:
    text = {rule.rule_id for rule, test in asked(rules) if test.field.family == "text"}
    lower = {rule.rule_id for rule, test in asked(rules) if test.field.normalizer == "lowercase"}
    assert (len(text) > 12, len(lower) > 0) == (True, True), (len(text), len(lower))
