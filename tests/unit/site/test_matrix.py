"""ATT&CK's matrix, and the layer for its Navigator."""

from __future__ import annotations

from detections.case import Proof
from detections.catalog import attack
from detections.payload import Lock
from detections.site import Project, gather
from detections.site.history import History
from detections.site.kibana import Execution
from detections.site.matrix import Cell, Column, layer, matrix, unknown
from detections.site.project import State
from made_rules import QUERY, rule_of


def threat(tactic: str, *techniques: str) -> str:
    """The tables of a tactic; ``T1.2`` stands below ``T1``."""
    text = '[[rule.threat]]\nframework = "MITRE ATT&CK"\n'
    text += f'[rule.threat.tactic]\nid = "{tactic}"\nname = "{tactic}"\nreference = "x"\n'
    for name in techniques:
        table = "rule.threat.technique.subtechnique" if "." in name else "rule.threat.technique"
        text += f'[[{table}]]\nid = "{name}"\nname = "x"\nreference = "x"\n'
    return text


def project(*threats: str, executions: dict[str, Execution] | None = None) -> Project:
    rules = [rule_of(f"{QUERY}\n{text}", f"r{number}") for number, text in enumerate(threats)]
    entries = gather(rules, (), Lock(), History(), backtest=None, executions=executions)
    return Project("t", entries, executions=executions)


def column(found: Project, tactic: str) -> Column:
    return next(one for one in matrix(found.running) if one.tactic.id == tactic)


def cell(one: Column, technique: str) -> Cell:
    return next(cell for cell in one.cells if cell.technique.id == technique)


def test_columns_are_those_of_attack() -> None:
    found = matrix(())
    assert [one.tactic.name for one in found][:3] == ["Reconnaissance", "Resource Development", "Initial Access"]
    assert found[-1].tactic.name == "Impact"
    assert sum(len(one.cells) for one in found) > 200
    assert all(one.rules == one.covered == 0 for one in found)


def test_a_technique_has_the_rules_of_its_parts_once() -> None:
    found = project(threat("TA0005", "T1562", "T1562.007"), threat("TA0005", "T1562", "T1562.001"), threat("TA0005"))
    one = column(found, "TA0005")
    assert (one.rules, one.covered) == (3, 1)
    above = cell(one, "T1562")
    assert len(above.rules) == 2
    assert [(part.technique.id, len(part.rules)) for part in above.parts] == [("T1562.007", 1), ("T1562.001", 1)]
    assert above.level == 2


def test_a_technique_under_a_tactic_that_is_not_its_own_is_shown_there() -> None:
    one = column(project(threat("TA0040", "T1562")), "TA0040")
    assert len(cell(one, "T1562").rules) == 1
    assert cell(one, "T1562").technique.tactics == ("TA0005",)


def test_ids_that_attack_does_not_have_are_told() -> None:
    found = project(threat("TA0005", "T0000"), threat("TA9999", "T1562"), threat("TA0005", "T1089"))
    assert unknown(found.entries) == ["T0000", "T1089", "TA9999"]
    assert not any(one.technique.id == "T0000" for one in column(found, "TA0005").cells)


def test_the_rules_are_those_that_are_enabled_where_that_is_known() -> None:
    text = threat("TA0005", "T1562")
    assert len(project(text, text).running) == 2
    ran = {"r0": Execution("r0", "r0", True, "succeeded"), "r1": Execution("r1", "r1", False, "succeeded")}
    assert [entry.rule.name for entry in project(text, text, text, executions=ran).running] == ["r0"]


def test_proof() -> None:
    found = project(threat("TA0005", "T1562"))
    assert cell(column(found, "TA0005"), "T1562").proof == "none"
    assert found.entries[0].state is State.NOT_PROVED
    assert gather([found.entries[0].rule], [Proof(found.entries[0].rule, not_run="x")], Lock(), History(),
                  backtest=None, executions=None)[0].state is State.NOT_PROVED  # fmt: skip


def test_the_layer() -> None:
    made = layer(project(threat("TA0011", "T1071", "T1071.001"), threat("TA0011", "T1071")))
    assert made["versions"] == {"attack": "18", "navigator": "5.1.0", "layer": "4.5"}
    assert made["domain"] == "enterprise-attack"
    scores = {(one["techniqueID"], one["tactic"]): one["score"] for one in made["techniques"]}
    assert scores == {("T1071", "command-and-control"): 2, ("T1071.001", "command-and-control"): 1}
    assert made["techniques"][0]["metadata"] == [{"name": "proved", "value": "0 of 2"}]
    assert made["gradient"]["maxValue"] == 2
    assert layer(project())["techniques"] == []


def test_every_technique_in_use_has_its_place() -> None:
    known = {cell.technique.id for one in matrix(()) for cell in one.cells}
    assert known == {one.id for one in attack.techniques() if one.parent is None}
