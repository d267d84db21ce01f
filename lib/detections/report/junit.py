"""JUnit XML, as CI systems read it: a test suite a rule (cases) or one for all rules (check, backtest)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from detections.backtest import Backtest, Noise
from detections.case.model import Proof
from detections.errors import Finding, Level
from detections.report import noise as words

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check(findings: Sequence[Finding], files: Sequence[str]) -> str:
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_file[one.location.path].append(one)
    suites = ElementTree.Element("testsuites", name="detections check")
    suite = _suite(suites, "check")
    for path in sorted({*files, *by_file}):
        _case(suite, path, "rule", by_file[path])
    return _text(suites)


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> str:
    suites = ElementTree.Element("testsuites", name="detections test")
    if findings:
        _case(_suite(suites, "case files"), "case files", "case files", findings)
    for proof in proofs:
        suite = _suite(suites, proof.rule.name)
        for verdict in proof.verdicts:
            _case(suite, verdict.case.name, proof.rule.document.path, [verdict.finding] if verdict.finding else [])
        if proof.not_run:
            case = _case(suite, "not run", proof.rule.document.path, proof.findings)
            if case.find("failure") is None:
                ElementTree.SubElement(case, "skipped", message=_clean(proof.not_run))
        else:
            failed = {id(verdict.finding) for verdict in proof.verdicts}
            rest = [one for one in proof.findings if id(one) not in failed]
            _case(suite, "clause coverage", proof.rule.document.path, rest)
    return _text(suites)


def backtest(found: Backtest) -> str:
    """A test case a rule: failed where a bound is broken, skipped where it was not evaluated."""
    suites = ElementTree.Element("testsuites", name="detections backtest")
    suite = _suite(suites, found.title)
    for noise in found.rules:
        case = _case(suite, noise.name, noise.rule_id, [])
        for bound in noise.broken:
            ElementTree.SubElement(case, "failure", message=_clean(bound), type="noise").text = _clean(bound)
        if noise.not_evaluated:
            ElementTree.SubElement(case, "skipped", message=_clean(noise.not_evaluated))
        else:
            ElementTree.SubElement(case, "system-out").text = _clean(_numbers(noise, found))
    return _text(suites)


def _numbers(noise: Noise, found: Backtest) -> str:
    lines = [f"alerts {noise.alerts:,}, selected {noise.selected:,}, a day {words.median(noise, found)}"]
    lines += [f"worst day {words.worst(noise)}"] * bool(noise.worst)
    lines += [f"in part: {noise.left_out}"] * bool(noise.left_out)
    lines += [words.compared(noise.difference)] if noise.difference else []
    return "\n".join(lines)


def _suite(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, "testsuite", name=_clean(name))


def _case(suite: ElementTree.Element, name: str, where: str, findings: Iterable[Finding]) -> ElementTree.Element:
    case = ElementTree.SubElement(suite, "testcase", name=_clean(name), classname=_clean(where))
    warnings = []
    for one in findings:
        if one.level is Level.ERROR:
            failure = ElementTree.SubElement(case, "failure", message=_clean(one.message), type=one.code)
            failure.text = _clean(one.render())
        else:
            warnings.append(one.render())
    if warnings:
        ElementTree.SubElement(case, "system-out").text = _clean("\n".join(warnings))
    return case


def _text(suites: ElementTree.Element) -> str:
    for element in [*suites, suites]:
        element.set("tests", str(len(list(element.iter("testcase")))))
        element.set("failures", str(sum(case.find("failure") is not None for case in element.iter("testcase"))))
        element.set("skipped", str(len(list(element.iter("skipped")))))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
