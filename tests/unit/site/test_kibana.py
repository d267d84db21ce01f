"""Plans and statuses from their JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detections.deploy.model import Action, Change, Kind, Options, Plan, Thing
from detections.deploy.saved import write_plan
from detections.deploy.status import Execution
from detections.errors import UsageError
from detections.kibana.answers import Rule
from detections.payload import Difference
from detections.report import json as report
from detections.site import read_plan, read_status
from detections.site.deployment import groups

CHANGES = (
    Change(Kind.CREATE, "a", "A", Action.CREATE, payload={"rule_id": "a"}),
    Change(Kind.DRIFTED, "b", "B", None, (Difference("severity", "high", "low"),),
           (Difference("severity", "low", "high"),),
           live=Rule.of({"id": "1", "rule_id": "b", "updated_by": "alice", "updated_at": "2026-01-15T09:00:07.000Z"})),
    Change(Kind.UNCHANGED, "c", "C"),
    Change(Kind.CREATE, "single/x", "X", Action.CREATE, thing=Thing.ITEM),
)  # fmt: skip
PLAN = Plan("dev", "https://k.example/s/x", CHANGES, Options(), 2)


def printed(path: Path, text: Any) -> Path:
    path.write_text(text if isinstance(text, str) else "".join(str(getattr(one, "text", one)) for one in text))
    return path


def test_a_plan_as_the_command_prints_it(tmp_path: Path) -> None:
    found = read_plan(printed(tmp_path / "plan.json", report.plan(PLAN)))
    assert (found.environment, found.kibana, found.others, found.whole) == ("dev", "https://k.example/s/x", 2, True)
    assert found.summary == {"create": 1, "drifted": 1, "unchanged": 1}
    assert [(one.kind, one.thing, one.key) for one in found.changes] == [
        ("create", "rule", "a"), ("drifted", "rule", "b"), ("unchanged", "rule", "c"),
        ("create", "exception item", "single/x"),
    ]  # fmt: skip
    steps = {group.words: group.steps for group in groups(found, {})}
    assert list(steps) == ["to create", "drifted", "unchanged"]
    (drifted,) = steps["drifted"]
    assert drifted.said == "last written by alice at 2026-01-15T09:00:07.000Z"
    assert list(drifted.sections) == [("Edited in Kibana", [("changed", '~ severity: "low" -> "high"')])]


def test_a_plan_that_was_kept(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.json", PLAN)
    found = read_plan(tmp_path / "plan.json")
    assert not found.whole
    assert [(one.kind, one.thing, one.key, one.name) for one in found.changes] == [
        ("create", "rule", "a", "A"), ("create", "exception item", "single/x", "X"),
    ]  # fmt: skip


def test_lines_of_differences_by_their_signs() -> None:
    difference = {"field": "note", "old": "a\nb\nc" + "x" * 80, "new": "a\nB\nc" + "x" * 80}
    change = {"kind": "update", "action": "update", "rule_id": "a", "name": "A", "differences": [difference]}
    raw = json.dumps({"environment": "e", "kibana": "k", "summary": {}, "changes": [change]})
    path = Path("plan.json")
    path.write_text(raw)
    (group,) = groups(read_plan(path), {})
    ((heading, lines),) = group.steps[0].sections
    assert heading == "From Kibana to the repo"
    assert [kind for kind, _ in lines] == ["changed", "place", "same", "removed", "added", "same"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_kind_that_nobody_knows_comes_last() -> None:
    changes = [{"kind": kind, "action": None, "rule_id": kind, "name": kind} for kind in ("moved", "create")]
    Path("plan.json").write_text(json.dumps({"environment": "e", "kibana": "k", "changes": changes, "new": 1}))
    assert [group.words for group in groups(read_plan(Path("plan.json")), {})] == ["to create", "moved"]


def test_a_status_as_the_command_prints_it(tmp_path: Path) -> None:
    ran = [
        Execution("a", "A", True, "failed", "2026-01-15T09:00:07.000Z", "why"),
        Execution("b", "B", False, "never run"),
    ]
    found = read_status(printed(tmp_path / "status.json", report.status(ran)))
    assert {name: (one.enabled, one.status, one.message) for name, one in found.items()} == {
        "a": (True, "failed", "why"), "b": (False, "never run", ""),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"steps": 1}', '{"rules": [1]}', "\x00", '{"environment": 3}', "[" * 9999]
)
@pytest.mark.parametrize("read", [read_plan, read_status])
def test_what_is_neither_is_said(read: Any, text: str) -> None:
    Path("x.json").write_text(text)
    with pytest.raises(UsageError, match=r"x\.json is not a (plan|status): .*make it with `detections (plan|status)"):
        read(Path("x.json"))
    with pytest.raises(UsageError, match="does not exist"):
        read(Path("y.json"))
