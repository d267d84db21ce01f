"""The gate of a predicate lets through all that the predicate selects, and asks settled fields only."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detections.engine import Evaluator
from detections.engine.gate import gate
from detections.engine.operators import SETTLED
from detections.events import Documents
from detections.mapping import Field
from detections.plan.predicate import Always, And, Equals, Exists, IsTrue, Not, Or, Predicate, leaves
from detections.plan.predicate import Test as Ask

ACTION, PROVIDER, USER = (Field(name, "keyword") for name in ("event.action", "event.provider", "user.name"))
VALUES = ["a", "b", "c"]

tests: st.SearchStrategy[Predicate] = st.builds(
    Ask,
    st.sampled_from([ACTION, PROVIDER, USER]),
    st.builds(Equals, st.frozensets(st.sampled_from(VALUES), min_size=1)) | st.just(Exists()),
    st.sampled_from(["false", "missing"]),
    st.sampled_from(["any", "missing"]),
)
predicates = st.recursive(
    tests | st.builds(Always, st.sampled_from([True, False, None])),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(IsTrue, inner)
        | st.builds(And, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        field.name: st.sampled_from(VALUES) | st.lists(st.sampled_from(VALUES), max_size=2)
        for field in (ACTION, PROVIDER, USER)
    },
)


def named(action: str) -> Predicate:
    return Ask(ACTION, Equals(frozenset({action})))


USED = Ask(USER, Exists())


def test_gates() -> None:
    assert gate(And((named("a"), USED))) == named("a")
    assert gate(Or((And((named("a"), USED)), named("b")))) == Or((named("a"), named("b")))
    assert gate(Or((named("a"), USED))) == Always(True)
    assert gate(And((named("a"), Not(Or((named("b"), USED)))))) == And((named("a"), Not(named("b"))))
    assert gate(Not(And((named("a"), USED)))) == Always(True)
    assert gate(USED) == Always(True)


@settings(max_examples=300, deadline=None)
@given(predicates, st.lists(documents, min_size=1, max_size=6))
def test_a_gate_lets_through_what_the_predicate_selects(predicate: Predicate, found: list[dict[str, Any]]) -> None:
    evaluator = Evaluator(Documents(0, found))
    passed = evaluator.answer(gate(predicate)).true
    assert evaluator.answer(predicate).true & ~passed == 0
    assert all(leaf.field.path in SETTLED for leaf in leaves(gate(predicate)) if isinstance(leaf, Ask))
