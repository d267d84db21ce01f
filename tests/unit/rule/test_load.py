"""Documents become rules; what is wrong with them is said at once, each with its place."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from detections.errors import Finding, Level, Location, NotEvaluated, UsageError
from detections.rule import (
    MachineLearningRule,
    NewTermsRule,
    QueryRule,
    Rule,
    ThreatMatchRule,
    ThresholdRule,
    load,
    load_rules,
)
from detections.rule.model import RULES
from detections.rule.parts import MetadataSchema
from detections.rule.schemas import SCHEMAS, schema
from detections.source import parse
from made_rules import QUERY, rule_of

Text = Callable[..., str]
CORPUS = Path(__file__).parents[4] / "shared" / "data" / "rules-corpus"


def loaded(text: str) -> Rule:
    rule, findings = load(parse(text, "x.toml"))
    assert [str(finding) for finding in findings] == []
    assert rule is not None
    return rule


def refused(text: str) -> list[Finding]:
    rule, findings = load(parse(text, "x.toml"))
    assert rule is None
    assert all(finding.excerpt for finding in findings)
    return findings


def messages(text: str) -> list[str]:
    return [finding.message for finding in refused(text)]


def test_every_type_loads_as_its_class(rule_text: Text, kind: str) -> None:
    rule = loaded(rule_text(kind))
    assert type(rule) is RULES[kind]
    assert (rule.type, rule.name, rule.risk_score) == (kind, "A rule", 47)


def test_what_a_file_does_not_say_has_kibanas_defaults(rule_text: Text) -> None:
    rule = loaded(rule_text("query"))
    assert isinstance(rule, QueryRule)
    assert (rule.query, rule.language, rule.from_, rule.to, rule.interval) == ("", "kuery", "now-6m", "now", "5m")
    assert (rule.max_signals, rule.enabled, rule.tags, rule.threat, rule.filters) == (100, False, (), (), ())
    assert rule.timestamp_override is None
    assert not rule.timestamp_override_fallback_disabled
    assert (rule.metadata.maturity, rule.metadata.integration) == ("production", ())


def test_values_keep_the_names_of_the_api(rule_text: Text) -> None:
    more = 'from = "now-1h"\nquery = "a: 1"\nindex = ["x-*", "y-*"]\ntags = ["a"]\nfilters = [{meta = {negate = true}}]'
    rule = loaded(rule_text("query", more))
    assert (rule.from_, rule.index, rule.tags) == ("now-1h", ("x-*", "y-*"), ("a",))
    assert rule.filters == ({"meta": {"negate": True}},)
    assert rule.document.data["rule"]["query"] == rule.query


def test_tables_of_the_toml_layout_become_what_the_api_has(rule_text: Text) -> None:
    rule = loaded(rule_text("new_terms"))
    assert isinstance(rule, NewTermsRule)
    assert (rule.new_terms_fields, rule.history_window_start) == (("user.name", "host.id"), "now-7d")
    threshold = loaded(rule_text("threshold"))
    assert isinstance(threshold, ThresholdRule)
    assert threshold.threshold == {
        "field": ["user.name"],
        "value": 5,
        "cardinality": [{"field": "host.id", "value": 2}],
    }
    learning = loaded(rule_text("machine_learning"))
    assert isinstance(learning, MachineLearningRule)
    assert learning.machine_learning_job_id == ("job",)
    match = loaded(rule_text("threat_match"))
    assert isinstance(match, ThreatMatchRule)
    assert match.threat_mapping == ({"entries": [{"field": "a", "type": "mapping", "value": "b"}]},)


def test_every_key_of_the_schemas_is_an_attribute_and_the_other_way_round() -> None:
    for kind, known in SCHEMAS.items():
        attributes = {one.name for one in dataclasses.fields(RULES[kind])}
        keys = set(schema(known).fields)
        if kind == "new_terms":
            keys = keys - {"new_terms"} | {"new_terms_fields", "history_window_start"}
        shared = {"query", "language", "index", "data_view_id", "filters", "alert_suppression"}
        assert attributes - shared == {"document", "metadata", "transform", "extra", "fields"} | keys - shared
    assert {one.name for one in dataclasses.fields(rule_metadata())} == set(schema(MetadataSchema).fields) | {"extra"}


def rule_metadata() -> type:
    return type(loaded(_SOUND).metadata)


_SOUND = """
[metadata]
creation_date = "2026/01/02"
updated_date = "2026/03/04"
maturity = "production"
integration = "aws"
[rule]
name = "n"
rule_id = "i"
description = "d"
risk_score = 0
severity = "low"
type = "query"
"""


def test_a_string_may_stand_for_a_list_of_one() -> None:
    assert loaded(_SOUND).metadata.integration == ("aws",)


def test_all_problems_of_a_file_are_said_at_once(rule_text: Text) -> None:
    text = rule_text("query", "max_signals = 0\ntags = ['a', 7, true]\nthreat = [{framework = 'x'}]\nenabled = 'yes'")
    text = text.replace('"medium"', '"Hihg"').replace("47", '"47"').replace('"2026/01/02"', "2026-01-02")
    text = text.replace('maturity = "production"', "").replace('name = "A rule"\n', "")
    findings = refused(text)
    assert [(finding.location.line, finding.location.column, finding.message) for finding in findings] == [
        (1, 1, "metadata.maturity is missing"),
        (2, 17, "metadata.creation_date must be a string, not a date or time"),
        (6, 1, "rule.name is missing"),
        (9, 15, 'rule.risk_score must be a whole number, not the string "47"'),
        (10, 13, 'rule.severity must be "low", "medium", "high" or "critical", not "Hihg"'),
        (12, 15, "rule.max_signals must be at least 1, not 0"),
        (13, 14, "rule.tags[1] must be a string, not the number 7"),
        (13, 17, "rule.tags[2] must be a string, not true"),
        (14, 11, "rule.threat[0].tactic is missing"),
        (15, 12, 'rule.enabled must be true or false, not the string "yes"'),
    ]
    assert {finding.code for finding in findings} == {"schema"}
    assert findings[4].hint == 'did you mean "high"?'
    assert findings[4].render().endswith('severity = "Hihg"\n                ^^^^\n    did you mean "high"?')


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("risk_score = 47", "risk_score = true", "rule.risk_score must be a whole number, not true"),
        ("risk_score = 47", "risk_score = 101", "rule.risk_score must be between 0 and 100, not 101"),
        ("risk_score = 47", "risk_score = 47.0", "rule.risk_score must be a whole number, not the number 47.0"),
        ('name = "A rule"', 'name = ""', "rule.name must not be empty"),
        ('name = "A rule"', 'name = "A"\nfrom = "6m"', 'rule.from must be date math like now-6m, not "6m"'),
        ('name = "A rule"', 'name = "A"\ninterval = "5"', 'rule.interval must be a duration like 5m, not "5"'),
        ('name = "A rule"', 'name = "A"\ntags = "x"', 'rule.tags must be a list, not the string "x"'),
        ('name = "A rule"', 'name = "A"\nmeta = 1', "rule.meta must be a table, not the number 1"),
        ('name = "A rule"', 'name = "A"\nlanguage = "eql"', 'rule.language must be "kuery" or "lucene", not "eql"'),
        ('name = "A rule"', 'name = "A"\nmeta.x = [{y = nan}]', "rule.meta.x[0].y is a number that JSON cannot carry"),
        ('name = "A rule"', f'name = "A"\nown = {2**63}', "rule.own is a number that JSON cannot carry"),
        ('"2026/01/02"', '"2026/1/2"', 'metadata.creation_date must be a date like 2026/11/24, not "2026/1/2"'),
        (
            '"2026/01/02"',
            '"2026/01/02\\n"',
            'metadata.creation_date must be a date like 2026/11/24, not "2026/01/02\\n"',
        ),
        ('"2026/01/02"', '"٢٠٢٦/01/02"', 'metadata.creation_date must be a date like 2026/11/24, not "٢٠٢٦/01/02"'),
        ("[rule]", "[transform]\nosquery = 1\n[rule]", "transform.osquery must be a list, not the number 1"),
    ],
)
def test_what_is_refused(rule_text: Text, old: str, new: str, message: str) -> None:
    assert message in messages(rule_text("query").replace(old, new))


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("new_terms", '"host.id"', '"a", "b", "c"', "rule.new_terms.value must have at most 3 items, not 4"),
        ("new_terms", '"now-7d"', '"7d"', "rule.new_terms.history_window_start[0].value must be date math like now-6m, "
         'not "7d"'),
        ("new_terms", 'query = "a: 1"', "", "rule.query is missing"),
        ("threshold", "value = 5", "value = 0", "rule.threshold.value must be at least 1, not 0"),
        ("threshold", "rule.threshold", "rule.thing", "rule.threshold is missing"),
        ("threat_match", '["ti-*"]', '"ti-*"', 'rule.threat_index must be a list, not the string "ti-*"'),
        ("eql", 'language = "eql"', "", "rule.language is missing"),
        ("esql", 'language = "esql"', 'language = "kuery"', 'rule.language must be "esql", not "kuery"'),
        ("machine_learning", '"job"', "1", "rule.machine_learning_job_id must be a list or a string, not the number 1"),
        ("saved_query", 'saved_id = "s"', "", "rule.saved_id is missing"),
    ],
)  # fmt: skip
def test_what_a_type_refuses(rule_text: Text, kind: str, old: str, new: str, message: str) -> None:
    assert message in messages(rule_text(kind).replace(old, new))


def test_suppression_is_another_for_thresholds(rule_text: Text) -> None:
    duration = "duration = {value = 5, unit = 'm'}"
    assert loaded(rule_text("threshold", f"alert_suppression = {{{duration}}}")).alert_suppression
    assert messages(rule_text("query", f"alert_suppression = {{{duration}}}")) == [
        "rule.alert_suppression.group_by is missing"
    ]


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a = 1\n", "there is no [rule] table", 1, 1),
        ("a = 1\nrule = 'x'\n", 'rule must be a table, not the string "x"', 2, 9),
    ],
)
def test_a_file_without_a_rule(text: str, message: str, line: int, column: int) -> None:
    (finding,) = refused(text)
    assert (finding.message, finding.location) == (message, Location("x.toml", line, column))


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        ('"qery"', 'rule.type must be "query", "saved_query", ', 'did you mean "query"?'),
        ('"correlation"', 'rule.type must be "query", ', ""),
        ("7", "rule.type must be a string, not the number 7", ""),
    ],
)
def test_a_type_that_is_none(rule_text: Text, kind: str, message: str, hint: str) -> None:
    text = rule_text("query").replace('type = "query"', f"type = {kind}\nthreshold = {{}}\nseveritty = 1")
    findings = {finding.location.line: finding for finding in refused(text.replace("47", "147"))}
    assert message in findings[12].message
    assert findings[12].hint == hint
    assert findings[10].message == "rule.risk_score must be between 0 and 100, not 147"
    assert set(findings) == {10, 12}


def test_a_missing_type_lists_the_types(rule_text: Text) -> None:
    (finding,) = refused(rule_text("query").replace('type = "query"', ""))
    assert (finding.message, finding.location.line) == ("rule.type is missing", 6)
    assert "threat_match" in finding.hint


def test_rules_of_files_and_folders_sorted_by_path(tmp_path: Path, rule_text: Text) -> None:
    (tmp_path / "b" / ".hidden").mkdir(parents=True)
    (tmp_path / "b" / "two.toml").write_text(rule_text("eql"))
    (tmp_path / "b" / "no.txt").write_text("no")
    (tmp_path / "b" / ".no.toml").write_text("no")
    (tmp_path / "b" / ".hidden" / "no.toml").write_text("no")
    (tmp_path / "one.toml").write_text(rule_text("query"))
    rules = load_rules(str(tmp_path), tmp_path / "one.toml")
    assert [rule.type for rule in rules] == ["eql", "query"]
    assert rules.files == (str(tmp_path / "b" / "two.toml"), str(tmp_path / "one.toml"))
    assert rules.findings == ()
    assert (len(rules), rules[0].type, [rule.type for rule in rules[1:]]) == (2, "eql", ["query"])


def test_one_bad_file_never_stops_the_others(tmp_path: Path, rule_text: Text) -> None:
    (tmp_path / "a.toml").write_text("[rule\n")
    (tmp_path / "b.toml").write_bytes(b"\x00\xff")
    (tmp_path / "c.toml").write_text(rule_text("query").replace("47", "-1"))
    (tmp_path / "d.toml").write_text(rule_text("query"))
    (tmp_path / "e.toml").write_text("a = " + "[" * 10_000)
    (tmp_path / "f.toml").symlink_to(tmp_path / "gone")
    rules = load_rules(tmp_path)
    assert [Path(rule.document.path).name for rule in rules] == ["d.toml"]
    assert [Path(finding.location.path).name for finding in rules.findings] == [f"{name}.toml" for name in "abcef"]
    assert len(rules.files) == 6


def test_a_folder_without_rules_is_a_finding(tmp_path: Path, rule_text: Text) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "one.toml").write_text(rule_text("query"))
    rules = load_rules(tmp_path / "empty", tmp_path / "one.toml")
    assert len(rules) == 1
    (finding,) = rules.findings
    assert str(finding) == f"{tmp_path / 'empty'}: schema holds no rules: there is no .toml file in it"


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load_rules(tmp_path / "nothing")
    with pytest.raises(UsageError, match="no rules"):
        load_rules()


def test_unsound_rules_keep_what_is_sound(tmp_path: Path, rule_text: Text, kind: str) -> None:
    text = rule_text(kind).replace('"medium"', "7").replace('name = "A rule"', "").replace('"production"', '"prod"')
    (tmp_path / "a.toml").write_text(text.replace('"now-7d"', '"7d"').replace("value = 5", "value = 0"))
    rules = load_rules(tmp_path)
    assert not rules
    (rule,) = rules.unsound
    assert (rule.type, rule.name, rule.severity, rule.risk_score) == (kind, "", "", 47)
    assert rule.query == rule.document.data["rule"].get("query", rule.query)


def test_the_public_rules_load() -> None:
    if not CORPUS.is_dir():
        pytest.skip("../shared is not there")
    rules = load_rules(CORPUS)
    assert len(rules) == len(rules.files) == 923
    assert rules.findings == ()
    assert all(rule.extra == {} for rule in rules)


def test_a_misspelt_key_is_an_error_but_the_rule_is_there(rule_text: Text) -> None:
    rule, findings = load(parse(rule_text("query", 'timestamp_overide = "event.ingested"'), "x.toml"))
    assert rule is not None
    assert rule.extra == {"timestamp_overide": "event.ingested"}
    assert [(finding.level, finding.hint) for finding in findings] == [
        (Level.ERROR, "did you mean timestamp_override?")
    ]


def test_a_rule_has_its_query_as_a_value() -> None:
    query = rule_of(QUERY).parsed
    assert (query.text, query.language) == ("event.action: a", "kuery")
    assert rule_of('type = "query"\nlanguage = "kuery"').parsed.text == ""
    learning = 'type = "machine_learning"\nanomaly_threshold = 50\nmachine_learning_job_id = "job"'
    with pytest.raises(NotEvaluated, match="machine_learning have no query"):
        _ = rule_of(learning, index="").parsed
