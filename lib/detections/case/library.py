"""Where cases stand: one file a rule, in a tree that mirrors the rules'."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from detections.case.model import CaseFile
from detections.case.read import CODE, read_cases
from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS, NO_TABLES
from detections.compile.tables import Tables
from detections.errors import Finding, Location, SourceError
from detections.rule import Rule
from detections.source import read, unchanged


def load(path: Path) -> CaseFile:
    """The cases of one file.

    Raises:
        SourceError: the file is not there or no TOML.
    """
    return read_cases(read(path))


class CaseLibrary:
    """The case files under ``root``, matched with the rules under ``rules_root`` by their relative paths.

    ``files`` maps a rule's path to its case file; ``tables`` are what ES|QL looks up, beside those of a file, and
    ``exceptions`` the lists that rules refer to. Files of ``before`` that have not changed are not read again.
    ``findings`` holds what is wrong with the files, and cases without a rule.
    """

    def __init__(
        self,
        root: Path,
        rules_root: Path,
        rules: Iterable[Rule],
        tables: Tables = NO_TABLES,
        exceptions: ExceptionLists = NO_LISTS,
        before: CaseLibrary | None = None,
    ) -> None:
        self.root = root
        self.rules_root = rules_root
        self.tables = tables
        self.exceptions = exceptions
        self.files: dict[str, CaseFile] = {}
        self.findings: list[Finding] = []
        known = {} if before is None else before._unchanged()
        for rule in rules:
            path = self.path(rule)
            if not path.exists():
                continue
            try:
                file = known.get(str(path)) or load(path)
            except SourceError as error:
                self.findings += error.findings
                continue
            self.files[rule.document.path] = file
            self.findings += file.findings

    def _unchanged(self) -> dict[str, CaseFile]:
        """The case files that are as they were, by their paths."""
        return {file.document.path: file for file in self.files.values() if unchanged(file.document)}

    def strays(self, files: Iterable[str]) -> list[Finding]:
        """Case files that none of these rule files owns, whether what is in it is a sound rule or not; only meaningful
        when every rule file was given."""
        known = {self._beside(Path(path)) for path in files}
        found = sorted(set(self.root.rglob("*.toml")) - known) if self.root.is_dir() else []
        return [Finding(CODE, "no rule file has these cases", Location(str(path))) for path in found]

    def path(self, rule: Rule) -> Path:
        """Where the cases of a rule are to be."""
        return self._beside(Path(rule.document.path))

    def _beside(self, path: Path) -> Path:
        try:
            return self.root / path.resolve().relative_to(self.rules_root.resolve())
        except ValueError:
            return self.root / path.name

    def missing(self, rule: Rule) -> Finding | None:
        """An error for a rule that has no case file."""
        path = self.path(rule)
        if path.is_file():
            return None
        return rule.document.finding(CODE, f"no cases: {path} is not there", ("rule", "name"))
