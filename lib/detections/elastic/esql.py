"""Rule type esql as Kibana runs it (Security 9.2): the query over the documents in the window.

Without STATS each row is an alert on the document that its ``_id`` names. A page is cut by a LIMIT; the next one leaves
out the documents of those before it. With STATS there is one answer, and each of its rows is an alert; a column that
Kibana does not ask for says which of our own documents are behind it; on a cluster it names some of them, and another
one says when the last of them was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from detections.compile.esql.carry import IDS, LATEST, SOME_IDS, asking_for_id, carrying, looked_up, looking_up
from detections.elastic.answers import Rows
from detections.elastic.documents import TemporaryIndex
from detections.elastic.search import NO_PROGRESS, Source, hit, sparing
from detections.elastic.server import Server
from detections.elastic.template import template
from detections.engine.alert import Alert, Hit
from detections.errors import NotEvaluated, ServerError, TooManyResults
from detections.plan import GroupsPlan, RowsPlan, Window
from detections.plan.rows import LookupTable
from detections.query import parse
from detections.query.esql.ast import Enrich, From, Index, Limit, Query
from detections.query.esql.printer import to_esql
from detections.values.dates import parse_date
from detections.values.limits import ESQL_ROWS, GROUP_EVENTS

PAGE = 1000
"""Rows of a page."""

_IDS_AT_ONCE = 5000
_REQUEST = "POST /_query"


def rows(plan: RowsPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan whose rows are documents.

    Raises:
        ServerError: the server refuses the query.
        NotEvaluated: no row says which document it came from, or the plan was changed after it was made.
    """
    with lookups(plan, _sent(plan), source.server) as tree:
        text = to_esql(_over(tree, source.index, PAGE))
        seen: list[str] = []
        known: set[object] = set()
        while True:
            page = _answer(plan, source, window, text, seen)
            names = _ids(page)
            if not set(names).isdisjoint(seen):
                raise ServerError(NO_PROGRESS, request=_REQUEST)
            found = _documents(source, plan, names)
            for name, row in zip(names, page, strict=True):
                key = (name, *(_hashable(row.get(column)) for column in plan.expanded or ()))
                if name in found and (plan.expanded is None or key not in known):
                    yield Alert.of_row(plan, [found[name]], _shown(plan, row), None if plan.expanded is None else key)
                known.add(key)
            seen += names
            if len(page) < PAGE:
                return


def groups(plan: GroupsPlan, source: Source, window: Window, *, ours: bool) -> Iterator[Alert]:
    """The alerts of a plan whose rows are made of many documents. ``ours``: they were indexed here, and are few.

    Raises:
        ServerError: the server refuses the query.
        TooManyResults: there are more rows than one answer has.
        NotEvaluated: the query lets no column through that says what is behind a row, or the plan was changed after it
            was made.
    """
    with lookups(plan, _sent(plan), source.server) as tree:
        asked = _over(tree, source.index, ESQL_ROWS.most)
        asked = carrying(asked, IDS) if ours else carrying(carrying(asked, SOME_IDS), LATEST)
        found = _answer(plan, source, window, to_esql(asked), ())
    if len(found) >= ESQL_ROWS.most:
        raise TooManyResults(f"the query makes more rows than one answer has: {ESQL_ROWS}", request=_REQUEST)
    names = [_several(row.pop(IDS.name, None)) for row in found]
    documents = _documents(source, plan, [name for them in names for name in them])
    for row, them in zip(found, names, strict=True):
        times = _several(row.pop(LATEST.name, None))
        hits = sorted(documents[name] for name in them if name in documents)
        alert = Alert.of_row(plan, hits[-GROUP_EVENTS.most :], _shown(plan, row), None)
        yield alert if ours else replace(alert, timestamp=parse_date(times[0]) if times else None)


def _sent(plan: RowsPlan) -> Query:
    if plan.sent is None:
        raise NotEvaluated("a changed ES|QL query has no text that a server could be asked")
    return parse(plan.sent["query"], "esql").tree


@contextmanager
def lookups(plan: RowsPlan, tree: Query, server: Server) -> Iterator[Query]:
    """The query of a plan over lookup indices of our own, where the plan has tables; afterwards they are deleted.

    Raises:
        ServerError: the server makes no such index.
        NotEvaluated: it refuses a row of a table, or the table is that of an enrich policy.
    """
    made: dict[str, TemporaryIndex] = {}
    try:
        for command in looked_up(tree):
            name = command.policy if isinstance(command, Enrich) else command.index.name
            if name not in plan.tables or name in made:
                continue
            if isinstance(command, Enrich):
                raise NotEvaluated(f"the enrich policy {name} of a case is not made on a server")
            made[name] = _lookup_index(plan.tables[name], server)
        yield looking_up(tree, lambda name: made[name].name if name in made else name)
    finally:
        for index in made.values():
            index.delete()


def _lookup_index(table: LookupTable, server: Server) -> TemporaryIndex:
    shape = template(table.fields)
    settings = {key: value for key, value in shape.settings.items() if key != "number_of_shards"}
    index = TemporaryIndex(server, replace(shape, settings={**settings, "index.mode": "lookup"}))
    index.create()
    refused = index.add(((str(number), dict(row)) for number, row in enumerate(table.rows)), "")
    if refused:
        index.delete()
        raise NotEvaluated(f"Elasticsearch refuses row {refused[0].id} of the table {table.name}: {refused[0].reason}")
    return index


def _over(tree: Query, index: str, most: int) -> Query:
    """The query over another index, with ``_id`` among its metadata, and no more than so many rows.

    Raises NotEvaluated: it has sub-queries.
    """
    source = tree.commands[0]
    assert isinstance(source, From)
    if any(isinstance(one, Query) for one in source.sources):
        raise NotEvaluated("FROM with a sub-query is not run over other indices")
    made = replace(tree, commands=(replace(source, sources=(Index(index),)), *tree.commands[1:], Limit(most)))
    return asking_for_id(made)


def _answer(
    plan: RowsPlan, source: Source, window: Window, text: str, without: Sequence[str]
) -> list[dict[str, object]]:
    """The rows, by the names of their columns, of the documents in the window but for some."""
    asked = sparing(plan, {"match_all": {}}, window)
    query = source.within(asked, plan.time, window.start, window.end, window.ingested)
    if without:
        query["bool"]["must_not"] = [{"ids": {"values": list(without)}}]
    body = {"query": text, "filter": query}
    found = source.server.read(Rows, "an answer to an ES|QL query", "POST", "/_query", body, rule=plan.rule_name)
    names = [column.name for column in found.columns]
    if any(len(row) != len(names) for row in found.values):
        raise ServerError("the answer has a row of another length than its columns", request=_REQUEST)
    if "_id" not in names and not isinstance(plan, GroupsPlan):
        raise NotEvaluated("the rows of the query have no column _id, so the documents they came from are unknown")
    return [dict(zip(names, row, strict=True)) for row in found.values]


def _shown(plan: RowsPlan, row: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(column.name, row.get(column.name)) for column in plan.shows]


def _ids(page: Sequence[Mapping[str, object]]) -> list[str]:
    names = [row["_id"] for row in page]
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) < len(names):
        raise ServerError("the answer has a row without an _id", request=_REQUEST)
    return texts


def _several(value: object) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    texts = [one for one in values if isinstance(one, str)]
    if len(texts) < len(values):
        raise ServerError("the answer does not say which documents a row comes from", request=_REQUEST)
    return texts


def _hashable(value: object) -> object:
    return repr(value) if isinstance(value, list | dict) else value


def _documents(source: Source, plan: RowsPlan, names: Sequence[str]) -> dict[str, Hit]:
    """The documents with some ids, as far as they are there still."""
    wanted = list(dict.fromkeys(names))
    found: dict[str, Hit] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        query = source.within({"ids": {"values": wanted[start : start + _IDS_AT_ONCE]}}, plan.time, None, None)
        found.update((one.id, hit(one, plan)) for one in source.hits(query, plan))
    return found
