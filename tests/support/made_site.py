"""What a site shows besides rules, made up: a backtest, a plan, a status; and a project whose texts try to act."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detections.backtest import Backtest, Busiest, Noise, Sources, Value
from detections.rule import Rule

FIRST = datetime.date(2026, 8, 1)
DAYS = 31
_EPOCH = datetime.date(1970, 1, 1)
ATTACK = "</title></script><script>document.acted=1</script><img src=x onerror=document.acted=2>"


def instant(day: datetime.date) -> int:
    return (day - _EPOCH).days * 86_400_000


def made_backtest(rules: Sequence[Rule]) -> Backtest:
    """A month in which the rule number N raises N alerts on the N-th day, each third one none, each seventh not run."""
    found = [_noise(rule, number) for number, rule in enumerate(rules)]
    gone = Noise("gone", "A rule that left the repo", 2, 2, days={FIRST: 2}, busiest=_busiest(2))
    events = {FIRST + datetime.timedelta(days=day): 1000 * (1 + day % 7) for day in range(DAYS)}
    last = instant(FIRST + datetime.timedelta(days=DAYS)) - 1
    sources = Sources(("captures/",), 12, sum(events.values()), 34_567_890, 3, instant(FIRST), last, events)
    return Backtest(f"captures of August {ATTACK}", sources, (*found, gone))


def _noise(rule: Rule, number: int) -> Noise:
    if number % 7 == 6:
        return Noise(rule.rule_id, rule.name, not_evaluated=f"threshold rules are not evaluated {ATTACK}")
    if number % 3 == 0:
        return Noise(rule.rule_id, rule.name, selected=number)
    day = FIRST + datetime.timedelta(days=number % DAYS)
    return Noise(
        rule.rule_id, rule.name, number + 5, number, 3, 2, {day: number}, instant(day), instant(day) + 999,
        {"user.name": 3}, _busiest(number),
    )  # fmt: skip


def _busiest(alerts: int) -> tuple[Busiest, ...]:
    values = (Value("terraform", alerts), Value(ATTACK, 1), Value("\x1b[31mred\u202e\x00", 1), Value("", 1))
    return Busiest("user.name", values, 4), Busiest(f"user_agent.original {ATTACK}", values[:1], 1_000_000, True)


def made_plan(rules: Sequence[Rule]) -> dict[str, Any]:
    """The JSON of a plan with one rule of each kind."""
    kinds: list[dict[str, Any]] = [
        {"kind": "create", "action": "create"},
        {"kind": "update", "action": "update", "differences": [
            {"field": "note", "old": f"a\nb\n{ATTACK}\n", "new": "a\nB\nc\n"},
            {"field": "version", "old": 1, "new": 2}, {"field": "license", "old": None, "new": "x"}]},
        {"kind": "drifted", "action": None, "edits": [{"field": "severity", "old": "low", "new": "high"}],
         "edited_by": ATTACK, "edited_at": "2026-01-15T09:00:07.000Z"},
        {"kind": "foreign", "action": None, "note": ATTACK},
    ]  # fmt: skip
    changes = []
    for number, rule in enumerate(rules):
        said = kinds[number] if number < len(kinds) else {"kind": "unchanged", "action": None}
        changes.append({**said, "rule_id": rule.rule_id, "name": rule.name})
    changes.append({"thing": "exception item", "id": "single/x", "kind": "create", "action": "create", "name": ATTACK})
    summary = {kind: sum(one["kind"] == kind and "rule_id" in one for one in changes) for kind in
               ("create", "update", "drifted", "foreign", "unchanged")}  # fmt: skip
    return {"environment": "production", "kibana": "https://kibana.example.com/s/x", "summary": summary, "others": 2,
            "changes": changes}  # fmt: skip


def made_status(rules: Sequence[Rule]) -> dict[str, Any]:
    """The JSON of a status: each fourth rule is disabled, the first one failed."""
    found = [
        {"rule_id": rule.rule_id, "name": rule.name, "enabled": number % 4 != 3,
         "status": "failed" if not number else "succeeded", "date": "2026-01-15T09:00:07.000Z",
         "message": "" if number else ATTACK}
        for number, rule in enumerate(rules)
    ]  # fmt: skip
    return {"rules": found, "failing": 1}


def hostile_project(folder: Path) -> None:
    """Rules and cases whose every text would act if it were not text: markup, scripts, addresses, controls."""
    (folder / "pyproject.toml").write_text("[tool.detections]\n")
    for name in ("rules", "tests/rules", "tests/events"):
        (folder / name).mkdir(parents=True)
    event = {"@timestamp": "2026-01-01T00:00:00Z", "event": {"action": "a", "id": "1"}}
    (folder / "tests/events/base.json").write_text(json.dumps(event))
    for number, note in enumerate(_NOTES):
        (folder / f"rules/r{number}.toml").write_text(_rule(number, note))
        (folder / f"tests/rules/r{number}.toml").write_text(_CASES)


def _text(text: str) -> str:
    return json.dumps(text)  # a string of JSON is one of TOML


def _rule(number: int, note: str) -> str:
    where = f"https://example.com/{ATTACK}"
    return f"""[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"
integration = [{_text(ATTACK)}]

[rule]
author = [{_text(ATTACK)}]
description = {_text(ATTACK + note)}
false_positives = [{_text(ATTACK)}, {_text(note)}]
index = [{_text(ATTACK)}]
language = "kuery"
license = {_text(ATTACK)}
name = {_text(f"{number} {ATTACK}")}
note = {_text(note)}
query = {_text('event.action: "a" and not user.name: "' + ATTACK + '"')}
references = [{_text(where)}, "javascript:document.acted=3", "data:text/html,<script>document.acted=4</script>"]
risk_score = 21
rule_id = {_text(f"{number}/../{ATTACK}")}
setup = {_text(note)}
severity = "low"
tags = [{_text(ATTACK)}, "<b>Tag</b>", "\\u202ereversed", "a&b=c#d"]
type = "query"

[[rule.threat]]
framework = "MITRE ATT&CK"
[rule.threat.tactic]
id = {_text(ATTACK)}
name = {_text(ATTACK)}
reference = "javascript:document.acted=5"
[[rule.threat.technique]]
id = {_text(ATTACK)}
name = {_text(ATTACK)}
reference = "javascript:document.acted=6"

[[rule.required_fields]]
name = {_text(ATTACK)}
type = {_text(ATTACK)}

[[transform.osquery]]
label = {_text(ATTACK + "](javascript:document.acted=7)")}
query = {_text("SELECT `" + ATTACK)}
"""


_NOTES = (
    f"# {ATTACK}\n\ntext {ATTACK}\n\n<svg onload=document.acted=8>\n\n```html\n{ATTACK}\n```\n\n    {ATTACK}\n",
    "[a](javascript:document.acted=9) [b](JaVaScRiPt:document.acted=9) [c](data:text/html;base64,PHNjcmlwdD4=) "
    "[d](vbscript:x) [e](file:///etc/passwd) [f](https://example.com/'\"><script>document.acted=10</script>)\n\n"
    "<javascript:document.acted=11> <https://example.com>\n",
    "![image](https://example.com/tracker.png) ![x](x \"onerror=document.acted=12\")\n\n"
    "| a | b |\n|---|---|\n| <img src=x onerror=document.acted=13> | `<script>` |\n",
    "$osquery_0 $osquery_7 $investigate_0 !{osquery{\"label\":\"<script>document.acted=14</script>\"}}\n\n"
    "###### deep\n\n# top\n",
    "> " * 60 + "deep\n\n" + "* " * 60 + "deep\n\n\x00 \u202e {{user.name}} {% raw %} {{ 7 * 7 }} ${7*7}\n",
)  # fmt: skip

_CASES = f"""base = "base.json"

[[case]]
name = {_text("alerts " + ATTACK)}
verdict = "alert"

[[case]]
name = {_text("fails " + ATTACK)}
verdict = "quiet"
"""
