from pathlib import Path

import pytest

from detections import bundle
from detections.errors import UsageError

RULES = [{"rule_id": "a", "query": 'x: "é\u2028"'}, {"rule_id": "b", "threat": [{"id": 1}]}]


def test_a_bundle_is_one_object_a_line_and_reads_back() -> None:
    data = bundle.to_ndjson(RULES)
    assert data.count(b"\n") == 2
    assert list(bundle.from_ndjson(data)) == RULES


def test_the_summary_line_of_an_export_is_no_rule() -> None:
    assert list(bundle.from_ndjson(b'{"rule_id":"a"}\n\n{"exported_count":1}\n')) == [{"rule_id": "a"}]


@pytest.mark.parametrize("line", [b"{", b"[1]", b"[" * 100_000, b"\xff"])
def test_a_bad_line_is_named(line: bytes) -> None:
    with pytest.raises(UsageError, match="line 2"):
        list(bundle.from_ndjson(b"{}\n" + line + b"\n"))


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
