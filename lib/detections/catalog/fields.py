"""ECS and the fields of integrations, from etc/fields: one file a source, a later one adds to or corrects an earlier.

A file groups names by their first part, so that a query costs only the groups it names: ``fields[first part][kind]`` is
the rest of the names, ``kinds[kind]`` their mapping. Multi-fields are declared in the kind, as in an Elasticsearch
mapping, and answered under their own names here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from detections.catalog.extracts import extract

SOURCES = ("fields/ecs.json", "fields/aws.json")
OBJECTS = frozenset({"object", "nested"})

Spec: TypeAlias = Mapping[str, Any]


def field_spec(name: str) -> Spec | None:
    """What is known of a field, None for an unknown name and for an object (it has no value of its own).

    Keys: ``type`` (Elasticsearch's); where they hold: ``ignore_above`` (UTF-16 units), ``path`` (of a multi-field, its
    parent), ``nested`` (path of the nested object that holds it), ``array`` (usually several values), ``index``
    (False: it cannot be searched). ECS 9.4, Elastic's AWS integration 6.1.
    """
    return _group(_root(name))[0].get(name)


def field_names() -> Iterator[str]:
    """Every name that :func:`field_spec` answers, multi-fields too."""
    for root in _roots():
        yield from _group(root)[0]


def nested_names() -> Iterator[str]:
    """Every object that is nested: its objects are searched one by one."""
    for root in _roots():
        yield from (name for name, kind in _group(root)[1].items() if kind == "nested")


def is_object(name: str) -> bool:
    """Whether the name is an object: declared as one, or with declared fields under it."""
    fields, objects = _group(_root(name))
    inside = f"{name}."
    return name in objects or any(one.startswith(inside) and fields[one].get("path") != name for one in fields)


def is_open(name: str) -> bool:
    """Whether the name is an object that takes any keys (``labels``): declared, with no declared field under it."""
    fields, objects = _group(_root(name) if "." in name else "")
    return name in objects and not any(one.startswith(f"{name}.") for one in fields)


def ecs_roots() -> frozenset[str]:
    """The first parts of ECS's names: under these, ECS alone declares fields."""
    return frozenset(extract(SOURCES[0])["fields"]) - {""}


def siblings(name: str) -> Iterator[str]:
    """The known names with the same first part."""
    yield from _group(_root(name))[0]


def _root(name: str) -> str:
    root, dot, _ = name.partition(".")
    return root if dot else ""


@functools.cache
def _roots() -> tuple[str, ...]:
    return tuple(dict.fromkeys(root for source in SOURCES for root in extract(source)["fields"]))


@functools.cache
def _group(root: str) -> tuple[dict[str, Spec], dict[str, str]]:
    """The fields whose names begin with ``root``, and the objects among them with their type."""
    fields: dict[str, Spec] = {}
    objects: dict[str, str] = {}
    for source in SOURCES:
        read = extract(source)
        for label, names in read["fields"].get(root, {}).items():
            kind = read["kinds"][label]
            for rest in names.split():
                name = f"{root}.{rest}" if root else rest
                if kind["type"] in OBJECTS:
                    objects[name] = kind["type"]
                else:
                    fields.update(_declare(name, kind))
    for path in (path for path, kind in sorted(objects.items()) if kind == "nested"):
        for name in [name for name in fields if name.startswith(f"{path}.")]:
            fields[name] = {**fields[name], "nested": path}
    return fields, objects


def _declare(name: str, kind: Mapping[str, Any]) -> Iterator[tuple[str, Spec]]:
    own = {key: value for key, value in kind.items() if key != "fields"}
    yield name, own
    for suffix, inner in kind.get("fields", {}).items():
        yield f"{name}.{suffix}", {**inner, "path": name}
