"""Lookup tables: of documents, of files, of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detections.compile.tables import read_table, read_tables, table
from detections.errors import EventsError, Finding, UsageError

FILES = {
    "a.csv": "name,n:long,ip:ip\nalice,1,10.0.0.1\nbob,,\n",
    "b.ndjson": '{"name": "alice", "n": 1, "ip": "10.0.0.1"}\n\n{"name": "bob"}\n',
    "c.json": '[{"name": "alice", "n": 1, "ip": "10.0.0.1"}, {"name": "bob"}]',
    "d.json": '{"rows": [{"name": "alice", "n": 1, "ip": "10.0.0.1"}, {"name": "bob"}], "match": "name"}',
    "e.toml": 'match = "name"\nrows = [{ name = "alice", n = 1, ip = "10.0.0.1" }, { name = "bob" }]\n'
    '[fields]\nip = "ip"',
}


def types(found: Any) -> dict[str, str]:
    return {field.name: field.type for field in found.fields}


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_a_table(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    found = read_table(tmp_path / name)
    assert found.name == name[0]
    assert [row["name"] for row in found.rows] == ["alice", "bob"]
    assert types(found)["n"] == "long"
    assert types(found)["ip"] == ("ip" if name in ("a.csv", "e.toml") else "keyword")
    assert found.match == ("name" if name in ("d.json", "e.toml") else None)


def test_the_types_of_what_nobody_declared_are_those_of_the_first_value() -> None:
    rows = [{"a": {"b": [1, 2]}, "c": None}, {"a.b": "x", "c": 1.5, "d": [{"e": True}, {"e": "x"}]}]
    assert types(table("t", rows)) == {"a.b": "long", "c": "double", "d.e": "boolean"}
    assert types(table("t", {"rows": rows, "fields": {"a.b": "keyword"}}))["a.b"] == "keyword"


BAD: list[tuple[str, str, str]] = [
    ("a.csv", "", "the first line must name the columns"),
    ("a.csv", "a,a\n", "each once"),
    ("a.csv", "a,b\n1\n", "line 2 has 1 values, not 2"),
    ("a.csv", "a:strange\nx\n", "ES.QL has no fields of type 'strange'"),
    ("a.csv", 'a\n"x', "unexpected end of data"),
    ("a.json", "1", "neither an array of documents"),
    ("a.json", "[1]", "each row must be a document"),
    ("a.json", '{"row": []}', "unknown key 'row'"),
    ("a.json", '{"rows": {}}', "'rows' must be an array"),
    ("a.json", '{"rows": [], "match": 1}', "'match' must be the name of a field"),
    ("a.json", '{"rows": [], "fields": []}', "'fields' must be a table of types"),
    ("a.ndjson", "{", "JSON is malformed|truncated"),
    ("a.toml", "rows =", "Invalid value"),
    ("a.xml", "", "a table is a file"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(EventsError, match=message) as caught:
        read_table(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


def test_a_folder_holds_tables_and_what_is_wrong_with_one_is_told(tmp_path: Path) -> None:
    for name, text in {**FILES, "x.csv": "a,a", "README.md": "#"}.items():
        (tmp_path / name).write_text(text)
    told: list[Finding] = []
    assert sorted(read_tables(tmp_path, told.append)) == ["a", "b", "c", "d", "e"]
    assert [(one.location.path, one.code) for one in told] == [(str(tmp_path / "x.csv"), "table")]
    assert read_tables(tmp_path / "none", told.append) == {}


def test_a_table_that_is_told_wrongly() -> None:
    with pytest.raises(UsageError, match="table t: 'rows' must be an array of documents"):
        table("t", {"rows": "x"})
