"""What came of a request that is about many objects: imports, exports, bulk actions, previews; and Kibana's status."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import ValidationError, convert

from detections.kibana.answers import (
    BulkAnswer,
    ExceptionItem,
    ExceptionList,
    ImportAnswer,
    ImportFailure,
    PreviewAnswer,
    Rule,
    SavedConnector,
    Stored,
    Summary,
)

Kind = Literal["rule", "exception_list", "exception_item", "connector"]


@dataclass(frozen=True, slots=True)
class Status:
    """``GET /api/status``. ``level`` is ``available``, ``degraded``, ``unavailable`` or ``critical``."""

    version: str
    level: str

    @property
    def unsupported(self) -> str:
        """Why this version may behave in other ways than this client knows; empty for 8.19 and 9.x."""
        major, _, rest = self.version.partition(".")
        minor = rest.partition(".")[0]
        if major == "9" or (major == "8" and minor.isdecimal() and len(minor) < 5 and int(minor) >= 19):
            return ""
        return f"Kibana {self.version} is not supported (supported: 8.19 and 9.x)"


@dataclass(frozen=True, slots=True)
class Problem:
    """One object that was refused. ``id`` is a rule's rule_id, a list's list_id, an item's item_id, a connector's id;
    of a bulk action the rule's saved-object id. ``code`` is Kibana's err_code, where it gives one."""

    kind: Kind
    id: str
    message: str
    status: int = 0
    code: str = ""
    name: str = ""

    def __str__(self) -> str:
        which = f"{self.kind.replace('_', ' ')} {self.name or self.id}".strip()
        return f"{which}: {self.message}"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, over all its requests.

    Kibana answers 200 even when everything failed: ``success`` is all three of its flags.
    """

    rules_success: bool = True
    exceptions_success: bool = True
    connectors_success: bool = True
    rules: int = 0
    exceptions: int = 0
    connectors: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def success(self) -> bool:
        return self.rules_success and self.exceptions_success and self.connectors_success and not self.problems

    def refused(self, kind: Kind = "rule") -> dict[str, Problem]:
        """The first problem of each object of a kind, by its id."""
        refused: dict[str, Problem] = {}
        for problem in self.problems:
            if problem.kind == kind:
                refused.setdefault(problem.id, problem)
        return refused

    def __add__(self, other: ImportResult) -> ImportResult:
        return ImportResult(
            self.rules_success and other.rules_success,
            self.exceptions_success and other.exceptions_success,
            self.connectors_success and other.connectors_success,
            self.rules + other.rules, self.exceptions + other.exceptions, self.connectors + other.connectors,
            self.problems + other.problems, self.warnings + other.warnings,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What a bulk action did."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def success(self) -> bool:
        return not self.failed and not self.problems

    def __add__(self, other: BulkResult) -> BulkResult:
        return BulkResult(
            self.succeeded + other.succeeded, self.failed + other.failed, self.skipped + other.skipped,
            self.problems + other.problems,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """What ``_export`` gave, or a file holds, each kind in its order. ``whole``: the last line, a summary, is there."""

    rules: tuple[Rule, ...] = ()
    exception_lists: tuple[ExceptionList, ...] = ()
    exception_items: tuple[ExceptionItem, ...] = ()
    connectors: tuple[SavedConnector, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview's run. ``errors`` and ``warnings`` of all its executions, in order."""

    id: str
    aborted: bool
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def kind_of(thing: Mapping[str, Any]) -> Kind | Literal["summary"]:
    """What an exported line is, told by its shape as Kibana's import tells it."""
    if "exported_count" in thing:
        return "summary"
    if "item_id" in thing or "entries" in thing:
        return "exception_item"
    if "list_id" in thing:
        return "exception_list"
    if "attributes" in thing:
        return "connector"
    return "rule"


_TYPES: Mapping[str, type[Stored]] = {
    "rule": Rule, "exception_list": ExceptionList, "exception_item": ExceptionItem
}  # fmt: skip


def export_of(objects: Iterable[Any]) -> tuple[Export, list[str]]:
    """Exported lines, decoded from JSON, sorted into their kinds; and what is wrong with those that are none of them,
    a line each."""
    kinds: dict[str, list[Any]] = {}
    problems = []
    for thing in objects:
        kind = kind_of(thing) if isinstance(thing, dict) else "rule"
        try:
            kinds.setdefault(kind, []).append(_exported(kind, thing))
        except ValidationError as error:
            problems.append(f"not {_ARTICLES[kind]}{_named(thing)}: {error}")
    export = Export(
        tuple(kinds.get("rule", ())), tuple(kinds.get("exception_list", ())), tuple(kinds.get("exception_item", ())),
        tuple(kinds.get("connector", ())), "summary" in kinds,
    )  # fmt: skip
    return export, problems


_ARTICLES = {
    "rule": "a rule", "exception_list": "an exception list", "exception_item": "an exception item",
    "connector": "a connector", "summary": "the summary of an export",
}  # fmt: skip


def _exported(kind: str, thing: Any) -> Any:
    if kind in _TYPES:
        return _TYPES[kind].of(thing)
    return convert(thing, SavedConnector if kind == "connector" else Summary)


def _named(thing: Any) -> str:
    names = (thing.get(key) for key in ("rule_id", "item_id", "list_id", "id")) if isinstance(thing, dict) else ()
    name = next((name for name in names if name and isinstance(name, str)), "")
    return f" ({name[:100]})" if name else ""


def import_result(answer: ImportAnswer, sent: Container[str] = ()) -> ImportResult:
    """The answer of one ``_import``. ``sent`` are connectors of earlier requests of the same import: that these are
    there already is no problem."""
    connectors = [Problem("connector", failure.id, *_why(failure)) for failure in answer.action_connectors_errors]
    left = [problem for problem in connectors if not (problem.status == 409 and problem.id in sent)]
    known = len(left) < len(connectors) and not left
    problems = [Problem("rule", failure.rule_id or failure.id, *_why(failure)) for failure in answer.errors]
    problems += [_exception_problem(failure) for failure in answer.exceptions_errors]
    return ImportResult(
        answer.success, answer.exceptions_success, known or answer.action_connectors_success, answer.success_count,
        answer.exceptions_success_count, answer.action_connectors_success_count, (*problems, *left),
        tuple(warning.message for warning in answer.action_connectors_warnings),
    )  # fmt: skip


def _exception_problem(failure: ImportFailure) -> Problem:
    kind: Kind = "exception_item" if failure.item_id else "exception_list"
    return Problem(kind, failure.item_id or failure.list_id or failure.id, *_why(failure))


def _why(failure: ImportFailure) -> tuple[str, int]:
    return failure.error.message, failure.error.status_code


def bulk_result(answer: BulkAnswer, *, gone_is_done: bool = False) -> BulkResult:
    """The answer of one ``_bulk_action``. ``gone_is_done``: a rule that is not found has not failed."""
    summary = answer.attributes.summary
    problems = list(_bulk_problems(answer))
    kept = tuple(problem for problem in problems if not (gone_is_done and problem.status == 404))
    gone = len(problems) - len(kept)
    return BulkResult(summary.succeeded + gone, summary.failed - gone, summary.skipped, kept)


def _bulk_problems(answer: BulkAnswer) -> Iterator[Problem]:
    for failure in answer.attributes.errors:
        for rule in failure.rules:
            yield Problem(
                "rule", rule.id, failure.message, failure.status_code, failure.err_code or "", rule.name or ""
            )


def preview_of(answer: PreviewAnswer) -> Preview:
    """The answer of ``preview``."""
    errors = tuple(text for log in answer.logs for text in log.errors)
    return Preview(
        answer.preview_id, answer.is_aborted, errors, tuple(text for log in answer.logs for text in log.warnings)
    )
