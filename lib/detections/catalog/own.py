"""A project's own fields: files in TOML or JSON, each with the fields of some indices (docs/fields.md).

```toml
index = "logs-acme.app-*"

[fields]
"acme.user" = "keyword"
"acme.took" = { type = "scaled_float", scaling_factor = 100 }
```
"""

from __future__ import annotations

import difflib
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from detections.catalog.patterns import targets
from detections.catalog.sources import Grouped, Source, Spec, Stream, Undeclared
from detections.errors import UsageError

TYPES = frozenset({
    "aggregate_metric_double", "alias", "annotated_text", "binary", "boolean", "byte", "completion", "constant_keyword",
    "counted_keyword", "date", "date_nanos", "date_range", "dense_vector", "double", "double_range", "flattened",
    "float", "float_range", "geo_point", "geo_shape", "half_float", "histogram", "integer", "integer_range", "ip",
    "ip_range", "keyword", "long", "long_range", "match_only_text", "nested", "object", "passthrough", "percolator",
    "point", "rank_feature", "scaled_float", "search_as_you_type", "semantic_text", "shape", "short", "sparse_vector",
    "text", "token_count", "unsigned_long", "version", "wildcard",
})  # fmt: skip
"""Field types of Elasticsearch 9."""

PARAMETERS = {
    "type": str, "ignore_above": int, "null_value": object, "format": str, "value": str, "path": str, "normalizer": str,
    "analyzer": str, "scaling_factor": (int, float), "index": bool, "fields": dict, "keys": (str, dict),
}  # fmt: skip
"""What can be said of a field, as in an Elasticsearch mapping; ``keys`` is the type of everything below an object."""

UNDECLARED = get_args(Undeclared)
_TOP = frozenset({"index", "undeclared", "fields", "source"})


def read_sources(paths: Iterable[Path]) -> tuple[Source, ...]:
    """The sources in some files.

    Raises:
        UsageError: a file cannot be read, or says what no such file can say.
    """
    return tuple(_source(path.stem, path, _read(path)) for path in paths)


def own_source(
    name: str, index: Iterable[str], fields: Mapping[str, Any], undeclared: Undeclared = "stack", *, where: str = ""
) -> Source:
    """The source of a project's own fields.

    Raises:
        UsageError: a field's mapping is none; the message begins with ``where``.
    """
    patterns = targets(index) or ("*",)
    names = patterns if len(patterns) > 1 else (name,)
    lists_all = undeclared == "unmapped"
    streams = tuple(
        Stream(name, one, pattern, undeclared, ecs=not lists_all, own=True)
        for one, pattern in zip(names, patterns, strict=True)
    )
    kinds: dict[str, Spec] = {}
    grouped: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for full, given in fields.items():
        root, dot, rest = full.partition(".")
        if not full or full.strip() != full or " " in full:
            raise UsageError(f"{where}{full!r} is not a field name")
        for one in given if isinstance(given, list) else [given]:
            kind = _kind(one, f"{where}{full}")
            label = json.dumps(kind, sort_keys=True)
            kinds[label] = kind
            grouped[root if dot else ""][label].append(rest if dot else root)
    made: Grouped = {root: {label: " ".join(some) for label, some in by.items()} for root, by in grouped.items()}
    return Source(name, streams, kinds, made)


def _read(path: Path) -> Mapping[str, Any]:
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file")
    try:
        text = path.read_text(encoding="utf-8")
        read = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}") from None
    if not isinstance(read, dict):
        raise UsageError(f"{path}: not a table")
    return read


def _source(name: str, path: Path, read: Mapping[str, Any]) -> Source:
    for key in read.keys() - _TOP:
        raise UsageError(f"{path}: unknown key {key} (available: {', '.join(sorted(_TOP))})")
    index = read.get("index", [])
    index = [index] if isinstance(index, str) else index
    if not isinstance(index, list) or not all(isinstance(one, str) and one.strip() for one in index):
        raise UsageError(f"{path}: index must be a pattern of index names, or a list of them")
    undeclared = read.get("undeclared", "stack")
    if undeclared not in UNDECLARED:
        raise UsageError(f"{path}: undeclared must be {', '.join(UNDECLARED[:-1])} or {UNDECLARED[-1]}")
    fields = read.get("fields", {})
    if not isinstance(fields, dict):
        raise UsageError(f"{path}: fields must be a table")
    return own_source(name, index, fields, undeclared, where=f"{path}: ")


def _kind(given: Any, where: str) -> Spec:
    spec: dict[str, Any] = {"type": given} if isinstance(given, str) else given
    if not isinstance(spec, dict) or not (spec.keys() & {"type", "path", "keys"}):
        raise UsageError(f"{where}: {given!r} is not a mapping; quote a name that contains dots")
    spec = {"type": "alias" if "path" in spec else "object", **spec}
    for key, value in spec.items():
        if key not in PARAMETERS:
            raise UsageError(
                f"{where}: {key} is not a supported mapping parameter (available: {', '.join(PARAMETERS)})"
            )
        wanted = PARAMETERS[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted not in (bool, object)):  # type: ignore[arg-type]
            raise UsageError(f"{where}: {key} cannot be {value!r}")
    if spec["type"] not in TYPES:
        near = difflib.get_close_matches(spec["type"], TYPES, 1)
        raise UsageError(f"{where}: unknown type {spec['type']}{f', did you mean {near[0]}?' if near else ''}")
    if spec["type"] == "alias" and "path" not in spec:
        raise UsageError(f"{where}: an alias needs a path")
    if not 0 < spec.get("scaling_factor", 1) <= sys.float_info.max:
        raise UsageError(f"{where}: scaling_factor must be greater than 0")
    if "fields" in spec:
        spec["fields"] = {suffix: _kind(inner, f"{where}.{suffix}") for suffix, inner in spec["fields"].items()}
    if "keys" in spec:
        spec["keys"] = _kind(spec["keys"], f"{where}.*")
    return spec
