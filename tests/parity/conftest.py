"""The embedded engine beside a real Elasticsearch: the same queries over the same documents.

The run's closing lines say how many rules, cases, queries and random pairs agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from detections.compile.dsl import to_dsl as predicate_dsl
from detections.compile.kibana import to_dsl
from detections.compile.kql import compile_kql
from detections.compile.lucene import compile_lucene
from detections.compile.request import query_string
from detections.elastic.capabilities import capabilities
from detections.elastic.documents import TemporaryIndex
from detections.elastic.node import Node
from detections.elastic.server import Server
from detections.elastic.template import needed, template
from detections.engine import Evaluator
from detections.errors import NotEvaluated, QueryError, QuerySyntaxError
from detections.events import Document, Documents
from detections.mapping import Field, Mapping
from detections.plan.predicate import Predicate
from detections.query import KqlQuery
from detections.query import parse as parse_any
from detections.query.kql import And, Nested, Not, Or, parse
from detections.query.kql import Node as Tree
from detections.server import Connection
from detections.values.bits import rows_of

AGREED = "agreed on: "
"""Before the names of the properties that count what agreed; tests/conftest.py reads them for the closing lines."""

REFUSED = "refused"
"""What stands for the ids that a query finds where an engine refuses the query."""

Answer = set[str] | str


@dataclass
class Both:
    """Both engines. ``agreed(count, kind)`` is told what they agreed on."""

    server: Server
    lacking: frozenset[str]
    agreed: Callable[[int, str], None]

    def index(self, mapping: Mapping, documents: Sequence[Document], fields: Iterable[Field] = ()) -> Corpus:
        """The documents in both engines; close what is given.

        ``fields`` are undeclared ones that will be seen: an index that learns them one by one is slow.
        """
        made = template(mapping, self.lacking, needed(mapping, documents))
        index = TemporaryIndex(self.server, made, "detections-parity")
        index.create()
        index.declare({field.name: {"type": "keyword", "ignore_above": field.ignore_above} for field in fields})
        refused = index.add([(str(row), one) for row, one in enumerate(documents)], "all")
        evaluator = Evaluator(Documents(0, list(documents)))
        return Corpus(self, mapping, list(documents), index, evaluator, {int(one.id) for one in refused})


@dataclass
class Corpus:
    """Documents of one mapping in both engines. What Elasticsearch ``refused`` is in neither's answers."""

    both: Both
    mapping: Mapping
    documents: list[Document]
    index: TemporaryIndex
    evaluator: Evaluator
    refused: set[int]

    def differences(self, queries: Sequence[str], kind: str) -> list[str]:
        """What the engines do not agree on, in words. Queries that both answer alike are counted as ``kind``.

        Left out are texts that are no KQL, and what the embedded engine does not evaluate.
        """
        asked = [(query, tree) for query in queries if (tree := _tree(query)) is not None]
        here = [self._embedded(query, tree) for query, tree in asked]
        there = self._elasticsearch([_sent(query, tree, self.mapping) for query, tree in asked])
        again = self._elasticsearch([_sent_again(one) for _, one in here])
        answers = [
            (
                query, ours, theirs, by_predicate,
                theirs not in (None, ours) and ours == REFUSED and self._refuses_a_part(query, tree),
            )
            for (query, tree), (ours, _), theirs, by_predicate in zip(asked, here, there, again, strict=True)
        ]  # fmt: skip
        return self._compared(answers, kind)

    def lucene_differences(self, queries: Sequence[str], kind: str) -> list[str]:
        """The same for queries in Lucene's syntax, those that are none included."""
        sent = [query_string(query) if query.strip() else {"match_all": {}} for query in queries]
        here = [self._lucene(query) for query in queries]
        again = self._elasticsearch([_sent_again(one) for _, one in here])
        answers = [
            (query, ours, theirs, by_predicate, False)
            for query, (ours, _), theirs, by_predicate in zip(
                queries, here, self._elasticsearch(list(sent)), again, strict=True
            )
        ]
        return self._compared(answers, kind)

    def _compared(self, answers: Iterable[tuple[str, Any, Any, Any, bool]], kind: str) -> list[str]:
        """What differs, in words: for each query what is answered here, there, and there to its predicate, and whether
        the server may answer where we refuse a part."""
        found, agreed = [], 0
        for query, ours, theirs, by_predicate, excused in answers:
            if ours is None or theirs is None:
                continue
            if ours != theirs and not excused:
                found.append(self._told(query, ours, theirs))
            elif by_predicate not in (None, ours):
                found.append(self._told(f"{query} (as written from the predicate)", ours, by_predicate))
            else:
                agreed += 1
        if agreed:
            self.both.agreed(agreed, kind)
        return found

    def close(self) -> None:
        self.index.delete()

    def _lucene(self, query: str) -> tuple[Answer | None, Predicate | None]:
        try:
            predicate = compile_lucene(parse_any(query, "lucene"), self.mapping)
            rows = rows_of(self.evaluator.answer(predicate).true)
            return {str(row) for row in rows if row not in self.refused}, predicate
        except QueryError:
            return REFUSED, None
        except NotEvaluated:
            return None, None

    def _embedded(self, query: str, tree: Tree) -> tuple[Answer | None, Predicate | None]:
        try:
            predicate = compile_kql(KqlQuery(query, tree), self.mapping)
            rows = rows_of(self.evaluator.answer(predicate).true)
            return {str(row) for row in rows if row not in self.refused}, predicate
        except QueryError:
            return REFUSED, None
        except NotEvaluated:
            return None, None

    def _elasticsearch(self, queries: list[dict[str, Any] | str | None]) -> list[Answer | None]:
        answers: list[Answer | None] = [one if isinstance(one, str) else None for one in queries]
        sent = [(at, _body(one)) for at, one in enumerate(queries) if isinstance(one, dict)]
        for start in range(0, len(sent), 100):
            chunk = sent[start : start + 100]
            for (at, _), one in zip(chunk, self._searched([body for _, body in chunk]), strict=True):
                answers[at] = _answer(one)
        return answers

    def _refuses_a_part(self, query: str, tree: Tree) -> bool:
        """Whether Elasticsearch refuses a condition of a query when it is asked alone.

        Beside one that finds nothing in a shard it does not even read the others.
        """
        return REFUSED in self._elasticsearch([_sent(query, one, self.mapping) for one in _conditions(tree)])

    def _searched(self, bodies: list[bytes]) -> list[dict[str, Any]]:
        """One request for all; a query that cannot even be read spoils it, and then each is asked alone."""
        ask = self.both.server.ask
        lines = b"".join(b"{}\n%b\n" % body for body in bodies)
        together = ask("POST", f"/{self.index.name}/_msearch", lines, accept=(400,))
        if together.ok:
            return list(together.decoded()["responses"])
        alone = [ask("POST", f"/{self.index.name}/_search", msgspec.Raw(one), accept=(400,)) for one in bodies]
        return [one.decoded() for one in alone]

    def _told(self, query: str, ours: Answer, theirs: Answer) -> str:
        if isinstance(ours, str) or isinstance(theirs, str):
            shown = [one if isinstance(one, str) else f"{len(one)} documents" for one in (ours, theirs)]
            return f"{query!r}: embedded {shown[0]}, Elasticsearch {shown[1]}"
        only = [f"{name} alone finds {[self.documents[int(one)] for one in sorted(ids, key=int)][:3]}" for name, ids in
                (("embedded", ours - theirs), ("Elasticsearch", theirs - ours)) if ids]  # fmt: skip
        return f"{query!r}: {'; '.join(only)}"


def _tree(query: str) -> Tree | None:
    try:
        return parse(query)
    except QuerySyntaxError:
        return None


def _conditions(tree: Tree) -> Iterator[Tree]:
    match tree:
        case And(items) | Or(items):
            for item in items:
                yield from _conditions(item)
        case Not(item):
            yield from _conditions(item)
        case Nested(path, item):
            for one in _conditions(item):
                yield Nested(path, one)
        case _:
            yield tree


def _sent(query: str, tree: Tree, mapping: Mapping) -> dict[str, Any] | str:
    """As Kibana's executor wraps it."""
    try:
        return {"bool": {"must": [], "filter": [to_dsl(KqlQuery(query, tree), mapping)], "should": [], "must_not": []}}
    except QueryError:
        return REFUSED


def _sent_again(predicate: Predicate | None) -> dict[str, Any] | None:
    try:
        return None if predicate is None else predicate_dsl(predicate)
    except NotEvaluated:
        return None


def _body(query: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"size": 10_000, "_source": False, "query": {"bool": {"filter": [query]}}})


def _answer(response: dict[str, Any]) -> Answer:
    if "error" in response:
        assert response["status"] == 400, response
        return REFUSED
    assert not response["_shards"]["failed"], response
    return {hit["_id"] for hit in response["hits"]["hits"]}


@pytest.fixture(scope="session")
def server(elasticsearch_node: Node) -> Iterator[Server]:
    with Server(Connection(elasticsearch_node.url)) as made:
        yield made


@pytest.fixture(scope="session")
def lacking(server: Server) -> frozenset[str]:
    """The field types that the server lacks."""
    return capabilities(server).types


@pytest.fixture
def agreed(record_property: Callable[[str, object], None]) -> Callable[[int, str], None]:
    return lambda count, kind: record_property(AGREED + kind, count)


@pytest.fixture
def both(server: Server, lacking: frozenset[str], agreed: Callable[[int, str], None]) -> Both:
    return Both(server, lacking, agreed)
