"""JUnit XML, as CI systems read it: a test suite a rule (cases) or one for all rules (check, backtest)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from detections.backtest import Backtest, Noise
from detections.case.model import Proof
from detections.errors import Finding, Level
from detections.report import noise as words
from detections.report.sinks import Output, xml


def check(findings: Sequence[Finding], files: Sequence[str]) -> Iterator[Output]:
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_file[one.location.path].append(one)
    suites = xml.root("testsuites", {"name": "detections check"})
    suite = xml.below(suites, "testsuite", {"name": "check"})
    for path in sorted({*files, *by_file}):
        _case(suite, path, "rule", by_file[path])
    yield _counted(suites)


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> Iterator[Output]:
    suites = xml.root("testsuites", {"name": "detections test"})
    if findings:
        _case(xml.below(suites, "testsuite", {"name": "case files"}), "case files", "case files", findings)
    for proof in proofs:
        suite, path = xml.below(suites, "testsuite", {"name": proof.rule.name}), proof.rule.document.path
        for verdict in proof.verdicts:
            _case(suite, verdict.case.name, path, [verdict.finding] if verdict.finding else [])
        if proof.not_run:
            case = _case(suite, "not run", path, proof.findings)
            if case.find("failure") is None:
                xml.below(case, "skipped", {"message": proof.not_run})
        else:
            failed = {id(verdict.finding) for verdict in proof.verdicts}
            _case(suite, "clause coverage", path, [one for one in proof.findings if id(one) not in failed])
    yield _counted(suites)


def backtest(found: Backtest) -> Iterator[Output]:
    """A test case a rule: failed where a bound is broken, skipped where it was not evaluated."""
    suites = xml.root("testsuites", {"name": "detections backtest"})
    suite = xml.below(suites, "testsuite", {"name": found.title})
    for noise in found.rules:
        case = _case(suite, noise.name, noise.rule_id, [])
        for bound in noise.broken:
            xml.below(case, "failure", {"message": bound, "type": "noise"}, bound)
        if noise.not_evaluated:
            xml.below(case, "skipped", {"message": noise.not_evaluated})
        else:
            xml.below(case, "system-out", {}, _numbers(noise, found))
    yield _counted(suites)


def _numbers(noise: Noise, found: Backtest) -> str:
    lines = [f"alerts {noise.alerts:,}, selected {noise.selected:,}, a day {words.median(noise, found)}"]
    lines += [f"worst day {words.worst(noise)}"] * bool(noise.worst)
    lines += words.taken_off(noise)
    lines += [f"in part: {noise.left_out}"] * bool(noise.left_out)
    lines += [words.compared(noise.difference)] if noise.difference else []
    return "\n".join(lines)


def _case(suite: Element, name: str, where: str, findings: Iterable[Finding]) -> Element:
    case = xml.below(suite, "testcase", {"name": name, "classname": where})
    warnings = []
    for one in findings:
        if one.level is Level.ERROR:
            xml.below(case, "failure", {"message": one.message, "type": one.code}, one.render())
        else:
            warnings.append(one.render())
    if warnings:
        xml.below(case, "system-out", {}, "\n".join(warnings))
    return case


def _counted(suites: Element) -> Output:
    """The document, with the numbers that its readers look for."""
    for element in [*suites, suites]:
        cases = list(element.iter("testcase"))
        element.set("tests", str(len(cases)))
        element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        element.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    return xml.document(suites)
