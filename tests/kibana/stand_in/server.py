"""The stand-in itself: authentication, spaces, routes, faults."""

from __future__ import annotations

import base64
import copy
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kibana_stand_in import exchange, lists, rules
from kibana_stand_in.contract import Breach, check
from kibana_stand_in.faults import Fault, reset
from kibana_stand_in.state import Object, Refused, Space, World
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

RULES = "/api/detection_engine/rules"


@dataclass(frozen=True)
class Seen:
    """A request that arrived. ``body`` is JSON decoded, or bytes."""

    method: str
    path: str
    space: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class StandIn:
    """A Kibana on loopback. Tests read and change its ``world``; what arrived is in ``requests``.

    ``breaches`` holds what broke the contract (the fixture fails a test that leaves any). ``after_request`` is called
    with the number of each request (from 1) when its work is done and before it is answered; what it raises drops the
    connection. ``refused``: rule_id -> (status, message) of rules that are not taken. ``denied``: (regular expression
    over ``METHOD /path``, privilege). ``first_import_fails``: the first import with lists or connectors does not see
    them yet when it comes to its rules. ``alerts``: from a preview's body to the alerts it finds.
    """

    api_key_id, api_key_secret = "deployer", "s3cr3t-of-the-key"
    username, password = "elastic", "changeme-0451"

    def __init__(self, server: HTTPServer, base_path: str = "") -> None:
        self.world = World()
        self.base_path = base_path
        self.requests: list[Seen] = []
        self.breaches: list[str] = []
        self.faults: list[Fault] = []
        self.refused: dict[str, tuple[int, str]] = {}
        self.denied: list[tuple[str, str]] = []
        self.after_request: Callable[[int], None] | None = None
        self.first_import_fails = False
        self.imported_once = False
        self.level = "available"
        self.alerts: Callable[[Object], list[Object]] = lambda body: []
        self._working = threading.Lock()
        self._server = server
        server.expect_request(re.compile(".*")).respond_with_handler(self._handle)

    # -- what tests use

    @property
    def url(self) -> str:
        return self._server.url_for(self.base_path).rstrip("/")

    @property
    def api_key(self) -> str:
        return f"{self.api_key_id}:{self.api_key_secret}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may be in no output."""
        encoded = base64.b64encode(self.api_key.encode()).decode()
        basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return self.api_key_secret, encoded, self.password, basic

    def space(self, name: str = "default") -> Space:
        return self.world.spaces.setdefault(name, Space(name))

    def rule(self, rule_id: str, space: str = "default") -> Object | None:
        """A rule as it is kept; changing it changes it without a trace."""
        return self.space(space).rule(rule_id)

    def fail(
        self, on: str = "", status: int = 503, *, times: int = 1, skip: int = 0, worked: bool = False,
        headers: dict[str, str] | None = None, body: str | None = None,
    ) -> None:  # fmt: skip
        """Answer with a status (and a body; one that begins with < is HTML)."""
        self.faults.append(
            Fault(on, "answer", times, skip, worked, status=status, headers=dict(headers or {}), body=body)
        )

    def drop(self, on: str = "", *, times: int = 1, skip: int = 0, worked: bool = False) -> None:
        """Reset the connection without an answer."""
        self.faults.append(Fault(on, "drop", times, skip, worked))

    def cut(self, on: str = "", *, times: int = 1, skip: int = 0) -> None:
        """Do the work, send half of the answer, and reset the connection."""
        self.faults.append(Fault(on, "cut", times, skip, worked=True))

    def cut_json(self, on: str = "", *, times: int = 1, skip: int = 0) -> None:
        """Do the work, and send half of the JSON as if it were all of it."""
        self.faults.append(Fault(on, "cut_json", times, skip, worked=True))

    def slow(self, on: str = "", seconds: float = 0.5, *, times: int = 1, skip: int = 0) -> None:
        """Do the work, and wait before the answer."""
        self.faults.append(Fault(on, "slow", times, skip, worked=True, seconds=seconds))

    def kill_after(self, number: int) -> None:
        """Do the work of so many requests from now on, the last one's answer is lost; then nobody is there."""
        last = len(self.requests) + number

        def dead(count: int) -> None:
            if count >= last:
                raise ConnectionAbortedError

        self.after_request = dead
        self.faults.append(Fault("", "drop", times=10**9, skip=number))

    def revive(self) -> None:
        """End all faults."""
        self.after_request = None
        self.faults.clear()

    def edit(self, rule_id: str, space: str = "default", by: str = "analyst", **changes: Any) -> Object:
        """A person's edit in Kibana's form: ``meta`` is lost, all else that the form does not show is kept."""
        place = self.space(space)
        old = rules.found(place, None, rule_id)
        user, self.world.user = self.world.user, by
        try:
            new = {k: v for k, v in copy.deepcopy(old).items() if k != "meta"} | changes
            if old["immutable"]:
                new["rule_source"] = rules.customized(self.world, new)
            return rules.replace(self.world, place, old, new)
        finally:
            self.world.user = user

    def install_prebuilt(self, asset: Object, space: str = "default") -> Object:
        """A prebuilt rule of Elastic's, known by its asset and installed."""
        self.world.prebuilt[asset["rule_id"]] = copy.deepcopy(asset)
        source = {"type": "external", "is_customized": False, "has_base_version": True, "customized_fields": []}
        return rules.create(self.world, self.space(space), asset, source=source)

    def executed(self, rule_id: str, status: str, message: str = "", space: str = "default") -> None:
        """What the last execution of a rule came to: succeeded, failed, partial failure."""
        rule = rules.found(self.space(space), None, rule_id)
        summary = rules.executed(self.world.now())
        summary["last_execution"] |= {"status": status, "message": message}
        rule["execution_summary"] = summary

    # -- answering

    def _handle(self, request: Request) -> Response:
        path, space = self._place(request.path)
        body = _decoded(request)
        seen = Seen(request.method, path, space, request.args.to_dict(), dict(request.headers), body)
        self.requests.append(seen)
        number = len(self.requests)
        fault = next((one for one in self.faults if one.strikes(str(seen))), None)
        if fault is not None and not fault.worked:
            return fault.answer(request, None)
        with self._working:
            answer = self._answer(request, path, space)
        if self.after_request is not None:
            try:
                self.after_request(number)
            except ConnectionAbortedError:
                return reset(request, b"")
        return answer if fault is None else fault.answer(request, answer)

    def _place(self, path: str) -> tuple[str, str]:
        """The path within a space, and the space."""
        inner = path.removeprefix(self.base_path) if path.startswith(self.base_path) else f"/outside{path}"
        found = re.match(r"/s/([^/]+)(/.*)", inner)
        return (found[2], found[1]) if found else (inner, "default")

    def _answer(self, request: Request, path: str, space: str) -> Response:
        try:
            self._size(request, path)
            template, body = check(request, path)
            user = self._user(request)
            if path == "/api/status":
                return self._status(user)
            if user is None:
                return _platform(401, "Unauthorized", "[security_exception]: missing authentication credentials")
            for pattern, privilege in self.denied:
                if re.search(pattern, f"{request.method} {path}"):
                    said = f"API [{request.method} {path}] is unauthorized for user, this action is granted by the Kibana privileges [{privilege}]"  # noqa: E501
                    return _platform(403, "Forbidden", said)
            place = self.world.spaces.get(space) or self.world.phantoms.setdefault(space, Space(space))
            return self._route(request, template, path, body, place)
        except Breach as breach:
            if not breach.of_rule:
                self.breaches.append(f"{request.method} {path}: {breach.message}")
            return _platform(breach.status, "Bad Request", breach.message)
        except Refused as error:
            return _json({"message": error.message, "status_code": error.status}, error.status)

    def _size(self, request: Request, path: str) -> None:
        if path.endswith("/_import") and len(request.get_data()) > exchange.MAX_BYTES:
            raise Breach(f"Payload content length greater than maximum allowed: {exchange.MAX_BYTES}", 413)

    def _user(self, request: Request) -> str | None:
        sent = request.headers.get("Authorization", "")
        known = {
            f"ApiKey {base64.b64encode(self.api_key.encode()).decode()}",
            f"Basic {base64.b64encode(f'{self.username}:{self.password}'.encode()).decode()}",
        }
        return self.world.user if sent in known else None

    def _status(self, user: str | None) -> Response:
        overall = {"level": self.level}
        code = 200 if self.level in ("available", "degraded") else 503
        if user is None:
            return _json({"status": {"overall": overall}}, code)
        version = {"number": self.world.version, "build_flavor": "traditional", "build_snapshot": False}
        status = {"overall": {**overall, "summary": "All services and plugins are available"}}
        return _json({"name": "stand-in", "uuid": "0", "version": version, "status": status}, code)

    def _route(self, request: Request, template: str, path: str, body: Any, space: Space) -> Response:
        world, args = self.world, request.args
        key = f"{request.method} {template}"
        if key.startswith(("GET /api/spaces", "POST /api/spaces", "DELETE /api/spaces")):
            return self._spaces(request.method, path, body)
        if template.startswith("/api/actions"):
            return self._connector(request.method, path, body, space)
        if template == f"{RULES}/_bulk_action":
            status, answer = rules.bulk(world, space, body, args.get("dry_run") == "true", self.refused)
            return _json(answer, status)
        if template == f"{RULES}/_export":
            return Response(exchange.export_rules(world, space, body, args), 200, content_type="application/ndjson")
        if template == "/api/lists/items/_export":
            return Response(lists.export_values(space, args["list_id"]), 200, content_type="application/ndjson")
        if template.endswith("/_import"):
            body = exchange.file_of(body, request.headers["Content-Type"], template)
        return _json(self._table(key, args, body, space)())

    def _table(self, key: str, args: Any, body: Any, space: Space) -> Callable[[], Any]:
        world = self.world
        return {
            f"GET {RULES}": lambda: rules.found(space, args.get("id"), args.get("rule_id")),
            f"POST {RULES}": lambda: self._create(body, space),
            f"PUT {RULES}": lambda: self._update(body, space),
            f"DELETE {RULES}": lambda: space.rules.pop(rules.found(space, args.get("id"), args.get("rule_id"))["id"]),
            f"GET {RULES}/_find": lambda: rules.find(space, args),
            f"POST {RULES}/_import": lambda: exchange.import_rules(world, space, body, args, self),
            f"POST {RULES}/preview": lambda: self._preview(body, space),
            "GET /api/exception_lists": lambda: lists.chosen(world, space, args, item=False),
            "POST /api/exception_lists": lambda: lists.create_list(world, space, body),
            "PUT /api/exception_lists": lambda: lists.update(world, space, body, item=False),
            "DELETE /api/exception_lists": lambda: lists.delete(world, space, args, item=False),
            "GET /api/exception_lists/_find": lambda: lists.find_lists(world, space, args),
            "GET /api/exception_lists/items": lambda: lists.chosen(world, space, args, item=True),
            "POST /api/exception_lists/items": lambda: lists.create_item(world, space, body),
            "PUT /api/exception_lists/items": lambda: lists.update(world, space, body, item=True),
            "DELETE /api/exception_lists/items": lambda: lists.delete(world, space, args, item=True),
            "GET /api/exception_lists/items/_find": lambda: lists.find_items(world, space, args),
            "GET /api/lists": lambda: lists.values_of(space, args["id"]),
            "POST /api/lists": lambda: lists.create_values(world, space, body),
            "DELETE /api/lists": lambda: lists.delete_values(space, args["id"]),
            "GET /api/lists/_find": lambda: lists.find_values(space, args),
            "GET /api/lists/index": lambda: lists.index(space),
            "POST /api/lists/index": lambda: lists.create_index(space),
            "POST /api/lists/items/_import": lambda: lists.import_values(space, args.get("list_id"), body),
            "POST /api/console/proxy": lambda: self._console(args, body, space),
        }[key]

    def _create(self, body: Object, space: Space) -> Object:
        if body.get("rule_id") in self.refused:
            raise Refused(*self.refused[body["rule_id"]])
        return rules.create(self.world, space, body)

    def _update(self, body: Object, space: Space) -> Object:
        old = rules.found(space, body.get("id"), body.get("rule_id"))
        if old["rule_id"] in self.refused:
            raise Refused(*self.refused[old["rule_id"]])
        return rules.update(self.world, space, body)

    def _preview(self, body: Object, space: Space) -> Object:
        identity = self.world.new_id()
        space.previews[identity] = self.alerts(body)
        logs = [{"errors": [], "warnings": [], "startedAt": body["timeframeEnd"], "duration": 12}]
        return {"previewId": identity, "logs": logs, "isAborted": False}

    def _console(self, args: Any, body: Object, space: Space) -> Object:
        """Searches for a preview's alerts; nothing else is passed on."""
        target = urlsplit(args["path"])
        assert target.path == f"/.preview.alerts-security.alerts-{space.id}/_search", args["path"]
        assert dict(parse_qsl(target.query)).keys() <= {"ignore_unavailable"}, args["path"]
        found = space.previews.get(body["query"]["term"]["kibana.alert.rule.uuid"], [])
        hits = [{"_id": str(number), "_source": one} for number, one in enumerate(found[: body.get("size", 10)])]
        return {"took": 1, "timed_out": False, "hits": {"total": {"value": len(found), "relation": "eq"}, "hits": hits}}

    def _spaces(self, method: str, path: str, body: Any) -> Response:
        if method == "GET":
            return _json([{"id": name, "name": name, "disabledFeatures": []} for name in self.world.spaces])
        if method == "POST":
            if body["id"] in self.world.spaces:
                return _platform(409, "Conflict", f"A space with the identifier {body['id']} already exists.")
            self.space(body["id"])
            return _json(body)
        self.world.spaces.pop(path.rpartition("/")[2], None)
        return Response(status=204)

    def _connector(self, method: str, path: str, body: Any, space: Space) -> Response:
        if path == "/api/actions/connectors":
            used = [action["id"] for rule in space.rules.values() for action in rule["actions"]]
            shown = [{**one, "referenced_by_count": used.count(one["id"])} for one in space.connectors.values()]
            return _json(shown)
        name = path.rpartition("/")[2]
        if method == "POST":
            if name in space.connectors:
                return _platform(409, "Conflict", f"Saved object [action/{name}] conflict")
            kept = {k: v for k, v in body.items() if k != "secrets"}
            space.connectors[name] = {
                "id": name, "config": {}, "is_preconfigured": False, "is_deprecated": False,
                "is_missing_secrets": False, "is_system_action": False, **kept,
            }  # fmt: skip
        elif name not in space.connectors:
            return _platform(404, "Not Found", f"Saved object [action/{name}] not found")
        elif method == "DELETE":
            del space.connectors[name]
            return Response(status=204)
        elif method == "PUT":
            space.connectors[name] |= {k: v for k, v in body.items() if k != "secrets"}
        return _json(space.connectors[name])


def _decoded(request: Request) -> Any:
    data = request.get_data(cache=True, parse_form_data=False)
    if request.mimetype == "application/json":
        try:
            return json.loads(data)
        except ValueError:
            return data
    return data


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def _platform(status: int, error: str, message: str) -> Response:
    return _json({"statusCode": status, "error": error, "message": message}, status)
