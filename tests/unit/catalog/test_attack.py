from detections.catalog import attack


def test_a_sub_technique_knows_its_parent_its_tactics_and_its_place_in_v19():
    found = attack.technique("T1562.007")
    assert (found.name, found.tactics, found.parent) == ("Disable or Modify Cloud Firewall", ("TA0005",), "T1562")
    assert (found.v19, found.v19_tactic) == ("T1686.001", "TA0112")
    assert found.reference == "https://attack.mitre.org/techniques/T1562/007/"


def test_a_technique_can_serve_several_tactics_and_has_no_parent():
    found = attack.technique("T1037")
    assert (set(found.tactics), found.parent, found.v19) == ({"TA0003", "TA0004"}, None, None)


def test_a_revoked_technique_names_its_successor():
    found = attack.technique("T1089")
    assert found.revoked and found.successor == "T1562.001"


def test_tactics_have_names_in_both_versions():
    assert attack.tactic("TA0005") == attack.Tactic("TA0005", "Defense Evasion", "Stealth")
    assert len(attack.tactics()) == 14


def test_unknown_ids_are_none():
    assert attack.technique("T9999") is None
    assert attack.technique("T1562.999") is None
    assert attack.tactic("TA0112") is None


def test_every_technique_is_in_known_tactics():
    known = {tactic.id for tactic in attack.tactics()}
    techniques = attack.extract("attack/v18.json")["techniques"]
    assert all(set(entry["tactics"]) <= known for entry in techniques.values())
    assert all(entry["revoked"] in techniques for entry in techniques.values() if "revoked" in entry)
