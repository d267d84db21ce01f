"""Kibana's REST API, as far as detection rules need it (8.19 and 9.x, public routes, version 2023-10-31).

Rules, lists and connectors are dicts as the API has them. What is safe to repeat is repeated
(:mod:`detections.server`); what is not is looked for before it is sent again. Every method raises the ServerError tree;
what is not there is None or False.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from detections.errors import NotAllowed, ServerError, ServerUnavailable, UsageError
from detections.kibana.chunks import texts
from detections.kibana.http import LONG, RULES, Http, Query
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
)
from detections.kibana.secrets import without_secrets
from detections.server import Backoff, Connection

LISTS = "/api/exception_lists"
ITEMS = "/api/exception_lists/items"
VALUES = "/api/lists"
CONNECTORS = "/api/actions/connector"

Namespace = Literal["single", "agnostic"]
Object = dict[str, Any]
_PAGE = 1_000
_BULK = 100
_REPEATABLE_ACTIONS = frozenset({"enable", "disable", "delete"})


class Kibana:
    """One space of a Kibana. ``close`` it, or use it in a ``with``."""

    def __init__(self, connection: Connection, space: str = "default", backoff: Backoff | None = None) -> None:
        """Nothing is sent yet. Raises UsageError for a space's id that can be none, and for a missing CA file."""
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

    def request(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        """Any other call of this space, JSON in and out (None where the answer is empty)."""
        response = self._http.send(method, path, query=query, body=body)
        return response.json() if response.body else None

    # -- the server

    def status(self) -> Status:
        """The version and whether Kibana is up.

        Raises:
            NotAllowed: Kibana answers as it answers strangers, without its version.
        """
        response = self._http.send("GET", "/api/status", accept=(503,))
        body = response.json()
        found = body if isinstance(body, dict) else {}
        level = _at(found, "status", "overall", "level")
        number = _at(found, "version", "number")
        if number is not None:
            return Status(str(number), str(level or "unknown"))
        if level is not None:
            raise NotAllowed("it does not tell its version: credentials are missing or wrong", request=response.request)
        if not response.ok:
            raise ServerUnavailable("it is not ready", request=response.request, status=response.status)
        raise ServerError("this is no status of a Kibana; is the URL right?", request=response.request)

    def spaces(self) -> list[Object]:
        """The spaces these credentials may see."""
        return self._http.send("GET", "/api/spaces/space").array()

    def check_space(self) -> None:
        """Kibana does not look whether a space is there: rules that are sent to one that is not are in no space. The
        default space is always there.

        Raises:
            UsageError: there is no such space, or these credentials do not see it.
        """
        if self.space != "default" and self.space not in (known := [str(one["id"]) for one in self.spaces()]):
            raise UsageError(f"there is no space {self.space!r} in this Kibana; there are {', '.join(known)}")

    # -- rules

    def find_rules(self, filter: str | None = None) -> list[Object]:  # noqa: A002 - the API's name
        """All rules, or those a KQL filter over saved-object fields chooses (``alert.attributes.tags: "x"``), oldest
        first. At most 10,000: Elasticsearch's window of results."""
        query: Query = {"sort_field": "created_at", "sort_order": "asc", "filter": filter}
        return self._pages(f"{RULES}/_find", query)

    def get_rule(self, rule_id: str) -> Object | None:
        """A rule by its rule_id."""
        return self._get(RULES, {"rule_id": rule_id})

    def create_rule(self, payload: Mapping[str, Any]) -> Object:
        """Create a rule, which names its rule_id; ServerError with status 409 if that is taken.

        When the answer is lost the rule is looked for before it is created again, so it is never there twice.
        """
        rule_id = str(payload["rule_id"])
        return self._create(RULES, payload, lambda: self.get_rule(rule_id))

    def update_rule(self, payload: Mapping[str, Any]) -> Object:
        """Replace a rule (PUT): what the payload leaves out goes back to its default, but for enabled and version."""
        return self._http.send("PUT", RULES, body=payload).object()

    def delete_rule(self, rule_id: str) -> bool:
        """Delete a rule; False if there was none."""
        return self._delete(RULES, {"rule_id": rule_id})

    def bulk_action(
        self, action: str, ids: Sequence[str], *, dry_run: bool = False, options: Mapping[str, Any] | None = None
    ) -> BulkResult:
        """``enable``, ``disable``, ``delete``, ``edit`` (options: ``{"edit": [...]}``), ``duplicate`` or ``run``.

        ``ids`` are saved-object ids, any number of them. A rule that is gone already counts as deleted.
        """
        result = BulkResult()
        for start in range(0, len(ids), _BULK):
            part = list(ids[start : start + _BULK])
            response = self._http.send(
                "POST", f"{RULES}/_bulk_action", query={"dry_run": dry_run}, accept=(500,), timeout=LONG,
                body={**(options or {}), "action": action, "ids": part},
                repeatable=dry_run or action in _REPEATABLE_ACTIONS,
            )  # fmt: skip
            body = response.object() if response.ok else self._http.details(response, "attributes")
            result += bulk_result(body, gone_is_done=action == "delete")
        return result

    # -- import and export

    def import_rules(
        self,
        objects: Iterable[Mapping[str, Any]],
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
        chosen = None if rule_ids is None else {"objects": [{"rule_id": one} for one in rule_ids]}
        response = self._http.send("POST", f"{RULES}/_export", body=chosen, repeatable=True, timeout=LONG)
        found = export_of(response.lines())
        if not found.summary:
            raise response.cut_off()
        return found

    # -- exception lists

    def find_exception_lists(self, namespace_type: Namespace | None = None) -> list[Object]:
        """All exception lists of the space and (``agnostic``) of all spaces."""
        return self._pages(f"{LISTS}/_find", {"namespace_type": namespace_type or "single,agnostic"})

    def get_exception_list(self, list_id: str, namespace_type: Namespace = "single") -> Object | None:
        """A list by its list_id."""
        return self._get(LISTS, {"list_id": list_id, "namespace_type": namespace_type})

    def create_exception_list(self, payload: Mapping[str, Any]) -> Object:
        """Create a list; ServerError with status 409 if its list_id is taken."""
        return self._create(LISTS, payload, lambda: self.get_exception_list(payload["list_id"], _namespace(payload)))

    def update_exception_list(self, payload: Mapping[str, Any]) -> Object:
        """Replace a list's name, description, tags ..."""
        return self._http.send("PUT", LISTS, body=payload).object()

    def delete_exception_list(self, list_id: str, namespace_type: Namespace = "single") -> bool:
        """Delete a list with its items; False if there was none."""
        return self._delete(LISTS, {"list_id": list_id, "namespace_type": namespace_type})

    def find_exception_items(self, list_id: str, namespace_type: Namespace = "single") -> list[Object]:
        """All items of a list; none where there is no list."""
        query: Query = {"list_id": list_id, "namespace_type": namespace_type}
        return self._pages(f"{ITEMS}/_find", query, accept=(404,))

    def get_exception_item(self, item_id: str, namespace_type: Namespace = "single") -> Object | None:
        """An item by its item_id."""
        return self._get(ITEMS, {"item_id": item_id, "namespace_type": namespace_type})

    def create_exception_item(self, payload: Mapping[str, Any]) -> Object:
        """Create an item; ServerError with status 409 if its item_id is taken."""
        return self._create(ITEMS, payload, lambda: self.get_exception_item(payload["item_id"], _namespace(payload)))

    def update_exception_item(self, payload: Mapping[str, Any]) -> Object:
        """Replace an item."""
        return self._http.send("PUT", ITEMS, body=payload).object()

    def delete_exception_item(self, item_id: str, namespace_type: Namespace = "single") -> bool:
        """Delete an item; False if there was none."""
        return self._delete(ITEMS, {"item_id": item_id, "namespace_type": namespace_type})

    # -- value lists

    def find_value_lists(self) -> list[Object]:
        """All value lists of the space; none where their index was never made."""
        return self._pages(f"{VALUES}/_find", {})

    def create_value_list(self, payload: Mapping[str, Any]) -> Object:
        """Create a value list (``id``, ``name``, ``description``, ``type``), and the index of value lists first, where
        there is none."""
        if self._http.send("GET", f"{VALUES}/index", accept=(404,)).status == 404:
            self._http.send("POST", f"{VALUES}/index", accept=(409,), repeatable=True)
        return self._create(VALUES, payload, lambda: self._get(VALUES, {"id": payload["id"]}))

    def delete_value_list(self, id: str) -> bool:  # noqa: A002 - the API's name
        """Delete a value list with its items; False if there was none."""
        return self._delete(VALUES, {"id": id})

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
            self._http.send("POST", f"{VALUES}/items/_import", query=query, raw=raw, timeout=LONG).object()

    def export_value_list_items(self, id: str) -> list[str]:  # noqa: A002 - the API's name
        """The values of a list."""
        query: Query = {"list_id": id}
        path = f"{VALUES}/items/_export"
        return self._http.send("POST", path, query=query, repeatable=True, timeout=LONG, values=True).values()

    # -- connectors

    def find_connectors(self) -> list[Object]:
        """All connectors of the space, without their secrets, and without what looks like one in their ``config``."""
        found = self._http.send("GET", f"{CONNECTORS}s").array()
        return [{**one, "config": without_secrets(one.get("config"))[0]} for one in found]

    def create_connector(self, id: str, payload: Mapping[str, Any]) -> Object:  # noqa: A002 - the API's name
        """Create a connector under this id; ServerError with status 409 if it is taken."""
        path = f"{CONNECTORS}/{id}"
        return self._create(path, payload, lambda: self._get(path, {}))

    # -- preview

    def preview(self, payload: Mapping[str, Any], *, invocation_count: int, timeframe_end: str) -> Preview:
        """Run a rule without creating it, as often as asked, the last time at ``timeframe_end`` (ISO 8601)."""
        body = {**payload, "invocationCount": invocation_count, "timeframeEnd": timeframe_end}
        found = self._http.send("POST", f"{RULES}/preview", body=body, repeatable=True, timeout=LONG).object()
        logs = found.get("logs", ())
        return Preview(
            found.get("previewId") or "", bool(found.get("isAborted")),
            tuple(text for log in logs for text in log.get("errors", ())),
            tuple(text for log in logs for text in log.get("warnings", ())),
        )  # fmt: skip

    def preview_alerts(self, preview_id: str) -> list[Object]:
        """The alerts of a preview (their ``_source``), oldest first, at most 10,000.

        No route of the detection engine reads them; Kibana's console passes the search on to Elasticsearch, with the
        privileges of these credentials (read on ``.preview.alerts-security.alerts-*``).
        """
        index = f".preview.alerts-security.alerts-{self.space}"
        search = {
            "size": 10_000,
            "query": {"term": {"kibana.alert.rule.uuid": preview_id}},
            "sort": [{"@timestamp": "asc"}],
        }
        query: Query = {"path": f"/{index}/_search?ignore_unavailable=true", "method": "POST"}
        response = self._http.send(
            "POST", "/api/console/proxy", query=query, body=search, repeatable=True, internal=True
        )
        hits = _at(response.json(), "hits", "hits")
        if not isinstance(hits, list):
            raise response.strange()
        return [hit["_source"] for hit in hits]

    # -- what they share

    def _get(self, path: str, query: Query) -> Object | None:
        response = self._http.send("GET", path, query=query, accept=(404,))
        return None if response.status == 404 else response.object()

    def _delete(self, path: str, query: Query) -> bool:
        response = self._http.send("DELETE", path, query=query, accept=(404,))
        if response.ok:
            response.object()
        return response.ok or response.tries > 1  # gone by the try whose answer was lost

    def _create(self, path: str, payload: Mapping[str, Any], read: Callable[[], Object | None]) -> Object:
        """POST; after an answer that was lost, what became of it is read, and only what is not there sent again."""
        attempt = 0
        while True:
            try:
                return self._http.send("POST", path, body=payload).object()
            except ServerError as error:
                lost = isinstance(error, ServerUnavailable) and error.sent
                late = attempt > 0 and error.status == 409
                wait = self._http.backoff.wait(attempt)
                if not (lost or late) or wait is None:
                    raise
                found = read()
                if found is not None and _same(payload, found):
                    return found
                if late:
                    raise
            self._http.backoff.sleep(wait)
            attempt += 1

    def _pages(self, path: str, query: Query, accept: tuple[int, ...] = ()) -> list[Object]:
        """All pages, read again from the start if the things moved while they were read."""
        for _ in range(3):
            pages = list(self._each_page(path, query, accept))
            found: dict[str, Object] = {one["id"]: one for _, data in pages for one in data}
            totals = {total for total, _ in pages} or {0}
            if totals == {len(found)}:
                return list(found.values())
        raise ServerError("what it lists is being changed all the time", request=f"GET {path}")

    def _each_page(self, path: str, query: Query, accept: tuple[int, ...]) -> Iterator[tuple[int, list[Object]]]:
        page = 1
        while True:
            asked = {**query, "page": page, "per_page": _PAGE}
            response = self._http.send("GET", path, query=asked, accept=accept)
            if not response.ok:
                return
            body = response.object()
            total, data = body.get("total"), body.get("data")
            if not isinstance(total, int) or not isinstance(data, list):
                raise response.strange()
            yield total, data
            if page * _PAGE >= total or not data:
                return
            page += 1


def _at(thing: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(thing, dict):
            return None
        thing = thing.get(name)
    return thing


def _namespace(payload: Mapping[str, Any]) -> Namespace:
    return "agnostic" if payload.get("namespace_type") == "agnostic" else "single"


def _same(payload: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether what is there is what was sent, by its plain values: Kibana changes the form of others."""
    plain = (str, int, float, bool)
    return all(
        found.get(name) == value
        for name, value in payload.items()
        if isinstance(value, plain) and isinstance(found.get(name), plain)
    )
