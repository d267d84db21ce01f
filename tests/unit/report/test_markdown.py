import pytest

from detections.deploy.model import Action, Change, Kind, Plan
from detections.kibana.answers import Rule
from detections.payload import Difference
from detections.report import markdown


def planned(*changes: Change) -> Plan:
    return Plan("prod", "https://k/s/default", changes)


def change(name: str = "Rule", old: str = "a", new: str = "b", number: int = 1) -> Change:
    return Change(Kind.UPDATE, f"id-{number}", name, Action.UPDATE, (Difference("note", old, new),))


def test_a_plan_is_a_list_with_the_differences_folded_away() -> None:
    same = Change(Kind.UNCHANGED, "id-2", "Same")
    assert "\n".join(markdown.plan(planned(change(), same))).split("\n") == [
        "### prod: 1 to update, 1 unchanged",
        "",
        "- **update** Rule <sub>id-1</sub>",
        "  <details><summary>what differs</summary>",
        "",
        "  ```diff",
        '  ~ note: "a" -> "b"',
        "  ```",
        "",
        "  </details>",
    ]


def test_a_heading_says_which_differences_they_are_and_a_note_stands_behind_the_id() -> None:
    edited = Change(
        Kind.DRIFTED,
        "id-1",
        "Rule",
        edits=(Difference("a", 1, 2),),
        live=Rule.of({"id": "1", "rule_id": "r", "updated_by": "@bob"}),
        note="#1",
    )
    text = "\n".join(markdown.plan(planned(edited)))
    assert "<summary>edited in Kibana:</summary>" in text
    assert text.split("\n")[2] == (
        "- **drifted** Rule <sub>id-1</sub>: last written by <span>@</span>bob at an unknown time; <span>#</span>1"
    )


@pytest.mark.parametrize("many", [1, 40, 3000])
def test_a_plan_that_is_too_long_for_a_comment_leaves_out_differences_then_rules(many: int) -> None:
    changes = [change("x" * 60, "a" * 2000, "b" * 2000, number) for number in range(many)]
    text = "\n".join(markdown.plan(planned(*changes)))
    listed, told = text.count("- **update**"), text.count("<details>")
    assert len(text) < 65_000
    assert told + text.count("what differs is too long for this comment") == listed
    if many == 1:
        assert (listed, told) == (1, 1)
    elif many == 40:
        assert listed == 40 and 5 < told < 40
    else:
        assert 300 < listed < 3000 and text.endswith(f"\nand {3000 - listed:,} more")
