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
