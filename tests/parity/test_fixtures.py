"""Every KQL query of the corpora, over documents in which every field has every odd value there is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest

from detections.compile.mapping import Mapping
from detections.events import Document

CORPUS = Path(__file__).parents[1] / "corpus" / "kql"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "kql" / "kibana-tests.json"

ODD: tuple[Any, ...] = (
    None, "", [], [None], "a", "A", "b", ["a", "b"], ["b", None, "a", "a"], "Alice", "alice bob", "not a",
    0, 1, -1, 22, "22", " 22 ", "1e1", 1.5, "1.5", 2**31, 2**63, "9223372036854775807", True, False, "true", "True",
    "10.1.2.3", ["192.168.0.1", "2001:db8::1"], "::1", "::ffff:10.1.2.3", "10.0.0.0/8", "010.1.2.3", "2024-04-01",
    "2024-04", "2024-04-01T10:00:00.123456789Z", "2024-04-01T10:00:00+02:00", "2024-02-30", 1711929600000,
    "1711929600000", "*", "?", "a*b", "a?b", "a\\b", "ab", "x" * 1025, "é" * 600, "Straße", "İstanbul", "ΣΑΣ σας",
    "\u017f", "naïve café", "日本語", "👍 ok", "x.com c:d don't a_b", "severity=HIGH,AWS_CONTAINER{x}", "a\tb\nc",
    "1.10.0", "1.9.3", "cmd.exe", {}, {"a": "b"}, {"a": {"b": ["c", None, 22]}, "a.b": "d"}, [{"a": "b"}, {"a": "c"}],
)  # fmt: skip

# A server without a type has another in its place, which answers differently here; and what `check` refuses on purpose
# (docs/semantics.md), because the answer helps nobody.
LEFT_OUT = {
    'dataset: "aws.*"': "a constant_keyword reads stars, the keyword in its place does not",
    "dataset > a": "a constant_keyword has no ranges, the keyword in its place has",
    "release > 1.9.9": "versions are ordered by their parts, the keyword in their place is not",
    "params.a: *b": "a wildcard on a flattened sub-key",
    "params.a: a*b*": "a wildcard on a flattened sub-key",
}
SHARED_SETS = ("stubs", "security_fields")


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))


def lines(name: str) -> list[str]:
    """The lines of a text file of queries; those that are none do not parse."""
    return [line for line in (CORPUS / name).read_text(encoding="utf-8").split("\n") if line.strip()]


def odd_documents(mapping: Mapping, words: Iterable[str]) -> Iterator[Document]:
    """For each field and each value a document; dotted names nested and spelt out in turn."""
    names = [one.name for one in mapping if one.path == one.name]
    for number, (name, value) in enumerate(product(names, [*ODD, *words])):
        yield {name: value} if number % 2 else nested(name, value)
    yield {}


def nested(name: str, value: Any) -> Document:
    for part in reversed(name.split(".")):
        value = {part: value}
    return value  # type: ignore[no-any-return]


def words(queries: Iterable[str]) -> list[str]:
    """The values that queries ask for, so that they find something."""
    found = [word for query in queries for word in re.findall(r'"([^"]*)"|:\s*([^\s:(){}"]+)', query)]
    return list(dict.fromkeys(text.replace("\\", "") for pair in found for text in pair if text))


def check(both: Any, mapping: Mapping, queries: list[str], documents: Iterable[Document]) -> None:
    corpus = both.index(mapping, list(documents))
    try:
        known = [query for query in queries if query in LEFT_OUT]
        assert not corpus.differences([query for query in queries if query not in LEFT_OUT], "queries of the corpora")
        assert len(corpus.differences(known, "queries left out")) == len(known), "an excuse that nothing needs"
    finally:
        corpus.close()


@pytest.mark.parametrize("name", ["answers.toml", "refusals.toml", "dsl.toml"])
def test_queries_with_fields_of_their_own(name: str, both: Any) -> None:
    given = toml(name)
    mapping, queries = Mapping.of(given["fields"]), [case["query"] for case in given["case"]]
    check(both, mapping, queries, [*given.get("document", []), *odd_documents(mapping, words(queries))])


@pytest.mark.parametrize("name", ["identity.txt", "canonical.txt", "errors.txt"])
def test_queries_without_fields(name: str, both: Any) -> None:
    """Every name that a query has is a field of one type or another."""
    queries = lines(name)
    names = [text for query in queries for text in re.findall(r"[a-z]+(?:\.[a-z]+)*(?=\s*[:<>])", query)]
    kinds = cycle(["keyword", "text", "long", "date", "ip", "boolean", "double"])
    mapping = Mapping.of(dict(zip(dict.fromkeys(names), kinds, strict=False)))
    check(both, mapping, queries, odd_documents(mapping, words(queries)))


@pytest.mark.parametrize("name", SHARED_SETS)
def test_queries_of_kibana(name: str, both: Any) -> None:
    if not SHARED.exists():
        pytest.skip("../shared is not there")
    given = json.loads(SHARED.read_text("utf-8"))
    mapping = Mapping.of(
        {
            field["name"]: {
                "type": field.get("esTypes") or field["type"],
                "nested": field.get("subType", {}).get("nested", {}).get("path"),
            }
            for field in given["meta"]["field_sets"][name]
            if not field.get("scripted")
        }
    )
    queries = [case["input"] for case in given["cases"] if case["input"] is not None]
    check(both, mapping, queries, odd_documents(mapping, words(queries)))
