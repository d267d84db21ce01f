"""An environment: one place that rules are deployed to, and what is different there.

A rule's file says what the rule finds. Where it runs, how often and who is told may differ between development and
production, and stands here instead, in the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from detections.errors import Finding, Level, Location, UsageError
from detections.payload import ordered, to_api
from detections.rule import Rule, load
from detections.rule.keys import shape
from detections.rule.schemas import SCHEMAS
from detections.server import Connection, Credentials, connection

CODE = "environment"
TAG = "Managed by: detections"
"""The tag that marks a rule in Kibana as ours, where the configuration names no other."""


@dataclass(frozen=True, slots=True)
class Override:
    """Fields of ``[rule]`` that have other values in an environment: for the rules with one of these ids or one of
    these tags, for every rule where neither is named. ``location`` is where the configuration says so."""

    fields: Mapping[str, Any]
    rule_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    location: Location = field(default_factory=lambda: Location(""))

    def concerns(self, rule: Rule) -> bool:
        if not self.rule_ids and not self.tags:
            return True
        return rule.rule_id in self.rule_ids or not set(self.tags).isdisjoint(rule.tags)


@dataclass(frozen=True, slots=True)
class Environment:
    """One Kibana space. ``tag`` marks the rules there that are ours. ``overrides`` are applied in their order, so that
    of two which concern a rule the later one counts."""

    name: str
    url: str | None = None
    cloud_id: str | None = None
    space: str = "default"
    ca_file: Path | None = None
    timeout: float = 60.0
    tag: str = TAG
    overrides: tuple[Override, ...] = ()
    credentials: Credentials = field(default_factory=Credentials)

    def connection(self) -> Connection:
        """The way to its Kibana.

        Raises:
            UsageError: there is no URL, or it and the credentials do not go together.
        """
        if self.url is None and self.cloud_id is None:
            raise UsageError(
                f"environment {self.name}: neither url nor cloud_id is configured, and KIBANA_URL is not set"
            )
        try:
            return connection(
                "kibana", url=self.url, cloud_id=self.cloud_id, api_key=self.credentials.api_key,
                username=self.credentials.username, password=self.credentials.password,
                ca_file=self.ca_file, timeout=self.timeout,
            )  # fmt: skip
        except UsageError as error:
            raise UsageError(f"environment {self.name}: {error}") from None

    def settings(self, rule: Rule) -> dict[str, Any]:
        """The fields of this rule that are this environment's to say. A field that rules of its type do not have
        (``index`` of an ES|QL rule) is left out; indices take the place of a data view, and the other way round."""
        known = shape(SCHEMAS[rule.type]).names
        settings: dict[str, Any] = {}
        for override in self.overrides:
            if override.concerns(rule):
                for name, other in (("index", "data_view_id"), ("data_view_id", "index")):
                    if name in override.fields:
                        settings.pop(other, None)
                settings |= override.fields
        return {name: value for name, value in settings.items() if name in known}

    def strays(self, rules: Sequence[Rule]) -> list[Finding]:
        """A warning for each rule_id and tag in the overrides that none of these rules, all of the project, has."""
        names = {rule.rule_id for rule in rules}
        tags = {tag for rule in rules for tag in rule.tags}
        return [
            Finding(CODE, f"no rule has the {kind} {name}", override.location, Level.WARNING)
            for override in self.overrides
            for kind, wanted, known in (("rule_id", override.rule_ids, names), ("tag", override.tags, tags))
            for name in wanted
            if name not in known
        ]

    def rule(self, rule: Rule) -> tuple[Rule, list[Finding]]:
        """The rule as it is here, with the overrides in the place of what its file says; and what the schema of its
        type has against them. Then it is the rule as its file has it."""
        settings = self.settings(rule)
        if not settings:
            return rule, []
        table = {**rule.document.data["rule"], **settings}
        for name, other in (("index", "data_view_id"), ("data_view_id", "index")):
            if name in settings and other not in settings:
                table.pop(other, None)
        there, findings = load(replace(rule.document, data={**rule.document.data, "rule": table}), rule.fields)
        if there is not None:
            return there, []
        said = [finding for finding in findings if finding.level is Level.ERROR]
        where = next(override.location for override in reversed(self.overrides) if override.concerns(rule))
        return rule, [Finding(CODE, f"{rule.name}: {one.message}", where, hint=one.hint) for one in said]

    def payload(self, rule: Rule) -> dict[str, Any]:
        """The API object of a rule as it is to be here: what its file says, the overrides, the tag of ownership."""
        body = to_api(self.rule(rule)[0])
        tags = list(body.get("tags", []))
        body["tags"] = tags if self.tag in tags else [*tags, self.tag]
        return ordered(body)
