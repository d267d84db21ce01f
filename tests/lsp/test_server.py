"""The language server over its protocol: what it finds is what ``check`` finds, at the same places."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from detections import checks
from detections.errors import SourceError
from detections.rule import rules_of
from detections.source import parse

REPO = Path(__file__).parents[2]
PATH = "rules/aws/defense_evasion_ec2_network_acl_created.toml"
CASES = "tests/rules/aws/defense_evasion_ec2_network_acl_created.toml"
CORPUS = REPO / "tests/corpus/check"
BROKEN = ("[rule", "", "a = 'é😀' = 1\n", "[rule]\nname = 'é😀é\"'\nseverity = 'lo'\n", "\ufeff[rule]\n", "x = [\n")


def texts(folder: Path) -> list[str]:
    ours = (folder / PATH).read_text()
    return [
        ours,
        ours.replace("event.provider", "event.provder"),
        ours.replace('type = "query"', 'type = "query"\nlevel = "😀"'),
        ours.replace('name = "', 'name = "😀 é'),
        ours.replace("query = '''\n", "query = '''\n(😀 and event.action: (a or \n"),
        *BROKEN,
    ]


def found_by_check(text: str) -> list[tuple[str, int, int]]:
    """The code of each finding, and its place in UTF-16 units."""
    try:
        findings = checks.run(rules_of([parse(text, PATH)]), ("house",))
    except SourceError as error:
        findings = list(error.findings)
    lines = text.split("\n")
    return sorted((one.code, max(0, one.location.line - 1), units(lines, one)) for one in findings)


def units(lines: list[str], finding) -> int:
    line = lines[max(0, finding.location.line - 1)]
    return len(line[: max(0, finding.location.column - 1)].encode("utf-16-le")) // 2


def test_what_check_finds_is_shown_where_check_finds_it(client, folder):
    for number, text in enumerate(texts(folder), 1):
        shown = client.open(PATH, text) if number == 1 else client.changed(PATH, text)
        places = sorted(
            (one["code"], one["range"]["start"]["line"], one["range"]["start"]["character"]) for one in shown
        )
        assert places == found_by_check(text), text
        if number > 1:
            assert places, text


def test_every_case_of_the_checks_is_found(client):
    base = (CORPUS / "base.toml").read_text()
    opened = False
    for path in sorted(CORPUS.glob("*.toml")):
        if path.stem in ("base", "unique"):
            continue
        for case in tomllib.loads(path.read_text())["case"][:3]:
            text = base.replace("[rule]\n", f"[rule]\n{case.get('rule', '')}\n", 1)
            shown = client.changed(PATH, text) if opened else client.open(PATH, text)
            opened = True
            assert sorted(one["code"] for one in shown) == sorted(code for code, *_ in found_by_check(text)), case


def test_a_rule_id_that_is_taken_is_seen(client, folder):
    assert client.open(PATH) == []
    other = "rules/aws/defense_evasion_copy.toml"
    shown = client.open(other, (folder / PATH).read_text())
    if not shown:  # the rules on disk were not read yet
        shown = client.diagnostics(other)
    assert {one["code"] for one in shown} == {"unique"}
    assert f"is already that of {PATH}" in shown[0]["message"]


def line_of(folder: Path, start: str, path: str = PATH) -> int:
    return [line.startswith(start) for line in (folder / path).read_text().split("\n")].index(True)


def labels(answer) -> list[str]:
    return [one["label"] for one in answer["items"]]


def test_completion_knows_keys_values_fields_and_operations(client, folder):
    text = (folder / PATH).read_text()
    assert client.open(PATH) == []

    def typed(line: str, instead: str, column: int | None = None) -> list[str]:
        row = line_of(folder, line)
        lines = text.split("\n")
        lines[row] = instead
        client.change(PATH, "\n".join(lines))
        answer = client.at("completion", PATH, row, len(instead) if column is None else column)
        for one in answer["items"]:
            assert one["textEdit"]["range"]["end"]["character"] == (len(instead) if column is None else column)
        return labels(answer)

    assert "severity" in typed("severity", "seve")
    assert typed("severity", 'severity = "') == ["critical", "high", "low", "medium"]
    assert "min_stack_version" in typed("min_stack_version", "min_sta")
    assert typed('id = "TA', 'id = "TA0005') == ["TA0005"]
    assert "T1562.007" in typed('id = "T1562.007', 'id = "T1562.0')
    row = line_of(folder, "query = '''") + 1
    query = text.split("\n")[row]
    assert "source.ip" in typed(query, "event.action: x and source.i")
    assert "ec2.amazonaws.com" in typed(query, "event.provider: ec2.am")
    operations = typed(query, "event.provider: ec2.amazonaws.com and event.action: (CreateNetworkA")
    assert operations == ["CreateNetworkAcl", "CreateNetworkAclEntry"]


def test_hover_tells_of_fields_keys_and_techniques(client, folder):
    client.open(PATH)
    row = line_of(folder, "query = '''") + 1
    line = (folder / PATH).read_text().split("\n")[row]
    shown = client.at("hover", PATH, row, line.index("event.") + 3)["contents"]["value"]
    assert "`keyword`" in shown
    assert "declared by ecs" in shown
    assert "YYYY/MM/DD" in client.at("hover", PATH, line_of(folder, "creation_date"), 4)["contents"]["value"]
    assert "attack.mitre.org" in client.at("hover", PATH, line_of(folder, 'id = "TA'), 8)["contents"]["value"]
    assert client.at("hover", PATH, 0, 0) is None


def test_cases_are_reached_and_run(client, folder):
    client.open(PATH)
    place = client.at("definition", PATH, 0, 0)
    assert place["uri"] == client.uri(CASES)
    [lens] = client.ask("textDocument/codeLens", textDocument={"uri": client.uri(PATH)})
    assert lens["command"]["title"] == "run the cases"
    assert lens["range"]["start"]["line"] == line_of(folder, "[rule]")
    said = client.ask("workspace/executeCommand", command="detections.runCases", arguments=[client.uri(PATH)])
    assert "cases as expected" in said
    [lens] = client.ask("textDocument/codeLens", textDocument={"uri": client.uri(PATH)})
    assert lens["command"]["title"] == said
    text = (folder / PATH).read_text()
    client.change(PATH, text.replace("CreateNetworkAcl", "DeleteNetworkAcl"))
    run = {"command": "detections.runCases", "arguments": [client.uri(PATH)]}
    failed = client.ask("workspace/executeCommand", **run)
    assert failed != said
    while not (shown := client.diagnostics(CASES)):
        pass
    assert {one["source"] for one in shown} == {"detections"}
    client.change(PATH, "[rule]\n")
    assert client.ask("workspace/executeCommand", **run).startswith("not run")


def test_formatting_is_that_of_fmt(client, folder):
    client.open(PATH)
    options = {"tabSize": 4, "insertSpaces": True}
    document = {"uri": client.uri(PATH)}
    assert client.ask("textDocument/formatting", textDocument=document, options=options) is None
    text = (folder / PATH).read_text()
    client.change(PATH, text.replace('severity = "', 'severity   = "').replace("\n\n[[rule", "\n\n\n[[rule"))
    [edit] = client.ask("textDocument/formatting", textDocument=document, options=options)
    assert edit["newText"] == text


def test_broken_positions_are_answered(client):
    client.open(PATH)
    for line, character in [(10**6, 0), (0, 10**6), (2**31 - 1, 2**31 - 1)]:
        client.at("completion", PATH, line, character)
        client.at("hover", PATH, line, character)
    client.change(PATH, "")
    client.at("completion", PATH, 3, 3)
    assert client.at("hover", "rules/not_open.toml", 0, 0) is None


def test_a_thousand_edits_end_in_the_last_text(client, folder):
    text = (folder / PATH).read_text()
    client.open(PATH)
    for number in range(1_000):
        client.change(PATH, text + f"# {number}\n")
    assert [one["code"] for one in client.changed(PATH, "[rule")] == ["toml"]


@pytest.mark.parametrize("data", [b"", b"Content-Length: 50\r\n\r\n{", b"nonsense\r\n\r\n"])
def test_a_client_that_leaves_half_way_leaves_no_server(folder, data):
    done = subprocess.run(
        [sys.executable, "-m", "detections", "lsp"], cwd=folder, input=data, capture_output=True, timeout=60
    )
    assert b"Traceback" not in done.stdout


def test_what_a_baseline_lets_pass_is_not_shown_until_the_rule_is_touched(folder, started):
    wrong = (folder / PATH).read_text().replace("event.provider", "event.provder")
    (folder / PATH).write_text(wrong)
    subprocess.run([sys.executable, "-m", "detections", "baseline"], cwd=folder, check=True, capture_output=True)
    client = started()
    assert client.open(PATH, wrong) == []
    shown = client.changed(PATH, wrong.replace('description = """\n', 'description = """\nMore. '))
    assert "unknown-field" in {one["code"] for one in shown}
