from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from detections.case.model import Proof
from detections.errors import Finding
from detections.report import junit


def parsed(outputs: Iterable[str]) -> Element:
    (document,) = outputs
    return ElementTree.fromstring(document)


def counts(element: Element) -> tuple[str | None, ...]:
    return element.get("tests"), element.get("failures"), element.get("skipped")


def test_check_has_a_case_for_each_file(error: Finding, warning: Finding, files: tuple[str, ...]) -> None:
    suites = parsed(junit.check([error, warning], files))
    assert (suites.get("name"), counts(suites)) == ("detections check", ("3", "1", "0"))
    (suite,) = suites
    assert (suite.get("name"), counts(suite)) == ("check", ("3", "1", "0"))
    bad, warned, fine = suite
    assert [case.get("name") for case in suite] == list(files)
    (failure,) = bad
    assert failure.attrib == {"message": r"Expected value, 100% \x00 <sure>", "type": "query-syntax"}
    assert failure.text == error.render()
    assert [(one.tag, one.text) for one in warned] == [("system-out", warning.render())]
    assert not list(fine)


def test_a_finding_about_another_file_has_a_case_too(error: Finding) -> None:
    assert [case.get("name") for case in parsed(junit.check([error], [])).iter("testcase")] == ["rules/a b.toml"]


def test_test_has_a_suite_for_each_rule(proofs: list[Proof]) -> None:
    suites = parsed(junit.test(proofs, []))
    shown = [(suite.get("name"), counts(suite), [case.get("name") for case in suite]) for suite in suites]
    assert shown == [
        ("c", ("3", "2", "0"), ["good", "bad", "clause coverage"]),
        ("d", ("1", "0", "1"), ["not run"]),
    ]
    assert (suites.get("name"), counts(suites)) == ("detections test", ("4", "2", "1"))
    good, bad, coverage, not_run = suites.iter("testcase")
    assert {case.get("classname") for case in suites.iter("testcase")} == {"rules/c.toml"}
    assert not list(good)
    assert [one.get("message") for one in bad] == ["bad: the rule stays quiet"]
    assert [one.get("message") for one in coverage] == ["no case turns on `a: b` alone"]
    assert [(one.tag, one.get("message")) for one in not_run] == [("skipped", "no cases")]


def test_findings_about_case_files_are_a_suite_of_their_own(proofs: list[Proof], error: Finding) -> None:
    first, *_ = suites = parsed(junit.test(proofs, [error]))
    assert first.get("name") == "case files"
    ((failure,),) = first
    assert failure.get("type") == "query-syntax"
    assert counts(suites) == ("5", "3", "1")


def test_a_server_that_is_gone_is_a_failure_and_not_skipped(gone_server: Proof) -> None:
    suites = parsed(junit.test([gone_server], []))
    assert counts(suites) == ("1", "1", "0")


def test_a_note_fails_nothing(note: Finding) -> None:
    (found,) = junit.check([note], ("rules/c.toml",))
    assert "<failure" not in found and "SAMPLE is not evaluated here" in found
