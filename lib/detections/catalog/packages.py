"""Fields of an integration's package: what Fleet makes of its ``fields/*.yml`` (package spec 3, Kibana 9)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from detections.catalog.fields import catalog
from detections.catalog.own import TYPES
from detections.catalog.sources import Undeclared
from detections.errors import UsageError
from detections.values.limits import PACKAGE_FIELDS

IGNORE_ABOVE = 1024
"""What Fleet gives to keywords that say nothing else."""

_DEPTH = 100
"""Levels of groups in each other."""

MOST = 64 * 1024 * 1024
"""Bytes of a file in a package, above which it is none of fields."""

_FIELDS = re.compile(r"(?:[^/]+/)?(?:data_stream/(?P<stream>[^/]+)/)?fields/[^/]+\.ya?ml")
_MANIFEST = re.compile(r"(?:[^/]+/)?(?:data_stream/(?P<stream>[^/]+)/)?manifest\.ya?ml")
_KEPT = ("null_value", "value", "path", "normalizer", "analyzer", "scaling_factor")
_LIMITED = frozenset({"keyword", "wildcard"})
_MULTI_FIELDS = frozenset({"text", "keyword", "long", "double", "match_only_text"})


@dataclass(frozen=True, slots=True)
class PackageStream:
    """A data stream of a package: its name there, the pattern of its indices, and its fields as a mapping has them."""

    name: str
    index: str
    fields: Mapping[str, Any] = field(repr=False)
    undeclared: Undeclared = "stack"


def read_package(path: Path) -> list[PackageStream]:
    """The data streams of a package in a folder or a zip.

    Raises:
        UsageError: it cannot be read, or is not a package.
    """
    try:
        files = dict(_zipped(path) if path.is_file() else _below(path))
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return package_streams(files, str(path))


def package_streams(files: Mapping[str, str], where: str) -> list[PackageStream]:
    """The data streams of a package, from its files by path: manifests, and fields.

    Raises:
        UsageError: it is not a package, or a file is not YAML.
    """
    manifests = {found["stream"]: path for path in files if (found := _MANIFEST.fullmatch(path))}
    if None not in manifests:
        raise UsageError(f"{where}: not an integration package: it has no manifest.yml")
    package = _table(files, manifests[None], where)
    declared: dict[str | None, dict[str, Any]] = {}
    for path in sorted(files):
        if found := _FIELDS.fullmatch(path):
            declared.setdefault(found["stream"], {}).update(_declared(files[path], f"{where}: {path}"))
    streams = []
    for stream, fields in sorted(declared.items(), key=lambda pair: pair[0] or ""):
        manifest = _table(files, manifests[stream], where) if stream in manifests and stream is not None else {}
        if fields and (stream is not None or package.get("type") == "input"):
            streams.append(_stream(str(package.get("name", "")), stream, manifest, fields))
    return streams


def fields_of(declared: Any) -> dict[str, Any]:
    """The mappings of the fields that a ``fields.yml`` declares, by name. What makes no field is left out.

    Raises:
        UsageError: it declares more than a bound; aliases of YAML can multiply what a few lines say.
    """
    made: dict[str, Any] = {}
    for number, (name, given) in enumerate(_leaves(declared, "")):
        if number >= PACKAGE_FIELDS.most or name.count(".") > _DEPTH:
            raise UsageError(f"it declares too many fields, or nests them too deeply ({PACKAGE_FIELDS})")
        kind = None if given is None else _kind(name, given)
        if kind is not None:
            made.setdefault(name, kind)  # of two declarations the first wins
    return made


def _stream(package: str, stream: str | None, manifest: Mapping[str, Any], fields: dict[str, Any]) -> PackageStream:
    dataset = str(manifest.get("dataset") or (f"{package}.{stream}" if stream else package))
    inside = "." if manifest.get("dataset_is_prefix") else "-"
    hidden = "." if manifest.get("hidden") else ""
    settings = manifest.get("elasticsearch") or {}
    dynamic = _at(settings, "index_template", "mappings", "dynamic")
    undeclared: Undeclared = "unmapped" if dynamic in (False, "false", "strict") else "stack"
    name = f"{package}.{stream}" if stream else package
    return PackageStream(name, f"{hidden}{manifest.get('type', 'logs')}-{dataset}{inside}*", fields, undeclared)


def _at(table: Any, *keys: str) -> Any:
    """A value in tables whose keys may be dotted."""
    if not keys:
        return table
    if isinstance(table, dict):
        for count in range(len(keys), 0, -1):
            name = ".".join(keys[:count])
            if name in table:
                return _at(table[name], *keys[count:])
    return None


def _leaves(declared: Any, above: str) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """The fields by their names; and None for what is none, so that whoever counts sees everything."""
    for one in declared if isinstance(declared, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            yield above, None
            continue
        name = f"{above}{one['name']}".strip(".")
        kind, inner = one.get("type", "keyword" if "fields" not in one else "group"), one.get("fields")
        if kind not in ("group", "group-nested") or not inner:
            yield name, one
        if kind == "group-nested":
            yield name, {"type": "nested"}
        if inner:
            yield name, None
            yield from _leaves(inner, f"{name}.")


def _kind(name: str, given: Mapping[str, Any]) -> dict[str, Any] | str | None:
    if given.get("external") == "ecs" and "type" not in given:
        return _of_ecs(name)
    kind = str(given.get("type", "keyword"))
    kind = {"integer": "long", "group": "object", "array": "array"}.get(kind, kind)
    keys = given.get("object_type")
    if given.get("enabled") is False or (kind == "array" and not keys):
        return None
    if kind in ("object", "array", "group") or "*" in name:
        made = {"type": str(keys or kind)} if keys or kind in TYPES - {"object"} else None
        limited = made is not None and made["type"] in _LIMITED
        return {"type": "object", **({"keys": {**made, **_limit(limited)}} if made else {})}
    if kind not in TYPES or (kind == "alias" and not isinstance(given.get("path"), str)):
        return None
    spec: dict[str, Any] = {"type": kind, **{key: given[key] for key in _KEPT if given.get(key) is not None}}
    shown = given.get("index", True) or (given.get("doc_values", True) and kind not in ("text", "match_only_text"))
    plain = given.get("index", True) and given.get("doc_values", True) and not given.get("dimension")
    spec |= _limit(kind in _LIMITED and plain, given.get("ignore_above"))
    spec |= {"scaling_factor": 1000} if kind == "scaled_float" and "scaling_factor" not in spec else {}
    spec |= {} if shown else {"index": False}
    inner = dict(_inner(given.get("multi_fields")))
    if inner:
        spec["fields"] = inner
    return kind if spec == {"type": kind} else spec


def _limit(limited: bool, given: Any = None) -> dict[str, int]:
    most = given if isinstance(given, int) and not isinstance(given, bool) else None
    return {"ignore_above": most or IGNORE_ABOVE} if limited or most else {}


def _inner(declared: Any) -> Iterator[tuple[str, dict[str, Any] | str]]:
    for one in declared if isinstance(declared, list) else ():
        if isinstance(one, dict) and str(one.get("type")) in _MULTI_FIELDS:
            made = _kind("", one)
            if made is not None:
                yield str(one.get("name", one["type"])), made


def _of_ecs(name: str) -> dict[str, Any] | None:
    """ECS's own mapping of a field; its multi-fields are ECS's, too, and need not be said again."""
    ours = [one.spec for one in catalog().fields(name) if not one.streams]
    return {key: value for key, value in ours[0].items() if key not in ("array", "nested")} if ours else None


def _table(files: Mapping[str, str], path: str, where: str) -> Mapping[str, Any]:
    read = _yaml(files[path], f"{where}: {path}")
    return read if isinstance(read, dict) else {}


def _declared(text: str, where: str) -> dict[str, Any]:
    read = _yaml(text, where)
    try:
        return fields_of(read)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: a date or a number that is none
        said = str(error).replace("\n", " ")
        raise UsageError(f"{where}: {said[:300]}") from None


def _is_wanted(path: str) -> bool:
    return bool(_FIELDS.fullmatch(path) or _MANIFEST.fullmatch(path))


def _zipped(path: Path) -> Iterable[tuple[str, str]]:
    with zipfile.ZipFile(path) as packed:
        for one in packed.infolist():
            if _is_wanted(one.filename) and one.file_size <= MOST:
                yield one.filename, packed.read(one).decode("utf-8", "replace")


def _below(path: Path) -> Iterator[tuple[str, str]]:
    if not path.is_dir():
        raise UsageError(f"{path} does not exist")
    for file in sorted(path.rglob("*.y*ml")):
        name = str(PurePosixPath(*file.relative_to(path).parts))
        if _is_wanted(name) and file.stat().st_size <= MOST:
            yield name, file.read_text(encoding="utf-8", errors="replace")
