"""Deployments at the command line, from the first one to a person's edit that comes back into the repo."""

TYPES = {
    "query": {"filters": [], "alert_suppression": None},
    "saved_query": {"saved_id": "s"},
    "eql": {"query": "any where true", "language": "eql"},
    "esql": {"query": "FROM logs-* METADATA _id, _version, _index | WHERE a == 1", "language": "esql", "index": None},
    "threshold": {"threshold": None},
    "threat_match": {"threat_query": "*:*", "threat_index": ["ti-*", "a-*"], "threat_mapping": None},
    "machine_learning": {"anomaly_threshold": 50, "machine_learning_job_id": "job", "query": None, "index": None},
    "new_terms": {"new_terms": None},
}
"""Fields of each type; None leaves one out, or stands for a table below."""
TABLES = {
    "query": """
[rule.alert_suppression]
group_by = ["host.name"]
missing_fields_strategy = "suppress"
""",
    "threshold": """
[rule.threshold]
field = "host.name"
value = 3

[rule.alert_suppression.duration]
value = 1
unit = "h"
""",
    "threat_match": """
[[rule.threat_mapping]]
[[rule.threat_mapping.entries]]
field = "a"
type = "mapping"
value = "b"
""",
    "new_terms": """
[rule.new_terms]
field = "new_terms_fields"
value = ["a", "b"]

[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-7d"
""",
}

TAG = "Managed by: detections"


def test_create_unchanged_update_drifted(run, project, stand_in):
    planned = run("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "3 to create" in planned.out
    assert "next: detections apply" in planned.out
    assert not stand_in.space().rules

    applied = run("apply", "--yes")
    assert applied.code == 0, applied
    assert applied.out.endswith("3 created\n")
    assert stand_in.rule("a")["tags"] == [TAG]

    assert run("plan", "--detailed-exitcode").code == 0
    before = len(stand_in.requests)
    again = run("apply", "--yes")
    assert (again.code, "3 unchanged" in again.out) == (0, True)
    assert {one.method for one in stand_in.requests[before:]} == {"GET"}

    project.write("a", interval="10m")
    changed = run("plan", "--detailed-exitcode")
    assert changed.code == 2
    assert '~ interval: "5m" -> "10m"' in changed.out
    assert "1 to update, 2 unchanged" in changed.out
    assert run("apply", "--yes").code == 0
    assert stand_in.rule("a")["interval"] == "10m"
    assert run("plan", "--detailed-exitcode").code == 0

    stand_in.edit("b", by="alice", note="Ask Bob first.", severity="high")
    drifted = run("plan", "--detailed-exitcode")
    assert drifted.code == 2
    assert "drifted" in drifted.out
    assert f"alice at {stand_in.rule('b')['updated_at']}" in drifted.out
    assert '+ note: "Ask Bob first."' in drifted.out
    left = run("apply", "--yes")
    assert left.code == 0
    assert stand_in.rule("b")["note"] == "Ask Bob first."

    project.write("b", note="Ask Carol first.")
    torn = run("apply", "--yes")
    assert torn.code == 1
    assert "1 in conflict" in torn.out
    assert stand_in.rule("b")["severity"] == "high"
    assert run("apply", "--yes", "--overwrite-drift").code == 0
    assert stand_in.rule("b")["note"] == "Ask Carol first."
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_persons_edit_comes_back_into_the_repo(run, project, stand_in):
    path = project.write("b")
    path.write_text(path.read_text().replace('name = "Rule b"', 'name = "Rule b"  # ours'))
    run("apply", "--yes")
    stand_in.edit("b", by="alice", severity="high", risk_score=73, note="Ask Bob first.\nThen Carol.")
    drifted = run("plan", "--detailed-exitcode")
    assert (drifted.code, "1 drifted, 2 unchanged" in drifted.out) == (2, True)
    assert "detections pull brings it into the repo" in drifted.out
    assert run("pull").code == 0
    text = path.read_text()
    assert 'severity = "high"' in text
    assert "Ask Bob first." in text
    assert "# ours" in text
    settled = run("plan")
    assert "drifted" not in settled.out
    assert run("apply", "--yes").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    assert stand_in.rule("b")["note"] == "Ask Bob first.\nThen Carol."


def test_every_type_is_unchanged_after_an_apply(run, project, stand_in):
    for kind, fields in TYPES.items():
        path = project.write(f"type-{kind}", **({"type": kind, "tags": ["z", "a"]} | fields))
        path.write_text(f"{path.read_text()}\n{TABLES.get(kind, '')}")
    applied = run("apply", "--yes")
    assert (applied.code, len(stand_in.space().rules)) == (0, 3 + len(TYPES)), applied
    assert "a form of its own" not in applied.out
    assert run("plan", "--detailed-exitcode").code == 0
    project.state.unlink()
    assert run("plan", "--detailed-exitcode").code == 0
