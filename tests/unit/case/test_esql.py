"""ES|QL rules that aggregate, proved by cases like any other: verdicts, coverage, mutants, why one stays quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.case import Bases, CaseLibrary, prove
from detections.case.model import Proof
from detections.case.read import read_cases
from detections.engine import Embedded
from detections.rule import load_rules
from detections.source import parse
from made_cases import bases_of, case, event
from made_rules import rule_text

RULE = """from = "now-60m"
type = "esql"
language = "esql"
query = '''
FROM logs-*
| WHERE event.action == "login"
| EVAL inside = CASE(user.domain == "corp", 1, 0)
| STATS failures = COUNT(*) WHERE event.outcome == "failure",
        hosts = COUNT_DISTINCT(host.name), inside = SUM(inside) BY user.name
| WHERE failures >= 3 AND inside > 0
'''
"""
TWO = 'history = [{ at = "-5m" }, { at = "-4m" }]'
FAILED = 'set = { "event.outcome" = "failure", "user.domain" = "corp" }'
CASES = "".join(
    (
        case("three failures", "alert", FAILED, TWO, 'row = { failures = 3, hosts = 0, "user.name" = "alice" }'),
        case("two failures", "quiet", FAILED, 'history = [{ at = "-5m" }]'),
        case("of two users", "quiet", FAILED,
             'history = [{ at = "-5m" }, { at = "-4m", set = { "user.name" = "bob" } }]'),
        case("one was no failure", "quiet", FAILED,
             'history = [{ at = "-5m" }, { at = "-4m", set = { "event.outcome" = "success" } }]'),
        case("something else", "quiet", FAILED, 'history = [{ at = "-5m" }, { at = "-4m", base = "read.json" }]'),
        case("from outside", "quiet", 'set = { "event.outcome" = "failure" }', TWO),
        case("too long ago", "quiet", FAILED, 'history = [{ at = "-2h" }, { at = "-4m" }]'),
    )
)  # fmt: skip


def proof(folder: Path, cases: str, rule: str = RULE, *, with_mutants: bool = False) -> Proof:
    for name, text in (("rules/r.toml", rule_text(rule, index="")), ("cases/r.toml", f'base = "login.json"\n{cases}')):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    bases_of(folder / "events", event("login"), event("read"))
    rules = load_rules(folder / "rules")
    assert not rules.findings
    library = CaseLibrary(folder / "cases", folder / "rules", rules)
    assert not library.findings, library.findings
    (made,) = prove(rules, library, Bases(folder / "events"), Embedded(), with_mutants=with_mutants)
    return made


def test_its_cases_are_run_and_every_clause_is_covered(tmp_path: Path) -> None:
    made = proof(tmp_path, CASES)
    assert [verdict.problem for verdict in made.verdicts] == [""] * 7
    assert made.findings == ()
    assert {clause.text: clause.cases for clause in made.clauses} == {
        'event.action == "login"': ("three failures",),
        'user.domain == "corp"': ("three failures",),
        'event.outcome == "failure"': ("three failures",),
        "failures >= 3": ("three failures",),
        "not failures >= 3": ("two failures", "of two users", "one was no failure", "something else", "too long ago"),
        "inside > 0": ("three failures",),
        "not inside > 0": ("from outside",),
    }


def test_a_bound_wants_a_case_on_either_side(tmp_path: Path) -> None:
    made = proof(tmp_path, case("three failures", "alert", FAILED, TWO))
    assert [finding.message for finding in made.findings] == [
        "no case turns on `not failures >= 3` alone", "no case turns on `not inside > 0` alone",
    ]  # fmt: skip


def test_what_decides_nothing_is_no_clause(tmp_path: Path) -> None:
    rule = RULE.replace("hosts = COUNT_DISTINCT(host.name)", 'hosts = COUNT(*) WHERE CASE(host.name == "x", true)')
    made = proof(tmp_path, CASES, rule)
    assert 'host.name == "x"' not in [clause.text for clause in made.clauses]
    assert made.passed == 7


def test_functions_keys_filters_and_bounds_are_mutated(tmp_path: Path) -> None:
    mutants = {mutant.change: mutant.noticed for mutant in proof(tmp_path, CASES, with_mutants=True).mutants}
    assert mutants["STATS not by user.name"] == ("three failures", "of two users")
    assert mutants["MAX instead of SUM"] == ()
    assert mutants['`event.outcome == "failure"`: always true'] == ("three failures", "one was no failure")[1:]
    assert "two failures" in mutants["`failures >= 3`: 2 instead of 3"]
    assert mutants["`failures >= 3`: 4 instead of 3"] == ("three failures",)
    assert mutants["`failures >= 3`: > instead of >="] == ("three failures",)
    assert mutants['`user.domain == "corp"`: always true'] == ("from outside",)


QUIET = [
    ("two failures", 'not satisfied by its group (user.name "alice"): `failures >= 3`, failures is 2'),
    ("from outside", 'not satisfied by its group (user.name "alice"): `inside > 0`, inside is 0'),
    ("too long ago", 'not satisfied by its group (user.name "alice"): `failures >= 3`, failures is 2'),
]


@pytest.mark.parametrize(("name", "hint"), QUIET)
def test_why_a_case_stays_quiet_names_group_value_and_bound(tmp_path: Path, name: str, hint: str) -> None:
    text = CASES.replace(f'name = "{name}"\nverdict = "quiet"', f'name = "{name}"\nverdict = "alert"')
    assert [finding.hint for finding in proof(tmp_path, text).findings if finding.code == "case"] == [hint]


OTHER_ROWS = [
    ("| LIMIT 0", "LIMIT 0 leaves its row out"),
    ("| EVAL l = LENGTH(user.name) | WHERE l > 9 OR l < 2", "not satisfied by its row: `l > 9 OR l < 2`, l is 5"),
    ("| STATS c = COUNT(*) | WHERE c == 2", "not satisfied by its rows together: `c == 2`, c is 1"),
    ('| FORK (WHERE event.id == "x") (LIMIT 0)', "no branch of FORK leaves its row"),
    ('| WHERE user.name == "bob"', 'not satisfied by its event: `user.name == "bob"`'),
]


@pytest.mark.parametrize(("commands", "hint"), OTHER_ROWS)
def test_why_a_row_is_lost(tmp_path: Path, commands: str, hint: str) -> None:
    rule = f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''FROM logs-* METADATA _id {commands}'''"
    made = proof(tmp_path, case("c", "alert"), rule)
    assert [finding.hint for finding in made.findings if finding.code == "case"] == [hint]


def test_a_row_that_is_told_must_be_that_of_an_alert(tmp_path: Path) -> None:
    made = proof(tmp_path, CASES.replace("failures = 3, hosts = 0", "failures = 4, x = 1"))
    assert [verdict.problem for verdict in made.verdicts if not verdict.passed] == [
        "the row has {'failures': 3, 'x': None, 'user.name': 'alice'}, "
        "not {'failures': 4, 'x': 1, 'user.name': 'alice'}"
    ]


def test_a_case_may_be_about_what_is_missing(tmp_path: Path) -> None:
    query = 'FROM logs-* | WHERE event.action == "beat" | STATS c = COUNT(*) | WHERE c == 0'
    rule = f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''{query}'''"
    made = proof(
        tmp_path, case("no heartbeat", "alert") + case("one", "quiet", 'set = { "event.action" = "beat" }'), rule
    )
    assert [verdict.problem for verdict in made.verdicts] == ["", ""]
    assert all(clause.covered for clause in made.clauses)


JOIN = """type = "esql"
language = "esql"
query = '''FROM logs-* METADATA _id | LOOKUP JOIN staff ON user.name | WHERE role == "admin"'''
"""
ADMIN = case("an admin", "alert", 'row = { role = "admin" }')
TABLE = '[tables.staff]\nfields = { "user.name" = "keyword", role = "keyword" }\n'


def test_a_case_file_tells_what_is_looked_up(tmp_path: Path) -> None:
    rows = 'rows = [{ "user.name" = "alice", role = "admin" }]'
    assert proof(tmp_path, f"{ADMIN}\n{TABLE}{rows}", JOIN).findings == ()


def test_what_is_looked_up_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events/staff.csv").write_text("user.name,role\nalice,admin\n")
    assert proof(tmp_path, f'{ADMIN}\n[tables.staff]\nfile = "staff.csv"', JOIN).findings == ()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("none.csv", "No such file or directory"),
        ("../x.csv", "lies outside"),
        ("login.json", "unknown key '@timestamp'"),
    ],
)
def test_a_table_that_cannot_be_had_is_told_at_its_place(tmp_path: Path, file: str, message: str) -> None:
    made = proof(tmp_path, f'{ADMIN}\n[tables.staff]\nfile = "{file}"', JOIN)
    assert message in made.not_run
    assert [finding.location.line > 1 for finding in made.findings] == [True]


def test_without_its_table_a_rule_is_not_run(tmp_path: Path) -> None:
    assert proof(tmp_path, ADMIN, JOIN).not_run == "LOOKUP JOIN without the table staff is not evaluated here"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tables.t]\nrows = []\nfile = 'x'", "a table has either 'rows' or a 'file'"),
        ("[tables.t]\nmatch = 'x'", "a table has either 'rows' or a 'file'"),
        ("[tables.t]\nrows = []\nrow = 1", "unknown key 'row'"),
        ("[tables.t]\nfile = 1", "'file' must be a path below the events"),
        ("tables = 1", "'tables' must hold tables: [tables.name]"),
        ("[[case]]\nname = 'd'\nverdict = 'quiet'\nrow = {}", "'row' must be a table of columns and their values"),
    ],
)
def test_a_wrong_table_or_row_is_told(text: str, message: str) -> None:
    first = text if text.startswith("tables =") else ""
    found = read_cases(parse(f"base = 'b'\n{first}\n{ADMIN}\n{text if not first else ''}", "cases.toml")).findings
    assert [finding.message for finding in found] == [message]


UNITED = """from = "now-60m"
type = "esql"
language = "esql"
query = '''
FROM (FROM logs-* METADATA _id | WHERE event.action == "login" | KEEP _id, user.name, event.outcome),
     (FROM logs-* METADATA _id | WHERE event.action == "read" | KEEP _id, user.name)
| WHERE user.name == "alice" AND (event.outcome IS NULL OR event.outcome == "failure")
'''
"""


def test_a_rule_over_sub_queries_is_proved_like_any_other(tmp_path: Path) -> None:
    cases = "".join(
        (
            case("a read", "alert", 'base = "read.json"'),
            case("a login that failed", "alert", 'set = { "event.outcome" = "failure" }'),
            case("a login", "quiet"),
            case("somebody else", "quiet", 'set = { "user.name" = "bob" }'),
            case("something else", "quiet", 'set = { "event.action" = "write" }'),
        )
    )
    made = proof(tmp_path, cases, UNITED, with_mutants=True)
    assert made.not_run == ""
    assert [verdict.problem for verdict in made.verdicts] == [""] * 5
    assert [clause.text for clause in made.clauses if clause.covered] == [
        'event.action == "login"', 'event.action == "read"', 'user.name == "alice"', "event.outcome IS NULL",
        'event.outcome == "failure"',
    ]  # fmt: skip
    noticed = {mutant.span for mutant in made.mutants if mutant.noticed}
    assert noticed >= {clause.span for clause in made.clauses}
