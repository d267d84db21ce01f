"""Rule type esql as Kibana runs it (Security 9.2): the query over the documents in the window, page by page.

Each row is an alert on the document that its ``_id`` names. A page is cut by a LIMIT; the next one leaves out the
documents of those before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from detections.elastic.answers import Rows
from detections.elastic.search import NO_PROGRESS, Source, hit
from detections.engine.alert import Alert, Hit
from detections.errors import NotEvaluated, ServerError
from detections.plan import RowsPlan, Window
from detections.query import parse
from detections.query.esql.ast import From, Index, Limit, Name, Query
from detections.query.esql.printer import to_esql

PAGE = 1000
"""Rows of a page."""


def esql(plan: RowsPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan, one a row.

    Raises:
        ServerError: the server refuses the query.
        NotEvaluated: no row says which document it came from, or the plan was changed after it was made.
    """
    if plan.sent is None:
        raise NotEvaluated("a changed ES|QL query has no text that a server could be asked")
    tree = parse(plan.sent["query"], "esql").tree
    text = to_esql(_over(tree, source.index))
    seen: list[str] = []
    while True:
        query = source.within({"match_all": {}}, plan.time, window.start, window.end, window.ingested)
        if seen:
            query["bool"]["must_not"] = [{"ids": {"values": seen}}]
        body = {"query": text, "filter": query}
        rows = source.server.read(Rows, "an answer to an ES|QL query", "POST", "/_query", body, rule=plan.rule_name)
        page = _ids(rows)
        if not set(page).isdisjoint(seen):
            raise ServerError(NO_PROGRESS, request="POST /_query")
        yield from (Alert.on(plan, [event]) for event in _documents(source, plan, page))
        seen += page
        if len(page) < PAGE:
            return


def _over(tree: Query, index: str) -> Query:
    """The query over another index, with ``_id`` among its metadata, for one page."""
    source = tree.commands[0]
    assert isinstance(source, From)
    names = {name.name: name for name in source.metadata}
    metadata = tuple(({"_id": Name("_id")} | names).values())
    return replace(tree, commands=(From((Index(index),), metadata), *tree.commands[1:], Limit(PAGE)))


def _ids(rows: Rows) -> list[str]:
    names = [column.name for column in rows.columns]
    if "_id" not in names:
        raise NotEvaluated("the rows of the query have no column _id, so nobody knows which documents they came from")
    at = names.index("_id")
    ids = [row[at] if at < len(row) else None for row in rows.values]
    texts = [name for name in ids if isinstance(name, str)]
    if len(texts) < len(ids):
        raise ServerError("the answer has a row without an _id", request="POST /_query")
    return texts


def _documents(source: Source, plan: RowsPlan, names: Sequence[str]) -> Iterator[Hit]:
    """The documents with some ids, in the same order."""
    if not names:
        return
    query = source.within({"ids": {"values": list(dict.fromkeys(names))}}, plan.time, None, None)
    by_id = {found.id: hit(found, plan.time) for found in source.hits(query, plan.time, plan.rule_name)}
    yield from (by_id[name] for name in names if name in by_id)  # a document may have gone meanwhile
