"""For a person: findings with their line and a caret, alerts and events one a line, counts last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from detections.api import SearchResult
from detections.case.model import Mutant, Proof
from detections.engine.alert import Alert
from detections.errors import Finding
from detections.events import Document
from detections.report.count import checked, plural, tally, tested
from detections.report.deployment import plan as plan
from detections.report.deployment import status as status
from detections.report.finding import finding
from detections.report.noise import backtest as backtest
from detections.report.sinks import Output, Styled
from detections.report.sinks.json import encode
from detections.report.sinks.terminal import line, padded, width
from detections.report.table import SHOWN, aligned, value
from detections.report.tuned import tune as tune
from detections.rule import Rule
from detections.values.dates import format_date

_INDICES = 5
_GUESSES = {"dynamic": "what each value is"}
_TITLES = {
    "rule": "Rule",
    "query": "Query",
    "ast": "Parsed (Kibana's AST)",
    "tree": "Parsed",
    "printed": "Printed",
    "dsl": "Sent by Kibana (Query DSL)",
    "sent": "Sent by Kibana",
    "request": "Sent by Kibana, first",
    "evaluated": "Evaluated here",
}


def check(findings: Sequence[Finding], files: Sequence[str]) -> Iterator[Output]:
    for one in findings:
        yield from finding(one)
    yield line(checked(files, findings))


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> Iterator[Output]:
    for one in [*findings, *(one for proof in proofs for one in proof.findings)]:
        yield from finding(one)
    for proof in proofs:
        if proof.not_run:
            yield not_run(proof)
        unnoticed = [mutant for mutant in proof.mutants if not mutant.noticed]
        if unnoticed:
            yield line(f"{proof.rule.document.path}: {plural(len(unnoticed), 'mutant')} that no case noticed")
            yield from (line(f"    {_place(proof.rule, mutant)}{mutant.change}") for mutant in unnoticed)
    yield line(tested(tally(proofs)))


def not_run(proof: Proof) -> Output:
    return line(Styled("not run", "yellow"), f" {proof.rule.name}: {proof.not_run}")


def _place(rule: Rule, mutant: Mutant) -> str:
    """Line and column of what was changed, as stages of a sequence are often alike; nothing for a setting."""
    if not any(mutant.span):
        return ""
    place = rule.document.location(("rule", "query"), mutant.span[0])
    return f"{place.line}:{place.column} "


def alerts(found: Iterable[Alert]) -> Iterator[Output]:
    for alert in found:
        when = "no time" if alert.timestamp is None else format_date(alert.timestamp)
        terms = f"  new: {', '.join(alert.new_terms)}" if alert.new_terms else ""
        if alert.threshold is not None:
            group = f" of {', '.join(alert.terms)}" if alert.terms else ""
            terms = f"  {plural(alert.threshold.count, 'event')}{group}"
        if alert.row:
            terms = f"  {', '.join(f'{name}: {encode(cell)}' for name, cell in alert.row)}"
        if alert.suppression is not None and alert.suppression.count:
            terms += f"  and {alert.suppression.count:,} suppressed"
        if alert.building_block:
            terms += "  (building block)"
        raised = "" if alert.raised is None else f"{format_date(alert.raised)}: "
        yield line(f"{raised}{when}  ", Styled(alert.rule_name, bold=True), f"  {' '.join(alert.event_ids)}{terms}")


def search(found: SearchResult) -> Iterator[Output]:
    """Of an event the fields that say who did what; the events of a sequence below its join keys; rows as a table."""
    yield from (line(_event(event)) for event in found.events)
    for sequence in found.sequences:
        yield line(", ".join("null" if key is None else str(key) for key in sequence.join_keys) or "(no join keys)")
        yield from (line("  ", "(no event)" if event is None else _event(event)) for event in sequence.events)
    if found.columns:
        yield from aligned(found.columns, found.rows)


def _event(event: Document) -> str:
    return "  ".join(str(shown) for name in SHOWN if (shown := value(event, name)) is not None)


def fields(found: Sequence[Mapping[str, Any]]) -> Iterator[Output]:
    """Of each name the fields that are declared under it, each with who declares it, and the rules that use it."""
    for number, about in enumerate(found):
        if number:
            yield line()
        yield line(Styled(about["name"], bold=True))
        known = [*about["declared"], *about["templates"]]
        yield from (line(f"  {_declared(one)}") for one in known)
        if about["key_of"]:
            yield line(f"  a key of the flattened field {about['key_of']}")
        elif not known:
            taken, meant = about["taken_for"], about["meant"]
            hint = f", did you mean {meant}?" if meant else ""
            yield line(f"  not declared: assumed to be {_GUESSES.get(taken, taken)}{hint}")
        yield line(f"  used by {plural(len(about['rules']), 'rule')}", ":" if about["rules"] else "")
        yield from (line(f"    {name}") for name in about["rules"])


def _declared(field: Mapping[str, Any]) -> str:
    mapping = "".join(f", {key} {value}" for key, value in field["mapping"].items() if key != "type")
    indices = field["indices"]
    shown = ", ".join(indices[:_INDICES]) + (f" and {len(indices) - _INDICES} more" if len(indices) > _INDICES else "")
    return f"{field['mapping']['type']}{mapping}  ({field['source']}{': ' if indices else ''}{shown})"


def config(file: str | None, settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Output]:
    """The settings in columns: name, value, where it comes from."""
    yield line(f"settings of {file}" if file else "no detections.toml and no [tool.detections] here or above")
    values = {name: json.dumps(setting["value"]) for name, setting in settings.items()}
    names, wide = width(list(values), 60), width(list(values.values()), 60)
    for name, text in values.items():
        yield line(f"{padded(name, names)}  {padded(text, wide)}  ", Styled(settings[name]["from"], dim=True))


def explain(parts: Mapping[str, Any]) -> Iterator[Output]:
    """Each part with its title, indented."""
    for name, part in parts.items():
        yield line(Styled(_TITLES[name], bold=True))
        shown = part if isinstance(part, str) else json.dumps(part, indent=2, ensure_ascii=False)
        yield from (line("  ", text.expandtabs(4)) for text in shown.strip("\n").split("\n"))
        yield line()
