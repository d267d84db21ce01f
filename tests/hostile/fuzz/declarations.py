"""What declares fields: a project's own files, packages of integrations, answers about mappings."""

from __future__ import annotations

import contextlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import detections
from detections.catalog.mappings import from_answer
from detections.catalog.own import own_source, read_sources
from detections.catalog.packages import read_package
from detections.catalog.view import view
from detections.errors import DetectionsError
from detections.mapping import CatalogMapping
from fuzz.mutate import broken, encoded, reshaped, words
from fuzz.tables import changed

OWN = (
    """index = ["logs-acme.app-*", "logs-x-*"]
undeclared = "keyword"
[fields]
"acme.user" = "keyword"
"acme.took" = { type = "scaled_float", scaling_factor = 100 }
"acme.text" = { type = "text", fields = { raw = { type = "keyword", ignore_above = 10 } } }
"acme.who" = { type = "alias", path = "acme.user" }
"acme.labels" = { type = "object", keys = { type = "keyword" } }
"acme.deep" = "nested"
"acme.deep.at" = [{ type = "date", format = "epoch_millis" }, "long"]
""",
)
MANIFEST = "name: acme\ntitle: Acme\nversion: 1.0.0\ntype: input\n"
PACKAGES = (
    """- name: acme
  type: group
  fields:
    - name: user
      type: keyword
      ignore_above: 10
      multi_fields: [{ name: text, type: match_only_text }]
    - name: at
      type: date
    - name: took
      type: scaled_float
    - name: labels
      type: object
      object_type: keyword
    - name: who
      type: alias
      path: acme.user
- name: source.ip
  external: ecs
- &a
  name: list
  type: group-nested
  fields: [{ name: b, type: long, index: false, doc_values: false }]
""",
)
_YAML = (
    "- ", "\n", "  ", ":", "[", "]", "{", "}", "*a", "&b ", "!!python/object:os.system ", "null", "1e400", "name",
    "type", "fields", "true", "? ", "|\n", "<<: *a", "2026-01-01", "0x1f", "object_type", "ignore_above",
)  # fmt: skip
MAPPINGS: tuple[Any, ...] = (
    {"logs-acme": {"mappings": {"dynamic": "strict", "dynamic_templates": [{"a": {"mapping": {"type": "keyword"}}}],
        "properties": {
            "@timestamp": {"type": "date"}, "user": {"properties": {"name": {"type": "keyword", "ignore_above": 9,
                "fields": {"text": {"type": "text", "analyzer": "standard"}}}}},
            "deep": {"type": "nested", "properties": {"x": {"type": "long", "index": False, "doc_values": False}}},
            "who": {"type": "alias", "path": "user.name"}, "flat": {"type": "flattened"},
        }}}},
    {"indices": ["a"], "fields": {"a": {"keyword": {"type": "keyword", "searchable": True, "metadata_field": False}},
        "b.c": {"long": {"searchable": False}, "text": {}}}},
)  # fmt: skip


def _used(fields: Any, undeclared: Any = "stack") -> None:
    """What is declared is what a query is checked and run against."""
    source = own_source("x", ["logs-*"], fields, undeclared)
    _asked(CatalogMapping(("logs-*",), (source,)))


def _asked(mapping: CatalogMapping) -> None:
    for query in ("acme.*: a", "acme.user: a and acme.took > 1 and deep: { x: 1 } and acme.at < now", "user.name: a*"):
        with contextlib.suppress(DetectionsError):
            detections.to_dsl(query, fields=mapping)
            detections.search([{"acme": {"user": "a", "took": 2, "at": 5}}], query, fields=mapping)
    view.cache_clear()


@dataclass(frozen=True)
class Own:
    name: str = "fields"

    def make(self, rng: random.Random) -> bytes:
        return changed(rng.choice(OWN), rng, OWN)

    def run(self, data: bytes, folder: Path) -> None:
        path = folder / "acme.toml"
        path.write_bytes(data)
        _asked(CatalogMapping(("logs-acme.app-*",), read_sources([path])))


@dataclass(frozen=True)
class Package:
    name: str = "package"

    def make(self, rng: random.Random) -> bytes:
        text = rng.choice(PACKAGES)
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            text = words(text, rng, _YAML, lambda: PACKAGES[0])
        data = text.encode("utf-8", "surrogatepass")
        return broken(data, rng) if rng.random() < 0.1 else data

    def run(self, data: bytes, folder: Path) -> None:
        (folder / "fields").mkdir()
        (folder / "manifest.yml").write_text(MANIFEST)
        (folder / "fields" / "fields.yml").write_bytes(data)
        for stream in read_package(folder):
            _used(stream.fields, stream.undeclared)


@dataclass(frozen=True)
class Answer:
    name: str = "mapping"

    def make(self, rng: random.Random) -> bytes:
        value = json.loads(json.dumps(rng.choice(MAPPINGS)))
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            value = reshaped(value, rng)
        return encoded(value)

    def run(self, data: bytes, folder: Path) -> None:
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            return
        _used(*from_answer(answer))


BOUNDARIES = (Own(), Package(), Answer())
