"""Kibana's REST API, as far as detection rules need it (8.19 and 9.x, public routes, version 2023-10-31).

What is sent are dicts as the API has them; what comes back is typed (:mod:`detections.kibana.answers`), and an answer
of another shape is a ServerError. What is safe to repeat is repeated (:mod:`detections.server`); what is not is looked
for before it is sent again. Every method raises the ServerError tree; what is not there is None or False.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from msgspec import ValidationError

from detections.errors import NotAllowed, ServerError, ServerUnavailable, UsageError
from detections.kibana.answers import (
    AlertSearch,
    BulkAnswer,
    Connector,
    ExceptionItem,
    ExceptionList,
    Namespace,
    Page,
    PreviewAnswer,
    Rule,
    Space,
    StatusAnswer,
    Stored,
    ValueList,
)
from detections.kibana.chunks import texts
from detections.kibana.fleet import package_files
from detections.kibana.http import LONG, RULES, Http
from detections.kibana.importing import import_objects
from detections.kibana.multipart import one_file
from detections.kibana.results import (
    BulkResult,
    Export,
    ImportResult,
    Kind,
    Preview,
    Status,
    bulk_result,
    export_of,
    preview_of,
)
from detections.server import Backoff, Connection, Query, Response
from detections.values import limits

LISTS = "/api/exception_lists"
ITEMS = "/api/exception_lists/items"
VALUES = "/api/lists"
CONNECTORS = "/api/actions/connectors"
MOST = limits.LISTED.most
"""Things that one list of Kibana's holds: Elasticsearch's window of results."""

BulkAction = Literal["enable", "disable", "delete"]
Payload = Mapping[str, Any]
S = TypeVar("S", bound=Stored)
_PAGE = 1_000
_BULK = 100
_WHAT: Mapping[type[Stored], str] = {
    Rule: "a rule", ExceptionList: "an exception list", ExceptionItem: "an exception item", ValueList: "a value list"
}  # fmt: skip


class Kibana:
    """One space of a Kibana. ``close`` it, or use it in a ``with``."""

    def __init__(self, connection: Connection, space: str = "default", backoff: Backoff | None = None) -> None:
        """Nothing is sent yet. Raises UsageError for an invalid space ID, and for a missing CA file."""
        self._http = Http(connection, space, backoff)
        self.space = space
        self.url = connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Kibana({self.url!r}, space={self.space!r})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # -- the server

    def status(self) -> Status:
        """The version and whether Kibana is up.

        Raises:
            NotAllowed: Kibana answers as it answers strangers, without its version.
        """
        response = self._http.send("GET", "/api/status", accept=(503,))
        try:
            answer = response.read(StatusAnswer, "the status of a Kibana; is the URL right?")
        except ServerError:
            if response.ok:
                raise
            raise ServerUnavailable("Kibana is not ready", request=response.request, status=response.status) from None
        if answer.version is None:
            text = "authentication failed: Kibana does not tell its version"
            raise NotAllowed(text, request=response.request)
        return Status(answer.version.number, answer.status.overall.level)

    def package_files(self, name: str, version: str | None = None) -> dict[str, str]:
        """The files of an integration's package that tell its fields: see :mod:`detections.kibana.fleet`."""
        return package_files(self._http, name, version)

    def spaces(self) -> list[str]:
        """The ids of the spaces that these credentials may see."""
        spaces = self._http.send("GET", "/api/spaces/space").read(list[Space], "a list of spaces")
        return [space.id for space in spaces]

    def check_space(self) -> None:
        """Kibana does not look whether a space is there: rules that are sent to one that is not are in no space. The
        default space is always there.

        Raises:
            UsageError: there is no such space, or these credentials do not see it.
        """
        if self.space != "default" and self.space not in (known := self.spaces()):
            raise UsageError(f"unknown space {self.space!r} (available: {', '.join(known)})")

    # -- rules

    def find_rules(self, filter: str | None = None) -> list[Rule]:  # noqa: A002 - the API's name
        """All rules, or those a KQL filter over saved-object fields chooses (``alert.attributes.tags: "x"``), oldest
        first. At most MOST."""
        query: Query = {"sort_field": "created_at", "sort_order": "asc", "filter": filter}
        return self._pages(Rule, f"{RULES}/_find", query)

    def bulk_action(self, action: BulkAction, ids: Sequence[str]) -> BulkResult:
        """Enable, disable or delete rules by their saved-object ids, any number of them. A rule that is gone already
        counts as deleted."""
        result = BulkResult()
        for start in range(0, len(ids), _BULK):
            part = list(ids[start : start + _BULK])
            response = self._http.send(
                "POST", f"{RULES}/_bulk_action", query={"dry_run": False}, body={"action": action, "ids": part},
                accept=(500,), timeout=LONG, repeatable=True,
            )  # fmt: skip
            result += bulk_result(self._bulk_answer(response), gone_is_done=action == "delete")
        return result

    def _bulk_answer(self, response: Response) -> BulkAnswer:
        """A 500 says what became of each rule, if Kibana said it."""
        try:
            return response.read(BulkAnswer, "the result of a bulk action")
        except ServerError:
            if response.ok:
                raise
            raise self._http.error(response) from None

    # -- import and export

    def import_rules(
        self,
        objects: Iterable[Payload],
        *,
        overwrite: bool = False,
        overwrite_exceptions: bool = False,
        overwrite_action_connectors: bool = False,
        done: Callable[[ImportResult], None] | None = None,
    ) -> ImportResult:
        """Import rules, exception lists and items, and connectors, in as many requests as it takes.

        ``overwrite`` is a PUT of each rule: what is left out of it is reset, its exceptions_list too. ``done`` is
        called after each request with what that one brought. Nothing raises for refused objects: see
        ``ImportResult.success`` and ``problems``.
        """
        overwritten: dict[Kind, bool] = {
            "rule": overwrite,
            "exception_list": overwrite_exceptions,
            "exception_item": overwrite_exceptions,
            "connector": overwrite_action_connectors,
        }
        return import_objects(self._http, objects, overwritten, done)

    def export_rules(self, rule_ids: Iterable[str] | None = None) -> Export:
        """Rules with their exception lists, items and connectors (never secrets, never value lists); all, or these."""
        chosen = None if rule_ids is None else {"objects": [{"rule_id": rule_id} for rule_id in rule_ids]}
        response = self._http.send(
            "POST", f"{RULES}/_export", body=chosen, repeatable=True, timeout=LONG, form="ndjson"
        )
        export, problems = export_of(response.decoded())
        if problems:
            raise response.unexpected("an export", problems[0])
        if not export.whole:
            raise response.cut_off()
        return export

    # -- exception lists

    def get_exception_list(self, list_id: str, namespace_type: Namespace = "single") -> ExceptionList | None:
        """A list by its list_id."""
        return self._get(ExceptionList, LISTS, {"list_id": list_id, "namespace_type": namespace_type})

    def create_exception_list(self, payload: Payload) -> ExceptionList:
        """Create a list; ServerError with status 409 if its list_id is taken."""
        key = str(payload["list_id"]), _namespace(payload)
        return self._create(ExceptionList, LISTS, payload, lambda: self.get_exception_list(*key))

    def update_exception_list(self, payload: Payload) -> ExceptionList:
        """Replace a list's name, description, tags ..."""
        return self._stored(ExceptionList, self._http.send("PUT", LISTS, body=payload))

    def find_exception_items(self, list_id: str, namespace_type: Namespace = "single") -> list[ExceptionItem]:
        """All items of a list; none where there is no list."""
        query: Query = {"list_id": list_id, "namespace_type": namespace_type}
        return self._pages(ExceptionItem, f"{ITEMS}/_find", query, accept=(404,))

    def get_exception_item(self, item_id: str, namespace_type: Namespace = "single") -> ExceptionItem | None:
        """An item by its item_id."""
        return self._get(ExceptionItem, ITEMS, {"item_id": item_id, "namespace_type": namespace_type})

    def create_exception_item(self, payload: Payload) -> ExceptionItem:
        """Create an item; ServerError with status 409 if its item_id is taken."""
        key = str(payload["item_id"]), _namespace(payload)
        return self._create(ExceptionItem, ITEMS, payload, lambda: self.get_exception_item(*key))

    def update_exception_item(self, payload: Payload) -> ExceptionItem:
        """Replace an item."""
        return self._stored(ExceptionItem, self._http.send("PUT", ITEMS, body=payload))

    def delete_exception_item(self, item_id: str, namespace_type: Namespace = "single") -> bool:
        """Delete an item; False if there was none."""
        query: Query = {"item_id": item_id, "namespace_type": namespace_type}
        response = self._http.send("DELETE", ITEMS, query=query, accept=(404,))
        if response.ok:
            response.read(dict[str, Any], "an exception item")
        return response.ok or response.tries > 1  # gone by the try whose answer was lost

    # -- value lists

    def find_value_lists(self) -> list[ValueList]:
        """All value lists of the space; none where their index was never made."""
        return self._pages(ValueList, f"{VALUES}/_find", {})

    def create_value_list(self, payload: Payload) -> ValueList:
        """Create a value list (``id``, ``name``, ``description``, ``type``), and the index of value lists first, where
        there is none."""
        if self._http.send("GET", f"{VALUES}/index", accept=(404,)).status == 404:
            self._http.send("POST", f"{VALUES}/index", accept=(409,), repeatable=True)
        key: Query = {"id": str(payload["id"])}
        return self._create(ValueList, VALUES, payload, lambda: self._get(ValueList, VALUES, key))

    def import_value_list_items(self, id: str, values: Iterable[str]) -> None:  # noqa: A002 - the API's name
        """Add values to a list that is there. Those it has already are not doubled.

        Raises:
            UsageError: a value that no line can hold.
        """
        have = set(self.export_value_list_items(id))
        fresh = [value for value in dict.fromkeys(values) if value not in have]
        for text in texts(fresh):
            query: Query = {"list_id": id, "refresh": "wait_for"}
            raw = one_file(f"{id}.txt", text)
            response = self._http.send("POST", f"{VALUES}/items/_import", query=query, raw=raw, timeout=LONG)
            response.read(dict[str, Any], "a value list")

    def export_value_list_items(self, id: str) -> list[str]:  # noqa: A002 - the API's name
        """The values of a list."""
        path = f"{VALUES}/items/_export"
        response = self._http.send("POST", path, query={"list_id": id}, repeatable=True, timeout=LONG, form="text")
        return response.read(list[str], "a list of values")

    # -- connectors

    def find_connectors(self) -> list[Connector]:
        """All connectors of the space, without their secrets. Their ``config`` may hold some all the same."""
        return self._http.send("GET", CONNECTORS).read(list[Connector], "a list of connectors")

    # -- preview

    def preview(self, payload: Payload, *, invocation_count: int, timeframe_end: str) -> Preview:
        """Run a rule without creating it, as often as asked, the last time at ``timeframe_end`` (ISO 8601)."""
        body = {**payload, "invocationCount": invocation_count, "timeframeEnd": timeframe_end}
        response = self._http.send("POST", f"{RULES}/preview", body=body, repeatable=True, timeout=LONG)
        return preview_of(response.read(PreviewAnswer, "the result of a preview"))

    def preview_alerts(self, preview_id: str) -> list[dict[str, Any]]:
        """The alerts of a preview (their ``_source``), oldest first, at most MOST.

        No route of the detection engine reads them; Kibana's console passes the search on to Elasticsearch, with the
        privileges of these credentials (read on ``.preview.alerts-security.alerts-*``).
        """
        index = f".preview.alerts-security.alerts-{self.space}"
        search = {
            "size": MOST,
            "query": {"term": {"kibana.alert.rule.uuid": preview_id}},
            "sort": [{"@timestamp": "asc"}],
        }
        query: Query = {"path": f"/{index}/_search?ignore_unavailable=true", "method": "POST"}
        response = self._http.send(
            "POST", "/api/console/proxy", query=query, body=search, repeatable=True, internal=True
        )
        return [hit.source for hit in response.read(AlertSearch, "a search for alerts").hits.hits]

    # -- what they share

    def _stored(self, kind: type[S], response: Response) -> S:
        return _stored(kind, response, response.decoded())

    def _get(self, kind: type[S], path: str, query: Query) -> S | None:
        response = self._http.send("GET", path, query=query, accept=(404,))
        return None if response.status == 404 else self._stored(kind, response)

    def _create(self, kind: type[S], path: str, payload: Payload, read: Callable[[], S | None]) -> S:
        """POST; after an answer that was lost, what became of it is read, and only what is not there sent again."""
        attempt = 0
        while True:
            try:
                return self._stored(kind, self._http.send("POST", path, body=payload))
            except ServerError as error:
                lost = isinstance(error, ServerUnavailable) and error.sent
                late = attempt > 0 and error.status == 409
                wait = self._http.backoff.wait(attempt)
                if not (lost or late) or wait is None:
                    raise
                stored = read()
                if stored is not None and _same(payload, stored.body):
                    return stored
                if late:
                    raise
            self._http.backoff.sleep(wait)
            attempt += 1

    def _pages(self, kind: type[S], path: str, query: Query, accept: tuple[int, ...] = ()) -> list[S]:
        """All pages, read again from the start if the things moved while they were read."""
        for _ in range(3):
            pages = list(self._each_page(kind, path, query, accept))
            stored = {thing.id: thing for _, things in pages for thing in things}
            totals = {total for total, _ in pages} or {0}
            if totals == {len(stored)}:
                return list(stored.values())
        raise ServerError("the list changes while it is read", request=f"GET {path}")

    def _each_page(
        self, kind: type[S], path: str, query: Query, accept: tuple[int, ...]
    ) -> Iterator[tuple[int, list[S]]]:
        for page in range(1, MOST // _PAGE + 1):
            response = self._http.send("GET", path, query={**query, "page": page, "per_page": _PAGE}, accept=accept)
            if not response.ok:
                return
            answer = response.read(Page, f"a page of a list ({_WHAT[kind]} each)")
            if answer.total > MOST:
                raise ServerError(
                    f"more than {MOST:,} are listed, the most that Kibana gives", request=response.request
                )
            yield answer.total, [_stored(kind, response, thing) for thing in answer.data]
            if page * _PAGE >= answer.total or not answer.data:
                return


def _stored(kind: type[S], response: Response, value: Any) -> S:
    """An object out of an answer. Of a server's it is known by which id.

    Raises:
        ServerError: it is something else.
    """
    try:
        thing = kind.of(value)
    except ValidationError as error:
        raise response.unexpected(_WHAT[kind], str(error)) from None
    if not thing.id:
        raise response.unexpected(_WHAT[kind], "Object missing required field `id`")
    return thing


def _namespace(payload: Payload) -> Namespace:
    return "agnostic" if payload.get("namespace_type") == "agnostic" else "single"


def _same(payload: Payload, stored: Payload) -> bool:
    """Whether what is there is what was sent, by its plain values: Kibana changes the form of others."""
    plain = (str, int, float, bool)
    return all(
        stored.get(name) == value
        for name, value in payload.items()
        if isinstance(value, plain) and isinstance(stored.get(name), plain)
    )
