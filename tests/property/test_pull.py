"""Rules of every type, with whatever their schema allows, come out of Kibana into files and mean the same there; what
is edited in Kibana after that comes over."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

from detections.deploy.environment import Environment, Override
from detections.deploy.model import Kind
from detections.deploy.plan import make_plan
from detections.deploy.pull import FileChange, Options, Repo, pull_rules
from detections.deploy.state import State, applied
from detections.kibana.answers import Rule as LiveRule
from detections.payload import Lock, diff, normalise, same, to_api
from detections.rule import Rule, Rules, load
from detections.rule.fields import Between, Flag, Items, Matches, OneOf, Sized, Table, Text, Whole
from detections.rule.schemas import SCHEMAS, schema
from detections.source import parse

WHOLE = settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
"""A failure is shown as it was found: a whole rule takes minutes to shrink, and most bugs are those of every type."""
TODAY = datetime.date(2026, 11, 24)
TEXTS = st.text(st.sampled_from("ab *\"'\\\n\r\t#é😀{}[]=.\x00\x7f"), min_size=1, max_size=8)
SAMPLES = {"now-6m": ["now-6m", "now-7d/d"], "5m": ["5m", "1h"], "no_": ["rule", "1h"]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | TEXTS,
    lambda inner: (
        st.lists(inner.filter(lambda one: one is not None), max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=5,
)
TABLES = st.dictionaries(TEXTS, JSON, max_size=3)


def values(one: fields.Field[Any]) -> st.SearchStrategy[Any]:
    """What a schema allows for a field."""
    checks = {type(check): check for check in one.validators}
    if OneOf in checks:
        return st.sampled_from(list(checks[OneOf].choices))
    if Matches in checks:
        wanted = checks[Matches].wanted
        return st.sampled_from(next(some for sign, some in SAMPLES.items() if sign in wanted))
    if isinstance(one, Text):
        return TEXTS
    if isinstance(one, Whole):
        limits = checks.get(Between)
        low, high = (limits.min, limits.max) if limits else (0, 99)
        return st.integers(low or 0, 99 if high is None else high)
    if isinstance(one, Flag):
        return st.booleans()
    if isinstance(one, Items):
        size = checks.get(Sized)
        low, high = ((size.min or 0), min(size.max or 3, 3)) if size else (0, 3)
        return st.lists(values(one.inner), min_size=low, max_size=high)
    if isinstance(one, fields.Nested):
        return tables(type(one.schema))
    assert isinstance(one, Table)
    return TABLES


def tables(kind: type[Schema]) -> st.SearchStrategy[dict[str, Any]]:
    named = {one.data_key or name: values(one) for name, one in schema(kind).fields.items()}
    needed = {one.data_key or name for name, one in schema(kind).fields.items() if one.required}
    return st.fixed_dictionaries(
        {name: named[name] for name in named if name in needed},
        optional={name: named[name] for name in named if name not in needed},
    )


@st.composite
def bodies(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A rule as Kibana answers with it."""
    body = draw(tables(SCHEMAS[kind]))
    body.pop("threat_mappings", None)
    if (terms := body.pop("new_terms", None)) is not None:
        body["new_terms_fields"] = terms["value"]
        body["history_window_start"] = terms["history_window_start"][0]["value"]
    if kind == "threshold" and "alert_suppression" in body:
        body["alert_suppression"] = {"duration": body["alert_suppression"]["duration"]}
    body |= draw(st.dictionaries(st.sampled_from(["new_field", "another"]), JSON, max_size=1))
    return body | {
        "type": kind, "rule_id": "one", "id": "x", "revision": 3, "immutable": False, "created_at": "2026-01-02T03:04Z",
        "updated_at": "2026-02-03T04:05Z", "rule_source": {"type": "internal"},
    }  # fmt: skip


def rule_of(change: FileChange) -> Rule:
    rule, findings = load(parse(change.after, change.path))
    assert rule is not None, findings
    return rule


def repo_of(*rules: Rule) -> Repo:
    return Repo(Rules(rules, tuple(one.document.path for one in rules), ()), Path("rules"), Lock())


@pytest.mark.parametrize("kind", SCHEMAS)
@given(st.data())
@WHOLE
def test_a_rule_comes_over_whole_and_its_edits_come_after(kind: str, data: st.DataObject) -> None:
    body = data.draw(bodies(kind))
    environment = Environment("test")
    state = State("k", {})
    first = pull_rules(repo_of(), [LiveRule.of(body)], environment, state, TODAY)
    assert first.findings == []
    rule = rule_of(first.changes[0])
    untagged = {**body, "tags": [one for one in body.get("tags", []) if one != environment.tag]}
    assert diff(untagged, to_api(rule)) == ()

    again = pull_rules(repo_of(rule), [LiveRule.of(body)], environment, state.having(first.entries), TODAY)
    assert (again.changes, again.findings, again.unchanged) == ([], [], 1)

    live = environment.payload(rule) | {name: body[name] for name in ("id", "revision")}
    state = State("k", {"one": applied(environment.payload(rule) | {"version": rule.version or 1}, live)})
    other = data.draw(bodies(kind))
    names = data.draw(st.lists(st.sampled_from(sorted(other)), max_size=3, unique=True))
    edited = live | {name: other[name] for name in names}
    second = pull_rules(repo_of(rule), [LiveRule.of(edited)], environment, state, TODAY, Options(everything=True))
    assert second.findings == []
    changed = rule_of(second.changes[0]) if second.changes else rule
    ignored = {"version", "tags"}
    wanted, found = normalise(edited), normalise(environment.payload(changed))
    assert {k: v for k, v in wanted.items() if k not in ignored} == {k: v for k, v in found.items() if k not in ignored}
    planned = make_plan(
        "test", state.having(second.entries), [environment.payload(changed) | {"version": changed.version or 1}],
        [LiveRule.of(edited)], environment.tag,
    )  # fmt: skip
    differ = {one.field for one in planned.changes[0].differences} - ignored
    assert not differ and planned.changes[0].kind in (Kind.UNCHANGED, Kind.UPDATE, Kind.DRIFTED)


@pytest.mark.parametrize("kind", ["query", "eql"])
@given(st.data())
@WHOLE
def test_what_an_environment_says_stays_out_of_the_files(kind: str, data: st.DataObject) -> None:
    body = data.draw(bodies(kind))
    said = {"enabled": True, "interval": "3m", "max_signals": 7, "index": ["logs-own-*"]}
    environment = Environment("test", overrides=(Override(said),))
    pulled = pull_rules(repo_of(), [LiveRule.of(body | said)], environment, None, TODAY)
    rule = rule_of(pulled.changes[0])
    assert not said.keys() & rule.document.data["rule"].keys()
    assert environment.tag not in rule.tags
    for name, value in said.items():
        assert same(environment.payload(rule)[name], value)
