"""Pulling at the command line: a person's edits come into the files, rules without a file get one, nothing is lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from detections import bundle
from detections.deploy.pull import FileChange
from detections.errors import DetectionsError
from detections.payload import diff, to_api
from detections.rule import load, load_rules
from detections.source import read

TAG = "Managed by: detections"
ALL = ("rules", "exceptions", "connectors", "value_lists")


def test_every_type_comes_back_field_for_field(run, zoo, kibana, stand_in, texts):
    before = {one.rule_id: to_api(one) for one in load_rules(zoo / "rules")}
    exported = run("export", "-o", "out.ndjson")
    assert exported.out == "out.ndjson: 8 rules, 1 exception list, 1 connector\n", exported
    objects, _ = bundle.from_ndjson((zoo / "out.ndjson").read_bytes(), "out.ndjson")
    result = kibana.import_rules(objects)
    assert result.success, result.problems
    kibana.create_value_list({"id": "v", "name": "V", "description": "D", "type": "ip"})
    kibana.import_value_list_items("v", ["10.0.0.1"])

    mine = texts()
    found = run("pull", "--all")
    assert (found.code, found.err) == (0, ""), found
    untouched = {name for name, text in texts().items() if mine[name] == text}
    assert set(mine) - untouched == {"connectors/soc.toml"}, "the versions of its saved object are new"

    for name in ALL:
        shutil.rmtree(zoo / name)
    fresh = run("pull", "--all")
    assert (fresh.code, fresh.err) == (0, ""), fresh
    assert "0 files changed, 12 new" in fresh.out
    loaded = load_rules(zoo / "rules")
    assert loaded.findings == ()
    after = {one.rule_id: to_api(one) for one in loaded}
    assert {name: diff(before[name], after[name]) for name in before} == dict.fromkeys(before, ())
    assert (zoo / "rules/defense_evasion_a_new_terms_rule.toml").is_file()
    assert (zoo / "value_lists/v.txt").read_text() == "10.0.0.1\n"
    again = run("export", "-o", "again.ndjson")
    assert again.code == 0, again
    once = texts()
    third = run("pull", "--all")
    assert (third.code, texts()) == (0, once)
    assert "0 files changed, 0 new" in third.out


def test_an_exported_file_gives_the_same_files(run, zoo, kibana, texts):
    run("export", "-o", "out.ndjson")
    objects, _ = bundle.from_ndjson((zoo / "out.ndjson").read_bytes(), "out.ndjson")
    kibana.import_rules(objects)
    for name in ALL:
        shutil.rmtree(zoo / name)
    assert run("pull", "--all").code == 0
    from_kibana = texts("rules", "exceptions", "connectors")
    for name in ("rules", "exceptions", "connectors"):
        shutil.rmtree(zoo / name)
    exported = kibana.request("POST", "/api/detection_engine/rules/_export", form="ndjson")
    (zoo / "export.ndjson").write_bytes(bundle.to_ndjson(exported))
    assert run("pull", "--from", "export.ndjson").code == 0
    assert texts("rules", "exceptions", "connectors") == from_kibana


def test_an_edit_in_kibana_comes_over_and_all_else_stays(run, project, stand_in):
    path = project.folder / "rules/b.toml"
    path.rename(project.folder / "rules/elsewhere.toml")
    path = project.folder / "rules/elsewhere.toml"
    path.write_text("# Ours.\n" + path.read_text().replace("risk_score = 47", "risk_score = 47  # as agreed"))
    assert run("apply", "--yes").code == 0
    assert run("pull").out == "0 files changed, 0 new, 3 unchanged\n"
    before = path.read_text()
    stand_in.edit("b", by="alice", note="Ask Bob first.\n", severity="high", tags=["x", TAG])

    shown = run("pull", "--dry-run")
    assert (shown.code, path.read_text()) == (0, before)
    assert "rules/elsewhere.toml" in shown.out
    assert '+severity = "high"' in shown.out
    assert shown.out.endswith("1 file to change, 0 new, 2 unchanged\n")

    assert run("pull").out.endswith("1 file changed, 0 new, 2 unchanged\n")
    rule, findings = load(read(path))
    assert findings == []
    assert (rule.note, rule.severity, rule.tags) == ("Ask Bob first.\n", "high", ("x",))
    lines = path.read_text().splitlines()
    assert lines[0] == "# Ours."
    assert "risk_score = 47  # as agreed" in lines
    gone = [line for line in before.splitlines() if line not in lines and "updated_date" not in line]
    assert gone == ['severity = "medium"']

    assert run("plan", "--detailed-exitcode").code == 0
    assert run("pull").out == "0 files changed, 0 new, 3 unchanged\n"


def test_buttons_of_a_guide_stay_in_transform(run, project, stand_in):
    path = project.write("a", note="Look: $osquery_0")
    path.write_text(path.read_text() + '\n[[transform.osquery]]\nlabel = "Services"\nquery = "SELECT 1"\n')
    assert run("apply", "--yes").code == 0
    sent = stand_in.rule("a")["note"]
    assert sent == 'Look: !{osquery{"label":"Services","query":"SELECT 1"}}'
    assert run("plan", "--detailed-exitcode").code == 0
    stand_in.edit("a", note=f"{sent} twice, and !{{osquery{{}}}}")
    assert run("pull").code == 0
    rule = load(read(path))[0]
    assert rule.note == "Look: $osquery_0 twice, and !{osquery{}}"
    assert rule.transform == {"osquery": [{"label": "Services", "query": "SELECT 1"}]}
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_field_that_kibana_cleared_is_cleared(run, project, stand_in):
    project.write("a", note="Old.", timestamp_override="event.ingested")
    run("apply", "--yes")
    stand_in.edit("a", note="")
    del stand_in.rule("a")["timestamp_override"]
    assert run("pull").code == 0
    rule = load(read(project.folder / "rules/a.toml"))[0]
    assert (rule.note, rule.timestamp_override) == ("", None)
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_the_repo_changed_and_did_not_apply_stays(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", severity="high")
    path = project.write("a", interval="10m")
    assert run("pull").code == 0
    rule = load(read(path))[0]
    assert (rule.interval, rule.severity) == ("10m", "high")
    planned = run("plan")
    assert "1 to update, 2 unchanged" in planned.out
    assert "severity" not in planned.out
    assert run("apply", "--yes").code == 0
    assert (stand_in.rule("a")["interval"], stand_in.rule("a")["severity"]) == ("10m", "high")


def test_a_field_that_both_changed_is_for_a_person_to_decide(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", severity="high", note="n")
    path = project.write("a", severity="low")
    torn = run("pull")
    assert torn.code == 1
    assert "changed here and in Kibana: severity" in torn.err
    rule = load(read(path))[0]
    assert (rule.severity, rule.note) == ("low", "n")
    assert "1 in conflict" in run("plan").out
    assert run("pull", "--theirs").code == 0
    assert load(read(path))[0].severity == "high"
    assert run("plan", "--detailed-exitcode").code == 0


def test_without_a_record_nothing_of_the_repo_is_written_over(run, project, stand_in, kibana):
    run("apply", "--yes", bump=False)
    stand_in.edit("a", note="n")
    kibana.create_exception_list({"list_id": "l", "name": "L", "description": "D", "type": "detection"})
    entry = {"field": "a", "operator": "included", "type": "exists"}
    item = {"list_id": "l", "item_id": "i", "name": "I", "description": "", "type": "simple", "entries": [entry]}
    kibana.create_exception_item(item)
    reference = {"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}
    stand_in.edit("b", exceptions_list=[reference])
    assert run("pull", "--full").code == 0
    rule, exceptions = project.write("a", severity="low"), project.folder / "exceptions/l.toml"
    exceptions.write_text(exceptions.read_text().replace('name = "I"', 'name = "Ours"'))
    before = rule.read_text(), exceptions.read_text()
    project.state.unlink()
    torn = run("pull")
    assert torn.code == 1
    assert "different here and in Kibana, with no record of the last apply: note, severity" in torn.err
    assert "exception item/single/i: different here and in Kibana, with no record" in torn.err
    assert (rule.read_text(), exceptions.read_text()) == before
    assert run("pull", "--theirs").code == 0
    assert load(read(rule))[0].note == "n"
    assert 'name = "I"' in exceptions.read_text()
    assert run("plan", "--detailed-exitcode", bump=False).code == 0


def test_what_the_files_leave_to_kibana_comes_only_when_asked(run, project, stand_in):
    run("apply", "--yes", bump=False)
    stand_in.edit("a", enabled=True)
    assert "0 files changed" in run("pull").out
    assert "1 file changed" in run("pull", "--full").out
    assert load(read(project.folder / "rules/a.toml"))[0].enabled is True
    assert run("plan", "--detailed-exitcode", bump=False).code == 0


def test_rules_of_others_come_only_when_asked(run, project, stand_in, kibana):
    run("apply", "--yes")
    body = {"name": "../../Theirs: x", "description": "d", "risk_score": 1, "severity": "low", "type": "query"}
    kibana.create_rule({**body, "rule_id": "theirs"})
    stand_in.install_prebuilt({**body, "rule_id": "elastics", "name": "Elastic's", "version": 3})
    left = run("pull")
    assert left.out == (
        "0 files changed, 0 new, 3 unchanged; left out: 1 rule of others (--all), 1 prebuilt rule (--prebuilt)\n"
    )
    assert "1 new" in run("pull", "--all").out
    assert (project.folder / "rules/theirs_x.toml").is_file()
    assert "1 new" in run("pull", "--prebuilt").out
    assert load(read(project.folder / "rules/elastic_s.toml"))[0].version == 3
    planned = run("plan").out
    assert "1 to update" in planned
    assert f'+ tags: ["{TAG}"]' in planned
    kibana.delete_rule("theirs")
    nowhere = run("pull", "nowhere")
    assert (nowhere.code, "unknown rule nowhere" in nowhere.err) == (2, True)


def test_a_space_that_is_not_there_is_told(run, project):
    config = project.folder / "pyproject.toml"
    config.write_text(config.read_text() + 'space = "nowhere"\n')
    found = run("pull")
    assert (found.code, "nowhere" in found.err) == (2, True)


def test_one_rule_is_pulled_by_its_id(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", note="n")
    stand_in.edit("b", note="n")
    assert "1 file changed, 0 new, 0 unchanged" in run("pull", "b").out
    assert load(read(project.folder / "rules/a.toml"))[0].note is None


def test_the_environments_word_is_not_written_into_the_files(run, project, stand_in):
    config = project.folder / "pyproject.toml"
    config.write_text(config.read_text() + '[tool.detections.environments.test.overrides]\ninterval = "3m"\n')
    run("apply", "--yes")
    assert stand_in.rule("a")["interval"] == "3m"
    stand_in.edit("a", note="n")
    assert run("pull").code == 0
    rule = load(read(project.folder / "rules/a.toml"))[0]
    assert (rule.note, rule.interval, rule.tags) == ("n", "5m", ())
    stand_in.edit("a", interval="4m")
    told = run("pull")
    assert told.code == 1
    assert "the configuration of test sets: interval" in told.err
    assert "1 drifted" in run("plan").out


def test_one_bad_rule_never_stops_the_others(run, project, stand_in):
    run("apply", "--yes")
    for name in ("a", "b", "c"):
        stand_in.edit(name, note=f"of {name}")
    stand_in.rule("a")["meta_like"] = None
    stand_in.rule("a")["filters"] = [None]
    path = project.folder / "rules/b.toml"
    path.write_text(path.read_text() + "<<<<<<< HEAD\n")
    broken = path.read_text()
    found = run("pull")
    assert found.code == 1
    assert "cannot express null, the value of rule.filters[0]" in found.err
    assert "mentions b and cannot be read: fix it first" in found.err
    assert path.read_text() == broken
    assert load(read(project.folder / "rules/c.toml"))[0].note == "of c"


def test_a_file_with_bad_lines_gives_its_good_ones(run, project):
    good = {"rule_id": "new", "name": "New", "description": "d", "risk_score": 1, "severity": "low", "type": "query",
            "query": "x: y"}  # fmt: skip
    lines = [json.dumps(good), "{", "[" * 100_000, json.dumps({"name": "no id"}), json.dumps(good | {"type": "odd"})]
    lines += [json.dumps(good | {"rule_id": "odd", "type": "odd"}), json.dumps(good | {"rule_id": "x", "meta": {}})]
    (project.folder / "in.ndjson").write_text("\n".join(lines))
    found = run("pull", "--from", "in.ndjson")
    assert found.code == 1
    for said in (
        "in.ndjson:2:1",
        "in.ndjson:3:1",
        "in.ndjson: bundle not a rule: Object missing required field `rule_id`",
        "new appears twice: only the first is used",
        "New cannot be written as a rule file",
    ):
        assert said in found.err, said
    assert "0 files changed, 2 new" in found.out


def test_the_next_version_waits_for_the_next_apply(run, project, stand_in):
    assert run("lock").code == 0
    run("apply", "--yes")
    stand_in.edit("a", note="n")
    assert run("pull").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    assert run("lock").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    project.write("a", note="m")
    assert "1 to update" in run("plan").out


def test_a_kibana_that_is_another_is_told(run, project, stand_in):
    run("apply", "--yes")
    stand_in.world.version = "7.17.0"
    assert "warning: Kibana 7.17.0 is not supported (supported: 8.19 and 9.x)" in run("pull").err


def test_what_somebody_writes_meanwhile_is_not_written_over(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", note="theirs")
    path = project.folder / "rules/a.toml"
    change = FileChange(str(path), path.read_text(), "", "a")
    path.write_text(path.read_text() + "# An editor was open.\n")
    with pytest.raises(DetectionsError, match="has changed during this run: pull again"):
        change.write()
    with pytest.raises(DetectionsError, match="has changed during this run"):
        replace(change, before=None).write()
    assert path.read_text().endswith("# An editor was open.\n")


@pytest.mark.parametrize("on", ["rules/_find", "rules/_export", "lists/items/_export"])
@pytest.mark.parametrize("kind", ["drop", "cut", "html", "forbidden"])
def test_a_kibana_that_fails_leaves_the_files_as_they_are(run, zoo, stand_in, on, kind, texts):
    run("apply", "--yes")
    stand_in.edit("id-query", note="new")
    before = texts()
    if kind == "html":
        stand_in.fail(on, 500, times=10**6, body="<html>nginx</html>")
    elif kind == "forbidden":
        stand_in.fail(on, 403, times=10**6)
    else:
        getattr(stand_in, kind)(on, times=10**6)
    found = run("pull")
    assert found.code == 1, found
    assert found.err.startswith("error: ")
    assert texts() == before
    stand_in.revive()
    assert run("pull").code == 0
    assert load(read(zoo / "rules/query.toml"))[0].note == "new"


def test_a_pull_that_was_interrupted_is_done_by_the_next_one(run, project, stand_in, monkeypatch):
    run("apply", "--yes")
    for name in ("a", "b", "c"):
        stand_in.edit(name, note=f"of {name}")
    written = []

    def save(self):
        if written:
            raise KeyboardInterrupt
        written.append(self.path)
        Path(self.path).write_text(self.after)

    with monkeypatch.context() as patched:
        patched.setattr("detections.deploy.pull.FileChange.write", save)
        assert run("pull").code == 130
    assert len(written) == 1
    assert run("pull").code == 0
    assert {one.note for one in load_rules(project.folder / "rules")} == {"of a", "of b", "of c"}
    assert run("plan", "--detailed-exitcode").code == 0
