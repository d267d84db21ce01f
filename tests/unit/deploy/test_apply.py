"""An apply against a Kibana of a few lines: what is sent, what is believed, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from detections.deploy.apply import apply_plan
from detections.deploy.model import Action, Options
from detections.deploy.outcome import Outcome
from detections.deploy.plan import make_plan
from detections.deploy.state import StateFile
from detections.errors import NotAllowed, ServerError, ServerUnavailable
from detections.kibana.answers import ExceptionList, Rule
from detections.kibana.results import BulkResult, ImportResult, Problem

TAG = "ours"


def payload(rule_id: str, **more: Any) -> dict[str, Any]:
    return {"rule_id": rule_id, "name": rule_id.upper(), "type": "query", "query": "a: b", "tags": [TAG], **more}


class Kibana:
    """``too_large`` are rules that are refused for their size, with all that are sent beside them; ``fails`` is what an
    import raises; ``keeps`` changes what is kept of a rule."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.rules = {rule["rule_id"]: {**rule, "id": f"id-{rule['rule_id']}", "revision": 0} for rule in rules}
        self.too_large: set[str] = set()
        self.fails: list[Exception] = []
        self.keeps: dict[str, Any] = {}
        self.imports: list[list[str]] = []
        self.stubborn = False
        self.lists: dict[tuple[str, str], ExceptionList] = {}

    def find_rules(self, chosen: str = "") -> list[Rule]:
        return [Rule.of(rule) for rule in self.rules.values()]

    def get_exception_list(self, list_id: str, namespace_type: str) -> ExceptionList | None:
        return self.lists.get((list_id, namespace_type))

    def find_connectors(self) -> list[Any]:
        return []

    def import_rules(self, objects: Iterable[dict[str, Any]], overwrite: bool) -> ImportResult:
        bodies = list(objects)
        self.imports.append([body["rule_id"] for body in bodies])
        if self.fails:
            raise self.fails.pop(0)
        if not self.too_large.isdisjoint(self.imports[-1]):
            raise ServerError("it is too large", request="POST /_import", status=413)
        problems = []
        for body in bodies:
            old = self.rules.get(body["rule_id"])
            if old is not None and not overwrite:
                problems.append(Problem("rule", body["rule_id"], "already exists", 409))
                continue
            revision = 0 if old is None else old["revision"] + 1
            self.rules[body["rule_id"]] = {**body, "id": f"id-{body['rule_id']}", "revision": revision, **self.keeps}
        return ImportResult(problems=tuple(problems))

    def bulk_action(self, action: str, ids: list[str]) -> BulkResult:
        for name in ids if not self.stubborn else ():
            rule_id = name.removeprefix("id-")
            if action == "delete":
                del self.rules[rule_id]
            else:
                self.rules[rule_id]["enabled"] = False
        return BulkResult()


class World:
    def __init__(self, path: Path, *rules: dict[str, Any]) -> None:
        self.kibana = Kibana(*rules)
        self.file = StateFile(path)
        self.state = self.file.read("k")

    def apply(self, *desired: dict[str, Any], **options: Any) -> list[Outcome]:
        made = make_plan("test", self.state, desired, self.kibana.find_rules(), TAG, options=Options(**options))
        try:
            return list(apply_plan(self.kibana, made, self.file.read("k"), self.file))  # type: ignore[arg-type]
        finally:
            self.state = self.file.read("k")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state.json")


def told(outcomes: Iterable[Outcome]) -> dict[str, tuple[bool, str]]:
    return {outcome.change.rule_id: (outcome.done, outcome.message) for outcome in outcomes}


def test_a_rule_that_is_too_large_does_not_keep_out_those_beside_it(world: World) -> None:
    world.kibana.too_large = {"c"}
    outcomes = told(world.apply(*map(payload, "abcde")))
    assert outcomes == {
        **dict.fromkeys("abde", (True, "")), "c": (False, "POST /_import answered 413: it is too large"),
    }  # fmt: skip
    assert set(world.kibana.rules) == set("abde")
    assert ["c"] in world.kibana.imports and ["a", "b"] in world.kibana.imports
    assert {name for name, entry in world.state.rules.items() if entry.sent is not None} == set("abde")


def test_another_error_is_not_sent_in_halves(world: World) -> None:
    refusal = ServerError("it broke", request="POST /_import", status=500)
    world.kibana.fails = [refusal, refusal]
    outcomes = told(world.apply(payload("a"), payload("b")))
    assert outcomes == dict.fromkeys("ab", (False, "POST /_import answered 500: it broke"))
    assert world.kibana.imports == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize(
    "error",
    [NotAllowed("a privilege is missing", request="POST /_import", status=403),
     ServerUnavailable("cannot connect", request="POST /_import", sent=False)],
)  # fmt: skip
def test_what_will_be_no_better_for_the_next_rule_ends_the_apply(world: World, error: ServerError) -> None:
    world.kibana.fails = [error]
    with pytest.raises(type(error)):
        world.apply(payload("a"))
    assert world.state.rules["a"].sent is None and world.state.rules["a"].pending is not None


def test_an_import_that_was_not_answered_is_not_sent_again_for_new_rules(world: World) -> None:
    world.kibana.fails = [ServerUnavailable("the connection was dropped", request="POST /_import", sent=True)]
    assert told(world.apply(payload("a"))) == {"a": (False, "POST /_import: the connection was dropped")}
    assert world.kibana.imports == [["a"]]
    assert told(world.apply(payload("a"))) == {"a": (True, "")}


def test_the_answer_is_not_believed_but_what_is_there(world: World) -> None:
    world.kibana.fails = [ServerError("so it says", request="POST /_import", status=500)] * 2
    world.kibana.rules["a"] = {**payload("a"), "id": "id-a", "revision": 0}
    assert told(world.apply(payload("a", note="n"), overwrite_drift=True))["a"][0] is False
    world.kibana.stubborn = True
    outcomes = told(world.apply(prune="delete", overwrite_drift=True))
    assert outcomes == {"a": (False, "Kibana did not do this")}


def test_a_form_of_its_own_counts_as_applied(world: World) -> None:
    world.kibana.keeps = {"a_field_of_tomorrow": "x"}
    text = "Kibana stores these fields in a form of its own: a_field_of_tomorrow"
    assert told(world.apply(payload("a"))) == {"a": (True, text)}
    assert told(world.apply(payload("a"))) == {}


def test_a_rule_that_is_written_at_the_same_time_is_told(world: World) -> None:
    world.apply(payload("a"))
    world.kibana.keeps = {"revision": 2, "note": "theirs", "updated_by": "bob", "updated_at": "now"}
    text = "also written by bob at now meanwhile (note): plan again"
    assert told(world.apply(payload("a", note="ours"))) == {"a": (False, text)}


def test_a_rule_that_was_written_meanwhile_is_left_alone(world: World, tmp_path: Path) -> None:
    world.apply(payload("a"))
    made = make_plan("test", world.state, [payload("a", note="n")], world.kibana.find_rules(), TAG)
    world.kibana.rules["a"] |= {"revision": 7, "updated_by": "alice", "updated_at": "today"}
    (outcome,) = apply_plan(world.kibana, made, world.file.read("k"), world.file)  # type: ignore[arg-type]
    assert (outcome.done, outcome.message) == (
        False,
        "written by alice at today since the plan was made: plan again",
    )
    world.kibana.rules["a"] |= {"note": "n"}
    (outcome,) = apply_plan(world.kibana, made, world.file.read("k"), world.file)  # type: ignore[arg-type]
    assert (outcome.done, outcome.message) == (True, "already done by someone else")
    del world.kibana.rules["a"]
    (outcome,) = apply_plan(world.kibana, made, world.file.read("k"), world.file)  # type: ignore[arg-type]
    assert outcome.message == "deleted in Kibana since the plan was made: plan again"


def test_a_rule_of_another_type_is_replaced_with_what_is_kibanas(world: World) -> None:
    world.apply(payload("a"))
    world.kibana.rules["a"]["enabled"] = True
    (outcome,) = world.apply(payload("a", type="eql"))
    assert (outcome.change.action, outcome.done) == (Action.REPLACE, True)
    assert (world.kibana.rules["a"]["type"], world.kibana.rules["a"]["enabled"]) == ("eql", True)
    assert world.state.rules["a"].replaced is None


def test_a_reference_has_the_id_that_the_list_has_in_this_space(world: World) -> None:
    for name, space in (("l", "single"), ("l", "agnostic")):
        world.kibana.lists[name, space] = ExceptionList(
            id=f"{space} id", list_id=name, namespace_type=space, type="detection"
        )
    references = [
        {"id": "of another space", "list_id": name, "type": "detection", "namespace_type": space}
        for name, space in (("l", "single"), ("l", "agnostic"), ("gone", "single"))
    ]
    ((_, message),) = told(world.apply(payload("a", exceptions_list=references))).values()
    assert message == ""
    sent = world.kibana.rules["a"]["exceptions_list"]
    assert [reference["id"] for reference in sent] == ["single id", "agnostic id", "of another space"]
