"""What the public functions give: sequences, short when shown, and tables."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest

import detections
from detections.api.frame import columns, flat
from detections.errors import NotInstalled, UsageError

ROOT = Path(__file__).parents[3]
EVENTS = [
    {"@timestamp": "2026-01-01T00:00:00Z", "event": {"category": "x"}, "user": {"name": "a"}, "n": 1},
    {"@timestamp": "2026-01-01T00:00:01Z", "event": {"category": "x"}, "user": {"name": ["b", "<i>"]}, "n": 2},
]


@pytest.fixture(scope="module")
def rules() -> detections.Rules:
    return detections.load_rules(ROOT / "rules")


@pytest.fixture(scope="module")
def alerts(rules: detections.Rules) -> detections.Alerts:
    return detections.replay(rules, list(detections.read_events(ROOT / "tests/events/cloudtrail")))


def test_they_are_shown_in_a_line(rules: detections.Rules, alerts: detections.Alerts) -> None:
    assert repr(rules) == f"<{len(rules)} rules>"
    assert repr(rules[0]) == f"<{type(rules[0]).__name__} {rules[0].name!r} {rules[0].rule_id}>"
    assert repr(alerts) == f"<{len(list(alerts))} alerts>"
    assert repr(detections.search(EVENTS, "n: 1")) == "<1 event>"
    assert repr(detections.search(EVENTS, "FROM x | KEEP n", "esql")) == "<2 rows, 1 column>"
    joined = detections.search(EVENTS, "sequence [any where n == 1] [any where n == 2]", "eql")
    assert repr(joined) == "<1 sequence>" and joined[0].events[1] == EVENTS[1]
    assert max(map(len, map(repr, (*rules, *alerts)))) < 500


def test_they_are_sequences(alerts: detections.Alerts) -> None:
    assert len(alerts) == len(list(alerts)) > 3
    assert alerts[0] == next(iter(alerts)) and alerts[-1] == list(alerts)[-1] and alerts[:2] == list(alerts)[:2]
    found = detections.search(EVENTS, "n >= 1")
    assert (len(found), found[1], list(found)) == (2, EVENTS[1], EVENTS)
    assert not detections.search(EVENTS, "n: 7")


def test_alerts_are_made_as_they_are_asked_for(rules: detections.Rules) -> None:
    made = []

    def one_by_one() -> Any:
        for number in range(3):
            made.append(number)
            yield detections.Alerts, number

    found = detections.Alerts(one_by_one())
    first = iter(found)
    assert next(first) == (detections.Alerts, 0) and made == [0]
    assert len(found) == 3 and made == [0, 1, 2]
    assert [number for _, number in first] == [1, 2]  # type: ignore[misc]


def test_rows_and_frames_say_the_same(rules: detections.Rules, alerts: detections.Alerts) -> None:
    found = detections.search(EVENTS, "n >= 1")
    proofs = detections.prove(rules[:1], ROOT / "tests/rules", ROOT / "tests/events", root=ROOT / "rules")
    for table in (rules, alerts, found, proofs, detections.check(rules), detections.search(EVENTS, "FROM x", "esql")):
        rows = table.to_rows()
        for frame in (table.to_pandas(), table.to_polars()):
            assert len(frame) == len(rows) == len(table)
            if rows:
                assert list(frame.columns) == list(dict.fromkeys(name for row in rows for name in row))
    assert found.to_polars()["user.name"].to_list() == [["a"], ["b", "<i>"]]
    assert alerts.to_pandas()["timestamp"].dt.tz is not None
    assert alerts.to_rows()[0]["timestamp"].tzinfo == datetime.UTC


def test_a_table_without_rows_has_its_columns(rules: detections.Rules) -> None:
    empty = detections.replay(rules, [])
    assert list(empty.to_pandas().columns) == ["rule_id", "rule_name", "timestamp", "event_ids", "terms", "count"]
    assert list(empty.to_polars().columns) == list(empty.to_pandas().columns)


def test_columns_are_of_one_shape() -> None:
    mixed = [{"a": 1, "b": "x", "c": {"d": 1}}, {"a": [2, 3], "b": 1 << 70}, {"a": None, "e": 1 << 70}]
    made = columns(mixed)
    assert made == {
        "a": [[1], [2, 3], None], "b": ["x", str(1 << 70), None], "c": ['{"d": 1}', None, None],
        "e": [None, None, str(1 << 70)],
    }  # fmt: skip
    assert polars.DataFrame(made).height == pandas.DataFrame(made).shape[0] == 3
    assert flat({"a": {"b": {"c": 1}, "d": {}}, "e.f": 2}) == {"a.b.c": 1, "a.d": {}, "e.f": 2}


def test_a_notebook_shows_tables_of_escaped_text_and_not_too_long_ones() -> None:
    shown = detections.search(EVENTS, "n >= 1")._repr_html_()
    assert "<caption>2 events</caption>" in shown and "<td>b, &lt;i&gt;</td>" in shown
    many = detections.search([{"n": number, "a": "x" * 5000} for number in range(1000)], "n >= 0")._repr_html_()
    assert "1,000 events, the first 50 shown" in many and len(many) < 20_000


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detections.elastic.extra.importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotInstalled, match=r"pip install 'detections\[pandas\]'"):
        detections.search(EVENTS, "n: 1").to_pandas()
    with pytest.raises(NotInstalled, match=r"pip install 'detections\[polars\]'"):
        detections.search(EVENTS, "n: 1").to_polars()


def test_findings_and_proofs_say_what_is_wrong(tmp_path: Path, rules: detections.Rules) -> None:
    text = (ROOT / "rules/aws/defense_evasion_ec2_network_acl_created.toml").read_text()
    (tmp_path / "r.toml").write_text(text.replace("CreateNetworkAcl", "CreateNetworkAkl"))
    broken = detections.load_rules(tmp_path)
    found = detections.check(broken, profiles=["house"])
    assert {"aws-operation", "file-name"} <= {finding.code for finding in found}
    assert "aws-operation" not in {finding.code for finding in detections.check(rules)}
    (tmp_path / "cases").mkdir()
    cases = (ROOT / "tests/rules/aws/defense_evasion_ec2_network_acl_created.toml").read_text()
    (tmp_path / "cases/r.toml").write_text(cases)
    proofs = detections.prove(broken, tmp_path / "cases", ROOT / "tests/events", root=tmp_path, mutants=True)
    assert not proofs.proved and any("stays quiet" in finding.message for finding in proofs.findings)
    assert proofs[0].mutants and repr(proofs).startswith("<1 rule, ")
    with pytest.raises(UsageError, match="absent is no folder of cases"):
        detections.prove(rules, "absent")
