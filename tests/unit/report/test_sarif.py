import json as stdjson
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from detections.case.model import Proof
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
