from pathlib import Path

import pytest

from detections import bundle
from detections.errors import UsageError

RULES = [{"rule_id": "a", "query": 'x: "é\u2028"'}, {"rule_id": "b", "threat": [{"id": 1}]}]


def test_a_bundle_is_one_object_a_line_and_reads_back() -> None:
    data = bundle.to_ndjson(RULES)
    assert data.count(b"\n") == 2
    assert bundle.from_ndjson(data, "a.ndjson") == (RULES, [])


def test_the_summary_line_of_an_export_is_no_rule() -> None:
    objects, findings = bundle.from_ndjson(b'{"rule_id":"a"}\r\n\n{"exported_count":1}\n', "a.ndjson")
    assert (objects, findings) == ([{"rule_id": "a"}], [])


@pytest.mark.parametrize(
    "line", [b"{", b"[1]", b"[" * 100_000, b"\xff", b'{"a":"\xff"}', b'{"a":NaN}', b'{"rule_id":1}']
)
def test_a_bad_line_is_named_and_the_others_are_read(line: bytes) -> None:
    objects, findings = bundle.from_ndjson(b'{"a":1}\n' + line + b'\n{"b":2}', "a.ndjson")
    assert objects == [{"a": 1}, {"b": 2}]
    assert [(str(one.location), one.code) for one in findings] == [("a.ndjson:2:1", "bundle")]


def test_writing_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "dist" / "rules.ndjson"
    bundle.write(target, RULES)
    bundle.write(target, RULES[:1])
    assert target.read_bytes() == bundle.to_ndjson(RULES[:1])
    assert [path.name for path in target.parent.iterdir()] == ["rules.ndjson"]


def test_a_failure_while_writing_leaves_the_earlier_bundle(tmp_path: Path) -> None:
    target = tmp_path / "rules.ndjson"
    bundle.write(target, RULES)
    with pytest.raises(TypeError):
        bundle.write(target, [{"rule_id": object()}])
    assert target.read_bytes() == bundle.to_ndjson(RULES)
    assert [path.name for path in tmp_path.iterdir()] == ["rules.ndjson"]


def test_a_place_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"rules\.ndjson cannot be written"):
        bundle.write(tmp_path / "file" / "rules.ndjson", RULES)
