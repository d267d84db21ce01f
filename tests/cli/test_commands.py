import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from made_rules import rule_text

Run = Callable[..., Any]
RULE = Path("rules/aws/defense_evasion_ec2_network_acl_created.toml")
CASES = Path("tests/rules/aws/defense_evasion_ec2_network_acl_created.toml")
BUNDLE = Path("dist/detections.ndjson")
LEARNED = """type = "machine_learning"
anomaly_threshold = 50
machine_learning_job_id = ["x"]
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("name", ["test", "replay"])
def test_help_says_where_credentials_come_from(run: Run, name: str) -> None:
    told = " ".join(run(name, "--help").out.split())
    assert "environment: ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD." in told
    assert ("a node of our own" in told) == (name == "test")


def test_help_names_every_command(run: Run) -> None:
    outcome = run("--help")
    assert outcome.code == 0
    for name in ("build", "check", "test", "export", "replay", "search", "explain"):
        assert f"\n  {name} " in outcome.out


def test_a_file_checked_alone_knows_the_project(run, project):
    copy = project / "rules/copy.toml"
    copy.write_text((project / RULE).read_text())
    found = run("check", copy)
    assert found.code == 1
    assert f"is already that of {RULE}" in found.out
    assert str(RULE) + ":" not in found.out.replace(f"that of {RULE}", "")
    elsewhere = project / "elsewhere.toml"
    copy.rename(elsewhere)
    assert "already" not in run("check", elsewhere).out, "no file of the project"
    assert run("check", project / RULE).code == 0


@pytest.mark.parametrize("arguments", [["nonsense"], ["check", "--format", "xml"], ["check", "absent"], ["replay"]])
def test_wrong_usage_is_exit_code_2(run: Run, project: Path, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.err


def test_build_checks_proves_and_bundles(run: Run, project: Path) -> None:
    outcome = run("build")
    assert outcome.code == 0, outcome.out
    assert [line.split()[:2] for line in outcome.out.splitlines()] == [
        ["ok", "rules"], ["ok", "cases"], ["ok", "clauses"], ["ok", "bundle"],
    ]  # fmt: skip
    (rule,) = map(json.loads, BUNDLE.read_text().splitlines())
    assert rule["name"] == "AWS EC2 Network Access Control List Creation"
    assert "\x1b" not in outcome.out


def test_a_case_that_fails_fails_the_build_and_keeps_the_bundle(run: Run, project: Path) -> None:
    assert run("build").code == 0
    before = BUNDLE.read_bytes()
    edit(CASES, 'verdict = "alert"', 'verdict = "quiet"')
    outcome = run("build")
    assert outcome.code == 1
    assert f"{CASES}:7:" in outcome.out and "the rule alerts, the case expects quiet" in outcome.out
    assert "not written" in outcome.out
    assert BUNDLE.read_bytes() == before


def test_a_clause_without_a_case_fails_the_build(run: Run, project: Path) -> None:
    edit(RULE, 'event.action: ("CreateNetworkAcl" or', 'event.action: ("CreateVpc" or "CreateNetworkAcl" or')
    outcome = run("test")
    assert outcome.code == 1
    assert "coverage no case turns on" in outcome.out and "CreateVpc" in outcome.out


def test_check_reports_every_problem_of_every_file(run: Run, project: Path) -> None:
    (project / "rules/broken.toml").write_text("[rule\n")
    (project / "rules/junk.toml").write_bytes(b"\x00\xff\xfe")
    (project / "rules/empty.toml").write_text("")
    edit(RULE, '    and event.outcome: "success"\n', '    and event.outcome: "success" and\n')
    edit(RULE, "interval = ", "intervall = ")
    outcome = run("check")
    assert outcome.code == 1
    found = [line for line in outcome.out.splitlines() if not line.startswith(" ")]
    codes = [(line.partition(":")[0], line.partition(": ")[2].partition(" ")[0]) for line in found[:-1]]
    assert codes == [
        (str(RULE), "schema"), (str(RULE), "query-syntax"), ("rules/broken.toml", "toml"),
        ("rules/empty.toml", "toml"), ("rules/junk.toml", "toml"),
    ]  # fmt: skip
    assert "intervall" in found[0]
    assert found[-1] == "4 rules checked, 5 errors"


def test_strict_makes_warnings_count(run: Run, project: Path) -> None:
    edit(RULE, "[rule]\n", '[rule]\nour_own_key = "x"\n')
    assert run("check").code == 0
    assert run("check", "--strict").code == 1


def test_formats_of_check_and_test(run: Run, project: Path) -> None:
    assert json.loads(run("check", "--format", "json").out)["errors"] == 0
    assert json.loads(run("test", "--format", "sarif").out)["version"] == "2.1.0"
    assert json.loads(run("test", "--format", "json").out)["summary"]["rules"] == 1
    ElementTree.fromstring(run("test", "--format", "junit").out.split("?>", 1)[1])
    assert "1 rule checked" in run("check", "--format", "github").out


def test_mutants_that_no_case_noticed_are_listed(run: Run, project: Path) -> None:
    outcome = run("test", "--mutate")
    assert outcome.code == 0
    assert "mutants noticed" in outcome.out


def test_only_production_rules_are_exported_unless_asked(run: Run, project: Path) -> None:
    edit(RULE, 'maturity = "production"', 'maturity = "development"')
    assert "0 rules" in run("export").out
    assert "1 rule" in run("export", "--all", "-o", "all.ndjson").out
    assert Path("all.ndjson").read_text().count("\n") == 1


def test_replay_prints_one_object_an_alert(run: Run, records: Path) -> None:
    outcome = run("replay", records, "--format", "json")
    assert outcome.code == 0
    (alert,) = map(json.loads, outcome.out.splitlines())
    assert list(alert) == ["rule_id", "rule_name", "event_ids", "timestamp"]


def test_replay_with_a_window_and_jobs(run: Run, records: Path) -> None:
    assert run("replay", records, "--start", "2100-01-01", "--format", "json").out == ""
    whole = run("replay", records, "--format", "json")
    assert run("replay", records, "--format", "json", "--jobs", "2").out == whole.out
    assert run("replay", records, "--start", "soon").code == 2
    assert run("replay", records, "--start", "2026-06-01", "--end", "2026-05-01")[::2] == (
        2, "error: --end is before --start\n",
    )  # fmt: skip


def test_replay_as_the_scheduler_runs_the_rules(run: Run, records: Path) -> None:
    plain = run("replay", records, "--format", "json")
    found = run("replay", records, "--schedule", "--format", "json")
    assert found.code == 0, found.err
    alerts = [json.loads(line) for line in found.out.splitlines()]
    assert [(one["rule_id"], one["event_ids"]) for one in alerts] == [
        (one["rule_id"], one["event_ids"]) for one in map(json.loads, plain.out.splitlines())
    ]
    assert all(one["timestamp"] <= one["raised"] for one in alerts)
    assert run("replay", records, "--schedule", "--format", "json", "--jobs", "2").out == found.out
    assert alerts[0]["raised"] in run("replay", records, "--schedule").out
    day = alerts[0]["timestamp"][:10]
    nothing = run("replay", records, "--schedule", "--start", day, "--end", day, "--outage", f"{day}/2100-01-01")
    assert nothing.out == ""
    assert "no execution searched" not in nothing.err  # the first execution has none before it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--outage", "2026-01-01/2026-01-02"], "--outage is for --schedule"),
        (["--schedule", "--outage", "2026-01-02/2026-01-01"], "must end after it begins"),
        (["--schedule", "--outage", "2026-01-02"], "is not an instant"),
        (["--schedule", "--outage", "soon/2026-01-01"], "'soon' is not an instant"),
    ],
)
def test_a_schedule_that_is_none_is_refused(run: Run, records: Path, arguments: list[str], message: str) -> None:
    refused = run("replay", records, *arguments)
    assert (refused.code, message in refused.err) == (2, True)


def test_replay_goes_on_past_bad_events(run: Run, records: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more/a.ndjson").write_text('{"not json\n')
    (tmp_path / "more/b.json.gz").write_bytes(b"\x1f\x8b\x08\x00trunc")
    (tmp_path / "more/c.json").write_text("[" * 10_000)
    (tmp_path / "more/ignored.txt").write_text("x")
    outcome = run("replay", records, tmp_path / "more", "--format", "json")
    assert outcome.code == 1
    assert len(outcome.out.splitlines()) == 1
    for name in ("a.ndjson", "b.json.gz", "c.json"):
        assert name in outcome.err
    assert "ignored.txt" not in outcome.err
    assert outcome.err.splitlines()[-1] == (
        "not done: 1 file not read, or not to the end, 2 places in files that hold no event"
    )


def test_replay_says_how_much_it_did(run: Run, records: Path) -> None:
    outcome = run("replay", records)
    assert outcome.code == 0
    assert outcome.err == (
        "1 rule, 2 events in 1 file, 2026-05-12T09:14:07.000Z to 2026-05-12T09:14:07.000Z, 1 alert\n"
    )


def test_replay_says_which_rules_it_did_not_run(run: Run, records: Path, project: Path) -> None:
    (project / "rules/broken.toml").write_text("[rule")
    (project / "rules/learned.toml").write_text(rule_text(LEARNED, rule_id="5d9e8c1b-6f1a-4b6e-9d51-2a6f0c6f1a11"))
    outcome = run("replay", records)
    assert outcome.code == 1
    assert "r is not replayed: there are no anomalies among the events" in outcome.err
    assert "r is not replayed: there are no anomalies among the events" in run("replay", records, "--schedule").err
    assert outcome.err.splitlines()[-1] == "not done: 1 rule file not loaded, 1 rule not replayed"


LOOKING_UP = """type = "esql"
language = "esql"
query = '''
FROM logs-* METADATA _id | LOOKUP JOIN teams ON user.name | STATS calls = COUNT(*) BY team | WHERE team == "network"
'''
"""


def test_rules_and_searches_look_up_the_tables_of_the_project(run: Run, project: Path) -> None:
    events = [{"event": {"id": str(at)}, "user": {"name": name}} for at, name in enumerate(("alice", "bob", "alice"))]
    Path("e.ndjson").write_text("\n".join(map(json.dumps, events)))
    (project / "rules/r.toml").write_text(
        rule_text(LOOKING_UP, rule_id="5d9e8c1b-6f1a-4b6e-9d51-2a6f0c6f1a11", index="")
    )
    command = ("replay", "e.ndjson", "--rules", "rules/r.toml")
    assert "LOOKUP JOIN without the table teams" in run(*command).err
    (project / "tests/tables").mkdir(parents=True)
    (project / "tests/tables/teams.csv").write_text("user.name,team\nalice,network\n")
    found = json.loads(run(*command, "--format", "json").out)
    assert (found["event_ids"], found["row"]) == (["0", "2"], {"calls": 2, "team": "network"})
    assert 'calls: 2, team: "network"' in run(*command).out
    query = "FROM x | LOOKUP JOIN teams ON user.name | KEEP user.name, team"
    searched = ("search", "e.ndjson", query, "--language", "esql")
    assert run(*searched).out.splitlines() == [
        "user.name  team", "keyword    keyword", "---------  -------",
        "alice      network", "bob", "alice      network",
    ]  # fmt: skip
    assert run(*searched, "--format", "csv").out == "user.name,team\nalice,network\nbob,\nalice,network\n"
    assert json.loads(run(*searched, "--format", "ndjson").out.splitlines()[1]) == {"user.name": "bob", "team": None}
    Path("others").mkdir()
    assert "LOOKUP JOIN without the table teams" in run(*searched, "--tables", "others").err
    Path("others/teams.csv").write_text("user.name,user.name\n")
    outcome = run(*searched, "--tables", "others")
    assert "others/teams.csv" in outcome.err and "each once" in outcome.err


def test_what_is_found_is_a_table(run: Run, project: Path) -> None:
    times = [f"2026-01-14T12:00:0{second}Z" for second in range(2)]
    events = [
        {"@timestamp": time, "event": {"action": "a", "id": time[-2]}, "user": {"name": "x, y"}} for time in times
    ]
    Path("e.ndjson").write_text("\n".join(map(json.dumps, events)))
    found = run("search", "e.ndjson", "event.action: a", "--format", "csv")
    assert found.out.splitlines()[0].startswith("@timestamp,event.provider,event.action,")
    assert found.out.splitlines()[1] == f'{times[0]},,a,,"x, y",,0'
    assert (
        run("search", "e.ndjson", "event.action: a", "--format", "table").out.splitlines()[3].split("  ")[0] == times[0]
    )
    sequences = run(
        "search", "e.ndjson", "sequence [any where true] [any where true]", "--language", "eql", "--format", "csv"
    )
    assert [line[0] for line in sequences.out.splitlines()[1:]] == ["1", "1"]


def test_warnings_of_esql_are_told(run: Run, project: Path) -> None:
    Path("e.ndjson").write_text('{"user": {"name": "x"}}')
    found = run("search", "e.ndjson", "FROM x | EVAL n = TO_LONG(user.name) | KEEP n", "--language", "esql")
    assert "warning: Line 1:19: evaluation of [TO_LONG(user.name)] failed" in found.err
    assert found.code == 0


@pytest.mark.parametrize("command", [("replay",), ("search",)])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no event: the file is empty"),
        (b"\x89PNG\0\0", "no event: the file is binary, not JSON"),
        (b'{"Records": []}', "no event was read"),
        (b"syslog line\n", "not JSON"),
        (gzip.compress(b'{"event": {"action": "x"}}\n' * 100, mtime=0)[:-9], "gzip data is cut off, read up to there"),
    ],
)
def test_what_holds_no_event_is_not_silence(
    run: Run, project: Path, command: tuple[str], content: bytes, reason: str
) -> None:
    Path("x.json").write_bytes(content)
    outcome = run(*command, "x.json", *(["event.action: y"] if command == ("search",) else []))
    assert outcome.code == 1
    assert reason in outcome.err
    assert "not done: " in outcome.err


@pytest.mark.parametrize("command", ["replay", "search"])
def test_strict_counts_warnings_as_errors(run: Run, project: Path, command: str) -> None:
    Path("x.json").write_text('{"event": {"action": 1e400}}')
    arguments = [command, "x.json", *(["event.action: y"] if command == "search" else [])]
    assert "replaced: a number too large to hold" in run(*arguments).err
    assert run(*arguments).code == 0
    assert run(*arguments, "--strict").code == 1


def test_search_kql_and_esql(run: Run, records: Path) -> None:
    found = run("search", records, "event.action: CreateNetworkAcl", "--format", "json")
    assert [json.loads(line)["event"]["action"] for line in found.out.splitlines()] == ["CreateNetworkAcl"]
    rows = run("search", records, "FROM x | KEEP event.action | LIMIT 1", "--language", "esql", "--format", "json")
    assert len(rows.out.splitlines()) == 1
    assert "CreateNetworkAcl" in run("search", records, "event.action: Create*").out
    bad = run("search", records, "event.action: (a or")
    assert bad.code == 1 and "^" in bad.err


def test_search_eql(run: Run, records: Path) -> None:
    found = run("search", records, 'any where event.action : "create*"', "--language", "eql", "--format", "json")
    assert [json.loads(line)["event"]["action"] for line in found.out.splitlines()] == ["CreateNetworkAcl"]
    joined = (
        'sequence by source.address with maxspan=1m [any where event.action == "CreateNetworkAcl"] '
        '![any where event.action == "x"] [any where event.action == "DescribeVpcs"]'
    )
    (line,) = run("search", records, joined, "--language", "eql", "--format", "json").out.splitlines()
    created, missing, described = json.loads(line)["events"]
    assert (created["event"]["action"], missing, described["event"]["id"]) == ("CreateNetworkAcl", None, "other")
    text = run("search", records, joined, "--language", "eql").out.splitlines()
    assert len(text) == 4 and text[0] == json.loads(line)["join_keys"][0] and text[2] == "  (no event)"
    bad = run("search", records, "sequence [any where true]", "--language", "eql")
    assert bad.code == 1 and "^" in bad.err


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("kuery", "event.actoin: x and my.field: y and event.outcome: z"),
        ("eql", 'sequence by event.actoin [any where my.field == "x"] [any where true]'),
        ("esql", 'FROM x | WHERE event.actoin == "x" AND my.field == "y"'),
    ],
)
def test_search_says_which_field_was_meant(run: Run, records: Path, language: str, query: str) -> None:
    outcome = run("search", records, query, "--language", language)
    assert outcome.code == 0
    assert outcome.err == "warning: no field event.actoin is declared\n    did you mean event.action?\n"


def test_explain_shows_the_request_with_its_window(run: Run, project: Path) -> None:
    request = json.loads(run("explain", RULE, "--format", "json").out)["request"]
    assert (request["method"], request["path"]) == ("POST", "/filebeat-*,logs-aws.cloudtrail-*/_search")
    window = request["body"]["query"]["bool"]["filter"][1]["bool"]["should"][0]["range"]["event.ingested"]
    assert (window["gte"], window["lte"]) == ("now-6m", "now")


def test_explain_says_why_a_rule_is_not_evaluated(run: Run, project: Path) -> None:
    edit(RULE, 'language = "kuery"', 'language = "lucene"')
    edit(RULE, '    and event.outcome: "success"', "    AND event.outcome: success~1")
    outcome = run("explain", RULE)
    assert outcome.code == 0, outcome.err
    assert "not evaluated: fuzzy words (~1) are not evaluated here" in outcome.out
    outcome = run("explain", "--language", "lucene", "--query", "a:b* AND NOT c", "--format", "json")
    assert (outcome.code, json.loads(outcome.out)["dsl"]["query_string"]["query"]) == (0, "a:b* AND NOT c")


def test_explain_shows_a_threshold(run: Run, project: Path) -> None:
    edit(RULE, 'type = "query"', 'type = "threshold"')
    with RULE.open("a") as file:
        file.write('\n[rule.threshold]\nfield = ["user.name"]\nvalue = 3\n')
    outcome = run("explain", RULE)
    assert outcome.code == 0, outcome.err
    assert "threshold: 3 events with the same user.name" in outcome.out
    assert '"thresholdTerms"' in outcome.out


def test_explain_shows_an_eql_program(run: Run, project: Path) -> None:
    query = 'sequence by ?user.name with maxspan=1m [any where true] ![any where event.action == "x"] | tail 1'
    shown = run("explain", "--query", query, "--language", "eql").out
    for said in ("ordered by @timestamp", "sequence within 60,000 ms", "none like this by ?user.name", "tail 1"):
        assert said in shown


@pytest.mark.parametrize(
    ("language", "query", "literal"),
    [
        ("eql", 'sequence by a [x where b : "y"] [any where true]',
         ("body", "terms", 0, "filter", "condition", "patterns", 0)),
        ("esql", 'FROM x | WHERE b == "y"', ("commands", 1, "condition", "right")),
    ],
)  # fmt: skip
def test_explain_shows_the_tree(run: Run, language: str, query: str, literal: tuple[str | int, ...]) -> None:
    tree = json.loads(run("explain", "--query", query, "--language", language, "--format", "json").out)["tree"]
    assert tree["node"] == "Query"
    for step in literal:
        tree = tree[step]
    assert (tree["node"], tree["value"]) == ("Literal", "y")
    assert "Parsed\n" in run("explain", "--query", query, "--language", language).out


def test_explain_shows_what_is_not_evaluated(run: Run) -> None:
    outcome = run("explain", "--query", "FROM x | EVAL a = b + 1", "--language", "esql")
    assert outcome.code == 0
    assert "Parsed\n" in outcome.out
    assert "not evaluated: the type of b is unknown" in outcome.out


def test_explain_shows_ast_dsl_and_evaluation(run: Run, project: Path) -> None:
    outcome = run("explain", RULE)
    assert outcome.code == 0, outcome.err
    for title in ("Parsed (Kibana's AST)", "Sent by Kibana (Query DSL)", "Evaluated here"):
        assert title in outcome.out
    parts = json.loads(run("explain", "--query", "a: b*", "--format", "json").out)
    assert parts["dsl"]["bool"]["should"] == [{"wildcard": {"a": {"value": "b*"}}}]
    esql = run("explain", "--query", 'FROM x | WHERE event.action == "y"', "--language", "esql")
    assert "where\n" in esql.out
    assert run("explain").code == 2


def test_a_bad_configuration_is_said(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.detections]\nrulez = 1\n")
    outcome = run("check")
    assert outcome.code == 2 and "rulez" in outcome.err


@pytest.mark.parametrize(("said", "coloured"), [("", True), ("1", False)])
def test_no_color_is_obeyed(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, said: str, coloured: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", said)
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    assert ("\x1b[" in run("lock").out) == coloured
    assert ("\x1b[" in run("lock", "--against", "x").err) == coloured


def test_the_package_runs_as_a_module() -> None:
    outcome = subprocess.run([sys.executable, "-m", "detections", "--version"], capture_output=True, text=True)
    assert outcome.returncode == 0 and "version" in outcome.stdout
