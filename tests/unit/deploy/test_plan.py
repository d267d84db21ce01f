"""The repo, what was applied last, and Kibana, compared."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.deploy.model import Action, Kind, Options, Plan
from detections.deploy.plan import make_plan
from detections.deploy.saved import read_plan, save, write_plan
from detections.deploy.state import Remembered, State, StateFile, applied, canonical, kept, rebuilt
from detections.errors import UsageError
from detections.kibana.answers import Rule

TAG = "ours"
RULE: dict[str, Any] = {
    "rule_id": "r", "name": "R", "description": "d", "type": "query", "query": "a: b", "risk_score": 1,
    "severity": "low", "tags": [TAG], "version": 1,
}  # fmt: skip
LIVE: dict[str, Any] = RULE | {
    "id": "0-1", "revision": 0, "immutable": False, "rule_source": {"type": "internal"}, "language": "kuery",
    "enabled": True, "interval": "5m", "exceptions_list": [{"id": "x", "list_id": "l", "type": "detection",
    "namespace_type": "single"}], "actions": [{"id": "c", "params": {}}], "meta": {"from": "form"}, "note": "",
    "updated_by": "alice", "updated_at": "2026-01-01T00:00:00.000Z",
}  # fmt: skip
DONE = {"r": applied(RULE, LIVE)}


def plan_of(repo, live, state=DONE, where="k", known=(), **options) -> Plan:
    rules = [Rule.of(body) for body in live]
    return make_plan("test", State(where, state), repo, rules, TAG, known=known, options=Options(**options))


def change_of(repo=RULE, state=DONE, live=LIVE, known=(), **options):
    plan = plan_of([repo] if repo else [], [live] if live else [], state, known=known, **options)
    return plan.changes[0] if plan.changes else None


@pytest.mark.parametrize(
    ("repo", "state", "live", "kind", "action"),
    [
        (RULE, {}, None, Kind.CREATE, Action.CREATE),
        (RULE, DONE, None, Kind.CREATE, Action.CREATE),
        (RULE, DONE, LIVE, Kind.UNCHANGED, None),
        (RULE, {}, LIVE, Kind.UNCHANGED, None),
        (RULE | {"note": "n"}, DONE, LIVE, Kind.UPDATE, Action.UPDATE),
        (RULE | {"version": 2}, {}, LIVE, Kind.UPDATE, Action.UPDATE),
        (RULE, DONE, LIVE | {"note": "n"}, Kind.DRIFTED, None),
        (RULE, {}, LIVE | {"note": "n"}, Kind.DRIFTED, None),
        (RULE, DONE, LIVE | {"tags": []}, Kind.DRIFTED, None),
        (RULE | {"note": "m"}, DONE, LIVE | {"note": "n"}, Kind.CONFLICT, None),
        (RULE | {"note": "n"}, DONE, LIVE | {"note": "n"}, Kind.UNCHANGED, None),
        (RULE, {}, LIVE | {"tags": []}, Kind.FOREIGN, None),
        (RULE, {}, LIVE | {"immutable": True}, Kind.FOREIGN, None),
        (None, DONE, LIVE, Kind.GONE, None),
        (None, {}, LIVE, Kind.FOREIGN, None),
    ],
)
def test_how_a_rule_stands(repo, state, live, kind, action):
    change = change_of(repo, state, live)
    assert (change.kind, change.action) == (kind, action)


ESQL = {"type": "esql", "language": "esql"}


@pytest.mark.parametrize(
    ("query", "noted"),
    [
        ("FROM a METADATA _id | LOOKUP JOIN t ON x", True),
        ("FROM a METADATA _id | FORK (LOOKUP JOIN t ON x) (WHERE true)", True),
        ("FROM a METADATA _id | ENRICH t ON x", False),
        ("FROM a | LOOKUP", False),
    ],
)
def test_a_rule_that_looks_something_up_may_have_to_be_saved_in_kibana(query, noted):
    rule = RULE | ESQL | {"query": query}
    assert ("kibana#255997" in change_of(rule, {}, None).note) is noted
    live = LIVE | ESQL | {"query": query}
    state = {"r": applied(rule, live)}
    assert ("kibana#255997" in change_of(rule | {"note": "n"}, state, live).note) is noted
    assert change_of(rule, state, live).note == ""


def test_what_is_nobodys_business_is_counted():
    plan = plan_of([], [LIVE | {"tags": []}, LIVE | {"rule_id": "s", "tags": []}], {})
    assert (plan.changes, plan.others) == ((), 2)


@pytest.mark.parametrize("edit", [{"enabled": False}, {"exceptions_list": []}, {"actions": []}, {"meta": None}])
def test_what_the_repo_leaves_to_kibana_is_no_drift(edit):
    assert change_of(live=LIVE | edit).kind is Kind.UNCHANGED


def test_what_the_repo_sets_is_its_own():
    repo = RULE | {"enabled": False}
    update = change_of(repo, DONE, LIVE)  # until now left to Kibana: nobody has edited it
    assert (update.kind, [one.field for one in update.differences]) == (Kind.UPDATE, ["enabled"])
    done = {"r": applied(repo, LIVE | {"enabled": False})}
    assert change_of(repo, done, LIVE).kind is Kind.DRIFTED
    assert change_of(RULE, done, LIVE).kind is Kind.UNCHANGED


def test_who_edited_what():
    change = change_of(live=LIVE | {"note": "n", "max_signals": 5})
    assert [(one.field, one.old, one.new) for one in change.edits] == [("max_signals", 100, 5), ("note", None, "n")]
    assert change.edited == "alice at 2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("live", [LIVE | {"note": "n"}, LIVE | {"note": "n", "name": "S"}])
@pytest.mark.parametrize("state", [DONE, {}])
def test_drift_is_overwritten_only_when_asked(state, live):
    assert change_of(state=state, live=live, overwrite_drift=True).action is Action.UPDATE


def test_adopting():
    live = LIVE | {"tags": []}
    assert change_of(state={}, live=live, adopt=True).action is Action.UPDATE
    assert change_of(state={}, live=live | {"immutable": True}, adopt=True).action is None


@pytest.mark.parametrize(
    ("state", "live", "options", "action"),
    [
        (DONE, LIVE, {}, None),
        (DONE, LIVE, {"prune": "disable"}, Action.DISABLE),
        (DONE, LIVE | {"enabled": False}, {"prune": "disable"}, None),
        (DONE, LIVE, {"prune": "delete"}, Action.DELETE),
        (DONE, LIVE | {"note": "n"}, {"prune": "delete"}, None),
        (DONE, LIVE | {"note": "n"}, {"prune": "delete", "overwrite_drift": True}, Action.DELETE),
        ({}, LIVE, {"prune": "delete"}, None),
        ({}, LIVE, {"prune": "delete", "overwrite_drift": True}, Action.DELETE),
    ],
)
def test_pruning(state, live, options, action):
    assert change_of(None, state, live, known=("r",), **options).action is action


def test_a_copy_that_a_person_made_is_not_gone_from_the_repo():
    copied = LIVE | {"rule_id": "copy", "id": "0-2", "name": "R [Duplicate]"}
    plan = plan_of([RULE], [LIVE, copied], prune="delete")
    assert not plan.work
    assert [one.rule_id for one in plan.of(Kind.FOREIGN)] == ["copy"]


def test_a_rule_that_is_there_twice_is_left_alone():
    plan = plan_of([RULE | {"note": "n"}], [LIVE, LIVE | {"id": "0-2"}])
    assert [(one.kind, one.action) for one in plan.changes] == [(Kind.CONFLICT, None)]
    assert "2 rules" in plan.changes[0].note


def test_a_rule_that_is_nested_too_deeply_in_kibana():
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    live = LIVE | {"filters": [{"query": deep}]}
    change = change_of(live=live, overwrite_drift=True)
    assert (change.kind, change.action, change.edits) == (Kind.CONFLICT, None, ())
    assert "too deeply" in change.note
    assert change_of(None, live=live, prune="delete", overwrite_drift=True).action is None


def test_two_rules_of_the_repo_with_one_id():
    with pytest.raises(UsageError, match="two rules of the repo have the rule_id r"):
        plan_of([RULE, dict(RULE)], [], {})


def test_an_apply_that_was_interrupted_is_no_drift():
    left = kept(RULE)
    pending = canonical(RULE | {"note": "n"}, left)
    entry = Remembered(DONE["r"].sent, pending=pending, kept=left)
    # The write arrived and the repo has moved on; it did not arrive; it did, and a person edited then.
    assert change_of(RULE | {"note": "m"}, {"r": entry}, LIVE | {"note": "n"}).kind is Kind.UPDATE
    assert change_of(RULE | {"note": "m"}, {"r": entry}, LIVE).kind is Kind.UPDATE
    assert change_of(RULE | {"note": "n"}, {"r": entry}, LIVE | {"note": "o"}).kind is Kind.CONFLICT
    assert change_of(RULE, {"r": Remembered(pending=pending, kept=left)}, LIVE | {"note": "n"}).kind is Kind.UPDATE


def test_what_a_newer_kibana_puts_in_a_form_of_its_own_is_unchanged():
    live = LIVE | {"filters": [{"query": {}, "added": 1}], "a_field_of_tomorrow": "x"}
    repo = RULE | {"filters": [{"query": {}}]}
    state = {"r": applied(repo, live)}
    assert change_of(repo, state, live).kind is Kind.UNCHANGED
    assert change_of(repo | {"note": "n"}, state, live).kind is Kind.UPDATE
    assert change_of(repo, state, live | {"note": "n"}).kind is Kind.DRIFTED


def test_a_rebuilt_state_takes_what_is_there():
    live = LIVE | {"note": "n"}
    state = rebuilt("k", [Rule.of(live)], {"r": RULE})
    assert change_of(RULE, state.rules, live).kind is Kind.UPDATE
    assert change_of(RULE, state.rules, live | {"enabled": False, "actions": []}).kind is Kind.UPDATE
    assert change_of(RULE, state.rules, live | {"note": "m"}).kind is Kind.CONFLICT


values = st.sampled_from([None, "", "n", "m"])


@given(repo=values, sent=values, live=values, known=st.booleans(), overwrite=st.booleans())
def test_what_a_person_wrote_is_never_lost_unasked(repo, sent, live, known, overwrite):
    """Whatever the three say: without the option nothing is written but over what was applied last."""
    state = {"r": applied(RULE | {"note": sent}, LIVE | {"note": sent})} if known else {}
    change = change_of(RULE | {"note": repo}, state, LIVE | {"note": live}, overwrite_drift=overwrite)
    equal = (repo or "") == (live or "")
    assert (change.kind is Kind.UNCHANGED) == equal
    if change.action is not None:
        assert overwrite or (known and (live or "") == (sent or ""))
    if not equal and overwrite:
        assert change.action is Action.UPDATE


def test_a_saved_plan_notices_what_moved(tmp_path):
    def plan(repo=RULE | {"note": "n"}, live=LIVE, where="k", **options):
        return plan_of([repo], [live], where=where, **options)

    path = tmp_path / "plan.json"
    write_plan(path, plan())
    saved = read_plan(path)
    assert saved == save(plan())
    assert saved.moved(plan()) == []
    assert saved.moved(plan(live=LIVE | {"enabled": False})) == []
    for other in (
        plan(repo=RULE | {"note": "m"}), plan(live=LIVE | {"revision": 1}), plan(live=LIVE | {"note": "o"}),
        plan(live=LIVE | {"id": "0-9"}), plan(where="l"), plan(repo=RULE),
    ):  # fmt: skip
        assert saved.moved(other)
    assert "note" not in path.read_text()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 1}', "<<<<<<< ours\n{}\n=======\n>>>>>>> theirs\n"])
def test_a_file_that_is_no_plan_or_state(tmp_path, text):
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"file\.json"):
        read_plan(path)
    with pytest.raises(UsageError, match=r"file\.json"):
        StateFile(path).read("k")


def test_a_state_comes_back_from_its_file(tmp_path):
    path = tmp_path / "deep" / "state.json"
    file = StateFile(path)
    assert file.read("k") == State("k", {})
    state = State("k", {"r": Remembered({"a": 1}, {"a": 2}, {"b": 1}, ("enabled",)), "s": Remembered(pending={})})
    file.write(state)
    assert StateFile(path).read("k") == state
    assert json.loads(path.read_text())["rules"]["s"] == {"pending": {}}
    with pytest.raises(UsageError, match="is the state of k, not of l"):
        StateFile(path).read("l")


def test_the_comparison_changes_nothing():
    before = copy.deepcopy((RULE, LIVE, DONE))
    change_of(overwrite_drift=True)
    assert before == (RULE, LIVE, DONE)
