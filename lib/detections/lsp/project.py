"""The project that an editor has open: its rules as they are on disk, and on top of them as they are typed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detections import checks
from detections.case import Bases, CaseLibrary, Proof, prove
from detections.catalog.fields import catalog
from detections.catalog.sources import Source
from detections.engine import Embedded
from detections.errors import Finding, SourceError
from detections.lsp.complete import Subject
from detections.mapping import catalog_mapping
from detections.proof import Baseline, without
from detections.proof.baseline import NOTHING
from detections.rule import Rule, Rules, load_rules, rules_of
from detections.source import Document, parse


@dataclass
class Project:
    """Folders are those of the configuration. ``texts`` are the files that the editor has open, by path; all else is
    read from disk, once by :meth:`load` and again where a file was saved."""

    rules: Path
    cases: Path
    events: Path
    profiles: Sequence[str] = ()
    fields: tuple[Source, ...] = ()
    baseline: Baseline = NOTHING
    texts: dict[str, str] = field(default_factory=dict)
    _saved: Mapping[str, Rule] = field(default_factory=dict)

    def load(self) -> None:
        """Read the rules on disk, so that one rule can be held against the others."""
        if self.rules.is_dir():
            self._saved = {rule.document.path: rule for rule in load_rules(self.rules, fields=self.fields)}

    def is_rule(self, path: str) -> bool:
        """Whether a file is one of the project's rules, or says that it is a rule."""
        return _is_below(path, self.rules) or (not _is_below(path, self.cases) and "[rule]" in self.texts.get(path, ""))

    def findings(self, path: str) -> list[Finding]:
        """What ``check`` finds in an open file, as it is typed."""
        if not self.is_rule(path):
            return []
        try:
            document = parse(self.texts[path], path)
        except SourceError as error:
            return list(error.findings)
        rules = rules_of([document], self.fields)
        found = checks.run(rules, self.profiles, self._beside(path))
        left, _ = self.baseline.split(found, [*rules, *rules.unsound])
        return [one for one in left if one.location.path == path]

    def _beside(self, path: str) -> list[Rule]:
        return [rule for other, rule in self._saved.items() if other != path] if _is_below(path, self.rules) else []

    def saved(self, path: str) -> None:
        """A file was saved: the others are held against what it says now."""
        rule = self.rule(path)
        kept = {other: one for other, one in self._saved.items() if other != path}
        self._saved = kept | {path: rule} if rule is not None and _is_below(path, self.rules) else kept

    def document(self, path: str) -> Document | None:
        """An open file, None where it is not TOML."""
        try:
            return parse(self.texts[path], path)
        except SourceError:
            return None

    def rule(self, path: str) -> Rule | None:
        """The rule in an open file, None where the schema has something against it."""
        document = self.document(path)
        return next(iter(rules_of([document], self.fields)), None) if document is not None else None

    def subject(self, path: str) -> Subject:
        """What completion and hover go by, also in a file that is not whole."""
        document = self.document(path)
        table = document.data.get("rule") if document is not None else None
        said = table if isinstance(table, dict) else {}
        kind, language = str(said.get("type") or _said(self.texts[path], "type")), said.get("language")
        language = str(language or _said(self.texts[path], "language") or (kind if kind in ("eql", "esql") else ""))
        index = said.get("index")
        indices = tuple(one for one in index if isinstance(one, str)) if isinstance(index, list) else ()
        return Subject(kind, language, catalog_mapping(indices, self.fields), catalog(self.fields))

    # Cases

    def cases_of(self, path: str) -> Path | None:
        """The file of a rule's cases, whether it is there or not; None for what is not a rule of the project."""
        if not _is_below(path, self.rules):
            return None
        return self.cases / os.path.relpath(os.path.realpath(path), os.path.realpath(self.rules))

    def proof(self, path: str) -> tuple[Proof, list[Finding]] | None:
        """The proof of the rule in an open file, as it is typed, and what is wrong with its cases; None where it has a
        mistake."""
        rule = self.rule(path)
        if rule is None:
            return None
        rules = Rules((rule,), (path,))
        library = CaseLibrary(self.cases, self.rules, rules)
        [proof] = without(prove(rules, library, Bases(self.events), Embedded()), self.baseline)
        return proof, [*library.findings, *proof.findings]


def _is_below(path: str, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _said(text: str, key: str) -> str:
    """A key's value in a text that is not whole."""
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if equals and name.strip() == key:
            return value.split("#")[0].strip().strip("\"'")
    return ""
