"""Pulling at the command line: a person's edits come into the files, rules without a file get one, nothing is lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from detections import bundle
from detections.errors import DetectionsError
from detections.kibana.pull import FileChange
from detections.payload import diff, to_api
from detections.rule import load, load_rules
from detections.source import read

TAG = "Managed by: detections"
HEAD = '[metadata]\ncreation_date = "2026/11/24"\nmaturity = "production"\nupdated_date = "2026/11/24"\n\n[rule]\n'
COMMON = {
    "author": ["us"], "license": "Apache-2.0", "enabled": True, "interval": "15m", "from": "now-20m", "to": "now-1m",
    "max_signals": 50, "tags": ["Domain: Cloud", "b"], "references": ["https://example.com/?a=b"],
    "false_positives": ["One.\nTwo.\n", "Three"], "note": "## Triage\n\nC:\\temp '''quoted''' \"x\"\n",
    "setup": "None.",
    "risk_score": 21, "severity": "low", "description": "d", "building_block_type": "default", "namespace": "n",
    "rule_name_override": "a.b", "timestamp_override": "event.ingested", "timeline_id": "t", "timeline_title": "T",
    "timestamp_override_fallback_disabled": True, "output_index": "o",
    "threat": [{"framework": "MITRE ATT&CK",
                "tactic": {"id": "TA0005", "name": "Defense Evasion", "reference": "https://attack.mitre.org/x"},
                "technique": [{"id": "T1", "name": "A", "reference": "r",
                               "subtechnique": [{"id": "T1.1", "name": "B", "reference": "r"}]}]}],
    "severity_mapping": [{"field": "a", "operator": "equals", "severity": "high", "value": "x"}],
    "risk_score_mapping": [{"field": "a", "operator": "equals", "value": "", "risk_score": 3}],
    "investigation_fields": {"field_names": ["a", "b"]},
    "related_integrations": [{"package": "aws", "version": "^6.0.0", "integration": "cloudtrail"}],
    "required_fields": [{"name": "event.action", "type": "keyword"}],
    "response_actions": [{"action_type_id": ".osquery", "params": {"query": "select 1", "saved_query_id": "s"}}],
    "exceptions_list": [{"id": "x", "list_id": "trusted", "type": "detection", "namespace_type": "single"}],
    "actions": [{"action_type_id": ".slack", "id": "soc", "group": "default", "params": {"message": "hi {{rule}}\n"},
                 "frequency": {"summary": False, "notifyWhen": "onThrottleInterval", "throttle": "1h"}}],
    "meta": {"from": "1m", "own": {"deep": [1, 2.5, True]}},
}  # fmt: skip
SUPPRESSED = {
    "alert_suppression": {"group_by": ["a"], "duration": {"value": 5, "unit": "h"},
                          "missing_fields_strategy": "doNotSuppress"},
}  # fmt: skip
SEARCHED = {
    "index": ["logs-b-*", "logs-a-*"],
    "filters": [{"meta": {"negate": True}, "query": {"exists": {"field": "a"}}}],
}
TYPES = {
    "query": {"query": 'a: "b\\c"\n', "language": "lucene", "saved_id": "s", **SEARCHED, **SUPPRESSED},
    "saved_query": {"saved_id": "s", "query": "a: b", "data_view_id": "v", **SUPPRESSED},
    "eql": {"query": "any where true", "language": "eql", "event_category_override": "e", "tiebreaker_field": "t",
            "timestamp_field": "s", **SEARCHED, **SUPPRESSED},
    "esql": {"query": "FROM logs-* METADATA _id\n| WHERE a == \"b\"", "language": "esql", **SUPPRESSED},
    "threshold": {"query": "a: *", "threshold": {"field": ["x", "y"], "value": 3,
                                                 "cardinality": [{"field": "z", "value": 2}]},
                  "alert_suppression": {"duration": {"value": 1, "unit": "m"}}, **SEARCHED},
    "threat_match": {"query": "a: *", "threat_query": "*:*", "threat_index": ["ti-*"], "threat_language": "lucene",
                     "threat_mapping": [{"entries": [{"field": "a", "type": "mapping", "value": "b"}]}],
                     "threat_filters": [{"query": {"match_all": {}}}], "threat_indicator_path": "i",
                     "concurrent_searches": 2, "items_per_search": 3, **SEARCHED, **SUPPRESSED},
    "machine_learning": {"anomaly_threshold": 75, "machine_learning_job_id": ["j", "i"], **SUPPRESSED},
    "new_terms": {"query": "a: *", "new_terms": {"field": "new_terms_fields", "value": ["u", "h"],
                  "history_window_start": [{"field": "history_window_start", "value": "now-14d"}]},
                  **SEARCHED, **SUPPRESSED},
}  # fmt: skip


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(one)}" for name, one in value.items()) + "}"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


@pytest.fixture
def zoo(project) -> Path:
    """A rule of every type with all that it can have, an exception list, a value list and a connector."""
    shutil.rmtree(project.folder / "rules")
    (project.folder / "rules").mkdir()
    for kind, fields in TYPES.items():
        said = COMMON | fields | {"type": kind, "rule_id": f"id-{kind}", "name": f"A {kind} rule"}
        text = HEAD + "".join(f"{name} = {toml(value)}\n" for name, value in said.items())
        (project.folder / f"rules/{kind}.toml").write_text(text)
    for name, text in {
        "exceptions/trusted.toml": (
            '[exception_list]\nlist_id = "trusted"\nname = "T"\ndescription = "D"\ntype = "detection"\n'
            '[[items]]\nitem_id = "i"\nname = "I"\ntype = "simple"\n'
            'entries = [{ field = "a", operator = "included", type = "list", list = { id = "v", type = "ip" } }]\n'
        ),
        "connectors/soc.toml": '[connector]\nid = "soc"\nname = "SOC"\nconnector_type_id = ".slack"\n',
        "value_lists/v.toml": '[value_list]\nid = "v"\nname = "V"\ndescription = "D"\ntype = "ip"\n',
        "value_lists/v.txt": "10.0.0.1\n",
    }.items():
        (project.folder / name).parent.mkdir(exist_ok=True)
        (project.folder / name).write_text(text)
    return project.folder


def texts(folder: Path, *names: str) -> dict[str, str]:
    return {
        str(one.relative_to(folder)): one.read_text() for name in names for one in sorted((folder / name).rglob("*.t*"))
    }


ALL = ("rules", "exceptions", "connectors", "value_lists")


def test_every_type_comes_back_field_for_field(run, zoo, kibana, stand_in):
    before = {one.rule_id: to_api(one) for one in load_rules(zoo / "rules")}
    exported = run("export", "-o", "out.ndjson")
    assert exported.out == "out.ndjson: 8 rules, 1 exception list, 1 connector\n", exported
    objects, _ = bundle.from_ndjson((zoo / "out.ndjson").read_bytes(), "out.ndjson")
    result = kibana.import_rules(objects)
    assert result.success, result.problems
    kibana.create_value_list({"id": "v", "name": "V", "description": "D", "type": "ip"})
    kibana.import_value_list_items("v", ["10.0.0.1"])

    mine = texts(zoo, *ALL)
    found = run("pull", "--all")
    assert (found.code, found.err) == (0, ""), found
    untouched = {name for name, text in texts(zoo, *ALL).items() if mine[name] == text}
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
    once = texts(zoo, *ALL)
    third = run("pull", "--all")
    assert (third.code, texts(zoo, *ALL)) == (0, once)
    assert "0 files changed, 0 new" in third.out


def test_an_exported_file_gives_the_same_files(run, zoo, kibana):
    run("export", "-o", "out.ndjson")
    objects, _ = bundle.from_ndjson((zoo / "out.ndjson").read_bytes(), "out.ndjson")
    kibana.import_rules(objects)
    for name in ALL:
        shutil.rmtree(zoo / name)
    assert run("pull", "--all").code == 0
    from_kibana = texts(zoo, "rules", "exceptions", "connectors")
    for name in ("rules", "exceptions", "connectors"):
        shutil.rmtree(zoo / name)
    (zoo / "export.ndjson").write_bytes(bundle.to_ndjson(kibana.export_rules().objects))
    assert run("pull", "--from", "export.ndjson").code == 0
    assert texts(zoo, "rules", "exceptions", "connectors") == from_kibana


def test_an_edit_in_kibana_comes_over_and_all_else_stays(run, project, stand_in):
    path = project.folder / "rules/b.toml"
    path.rename(project.folder / "rules/elsewhere.toml")
    path = project.folder / "rules/elsewhere.toml"
    path.write_text("# Ours.\n" + path.read_text().replace("risk_score = 47", "risk_score = 47  # as agreed"))
    assert run("apply", "--yes").code == 0
    assert run("pull").out == "0 files changed, 0 new, 3 as they are\n"
    before = path.read_text()
    stand_in.edit("b", by="alice", note="Ask Bob first.\n", severity="high", tags=["x", TAG])

    shown = run("pull", "--dry-run")
    assert (shown.code, path.read_text()) == (0, before)
    assert "rules/elsewhere.toml" in shown.out
    assert '+severity = "high"' in shown.out
    assert shown.out.endswith("1 file to change, 0 new, 2 as they are\n")

    assert run("pull").out.endswith("1 file changed, 0 new, 2 as they are\n")
    rule, findings = load(read(path))
    assert findings == []
    assert (rule.note, rule.severity, rule.tags) == ("Ask Bob first.\n", "high", ("x",))
    lines = path.read_text().splitlines()
    assert lines[0] == "# Ours."
    assert "risk_score = 47  # as agreed" in lines
    gone = [line for line in before.splitlines() if line not in lines and "updated_date" not in line]
    assert gone == ['severity = "medium"']

    assert run("plan", "--detailed-exitcode").code == 0
    assert run("pull").out == "0 files changed, 0 new, 3 as they are\n"


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
    run("apply", "--yes")
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
    assert "another here than in Kibana, and there is no record of the last apply: note, severity" in torn.err
    assert "exception item/single/i is another in Kibana, and there is no record" in torn.err
    assert (rule.read_text(), exceptions.read_text()) == before
    assert run("pull", "--theirs").code == 0
    assert load(read(rule))[0].note == "n"
    assert 'name = "I"' in exceptions.read_text()
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_the_files_leave_to_kibana_comes_only_when_asked(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", enabled=True)
    assert "0 files changed" in run("pull").out
    assert "1 file changed" in run("pull", "--full").out
    assert load(read(project.folder / "rules/a.toml"))[0].enabled is True
    assert run("plan", "--detailed-exitcode").code == 0


def test_rules_of_others_come_only_when_asked(run, project, stand_in, kibana):
    run("apply", "--yes")
    body = {"name": "../../Theirs: x", "description": "d", "risk_score": 1, "severity": "low", "type": "query"}
    kibana.create_rule({**body, "rule_id": "theirs"})
    stand_in.install_prebuilt({**body, "rule_id": "elastics", "name": "Elastic's", "version": 3})
    left = run("pull")
    assert left.out == (
        "0 files changed, 0 new, 3 as they are; left out: 1 rule of others (--all), 1 prebuilt rule (--prebuilt)\n"
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
    assert (nowhere.code, "there is no rule nowhere" in nowhere.err) == (2, True)


def test_a_space_that_is_not_there_is_told(run, project):
    config = project.folder / "pyproject.toml"
    config.write_text(config.read_text() + 'space = "nowhere"\n')
    found = run("pull")
    assert (found.code, "nowhere" in found.err) == (2, True)


def test_one_rule_is_pulled_by_its_id(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", note="n")
    stand_in.edit("b", note="n")
    assert "1 file changed, 0 new, 0 as they are" in run("pull", "b").out
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
    assert "test says otherwise in the configuration: interval" in told.err
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
    assert "cannot say null, which rule.filters[0] is" in found.err
    assert "speaks of b and cannot be read: mend it first" in found.err
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
        "a rule without a rule_id",
        "there twice",
        "New cannot be a file here",
    ):
        assert said in found.err, said
    assert "0 files changed, 2 new" in found.out


def test_secrets_do_not_come_over(run, project, stand_in, kibana):
    run("apply", "--yes")
    kibana.create_connector("hook", {"name": "Hook", "connector_type_id": ".webhook", "config": {
        "url": "https://me:hunter2@example.com/x", "headers": {"Authorization": "Bearer hunter2", "X-Team": "soc"}},
        "secrets": {"user": "me", "password": "hunter2"}})  # fmt: skip
    frequency = {"summary": True, "notifyWhen": "onActiveAlert"}
    action = {"action_type_id": ".webhook", "id": "hook", "group": "default", "params": {}, "uuid": "u"}
    stand_in.edit("a", actions=[action | {"frequency": frequency}])
    found = run("pull", "--full")
    assert found.code == 0
    assert "config.headers.Authorization" in found.err
    text = (project.folder / "connectors/hook.toml").read_text()
    assert "hunter2" not in text + found.out + found.err
    assert 'X-Team = "soc"' in text
    assert run("plan", "--detailed-exitcode").code == 0
    stand_in.space().connectors["hook"]["config"]["headers"]["X-Team"] = "other"
    plan = run("plan", "--format", "json", "--out", "plan.json")
    assert '"other"' in plan.out
    assert "hunter2" not in plan.out + plan.err + (project.folder / "plan.json").read_text()


def test_an_exception_list_keeps_its_file(run, project, stand_in, kibana):
    run("apply", "--yes")
    kibana.create_exception_list({"list_id": "l", "name": "L", "description": "D", "type": "detection"})
    entry = {"field": "a", "operator": "included", "type": "match", "value": "x"}
    item = {"list_id": "l", "item_id": "i", "name": "I", "description": "", "type": "simple", "entries": [entry]}
    kibana.create_exception_item(item)
    reference = {"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}
    stand_in.edit("a", exceptions_list=[reference])
    assert run("pull").code == 0
    path = project.folder / "exceptions/l.toml"
    path.rename(project.folder / "exceptions/named.toml")
    path = project.folder / "exceptions/named.toml"
    path.write_text("# Known.\n" + path.read_text())
    before = path.read_text()
    assert run("pull").code == 0
    assert path.read_text() == before
    kibana.update_exception_item({**item, "entries": [entry | {"value": "y"}]})
    assert run("pull").code == 0
    assert path.read_text() == before.replace('value = "x"', 'value = "y"')


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


def test_exceptions_come_over_three_ways(run, project, stand_in, kibana):
    run("apply", "--yes")
    kibana.create_exception_list({"list_id": "l", "name": "L", "description": "D", "type": "detection"})
    common = {"list_id": "l", "description": "", "type": "simple"}

    def item(name, value):
        entry = {"field": "a", "operator": "included", "type": "match", "value": value}
        return {**common, "item_id": name, "name": name, "entries": [entry]}

    for name in ("here", "there", "both", "gone"):
        kibana.create_exception_item(item(name, "old"))
    kibana.update_exception_item(item("there", "old") | {"comments": [{"comment": "why"}]})
    reference = {"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}
    stand_in.edit("a", exceptions_list=[reference])
    assert run("pull", "--full").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    path = project.folder / "exceptions/l.toml"
    pulled = path.read_text()

    ours = pulled.replace('item_id = "here"', 'item_id = "here"\ntags = ["ours"]')
    path.write_text(ours.replace('item_id = "both"', 'item_id = "both"\ntags = ["ours"]'))
    kibana.update_exception_item(item("there", "new"))
    kibana.update_exception_item(item("both", "new"))
    kibana.delete_exception_item("gone")
    kibana.create_exception_item(item("fresh", "new"))
    torn = run("pull")
    assert torn.code == 1
    assert "exception item/single/both was changed here and in Kibana" in torn.err
    found = {one["item_id"]: one for one in read(path).data["items"]}
    assert list(found) == ["here", "there", "both", "fresh"]
    assert {name: one["entries"][0]["value"] for name, one in found.items()} == {
        "here": "old", "there": "new", "both": "old", "fresh": "new",
    }  # fmt: skip
    assert found["here"]["tags"] == ["ours"]
    fresh = '\n[[items]]\nitem_id = "mine"\nname = "n"\ntype = "simple"\n[[items.entries]]\nfield = "f"\n'
    path.write_text(path.read_text() + fresh + 'operator = "included"\ntype = "exists"\n')
    assert run("pull", "--theirs").code == 0
    found = {one["item_id"]: one for one in read(path).data["items"]}
    assert found["both"]["entries"][0]["value"] == "new"
    assert found["here"]["tags"] == ["ours"]
    assert list(found) == ["here", "there", "both", "fresh", "mine"]
    assert run("pull").out.startswith("0 files changed")


def test_comments_on_exceptions_stay_as_the_file_has_them(run, project, stand_in, kibana):
    folder = project.folder / "exceptions"
    folder.mkdir()
    path = folder / "l.toml"
    entry = '{ field = "a", operator = "included", type = "exists" }'
    path.write_text(
        '[exception_list]\nlist_id = "l"\nname = "L"\ndescription = ""\ntype = "detection"\n\n[[items]]\n'
        f'item_id = "i"\nname = "I"\ntype = "simple"\ncomments = [{{ comment = "why" }}]\nentries = [{entry}]\n'
    )
    reference = {"id": "x", "list_id": "l", "type": "detection", "namespace_type": "single"}
    rule = project.write("a")
    rule.write_text(rule.read_text() + f"exceptions_list = [{toml(reference)}]\n")
    assert run("apply", "--yes").code == 0
    before = path.read_text()
    assert run("pull").code == 0
    assert path.read_text() == before
    live = kibana.get_exception_item("i")
    sent = {name: live[name] for name in ("item_id", "description", "type", "entries", "comments", "namespace_type")}
    kibana.update_exception_item({**sent, "name": "J", "comments": [*sent["comments"], {"comment": "more"}]})
    assert run("pull").code == 0
    (item,) = read(path).data["items"]
    assert item["name"] == "J"
    assert "description" not in item
    assert item["comments"][0] == {"comment": "why"}
    assert item["comments"][1]["comment"] == "more"
    assert stand_in.rule("a")["exceptions_list"] == [reference | {"id": stand_in.rule("a")["exceptions_list"][0]["id"]}]


def test_a_file_with_errors_is_mended_first(run, zoo):
    assert run("apply", "--yes").code == 0
    assert run("pull").code == 0
    for name, sound, broken in (
        ("exceptions/trusted.toml", "[exception_list]", "[exception_list"),
        ("connectors/soc.toml", "name = ", "nmae = "),
    ):
        path = zoo / name
        good = path.read_text()
        assert sound in good
        path.write_text(good.replace(sound, broken, 1))
        before = texts(zoo, *ALL)
        found = run("pull")
        assert found.code == 1
        assert f"{name}: pull the file speaks of" in found.err
        assert texts(zoo, *ALL) == before
        path.write_text(good)
    path = next((zoo / "value_lists").glob("*.txt"))
    path.write_bytes(b"caf\xe9\n")
    found = run("pull")
    assert found.code == 1
    assert "has errors: mend it first" in found.err
    assert path.read_bytes() == b"caf\xe9\n"


def test_what_is_odd_in_an_export_is_told_and_the_rest_is_taken(run, project):
    odd = [
        {"rule_id": []}, {"list_id": {}, "name": "x"}, {"id": 3, "attributes": {}}, {"id": "c", "attributes": 5},
        {"rule_id": "x", "tags": 5, "exceptions_list": [{"list_id": {}}, 3], "actions": 4, "type": "query"},
        {"rule_id": "n", "name": "New", "description": "d", "type": "query", "query": "a: 1", "risk_score": 1,
         "severity": "low", "exceptions_list": [], "actions": []},
    ]  # fmt: skip
    path = project.folder / "e.ndjson"
    path.write_bytes("\ufeff".encode() + "\r\n".join(map(json.dumps, odd)).encode())
    found = run("pull", "--from", path)
    assert found.code == 1
    for line, name in ((1, "rule_id"), (2, "list_id"), (3, "id")):
        assert f"e.ndjson:{line}:1: bundle {name} is no string" in found.err
    assert "x cannot be a file here" in found.err
    assert (project.folder / "rules/new.toml").is_file()


def test_values_are_parted_by_line_feeds_only(run, zoo, kibana):
    path = next((zoo / "value_lists").glob("*.txt"))
    path.write_bytes("\ufeffone\u0085two\r\nform\ffeed\r\n".encode())
    assert run("apply", "--yes").code == 0
    assert {"one\u0085two", "form\ffeed"} == set(kibana.export_value_list_items(path.stem))
    before = path.read_bytes()
    assert run("pull").code == 0
    assert path.read_bytes() == before


def test_what_somebody_writes_meanwhile_is_not_written_over(run, project, stand_in):
    run("apply", "--yes")
    stand_in.edit("a", note="theirs")
    path = project.folder / "rules/a.toml"
    change = FileChange(str(path), path.read_text(), "", "a")
    path.write_text(path.read_text() + "# An editor was open.\n")
    with pytest.raises(DetectionsError, match="was changed while this ran: pull again"):
        change.write()
    with pytest.raises(DetectionsError, match="was changed while this ran"):
        replace(change, before=None).write()
    assert path.read_text().endswith("# An editor was open.\n")


@pytest.mark.parametrize("on", ["rules/_find", "rules/_export", "lists/items/_export"])
@pytest.mark.parametrize("kind", ["drop", "cut", "html", "forbidden"])
def test_a_kibana_that_fails_leaves_the_files_as_they_are(run, zoo, stand_in, on, kind):
    run("apply", "--yes")
    stand_in.edit("id-query", note="new")
    before = texts(zoo, *ALL)
    if kind == "html":
        stand_in.fail(on, 500, times=10**6, body="<html>nginx</html>")
    elif kind == "forbidden":
        stand_in.fail(on, 403, times=10**6)
    else:
        getattr(stand_in, kind)(on, times=10**6)
    found = run("pull")
    assert found.code == 1, found
    assert found.err.startswith("error: ")
    assert texts(zoo, *ALL) == before
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
        patched.setattr("detections.kibana.pull.FileChange.write", save)
        assert run("pull").code == 130
    assert len(written) == 1
    assert run("pull").code == 0
    assert {one.note for one in load_rules(project.folder / "rules")} == {"of a", "of b", "of c"}
    assert run("plan", "--detailed-exitcode").code == 0
