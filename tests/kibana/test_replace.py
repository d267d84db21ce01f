"""A rule whose type changes: Kibana deletes it and creates it anew, and nothing of it may be lost on the way."""

import json

import pytest

EQL = {"type": "eql", "language": "eql", "query": "any where true"}
LIST = {"list_id": "theirs", "type": "detection", "namespace_type": "single"}
IMPORT = r"POST .*/rules/_import"


@pytest.fixture
def retyped(run, project, stand_in):
    """Rule a has become an EQL rule; in Kibana people enabled it, gave it an exception list, an action and metadata."""
    assert run("apply", "--yes").code == 0
    space = stand_in.space()
    space.lists["list-1"] = {"id": "list-1", "name": "Theirs", "description": "", **LIST}
    space.connectors["c"] = {"id": "c", "name": "C", "connector_type_id": ".index", "config": {}}
    action = {"action_type_id": ".index", "id": "c", "params": {"documents": [{}]}, "uuid": "u", "group": "default"}
    stand_in.edit("a", enabled=True, exceptions_list=[{"id": "list-1", **LIST}], actions=[action], meta={"k": "v"})
    project.write("a", **EQL)
    return project


def theirs(rule):
    return rule["enabled"], rule["exceptions_list"], [(one["id"], one["uuid"]) for one in rule["actions"]], rule["meta"]


KEPT = (True, [{"id": "list-1", **LIST}], [("c", "u")], {"k": "v"})


def test_it_is_a_kind_of_its_own(run, retyped):
    planned = run("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "± replace" in planned.out
    assert "its execution history is lost" in planned.out
    assert '~ type: "query" -> "eql"' in planned.out
    assert "1 to replace, 2 unchanged" in planned.out
    assert "- **replace** Rule a" in run("plan", "--format", "markdown").out
    [change] = [one for one in json.loads(run("plan", "--format", "json").out)["changes"] if one["action"]]
    assert (change["kind"], change["action"]) == ("replace", "replace")


def test_what_kibana_owns_is_carried_over(run, retyped, stand_in):
    old = stand_in.rule("a")["id"]
    outcome = run("apply", "--yes")
    assert outcome.code == 0, outcome
    assert outcome.out.endswith("1 replaced\n")
    rule = stand_in.rule("a")
    assert (rule["type"], rule["id"] != old) == ("eql", True)
    assert theirs(rule) == KEPT
    assert run("plan", "--detailed-exitcode").code == 0
    assert "replaced" not in retyped.state.read_text()


def test_another_language_of_the_same_type_is_an_update(run, project, stand_in):
    run("apply", "--yes")
    old = stand_in.rule("a")["id"]
    project.write("a", language="lucene", query="event.action:a")
    assert '~ language: "kuery" -> "lucene"' in run("plan").out
    assert run("apply", "--yes").out.endswith("1 updated\n")
    assert (stand_in.rule("a")["language"], stand_in.rule("a")["id"]) == ("lucene", old)


@pytest.mark.parametrize("worked", [True, False])
@pytest.mark.parametrize("number", range(9))
def test_killed_between_any_two_requests(run, retyped, stand_in, number, worked):
    """Then an edit in the repo, so that the state alone knows what was there; and again."""
    if worked:
        stand_in.kill_after(number + 1)
    else:
        stand_in.drop("", times=10**9, skip=number)
    first = run("apply", "--yes")
    stand_in.revive()
    if stand_in.rule("a") is None:
        assert "deleted by an interrupted apply, and not yet created again" in run("plan").out
    retyped.write("a", **EQL, note="Newer still.")
    again = run("apply", "--yes")
    assert again.code == 0, (first, again)
    assert (stand_in.rule("a")["type"], stand_in.rule("a")["note"]) == ("eql", "Newer still.")
    assert theirs(stand_in.rule("a")) == KEPT
    assert len(stand_in.space().rules) == 3
    assert run("plan", "--detailed-exitcode").code == 0
    assert "replaced" not in retyped.state.read_text()


def test_how_many_requests_there_are(run, retyped, stand_in):
    """The loop above reaches all of them."""
    before = len(stand_in.requests)
    assert run("apply", "--yes").code == 0
    assert len(stand_in.requests) - before == 8


def test_a_new_rule_that_kibana_refuses(run, retyped, stand_in):
    """The old one is there again. Kibana is asked twice for the new one, and then for the old one."""
    stand_in.fail(IMPORT, 500, times=2)
    outcome = run("apply", "--yes")
    stand_in.revive()
    assert outcome.code == 1
    assert "the previous rule was restored" in outcome.out
    assert stand_in.rule("a")["type"] == "query"
    assert theirs(stand_in.rule("a")) == KEPT
    assert "replaced" not in retyped.state.read_text()
    assert "1 to replace" in run("plan").out
    assert run("apply", "--yes").code == 0
    assert theirs(stand_in.rule("a")) == KEPT


def test_refused_for_good(run, retyped, stand_in):
    """Neither the new rule nor the old one is taken: all of it is in the state, and the next apply goes on."""
    stand_in.after_request = lambda number: stand_in.rule("a") or stand_in.refused.update(a=(400, "no more"))
    outcome = run("apply", "--yes")
    stand_in.revive()
    assert outcome.code == 1
    assert "the previous rule could not be restored, and is kept in .detections/state/test.json: no more" in outcome.out
    again = run("apply", "--yes")
    assert (again.code, stand_in.rule("a")) == (1, None)
    stand_in.refused.clear()
    assert run("apply", "--yes").code == 0
    assert theirs(stand_in.rule("a")) == KEPT


def test_an_import_that_is_not_answered(run, retyped, stand_in):
    """Kibana may be at it still: neither it nor the old rule is sent again, or there might be two."""
    stand_in.after_request = lambda number: stand_in.rule("a") or stand_in.drop(IMPORT)
    outcome = run("apply", "--yes")
    stand_in.revive()
    assert outcome.code == 1
    assert "as it was" not in outcome.out
    assert run("apply", "--yes").code == 0
    assert theirs(stand_in.rule("a")) == KEPT


def test_a_connector_that_is_not_there_any_more(run, retyped, stand_in):
    """Kibana would refuse the new rule, and the old one, too: it is not deleted."""
    del stand_in.space().connectors["c"]
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert "use connectors that do not exist: c" in outcome.out
    assert stand_in.rule("a")["type"] == "query"
    retyped.write("a", **EQL, actions=[])
    assert run("apply", "--yes").code == 0
    assert stand_in.rule("a")["actions"] == []


def test_a_privilege_to_delete_is_missing(run, retyped, stand_in):
    stand_in.denied.append((r"_bulk_action", "securitySolution-all"))
    assert run("apply", "--yes").code == 1
    assert stand_in.rule("a")["type"] == "query"
    stand_in.denied.clear()
    assert run("apply", "--yes").code == 0
    assert theirs(stand_in.rule("a")) == KEPT


def test_a_person_edited_it_too(run, retyped, stand_in):
    stand_in.edit("a", by="alice", note="Mine.")
    torn = run("apply", "--yes")
    assert (torn.code, stand_in.rule("a")["type"]) == (1, "query")
    planned = run("plan", "--overwrite-drift")
    assert "1 in conflict" in planned.out
    assert "will be replaced" in planned.out
    assert run("apply", "--yes", "--overwrite-drift").out.endswith("1 replaced\n")
    assert "note" not in stand_in.rule("a")


@pytest.fixture
def interrupted(run, retyped, stand_in):
    """An apply has deleted rule a, and nothing more."""
    stand_in.after_request = lambda number: stand_in.rule("a") or stand_in.drop("", times=10**9)
    run("apply", "--yes")
    stand_in.revive()
    assert stand_in.rule("a") is None
    return retyped


def test_the_state_is_made_again_after_an_interruption(run, interrupted, stand_in):
    assert run("apply", "--yes", "--rebuild-state").code == 0
    assert theirs(stand_in.rule("a")) == KEPT


def test_the_repo_takes_it_back_after_an_interruption(run, interrupted, stand_in):
    interrupted.remove("a")
    assert run("apply", "--yes").code == 0
    interrupted.write("a")
    assert run("apply", "--yes").code == 0
    assert stand_in.rule("a")["type"] == "query"
    assert theirs(stand_in.rule("a"))[:3] == KEPT[:3]
