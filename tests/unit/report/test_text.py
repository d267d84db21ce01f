from collections.abc import Iterable

import click

from detections.api import SearchResult, Sequence
from detections.case.model import Proof
from detections.engine.alert import Alert, Threshold
from detections.errors import Finding
from detections.report import text


def plain(outputs: Iterable[str]) -> list[str]:
    return [click.unstyle(output) for output in outputs]


def test_check_shows_caret_hint_and_counts(error: Finding, warning: Finding, files: tuple[str, ...]) -> None:
    assert plain(text.check([error, warning], files)) == [
        r"rules/a b.toml:3:5: query-syntax Expected value, 100% \x00 <sure>",
        "        x: ,",
        "        ^",
        "    quote it",
        "rules/b.toml: unknown-field no such field",
        "3 rules checked, 1 error, 1 warning",
    ]
    assert plain(text.check([], files[:1])) == ["1 rule checked, no findings"]


def test_an_error_is_red_and_a_warning_yellow(error: Finding, warning: Finding) -> None:
    red, *_, yellow, _ = text.check([error, warning], [])
    assert "\x1b[31m\x1b[1mquery-syntax\x1b[0m" in red
    assert "\x1b[33m\x1b[1munknown-field\x1b[0m" in yellow


def test_a_note_is_counted_and_cyan(note: Finding) -> None:
    told, counted = text.check([note], ("a", "b", "c"))
    assert "\x1b[36m\x1b[1mesql-opaque\x1b[0m" in told
    assert counted == "3 rules checked, 1 note"


def test_fields_tell_who_declares_them_and_what_undeclared_ones_are_taken_for() -> None:
    one = {"source": "ecs", "mapping": {"type": "keyword", "ignore_above": 1024}, "indices": [*"abcdefg"]}
    about = {"key_of": None, "taken_for": None, "meant": None, "rules": ["A\nB"]}
    known = {"name": "user.name", "declared": [one], "templates": [{**one, "indices": []}], **about}
    key = {**about, "name": "x.y", "declared": [], "templates": [], "key_of": "x", "rules": []}
    unknown = {**key, "key_of": None, "taken_for": "dynamic", "meant": "user.name"}
    guessed = {**unknown, "taken_for": "keyword", "meant": None}
    assert plain(text.fields([known, key, unknown, guessed])) == [
        "user.name", "  keyword, ignore_above 1024  (ecs: a, b, c, d, e and 2 more)",
        "  keyword, ignore_above 1024  (ecs)", "  used by 1 rule:", r"    A\nB", "",
        "x.y", "  a key of the flattened field x", "  used by 0 rules", "",
        "x.y", "  not declared: assumed to be what each value is, did you mean user.name?",
        "  used by 0 rules", "",
        "x.y", "  not declared: assumed to be keyword", "  used by 0 rules",
    ]  # fmt: skip


def test_test_shows_failures_then_what_was_not_run_then_mutants_then_counts(proofs: list[Proof]) -> None:
    assert plain(text.test(proofs, [])) == [
        "tests/rules/c.toml:9:1: case bad: the rule stays quiet",
        "rules/c.toml:12:10: coverage no case turns on `a: b` alone",
        "rules/c.toml: 2 mutants that no case noticed",
        "    13:13 always false",
        "    half the maxspan",
        "not run d: no cases",
        "2 rules, 1 of 2 cases as expected, 1 of 3 clauses covered (1 excused), 1 of 3 mutants noticed, 1 rule not run",
    ]


def test_test_without_mutants_or_excuses_counts_neither() -> None:
    assert plain(text.test([], [])) == ["0 rules, 0 of 0 cases as expected, 0 of 0 clauses covered"]


def test_an_alert_is_a_line() -> None:
    found = [Alert("id", "name", 0, ("e", "f"), ("x", "y")), Alert("id", "other", None, ())]
    assert plain(text.alerts(found)) == ["1970-01-01T00:00:00.000Z  name  e f  new: x, y", "no time  other  "]


def test_an_alert_of_a_group_tells_how_many_events_of_what_and_when_it_was_raised() -> None:
    group = Threshold((("user.name", "u"), ("host.name", "h")), 12, 0)
    found = [
        Alert("id", "name", 0, (), threshold=group, raised=60_000),
        Alert("id", "name", 0, (), threshold=Threshold((), 1)),
    ]
    assert plain(text.alerts(found)) == [
        "1970-01-01T00:01:00.000Z: 1970-01-01T00:00:00.000Z  name    12 events of u, h",
        "1970-01-01T00:00:00.000Z  name    1 event",
    ]


def test_a_forged_alert_stays_in_the_line_of_its_event() -> None:
    forged = Alert("id", "name", 0, ("e\n2026-01-01T00:00:00.000Z  Another Rule  f",))
    assert plain(text.alerts([forged])) == [
        r"1970-01-01T00:00:00.000Z  name  e\n2026-01-01T00:00:00.000Z  Another Rule  f"
    ]


def test_an_event_is_a_line_of_who_did_what() -> None:
    events = [{"event": {"action": "A"}, "user.name": "x\x1b]0;owned\x07", "@timestamp": "t", "other": 1}, {}]
    assert plain(text.search(SearchResult(events=events))) == [r"t  A  x\x1b]0;owned\x07", ""]


def test_a_sequence_shows_its_keys_and_the_events_below_them() -> None:
    found = [Sequence(("k", None), ({"event.action": "A"}, None)), Sequence((), ())]
    assert plain(text.search(SearchResult(sequences=found))) == ["k, null", "  A", "  (no event)", "(no join keys)"]


def test_rows_are_a_table() -> None:
    columns = [{"name": "a", "type": "keyword"}, {"name": "count", "type": "long"}]
    found = SearchResult(columns=columns, rows=[["long value", 1], [None, 22]])
    assert plain(text.search(found)) == [
        "a           count",
        "keyword      long",
        "----------  -----",
        "long value      1",
        "               22",
    ]
    assert plain(text.search(SearchResult(columns=columns))) == [
        "a        count",
        "keyword   long",
        "-------  -----",
    ]


def test_explain_shows_each_part_indented() -> None:
    assert plain(text.explain({"query": "a\n\tb\r\n", "dsl": {"x": [1]}})) == [
        "Query", "  a", r"      b\r", "",
        "Sent by Kibana (Query DSL)", "  {", '    "x": [', "      1", "    ]", "  }", "",
    ]  # fmt: skip
