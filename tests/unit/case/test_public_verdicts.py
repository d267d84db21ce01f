"""Public rules judged by hand: on events written for them they alert, on near-misses they do not."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import detections
from public_rules import PUBLIC

CASES = tomllib.loads((Path(__file__).parents[2] / "corpus" / "public" / "verdicts.toml").read_text("utf-8"))
pytestmark = pytest.mark.skipif(not PUBLIC.is_dir(), reason="../shared is not there")


def laid(document: dict[str, Any]) -> dict[str, Any]:
    """The document with dotted names only, so that one can be laid over another."""
    made: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            made |= {f"{name}.{inner}": one for inner, one in laid(value).items()}
        else:
            made[name] = value
    return made


def alerts(rules: detections.Rules, same: dict[str, Any], own: str) -> int:
    given = json.loads(own)
    events = [
        {"@timestamp": number, "event.id": str(number), **laid(same), **laid(one)}
        for number, one in enumerate(given if isinstance(given, list) else [given])
    ]
    return len(list(detections.replay(rules, events)))


@pytest.mark.parametrize("name", CASES)
def test_a_public_rule_is_judged_as_its_fields_say(name: str) -> None:
    rules = detections.load_rules(str(PUBLIC / name))
    (case,) = CASES[name]
    if refused := case.get("refused"):
        told: list[Any] = []
        assert list(detections.replay(rules, [{"event.id": "1"}], report=told.append)) == []
        assert any(refused in str(one) for one in told), told
        return
    same = json.loads(case["same"])
    found = {own: alerts(rules, same, own) for kind in ("alert", "quiet") for own in case[kind]}
    assert {own for own, count in found.items() if count} == set(case["alert"])
