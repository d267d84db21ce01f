"""Deployments at the command line, from the first one to a person's edit that comes back into the repo."""

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
