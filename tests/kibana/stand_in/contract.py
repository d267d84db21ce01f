"""The contract of etc/kibana/openapi.json, and what in a request breaks it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from werkzeug import Request

FILE = Path(__file__).parents[3] / "etc/kibana/openapi.json"


@dataclass(frozen=True)
class Breach(Exception):
    """A request that the contract does not allow. ``of_rule``: its rule is at fault, not the one who sent it."""

    message: str
    status: int = 400
    of_rule: bool = False


@cache
def document() -> dict[str, Any]:
    return json.loads(FILE.read_text())


@cache
def validator(text: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(text), "components": document()["components"]})


def first_error(schema: dict[str, Any], value: Any) -> str | None:
    error = best_match(validator(json.dumps(schema, sort_keys=True)).iter_errors(value))
    return None if error is None else f"{'.'.join(str(one) for one in error.absolute_path) or 'body'}: {error.message}"


def rule_schema(rule: Any) -> dict[str, Any] | None:
    """The schema of a rule's type; None where there is no such type."""
    mapping = document()["components"]["schemas"]["Rule"]["discriminator"]["mapping"]
    name = rule.get("type") if isinstance(rule, dict) else None
    return {"$ref": mapping[name]} if isinstance(name, str) and name in mapping else None


def rule_error(rule: Any) -> str | None:
    """What Kibana would refuse in a rule."""
    schema = rule_schema(rule)
    return "type: there is no such type of rule" if schema is None else first_error(schema, rule)


@cache
def rule_fields(kind: str) -> frozenset[str]:
    """The fields a rule of a type may have; Kibana drops others."""
    schemas = document()["components"]["schemas"]
    own = schemas[document_name(kind)]["properties"]
    return frozenset(own) | frozenset(schemas["RuleCommon"]["properties"])


def document_name(kind: str) -> str:
    return str(document()["components"]["schemas"]["Rule"]["discriminator"]["mapping"][kind]).rpartition("/")[2]


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    found = []
    for template in document()["paths"]:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        found.append((re.compile(f"{pattern}\\Z"), template))
    return sorted(found, key=lambda one: "{" in one[1])


def check(request: Request, path: str) -> tuple[str, Any]:
    """The template of the path and the body, decoded.

    Raises Breach: a path, method, header, parameter or body that the contract does not know.
    """
    template = next((name for pattern, name in _templates() if pattern.match(path)), None)
    operation = document()["paths"].get(template, {}).get(request.method.lower())
    if template is None or operation is None:
        raise Breach(f"{request.method} {path} is not in the contract", 404)
    parameters = [_resolved(one) for one in operation["parameters"]]
    for parameter in parameters:
        if parameter["in"] == "header":
            _header(request, parameter)
    _query(request, [one for one in parameters if one["in"] == "query"], operation.get("x-exactly-one-of", ()))
    return template, _body(request, operation.get("requestBody"))


def _resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    name = parameter.get("$ref", "").rpartition("/")[2]
    return document()["components"]["parameters"][name] if name else parameter


def _header(request: Request, parameter: dict[str, Any]) -> None:
    value = request.headers.get(parameter["name"])
    if value is None and parameter["name"] == "kbn-xsrf":
        raise Breach("Request must contain a kbn-xsrf header.")
    if value is None or first_error(parameter["schema"], value):
        raise Breach(f"header {parameter['name']}: {value!r}")


def _query(request: Request, parameters: list[dict[str, Any]], one_of: list[str]) -> None:
    known = {one["name"]: one for one in parameters}
    for name, value in request.args.items(multi=True):
        if name not in known:
            raise Breach(f"[request query]: {name}: there is no such parameter")
        if error := first_error(known[name]["schema"], value):
            raise Breach(f"[request query]: {name}: {error}")
    for name, one in known.items():
        if one.get("required") and name not in request.args:
            raise Breach(f"[request query]: {name}: Required")
    if one_of and sum(name in request.args for name in one_of) != 1:
        raise Breach(f"either {' or '.join(one_of)} must be set")


def _body(request: Request, wanted: dict[str, Any] | None) -> Any:
    data = request.get_data(cache=True, parse_form_data=False)
    if wanted is None:
        if data:
            raise Breach("[request body]: there is none in this request")
        return None
    [(mime, content)] = wanted["content"].items()
    if not data and not wanted["required"]:
        return None
    if request.mimetype != mime:
        raise Breach(f"Unsupported Media Type {request.mimetype!r}", 415)
    if mime == "multipart/form-data":
        return data
    try:
        body = json.loads(data)
    except ValueError:
        raise Breach("Invalid JSON payload") from None
    _json_body(content["schema"], body)
    return body


def _json_body(schema: dict[str, Any], body: Any) -> None:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in ("Rule", "RuleUpdate", "RulePreview"):
        if error := rule_error(body):
            raise Breach(f"[request body]: {error}", of_rule=True)
        whole = document()["components"]["schemas"][name]
        schema = {key: whole[key] for key in ("anyOf", "properties", "required") if key in whole}
    if error := first_error(schema, body):
        raise Breach(f"[request body]: {error}")


def file_pattern(template: str) -> str:
    """The names a file of a multipart request may have."""
    operation = document()["paths"][template]["post"]
    return str(operation["requestBody"]["content"]["multipart/form-data"]["schema"]["x-filename"])
