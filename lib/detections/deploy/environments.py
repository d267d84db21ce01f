"""Environments as they are written down: tables of a TOML file, and credentials from the environment's variables.

[tool.detections.environments.prod]             # pyproject.toml; in a file of its own: [prod]
url = "https://kibana.example.com:5601"         # or cloud_id
space = "security"
ca_file = "etc/ca.pem"                          # relative to the file

[tool.detections.environments.prod.overrides]   # for every rule
enabled = true

[[tool.detections.environments.prod.rules]]     # for some, by id or by tag; the last word counts
tags = ["Data Source: AWS EC2"]
overrides = { interval = "15m", from = "now-20m" }
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema
from marshmallow.fields import Field, Raw

from detections.deploy.environment import CODE, TAG, Environment, Override
from detections.deploy.state import NAMELESS
from detections.errors import Finding, Location, UsageError
from detections.rule import table_findings
from detections.rule.fields import Between, Items, Matches, Record, Whole, refusal
from detections.rule.parts import NOT_EMPTY, PartSchema, text, texts
from detections.rule.schemas import SCHEMAS
from detections.server import MAX_TIMEOUT, Credentials
from detections.source import Document, Keys

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_VALUE = re.compile(r", not .*", re.DOTALL)


_IDENTITY = ("rule_id", "type", "version")
"""Fields that say which rule it is, and which form of it: no environment changes them."""


def _fields() -> dict[str, Field[Any]]:
    """The fields of all types of rules. One that not all types describe in one way is checked with the rule it is for,
    as all of them are."""
    found: dict[str, list[Field[Any]]] = {}
    for kind in SCHEMAS.values():
        for name, known in kind._declared_fields.items():
            if name not in _IDENTITY:
                found.setdefault(name, []).append(known)
    return {name: _optional(fields) for name, fields in found.items()}


def _optional(fields: Sequence[Field[Any]]) -> Field[Any]:
    first = copy.copy(fields[0])
    first.required = False
    if len({id(field) for field in fields}) > 1:
        first.validators, first.validate = [], None
        if len({type(field) for field in fields}) > 1 or isinstance(first, Record):
            return Raw(data_key=first.data_key)
    return first


OverridesSchema: type[Schema] = PartSchema.from_dict(_fields(), name="OverridesSchema")
"""What may differ between environments: any field of a rule, but those that say which rule it is."""


class SomeRulesSchema(PartSchema):
    rule_ids = texts(each=NOT_EMPTY)
    tags = texts(each=NOT_EMPTY)
    overrides = Record(OverridesSchema, required=True)


def _no_secret(url: str) -> None:
    try:
        secret = "@" in urlsplit(url).netloc
    except ValueError:
        return  # whoever connects says what is wrong with it
    if secret:
        raise refusal("must not hold a user or a password", "put them into KIBANA_USERNAME and KIBANA_PASSWORD")


class EnvironmentSchema(PartSchema):
    url = text(validate=_no_secret)
    cloud_id = text(validate=NOT_EMPTY)
    space = text(validate=Matches(r"^[a-z0-9_-]+$", "a space's id: small letters, digits, _ and -"))
    ca_file = text(validate=NOT_EMPTY)
    timeout = Whole(validate=Between(min=1, max=MAX_TIMEOUT))
    tag = text(validate=NOT_EMPTY)
    overrides = Record(OverridesSchema)
    rules = Items(Record(SomeRulesSchema))


def environments(document: Document, keys: Keys, variables: Mapping[str, str]) -> dict[str, Environment]:
    """The environments in the table at ``keys`` of a document, by name. Each takes its credentials from the variables
    that end in its name in capitals (``KIBANA_API_KEY_PROD``), else from those without.

    Raises:
        UsageError: a table is not as it should be; each problem with its place. Or a file of credentials cannot be
            read.
    """
    table: Any = document.data
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(str(document.finding(CODE, "must be a table of environments", keys)))
    findings: list[Finding] = []
    for name, environment in table.items():
        place = (*keys, name)
        if not isinstance(environment, dict):
            findings.append(document.finding(CODE, f"{name} must be a table", place, at_key=True))
        elif not _NAME.fullmatch(name):
            text = f"invalid environment name {name}: expected letters, digits, _ and -"
            findings.append(document.finding(CODE, text, place, length=None, at_key=True))
        else:
            problems = table_findings(document, EnvironmentSchema, place)
            findings += problems or _contradictions(document, place, environment)
    if findings:
        plain = [without_values(finding) for finding in findings]
        first, *others = [str(finding) + (f": {finding.hint}" if finding.hint else "") for finding in plain]
        raise UsageError(first, details=others)
    folder = Path(document.path).parent
    environments = {}
    for name, environment in table.items():
        rules = range(len(environment.get("rules", ())))
        places = [document.location((*keys, name, "rules", index)) for index in rules]
        environments[name] = _environment(name, environment, folder, variables, places)
    return environments


def without_values(finding: Finding) -> Finding:
    """A finding without what the file says there: what people write into it by mistake are credentials."""
    return replace(finding, excerpt="", message=_VALUE.sub("", finding.message))


def from_variables(variables: Mapping[str, str]) -> Environment:
    """The environment of a project that configures none: KIBANA_URL or KIBANA_CLOUD_ID, KIBANA_SPACE, KIBANA_CA_FILE
    and the credentials."""
    return _environment(NAMELESS, {}, Path(), variables)


def _contradictions(document: Document, keys: Keys, table: Mapping[str, Any]) -> list[Finding]:
    findings = []
    if "url" in table and "cloud_id" in table:
        findings.append(document.finding(CODE, "url and cloud_id cannot both be set", (*keys, "cloud_id"), at_key=True))
    tables = [((*keys, "overrides"), table.get("overrides", {}))]
    for index, some in enumerate(table.get("rules", [])):
        place = (*keys, "rules", index)
        tables.append(((*place, "overrides"), some["overrides"]))
        if not some.get("rule_ids") and not some.get("tags"):
            findings.append(document.finding(CODE, "rule_ids or tags must be set", place))
    for place, fields in tables:
        if "index" in fields and "data_view_id" in fields:
            text = "index and data_view_id cannot both be set"
            findings.append(document.finding(CODE, text, (*place, "data_view_id"), at_key=True))
    return findings


def _environment(
    name: str, table: Mapping[str, Any], folder: Path, variables: Mapping[str, str], places: Sequence[Location] = ()
) -> Environment:
    suffix = f"_{name.upper().replace('-', '_')}"

    def variable(base: str) -> str | None:
        return variables.get(f"KIBANA_{base}{suffix}") or variables.get(f"KIBANA_{base}") or None

    here = "url" in table or "cloud_id" in table
    url = table.get("url") if here else variable("URL")
    cloud_id = table.get("cloud_id") if here else (None if url else variable("CLOUD_ID"))
    ca_file = folder / table["ca_file"] if "ca_file" in table else variable("CA_FILE")
    overrides = [Override(table["overrides"])] if table.get("overrides") else []
    overrides += [
        Override(some["overrides"], tuple(some.get("rule_ids", ())), tuple(some.get("tags", ())), place)
        for some, place in zip(table.get("rules", ()), places, strict=True)
    ]
    return Environment(
        name=name, url=url, cloud_id=cloud_id, space=table.get("space") or variable("SPACE") or "default",
        ca_file=Path(ca_file) if ca_file else None, timeout=float(table.get("timeout", 60)), tag=table.get("tag", TAG),
        overrides=tuple(overrides), credentials=Credentials.find(variables, "KIBANA", suffix),
    )  # fmt: skip
