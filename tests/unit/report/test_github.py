from detections.case.model import Proof
from detections.errors import Finding, Location
from detections.report import github


def test_a_finding_is_an_annotation_on_its_line(error: Finding, warning: Finding, files: tuple[str, ...]) -> None:
    assert list(github.check([error, warning], files)) == [
        "::error file=rules/a b.toml,line=3,col=5,endColumn=5,title=query-syntax"
        r"::Expected value, 100%25 \x00 <sure>%0Aquote it",
        "::warning file=rules/b.toml,title=unknown-field::no such field",
        "3 rules checked, 1 error, 1 warning",
    ]


def test_test_annotates_failures_and_what_was_not_run(proofs: list[Proof]) -> None:
    assert list(github.test(proofs, [])) == [
        "::error file=tests/rules/c.toml,line=9,col=1,endColumn=1,title=case::bad: the rule stays quiet",
        "::error file=rules/c.toml,line=12,col=10,endColumn=10,title=coverage::no case turns on `a: b` alone",
        "::notice file=rules/c.toml,title=not run::d: no cases",
        "2 rules, 1 of 2 cases as expected, 1 of 3 clauses covered (1 excused), 1 of 3 mutants noticed, 1 rule not run",
    ]


def test_a_name_cannot_end_its_command_or_begin_another() -> None:
    forged = Finding("x", "a\n::error::b", Location("c,line=1::d:e\r%0A", 0))
    assert list(github.check([forged], []))[:-1] == [
        r"::error file=c%2Cline=1%3A%3Ad%3Ae\r%250A,title=x::a\n::error::b"
    ]


def test_a_note_is_a_notice(note: Finding) -> None:
    assert next(iter(github.check([note], ()))) == (
        "::notice file=rules/c.toml,line=3,col=1,endColumn=1,title=esql-opaque::SAMPLE is not evaluated here"
    )
