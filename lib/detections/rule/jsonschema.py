"""The JSON Schema of a rule file, for editors: made from the marshmallow schemas.

``python -m detections.rule.jsonschema`` writes it to ``etc/rule.schema.json``. It is draft 7, which every editor knows.
The type of the rule chooses what else holds, so that an editor says what is wrong with a rule of this type.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from marshmallow import Schema, fields, validate

from detections.catalog import etc_path
from detections.rule.fields import Flag, Items, Matches, Text, Whole
from detections.rule.schemas import SCHEMAS, CommonSchema, FileSchema, schema
from detections.source import save

FILE = "rule.schema.json"

Json = dict[str, Any]

_TYPES: dict[type, str] = {Text: "string", Whole: "integer", Flag: "boolean"}


def json_schema() -> Json:
    """The JSON Schema (draft 7) of a rule file."""
    definitions: Json = {}
    file = _table(FileSchema, definitions)
    file["properties"]["rule"] = _rule(definitions)
    file["required"].append("rule")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Made by `python -m detections.rule.jsonschema`; do not edit.",
        "title": "Detection rule",
        **file,
        "definitions": dict(sorted(definitions.items())),
    }


def _rule(definitions: Json) -> Json:
    rule = _table(CommonSchema, definitions)
    common = frozenset(rule["properties"])
    rule["required"].append("type")
    rule["allOf"] = []
    anywhere: dict[str, list[Json]] = {}
    for name, kind in SCHEMAS.items():
        definitions[kind.__name__] = own = _table(kind, definitions, without=common)
        for key, value in own["properties"].items():
            if value not in (values := anywhere.setdefault(key, [])):
                values.append(value)
        condition = {"properties": {"type": {"const": name}}, "required": ["type"]}
        rule["allOf"].append({"if": condition, "then": {"$ref": f"#/definitions/{kind.__name__}"}})
    # Every key of every type stands in the rule itself too: an editor offers it, and knows it from a slip of the pen.
    rule["properties"] |= {key: one[0] if len(one) == 1 else {"anyOf": one} for key, one in anywhere.items()}
    rule["properties"]["type"] = {"type": "string", "enum": list(SCHEMAS)}
    return rule


def _table(kind: type[Schema], definitions: Json, without: Collection[str] = ()) -> Json:
    named = {one.data_key or name: one for name, one in schema(kind).fields.items()}
    properties = {name: _value(one, definitions) for name, one in named.items() if name not in without}
    required = [name for name in properties if named[name].required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _value(field: fields.Field[object], definitions: Json) -> Json:
    described = {"description": field.metadata["description"]} if "description" in field.metadata else {}
    return described | _type(field, definitions) | _limits(field, field.validators)


def _type(field: fields.Field[object], definitions: Json) -> Json:
    if isinstance(field, Items):
        items = {"type": "array", "items": _value(field.inner, definitions)}
        return items | ({"type": ["array", "string"]} if field.or_one else {})
    if isinstance(field, fields.Nested):
        kind = type(field.schema)
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # its place, so that a table in itself would end here
            definitions[kind.__name__] = _table(kind, definitions)
        return {"$ref": f"#/definitions/{kind.__name__}"}
    return {"type": _TYPES.get(type(field), "object")}


def _limits(field: fields.Field[object], validators: Collection[object]) -> Json:
    limits: Json = {}
    unit = "Items" if isinstance(field, Items) else "Length"
    for validator in validators:
        if isinstance(validator, validate.OneOf):
            choices = list(validator.choices)
            limits |= {"const": choices[0]} if len(choices) == 1 else {"enum": choices}
        elif isinstance(validator, Matches):
            limits["pattern"] = validator.regex.pattern
        elif isinstance(validator, validate.Range):
            limits |= _ends("minimum", validator.min, "maximum", validator.max)
        elif isinstance(validator, validate.Length):
            limits |= _ends(f"min{unit}", validator.min, f"max{unit}", validator.max)
        else:
            raise TypeError(f"{validator!r} cannot be said in JSON Schema")
    return limits


def _ends(low: str, least: object, high: str, most: object) -> Json:
    return ({} if least is None else {low: least}) | ({} if most is None else {high: most})


def text() -> str:
    """The file as it stands in etc/."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file anew."""
    save(etc_path(FILE), text().encode())


if __name__ == "__main__":
    main()
