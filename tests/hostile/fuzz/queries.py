"""Texts of queries: parsed, printed and parsed again, explained, sent, and run over events."""

from __future__ import annotations

import functools
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import detections
from detections.compile.eql import compile_eql
from detections.compile.esql import compile_esql
from detections.compile.kql import compile_kql
from detections.compile.lucene import compile_lucene
from detections.errors import NotEvaluated, QueryTypeError
from detections.mapping import Mapping, catalog_mapping
from detections.query import EqlQuery, EsqlQuery, KqlQuery, LuceneQuery, Query, parse
from detections.query.kql import to_json
from detections.report import explain
from fuzz import grammar
from fuzz.boundary import REPO
from fuzz.mutate import MOST, TEXTS, broken, words
from fuzz.shown import shown

TYPES: dict[str, Any] = {
    **grammar.FIELDS, "items": "nested", "items.name": "keyword", "name.text": {"type": "text"},
    "short": {"type": "keyword", "ignore_above": 5}, "either": ["keyword", "text"],
}  # fmt: skip
FOLDERS = {"kuery": "kql", "lucene": "lucene", "eql": "eql", "esql": "esql"}


@functools.cache
def events() -> list[dict[str, Any]]:
    """Documents with every kind of value, as attackers would write them."""
    rng = random.Random("events")
    documents: list[dict[str, Any]] = [{}, {"@timestamp": "2026-01-01T00:00:00Z"}]
    for number in range(30):
        text = rng.choice(TEXTS)
        documents.append({
            "@timestamp": 1_767_225_600_000 + number, "event": {"category": rng.choice(("process", "file", ["a",
            "process"]))},
            "name": rng.choice((text, [text, "a"], None, 5, True)), "message": f"{text} some words {number}",
            "path": text * 3,
            "dataset": "aws.cloudtrail", "ip": rng.choice(("1.2.3.4", "::1", ["1.2.3.4", "::ffff:1.2.3.4"], text)),
            "port": rng.choice((0, -1, 2**63 - 1, "12", [1, 2, 2], 1.5, text)), "small": rng.choice((1, -(2**31),
            [3, 4])),
            "big": rng.choice((2**64 - 1, 0, "7")), "ratio": rng.choice((0.5, -0.0, 1e308, 5e-324, [1, 2.5], "1e3")),
            "ok": rng.choice((True, False, "true", "", [True, False])), "pid": number,
            "at": rng.choice(("2026-01-31", 0, -1, "9999-12-31T23:59:59.999Z", ["2026-01-01", "2025-01-01"], text)),
            "nanos": rng.choice(("2026-01-31T00:00:00.123456789Z", "1969-12-31", 5)), "version": rng.choice(("1.2.3",
            text)),
            "params": rng.choice(({"a": {"b": text}}, {"x": [1, {"y": None}]}, text)),
            "spot": rng.choice(("POINT(1 2)", text)),
            "user.name": text, "user": {"name": "Alice"}, "items": [{"name": text}, {"name": "a"}], "short": "abcdef",
        })  # fmt: skip
    return documents


def corpus(language: str) -> list[str]:
    """The queries of tests/corpus and of the rules that are in a language."""
    found: list[str] = []
    for path in sorted((REPO / "tests/corpus" / FOLDERS[language]).iterdir()):
        if path.suffix == ".txt":
            found += path.read_text().split("\n\n")
        else:
            cases = tomllib.loads(path.read_text())["case"]
            found += [case["query"] for case in cases if "query" in case]
            found += [f"ROW a = {case['row']}" for case in cases if "row" in case]
    for path in sorted((REPO / "rules").rglob("*.toml")):
        rule = tomllib.loads(path.read_text())["rule"]
        if rule.get("language") == language:
            found.append(rule["query"])
    return found


@dataclass(frozen=True)
class QueryText:
    """The text of a query in one language."""

    language: str

    @property
    def name(self) -> str:
        return FOLDERS[self.language]

    def text(self, rng: random.Random) -> str:
        """A text that is sound, or was before it was changed."""
        if rng.random() < 0.6:
            text = grammar.made(grammar.GRAMMARS[self.language], "query", rng, rng.randrange(3, 8))
        else:
            text = rng.choice(_corpus(self.language))
        for _ in range(rng.choice((0, 0, 0, 1, 1, 3))):
            text = words(text, rng, grammar.VOCABULARY[self.language], lambda: rng.choice(_corpus(self.language)))
        return text[:MOST] if rng.random() < 0.999 else (text + " ") * 400

    def make(self, rng: random.Random) -> bytes:
        data = self.text(rng).encode("utf-8", "surrogatepass")
        return broken(data, rng) if rng.random() < 0.05 else data

    def run(self, data: bytes, folder: Path) -> None:
        text = data.decode("utf-8", "surrogateescape")
        query = parse(text, self.language)
        printed = parse(query.printed, self.language).printed
        assert printed == query.printed, "what is printed is read as something else"
        explained(query)
        fields = TYPES if len(data) % 4 else None
        try:
            shown(
                "search", detections.search(events(), text, self.language, fields=fields, report=lambda finding: None)
            )
        except (NotEvaluated, QueryTypeError) as error:
            assert str(error)
        if self.language == "kuery":
            detections.to_dsl(text, fields=fields)
        if self.language == "lucene":
            detections.to_dsl(text, language="lucene", fields=fields)


_corpus = functools.cache(corpus)
_TYPED = Mapping.of(TYPES)


def explained(query: Query) -> None:
    """What `explain` shows of a query."""
    said = {"query": query.text, "printed": query.printed}
    for mapping in (_TYPED, catalog_mapping()):
        try:
            match query:
                case KqlQuery():
                    shown("explain", said | {"ast": to_json(query.tree)})
                    compile_kql(query, mapping)
                case LuceneQuery():
                    shown("explain", said)
                    compile_lucene(query, mapping)
                case EqlQuery():
                    shown(
                        "explain", {"query": query.text, "tree": explain.syntax(query.tree), "printed": query.printed}
                    )
                    explain.text(compile_eql(query, mapping).outline())
                case EsqlQuery():
                    shown(
                        "explain", {"query": query.text, "tree": explain.syntax(query.tree), "printed": query.printed}
                    )
                    explain.text(compile_esql(query, mapping).outline())
        except (NotEvaluated, QueryTypeError):
            continue


BOUNDARIES = tuple(QueryText(language) for language in FOLDERS)
