from detections.catalog import attack
from detections.catalog.extracts import extract


def test_a_sub_technique_knows_its_parent_its_tactics_and_its_place_in_v19():
    found = attack.technique("T1562.007")
    assert (found.name, found.tactics, found.parent) == ("Disable or Modify Cloud Firewall", ("TA0005",), "T1562")
    assert found.v19 == "T1686.001"
    assert found.reference == "https://attack.mitre.org/techniques/T1562/007/"


def test_a_technique_can_serve_several_tactics_and_has_no_parent():
    found = attack.technique("T1037")
    assert (set(found.tactics), found.parent, found.v19) == ({"TA0003", "TA0004"}, None, None)


def test_a_revoked_technique_names_its_successor():
    found = attack.technique("T1089")
    assert found.revoked and found.successor == "T1562.001"


def test_a_tactic_has_the_name_of_its_version():
    assert attack.tactic("TA0005") == attack.Tactic("TA0005", "Defense Evasion")


def test_ids_of_v19_are_traced_back():
    assert [one.id for one in attack.before_v19("T1685")] == ["T1562", "T1562.001"]
    assert "T1562.007" in {one.id for one in attack.before_v19("TA0112")}
    assert attack.before_v19("T9999") == []


def test_unknown_ids_are_none():
    assert attack.technique("T9999") is None
    assert attack.technique("T1562.999") is None
    assert attack.tactic("TA0112") is None


def test_every_technique_is_in_known_tactics():
    tactics, techniques = (extract("attack/v18.json")[table] for table in ("tactics", "techniques"))
    assert len(tactics) == 14
    assert all(set(entry["tactics"]) <= set(tactics) for entry in techniques.values())
    assert all(entry["revoked"] in techniques for entry in techniques.values() if "revoked" in entry)


def test_tactics_are_in_the_order_of_an_intrusion() -> None:
    names = [one.name for one in attack.tactics()]
    assert (names[0], names[4], names[-3:]) == (
        "Reconnaissance", "Persistence", ["Command and Control", "Exfiltration", "Impact"]
    )  # fmt: skip
    assert len(names) == 14
    assert attack.tactics()[-3].shortname == "command-and-control"


def test_techniques_in_use_stand_by_name_with_their_parts_behind_them() -> None:
    found = attack.techniques()
    assert not any(one.revoked or one.deprecated for one in found)
    at = [one.id for one in found].index("T1562")
    assert all(one.parent == "T1562" for one in found[at + 1 : at + 10])
    above = [one.name for one in found if one.parent is None]
    assert above == sorted(above)
