"""Every request that is sent to a Kibana, and the ways through it: what a deployment, a pull and a status ask.

``fill`` puts one of everything into a Kibana; ``recorded`` is what it answered to a call.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from detections.bundle import load_attachments
from detections.deploy.apply import apply_plan
from detections.deploy.attachments import Wanted
from detections.deploy.deployment import Deployment
from detections.deploy.environment import Environment
from detections.deploy.model import Options
from detections.deploy.pull import Options as PullOptions
from detections.deploy.pull import Repo, Selection, pull_rules
from detections.deploy.pull_attachments import Folders, Held, pull_attachments, value_lists_of
from detections.deploy.state import State, StateFile
from detections.deploy.status import executions
from detections.kibana.client import Kibana
from detections.payload import Lock
from detections.payload.from_api import from_api
from detections.proof import Standing
from detections.report import deployment as text
from detections.report import json as json_report
from detections.report import markdown
from detections.rule import Rule, Rules, load
from detections.server import Connection
from detections.source import new, parse
from hostile_answers import Recording

TODAY = datetime.date(2026, 11, 24)
NOWHERE = Connection("http://127.0.0.1:1", api_key="key")
RULE: dict[str, Any] = {
    "rule_id": "a", "name": "A", "description": "A.", "type": "query", "query": "a: 1", "risk_score": 21,
    "severity": "low", "tags": ["Managed by: detections"], "version": 1,
}  # fmt: skip
LIST = {"list_id": "l", "name": "L", "description": "L.", "type": "detection", "namespace_type": "single"}
ITEM = {
    "item_id": "i", "list_id": "l", "name": "I", "description": "I.", "type": "simple", "namespace_type": "single",
    "comments": [], "os_types": [], "tags": [],
    "entries": [{"field": "x", "type": "list", "operator": "included", "list": {"id": "v", "type": "ip"}}],
}  # fmt: skip
VALUES = {"id": "v", "name": "V", "description": "V.", "type": "ip"}
CONNECTOR = {
    "id": "c", "type": "action", "references": [],
    "attributes": {"actionTypeId": ".webhook", "name": "C", "config": {"method": "post", "url": "https://h/x"},
                   "isMissingSecrets": True, "secrets": {}},
}  # fmt: skip
ACTION = {"id": "c", "action_type_id": ".webhook", "group": "default", "params": {"body": "x"}}
USING = RULE | {
    "exceptions_list": [{"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}],
    "actions": [ACTION],
}  # fmt: skip
CALLS: dict[str, Callable[[Kibana], Any]] = {
    "status": lambda kibana: kibana.status(),
    "spaces": lambda kibana: kibana.spaces(),
    "find_rules": lambda kibana: kibana.find_rules(),
    "bulk_action": lambda kibana: kibana.bulk_action("delete", ["00000000-0000-4000-8000-000000000000"]),
    "import_rules": lambda kibana: kibana.import_rules([LIST, ITEM, CONNECTOR, USING | {"rule_id": "b"}]),
    "export_rules": lambda kibana: kibana.export_rules(["a"]),
    "get_exception_list": lambda kibana: kibana.get_exception_list("l"),
    "create_exception_list": lambda kibana: kibana.create_exception_list(LIST | {"list_id": "m"}),
    "update_exception_list": lambda kibana: kibana.update_exception_list(LIST),
    "find_exception_items": lambda kibana: kibana.find_exception_items("l"),
    "get_exception_item": lambda kibana: kibana.get_exception_item("i"),
    "create_exception_item": lambda kibana: kibana.create_exception_item(ITEM | {"item_id": "j"}),
    "update_exception_item": lambda kibana: kibana.update_exception_item(
        {name: value for name, value in ITEM.items() if name != "list_id"}
    ),
    "delete_exception_item": lambda kibana: kibana.delete_exception_item("i"),
    "find_value_lists": lambda kibana: kibana.find_value_lists(),
    "create_value_list": lambda kibana: kibana.create_value_list(VALUES | {"id": "w"}),
    "import_values": lambda kibana: kibana.import_value_list_items("v", ["1.2.3.4", "5.6.7.8"]),
    "export_values": lambda kibana: kibana.export_value_list_items("v"),
    "find_connectors": lambda kibana: kibana.find_connectors(),
    "preview": lambda kibana: kibana.preview(RULE, invocation_count=1, timeframe_end="2026-01-15T09:00:00Z"),
    "preview_alerts": lambda kibana: kibana.preview_alerts("p"),
}


def fill(kibana: Any) -> None:
    """Put one of everything into a Kibana."""
    kibana.create_value_list(VALUES)
    kibana.import_value_list_items("v", ["1.2.3.4"])
    kibana.import_rules([LIST, ITEM, CONNECTOR, USING])


def recorded(kibana: Any, call: Callable[[Any], Any]) -> list[tuple[str, Any]]:
    """What was asked, and what was answered."""
    wire = kibana._http._client._wire
    recording = kibana._http._client._wire = Recording(wire)
    try:
        call(kibana)
    finally:
        kibana._http._client._wire = wire
    return recording.answers


def rule_of(payload: dict[str, Any]) -> Rule:
    metadata = {"creation_date": "2026/11/24", "updated_date": "2026/11/24", "maturity": "production"}
    rule, findings = load(parse(new({"metadata": metadata, "rule": from_api(payload)}, "r.toml"), "r.toml"))
    assert rule is not None, findings
    return rule


class World:
    """A repo that deploys one of everything, in one folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.file = StateFile(folder / f"{name}.json")
        self.environment = Environment("test", url=NOWHERE.url)
        self.wanted = Wanted([LIST, ITEM, CONNECTOR], [{**VALUES, "values": ["1.2.3.4", "9.9.9.9"]}])
        self.attachments = load_attachments(folder / "e", folder / "v", folder / "c")

    def deployment(self, kibana: Kibana, desired: list[dict[str, Any]]) -> Deployment:
        rules = [rule_of(payload) for payload in copy.deepcopy(desired)]

        def prove(some: Sequence[Rule]) -> list[Standing]:
            return [Standing(rule, "proved") for rule in some]

        return Deployment(self.environment, kibana, self.file, rules, Lock(), self.wanted, prove, lambda line: None)

    def deploy(self, kibana: Kibana, options: Options, *, rebuild: bool = False) -> None:
        """A plan in every form, and its apply."""
        self.file.path.unlink(missing_ok=True)
        desired = [
            USING | {"note": "new"},
            RULE | {"rule_id": "b", "type": "eql", "query": "any where true", "language": "eql"},
        ]
        deployment = self.deployment(kibana, desired)
        plan = deployment.plan(options, rebuild=rebuild)
        for report in (text, json_report, markdown):
            list(report.plan(plan))
        assert all(change.seen for change in plan.changes)
        for outcome in apply_plan(kibana, plan, deployment.state, deployment.file):
            text.outcome(outcome, plan)

    def pull(self, kibana: Kibana) -> None:
        """Everything that is there, into files that are nowhere yet."""
        rules, _, _ = Selection(every=True).choose(kibana.find_rules(), "Managed by: detections")
        export = kibana.export_rules([rule.rule_id for rule in rules])
        wanted = value_lists_of(export.exception_items)
        lists = [one for one in kibana.find_value_lists() if one.id in wanted]
        values = {one.id: kibana.export_value_list_items(one.id) for one in lists}
        held = Held(export.exception_lists, export.exception_items, export.connectors, lists, values)
        repo, state = Repo(Rules((), (), ()), self.folder / "rules", Lock()), State("k", {})
        pull_rules(repo, rules, self.environment, state, TODAY, PullOptions(everything=True))
        folders = Folders(self.folder / "e", self.folder / "v", self.folder / "c")
        pull_attachments(held.used_by(rules), self.attachments, folders, {})

    def status(self, kibana: Kibana) -> None:
        runs = executions(kibana.find_rules(), "Managed by: detections")
        list(text.status(runs))
        list(json_report.status(runs))


FLOWS: dict[str, Callable[[World, Any], None]] = {
    "deploy": lambda world, kibana: world.deploy(kibana, Options()),
    "deploy over drift": lambda world, kibana: world.deploy(kibana, Options(True, True, "delete")),
    "rebuild": lambda world, kibana: world.deploy(kibana, Options(prune="disable"), rebuild=True),
    "pull": lambda world, kibana: world.pull(kibana), "status": lambda world, kibana: world.status(kibana),
}  # fmt: skip
