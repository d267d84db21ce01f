"""What Kibana answers, read once: status, imports, exports, bulk actions, previews."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

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
        if major == "9" or (major == "8" and minor.isdigit() and int(minor) >= 19):
            return ""
        return f"Kibana is {self.version}; this speaks to 8.19 and 9.x"


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
        found: dict[str, Problem] = {}
        for problem in self.problems:
            if problem.kind == kind:
                found.setdefault(problem.id, problem)
        return found

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
    """What a bulk action did. In a dry run there are no ``rules``, only counts and ``problems``."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    problems: tuple[Problem, ...] = ()
    rules: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def success(self) -> bool:
        return not self.failed and not self.problems

    def __add__(self, other: BulkResult) -> BulkResult:
        return BulkResult(
            self.succeeded + other.succeeded, self.failed + other.failed, self.skipped + other.skipped,
            self.problems + other.problems, self.rules + other.rules,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """What ``_export`` gave, each kind in Kibana's order. ``summary`` is its last line, with what it missed."""

    rules: tuple[dict[str, Any], ...] = ()
    exception_lists: tuple[dict[str, Any], ...] = ()
    exception_items: tuple[dict[str, Any], ...] = ()
    connectors: tuple[dict[str, Any], ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """The rule_ids that were asked for and are not there."""
        return tuple(one["rule_id"] for one in self.summary.get("missing_rules", ()))

    @property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """All of them, as a bundle holds them."""
        return self.rules + self.exception_lists + self.exception_items + self.connectors


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


_ERRORS = (("errors", "rule"), ("exceptions_errors", "exception"), ("action_connectors_errors", "connector"))


def import_result(body: Mapping[str, Any], sent: Container[str] = ()) -> ImportResult:
    """The answer of one ``_import``. ``sent`` are connectors of earlier requests of the same import: that these are
    there already is no problem."""
    all_problems = [_import_problem(one, kind) for name, kind in _ERRORS for one in body.get(name, ())]
    problems = [one for one in all_problems if not (one.kind == "connector" and one.status == 409 and one.id in sent)]
    known = len(problems) < len(all_problems) and all(one.kind != "connector" for one in problems)
    return ImportResult(
        body.get("success", False),
        body.get("exceptions_success", True),
        known or body.get("action_connectors_success", True),
        body.get("success_count", 0),
        body.get("exceptions_success_count", 0),
        body.get("action_connectors_success_count", 0),
        tuple(problems),
        tuple(str(one.get("message", one)) for one in body.get("action_connectors_warnings", ())),
    )


def _import_problem(found: Mapping[str, Any], kind: str) -> Problem:
    error = found.get("error", {})
    exact: Kind = "rule" if kind == "rule" else "connector"
    named = found.get("rule_id") or found.get("id") or ""
    if kind == "exception":
        exact = "exception_item" if "item_id" in found else "exception_list"
        named = found.get("item_id") or found.get("list_id") or found.get("id") or ""
    return Problem(exact, str(named), str(error.get("message", "no reason is given")), int(error.get("status_code", 0)))


def bulk_result(body: Mapping[str, Any], *, gone_is_done: bool = False) -> BulkResult:
    """The answer of one ``_bulk_action``; of a 200 or of a 500 with ``attributes``. ``gone_is_done``: a rule that is
    not found is none that failed."""
    attributes = body.get("attributes", {})
    summary, results = attributes.get("summary", {}), attributes.get("results", {})
    problems = [
        Problem("rule", rule.get("id", ""), str(group.get("message", "")), int(group.get("status_code", 0)),
                str(group.get("err_code") or ""), str(rule.get("name") or ""))
        for group in attributes.get("errors", ())
        for rule in group.get("rules", ())
    ]  # fmt: skip
    kept = tuple(problem for problem in problems if not (gone_is_done and problem.status == 404))
    gone = len(problems) - len(kept)
    return BulkResult(
        int(summary.get("succeeded", 0)) + gone, int(summary.get("failed", 0)) - gone, int(summary.get("skipped", 0)),
        kept, tuple(rule for name in ("created", "updated", "deleted") for rule in results.get(name, ())),
    )  # fmt: skip


def export_of(objects: Sequence[dict[str, Any]]) -> Export:
    """Exported lines, sorted into their kinds."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for one in objects:
        kinds.setdefault(kind_of(one), []).append(one)
    return Export(
        tuple(kinds.get("rule", ())), tuple(kinds.get("exception_list", ())),
        tuple(kinds.get("exception_item", ())), tuple(kinds.get("connector", ())),
        kinds.get("summary", [{}])[-1],
    )  # fmt: skip
