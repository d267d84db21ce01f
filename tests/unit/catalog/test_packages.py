"""Fields of an integration's package."""

import zipfile
from pathlib import Path

import pytest
import yaml

from detections.catalog.packages import fields_of, package_streams, read_package
from detections.errors import UsageError

MANIFEST = "name: acme\nversion: 1.2.0\ntype: integration\n"
FIELDS = """
- name: acme
  type: group
  fields:
    - name: user
      type: keyword
      multi_fields:
        - name: text
          type: match_only_text
        - name: dropped
          type: ip
    - name: count
      type: integer
    - name: untyped
    - name: where
      type: group
      fields:
        - name: ip
          type: ip
    - name: items
      type: nested
      fields:
        - name: size
          type: long
    - name: dimension
      type: keyword
      dimension: true
    - name: hidden
      type: keyword
      index: false
      doc_values: false
    - name: gone
      type: object
      enabled: false
    - name: free
      type: object
      object_type: keyword
    - name: labels.*
      type: object
      object_type: long
    - name: alias
      type: alias
      path: acme.user
    - name: ratio
      type: scaled_float
    - name: list
      type: array
    - name: script
      type: text
      analyzer: powershell_script_analyzer
- name: event.dataset
  type: constant_keyword
  value: acme.app
- name: source.port
  external: ecs
- name: process.command_line
  external: ecs
"""


def test_what_fleet_makes_of_a_file_of_fields():

    assert fields_of(yaml.safe_load(FIELDS)) == {
        "acme.user": {"type": "keyword", "ignore_above": 1024, "fields": {"text": "match_only_text"}},
        "acme.count": "long",
        "acme.untyped": {"type": "keyword", "ignore_above": 1024},
        "acme.where.ip": "ip",
        "acme.items": "nested",
        "acme.items.size": "long",
        "acme.dimension": "keyword",
        "acme.hidden": {"type": "keyword", "index": False},
        "acme.free": {"type": "object", "keys": {"type": "keyword", "ignore_above": 1024}},
        "acme.labels.*": {"type": "object", "keys": {"type": "long"}},
        "acme.alias": {"type": "alias", "path": "acme.user"},
        "acme.ratio": {"type": "scaled_float", "scaling_factor": 1000},
        "acme.script": {"type": "text", "analyzer": "powershell_script_analyzer"},
        "event.dataset": {"type": "constant_keyword", "value": "acme.app"},
        "source.port": {"type": "long"},
        "process.command_line": {"type": "wildcard"},
    }


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "acme"
    for path, text in {
        "manifest.yml": MANIFEST,
        "data_stream/app/manifest.yml": "type: logs\ntitle: x\n",
        "data_stream/app/fields/fields.yml": FIELDS,
        "data_stream/app/fields/more.yml": "- name: acme.more\n  type: long\n",
        "data_stream/cpu/manifest.yml": (
            "type: metrics\ndataset: acme.processor\nelasticsearch:\n"
            "  index_template:\n    mappings:\n      dynamic: false\n"
        ),
        "data_stream/cpu/fields/fields.yml": "- name: acme.cpu\n  type: double\n",
        "data_stream/cpu/_dev/test/fields/other.yml": "- name: no\n  type: long\n",
        "docs/README.md": "text",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_the_data_streams_of_a_folder(package):
    app, cpu = read_package(package)
    assert (app.name, app.index, app.undeclared) == ("acme.app", "logs-acme.app-*", "stack")
    assert app.fields["acme.more"] == "long"
    assert (cpu.name, cpu.index, cpu.undeclared) == ("acme.cpu", "metrics-acme.processor-*", "unmapped")
    assert dict(cpu.fields) == {"acme.cpu": "double"}


def test_a_zip_has_the_package_below_its_name(package, tmp_path):
    path = tmp_path / "acme-1.2.0.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in package.rglob("*.yml"):
            packed.write(file, Path("acme-1.2.0") / file.relative_to(package))
    assert read_package(path) == read_package(package)


def test_an_input_package_has_its_fields_at_the_top():
    files = {"manifest.yml": "name: own\ntype: input\n", "fields/input.yml": "- name: a\n  type: long\n"}
    (stream,) = package_streams(files, "own")
    assert (stream.name, stream.index, dict(stream.fields)) == ("own", "logs-own-*", {"a": "long"})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "not an integration package"),
        ({"manifest.yml": "a: [b"}, "manifest.yml: while parsing"),
        ({"manifest.yml": MANIFEST, "data_stream/x/fields/f.yml": "- name: *a"}, "fields/f.yml: "),
    ],
)
def test_what_is_no_package(files, said):
    with pytest.raises(UsageError) as error:
        package_streams(files, "here")
    assert said in str(error.value)


def test_what_is_not_there_or_no_zip(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read_package(tmp_path / "none")
    (tmp_path / "x.zip").write_text("no zip")
    with pytest.raises(UsageError, match="not a zip file"):
        read_package(tmp_path / "x.zip")


@pytest.mark.parametrize("text", ["5", "- 5\n- name: 5\n- {}\n- name: a\n  fields: 5", "", "name: a"])
def test_strange_files_declare_nothing_or_a_name(text):

    assert set(fields_of(yaml.safe_load(text))) <= {"a"}
