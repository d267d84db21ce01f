"""Every KQL query of the corpora, and one of each form for each type and value, over documents in which every field has
every odd value there is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest

from detections.events import Document
from detections.mapping import FAMILIES, FieldSpec, Mapping

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
    "ratio < NaN": "what is no number is no bound",
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


# --- every field type, with every parameter that changes what is found

# Left out is what docs/semantics.md says of: wildcards on flattened sub-keys, infinities, the negative zero, fractions
# of a millisecond.

PLUGIN = "annotated_text"
"""A type that no Elasticsearch has without a plugin."""

VARIED: dict[str, FieldSpec] = {
    "null.keyword": {"type": "keyword", "null_value": "a"},
    "null.long": {"type": "long", "null_value": 22},
    "null.double": {"type": "double", "null_value": 1.5},
    "null.boolean": {"type": "boolean", "null_value": True},
    "null.ip": {"type": "ip", "null_value": "::1"},
    "null.date": {"type": "date", "null_value": "2024-04-01"},
    "short.keyword": {"type": "keyword", "ignore_above": 3},
    "short.flattened": {"type": "flattened", "ignore_above": 3},
    "form.date": {"type": "date", "format": "yyyy/MM/dd"},
    **{f"stored.{one}": {"type": one, "index": False} for one in ("keyword", "long", "date", "ip", "boolean")},
    "indexed.long": {"type": "long", "doc_values": False},
    "several": {"type": "keyword", "ignore_above": 3, "fields": {"text": "text", "n": "long", "i": "ip", "d": "date"}},
    "words": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 8}}},
    "inner": "nested",
    **{f"inner.{one}": one for one in ("keyword", "text", "long", "ip", "date", "flattened")},
}
SUBKEYS = ("flattened.a", "flattened.a.b", "short.flattened.a", "inner.flattened.a")
MORE = [
    "10.1.2.0/24", "2001:db8::/32", "0.0.0.0/0", "10.0.0.0/33", "1.0", "2024", "2024/04/01", "2024-04-01||/M", "now",
    "1e400", "0x10", "1_000",
]  # fmt: skip
CONSTANTS = [*(one for one in ODD if isinstance(one, str | int | float)), *MORE]
_SPECIAL = str.maketrans({**{one: f"\\{one}" for one in '\\():<>"*{}'}, "\t": "\\t", "\n": "\\n"})


def fields(lacking: frozenset[str]) -> dict[str, FieldSpec]:
    """A field of each type that the server has, and the varied ones."""
    kinds = [one for one in FAMILIES if one not in lacking and one != PLUGIN]
    return {**{one: one for one in kinds}, **VARIED}


def quoted(value: Any) -> str:
    return '"' + text(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def starred(value: Any) -> Iterator[str]:
    """Unquoted: as it is, and with a star in each place."""
    plain = text(value).strip()
    if 0 < len(plain) < 500:
        whole, first, last = (part.translate(_SPECIAL) for part in (plain, plain[:1], plain[-1:]))
        yield from (whole, f"{whole}*", f"*{whole}", f"{first}*{last}")


def conditions(name: str) -> Iterator[str]:
    yield from (f"{name}: *", f"not {name}: *", f"{name}: (a and not b)", f"{name}: (a or 22 or *)")
    for value in CONSTANTS:
        if name == "date_nanos" and text(value) in ("1", "1.0", "1.5"):
            continue
        yield f"{name}: {quoted(value)}"
        yield from (f"{name} {operator} {quoted(value)}" for operator in ("<", "<=", ">", ">="))
        for number, one in enumerate(starred(value)):
            if name not in SUBKEYS or number < 2:
                yield f"{name}: {one}"


def test_every_type_and_every_value(both: Any) -> None:
    declared = fields(both.lacking)
    mapping = Mapping.of(declared)
    queries = []
    for name in [*(one.name for one in mapping), *SUBKEYS]:
        found = list(conditions(name))
        queries += found
        if name.startswith("inner."):
            queries += [f"inner: {{ {one.replace('inner.', '', 1)} }}" for one in found]
    corpus = both.index(mapping, list(odd_documents(mapping, map(text, CONSTANTS))))
    try:
        assert corpus.differences(queries, "queries of every type and value") == []
    finally:
        corpus.close()
