"""Pulling exception lists, value lists and connectors: three ways as rules, without secrets, over nothing unasked."""

from __future__ import annotations

import json
from pathlib import Path

from detections.source import read


def test_secrets_do_not_come_over(run, project, stand_in, kibana):
    run("apply", "--yes", bump=False)
    kibana.create_connector("hook", {"name": "Hook", "connector_type_id": ".webhook", "config": {
        "url": "https://me:hunter2@example.com/x", "method": "post",
        "headers": [{"name": "Authorization", "value": "Bearer hunter2"}], "pwd": "hunter2"},
        "secrets": {"user": "me", "password": "hunter2"}})  # fmt: skip
    frequency = {"summary": True, "notifyWhen": "onActiveAlert"}
    action = {"action_type_id": ".webhook", "id": "hook", "group": "default", "params": {}, "uuid": "u"}
    stand_in.edit("a", actions=[action | {"frequency": frequency}])
    found = run("pull", "--full")
    assert found.code == 0
    assert "not pulled, since there may be secrets in it: config.url, config.headers, config.pwd" in found.err
    path = project.folder / "connectors/hook.toml"
    text = path.read_text()
    assert "hunter2" not in text + found.out + found.err
    assert 'method = "post"' in text
    assert 'url = "<not pulled: url>"' in text
    assert run("plan", "--detailed-exitcode", bump=False).code == 0
    stand_in.space().connectors["hook"]["config"]["method"] = "put"
    plan = run("plan", "--format", "json", "--out", "plan.json", bump=False)
    assert '"put"' in plan.out
    assert "hunter2" not in plan.out + plan.err + (project.folder / "plan.json").read_text()
    path.write_text(text.replace("<not pulled: url>", "https://example.com/ours"))
    again = run("pull", "--full")
    assert "not pulled" not in again.err
    assert 'url = "https://example.com/ours"' in path.read_text()
    assert 'method = "put"' in path.read_text()
    run("export", "-o", "out.ndjson")
    (exported,) = [one for one in map(json.loads, Path("out.ndjson").read_text().splitlines()) if "attributes" in one]
    assert exported["attributes"]["config"] == {"method": "put", "url": "https://example.com/ours"}


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


def test_exceptions_come_over_three_ways(run, project, stand_in, kibana):
    run("apply", "--yes", bump=False)
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
    assert run("plan", "--detailed-exitcode", bump=False).code == 0
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
    assert "exception item/single/both: changed here and in Kibana" in torn.err
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
    rule.write_text(
        rule.read_text()
        + 'exceptions_list = [{ id = "x", list_id = "l", type = "detection", namespace_type = "single" }]\n'
    )
    assert run("apply", "--yes").code == 0
    before = path.read_text()
    assert run("pull").code == 0
    assert path.read_text() == before
    live = kibana.get_exception_item("i").body
    sent = {name: live[name] for name in ("item_id", "description", "type", "entries", "comments", "namespace_type")}
    kibana.update_exception_item({**sent, "name": "J", "comments": [*sent["comments"], {"comment": "more"}]})
    assert run("pull").code == 0
    (item,) = read(path).data["items"]
    assert item["name"] == "J"
    assert "description" not in item
    assert item["comments"][0] == {"comment": "why"}
    assert item["comments"][1]["comment"] == "more"
    assert stand_in.rule("a")["exceptions_list"] == [reference | {"id": stand_in.rule("a")["exceptions_list"][0]["id"]}]


def test_a_file_with_errors_is_mended_first(run, zoo, texts):
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
        before = texts()
        found = run("pull")
        assert found.code == 1
        assert f"{name}: pull the file mentions" in found.err
        assert texts() == before
        path.write_text(good)
    path = next((zoo / "value_lists").glob("*.txt"))
    path.write_bytes(b"caf\xe9\n")
    found = run("pull")
    assert found.code == 1
    assert "has errors: fix them first" in found.err
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
        assert f"e.ndjson:{line}:1: bundle {name} is not a string" in found.err
    assert "bundle not a connector (c): Expected `object`, got `int` - at `$.attributes`" in found.err
    assert "bundle not a rule (x): Expected `array`, got `int` - at `$.tags`" in found.err
    assert (project.folder / "rules/new.toml").is_file()


def test_values_are_parted_by_line_feeds_only(run, zoo, kibana):
    path = next((zoo / "value_lists").glob("*.txt"))
    path.write_bytes("\ufeffone\u0085two\r\nform\ffeed\r\n".encode())
    assert run("apply", "--yes").code == 0
    assert {"one\u0085two", "form\ffeed"} == set(kibana.export_value_list_items(path.stem))
    before = path.read_bytes()
    assert run("pull").code == 0
    assert path.read_bytes() == before
