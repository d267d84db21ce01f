"""The list of formats, and what each format has to say of a test run."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from detections import report
from detections.case.model import Proof
from detections.report import FORMATS, formats

SUBJECTS = sorted({subject for subjects in FORMATS.values() for subject in subjects})
ROOM = Path(report.__file__).parent


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_a_module_with_a_function_for_each_subject_it_tells_of(name: str) -> None:
    module = import_module(f"detections.report.{name}")
    told = {subject for subject in SUBJECTS if inspect.isfunction(getattr(module, subject, None))}
    assert told == set(FORMATS[name])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_formats_of_a_subject_take_the_same_values(subject: str) -> None:
    signatures = {
        name: [one.annotation for one in inspect.signature(report.report(subject, name)).parameters.values()
               if one.kind is not one.KEYWORD_ONLY]
        for name in formats(subject)
    }  # fmt: skip
    assert len(set(map(str, signatures.values()))) == 1, signatures
    assert "text" in signatures


@pytest.mark.parametrize("style", formats("test"))
def test_every_format_says_what_did_not_run_and_why(style: str, proofs: list[Proof]) -> None:
    assert "no cases" in "\n".join(report.report("test", style)(proofs, []))
