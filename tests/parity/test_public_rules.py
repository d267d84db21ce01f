"""The KQL of rules, ours and the public ones, over documents made of what the queries ask for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.compile.kql import compile_kql, refusals
from detections.events import Document
from detections.mapping import Field, catalog_mapping
from detections.plan.predicate import Between, Equals, Like, Operator, Phrase, leaves
from detections.plan.predicate import Test as Ask
from detections.query import parse

ROOT = Path(__file__).parents[2]
PUBLIC = ROOT.parent / "shared" / "data" / "rules-corpus"


EVERY = catalog_mapping()
UNKNOWN_NESTED = re.compile(r"gcp\.audit\.[a-z_.]+\s*:\s*\{")
"""A nested object of an integration that the catalog does not have: no server could be told of it."""


def queries(folder: Path) -> list[str]:
    rules = [tomllib.loads(path.read_text("utf-8")).get("rule", {}) for path in sorted(folder.rglob("*.toml"))]
    found = [rule["query"] for rule in rules if rule.get("language") == "kuery" and rule.get("query")]
    return [query for query in found if not UNKNOWN_NESTED.search(query) and not refusals(parse(query, "kuery"), EVERY)]


def values(operator: Operator) -> Iterator[Any]:
    """Values that satisfy an operator, or nearly."""
    match operator:
        case Equals(found):
            yield from sorted(map(str, found))[:20]
        case Like(pattern):
            text = "".join(part if isinstance(part, str) else "x1" for part in pattern)
            yield from (text, text.upper(), f"{text}!")
        case Phrase(tokens):
            yield " ".join(tokens)
        case Between():
            yield from ("10.1.2.3", "192.168.1.1", "8.8.8.8", "2001:db8::1", 443, 70_000)
        case _:
            yield from ("something", 1)


def asks(query: str) -> list[Ask]:
    predicate = compile_kql(parse(query, "kuery"), catalog_mapping())
    return [leaf for leaf in leaves(predicate) if isinstance(leaf, Ask)]


def documents(asked: list[Ask]) -> Iterator[Document]:
    """For each leaf its values alone, and documents that have the first values of all leaves, less one of them."""
    first: Document = {}
    for leaf in asked:
        for value in values(leaf.operator):
            yield {leaf.field.path: value}
            first.setdefault(leaf.field.path, value)
    for left_out in [None, *first]:
        yield {path: value for path, value in first.items() if path != left_out}


def below(field: Field) -> bool:
    """A field below a scalar: a multi-field that the catalog does not have."""
    parent = catalog_mapping().get(field.name.rpartition(".")[0])
    return parent is not None and parent.declared


def check(both: Any, asked: list[str]) -> None:
    read = [asks(query) for query in asked]
    made = {repr(document): document for one in read for document in documents(one)}
    undeclared = {leaf.field for one in read for leaf in one if not leaf.field.declared and not below(leaf.field)}
    corpus = both.index(catalog_mapping(), list(made.values()), undeclared)
    try:
        assert len(corpus.refused) < len(made) / 20
        assert not corpus.differences(asked, "queries of rules")
    finally:
        corpus.close()


def test_our_rules(both: Any) -> None:
    check(both, queries(ROOT / "rules"))


@pytest.mark.parametrize("folder", ["building_block", "deprecated", "integrations", "linux", "threat_intel"])
def test_public_rules(folder: str, both: Any) -> None:
    if not PUBLIC.exists():
        pytest.skip("../shared is not there")
    asked = queries(PUBLIC / folder)
    assert asked
    check(both, asked)
