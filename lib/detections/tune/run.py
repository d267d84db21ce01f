"""Tuning a rule: search for exceptions, try them on all that there is, and leave out what must not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from detections.case import Bases, CaseFile
from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS, NO_TABLES, mapping_of
from detections.compile.planner import plan as make_plan
from detections.compile.tables import Tables
from detections.engine import Embedded
from detections.errors import NotEvaluated, QueryError
from detections.plan import Plan, Window
from detections.plan.exceptions import Exceptions
from detections.rule import Rule
from detections.schedule import window_of
from detections.tune.cases import with_cases
from detections.tune.clause import with_clauses
from detections.tune.fields import excepted_on
from detections.tune.guards import Guards
from detections.tune.labels import Labels
from detections.tune.model import Item, Refusal, Tuning
from detections.tune.search import Search
from detections.tune.trial import Baseline, Outcome, Reading, raised, tried
from detections.tune.write import as_object, queried

_ROUNDS = 8
"""How often it is searched again without what was refused."""
_LAST = 2
"""How many of these rounds are for what was not refused in those before."""
_SPOILT = 3
"""Exceptions that are named because they lie near and cannot be."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule, and what its cases stand on. ``file`` is None where it has none."""

    rule: Rule
    file: CaseFile | None
    bases: Bases
    tables: Tables = field(default_factory=lambda: NO_TABLES)
    exceptions: ExceptionLists = NO_LISTS

    @property
    def must(self) -> frozenset[str]:
        """The events that the rule must alert on, of all data sets."""
        bounds = () if self.file is None else self.file.noise.values()
        return frozenset(name for bound in bounds for name in bound.must_alert)


@dataclass(frozen=True, slots=True)
class Readings:
    """The events, from the first to the last instant of ``span``, and the data sets that hold events which the rule
    must alert on."""

    events: Reading
    span: tuple[int | None, int | None] = (None, None)
    data: Mapping[str, Reading] = field(default_factory=dict)


def tune(
    subject: Subject, labels: Labels | None, readings: Readings, engine: Embedded, fields: Sequence[str] = ()
) -> Tuning:
    """Exceptions for the false positives among a rule's alerts; ``labels`` is None where all of them are. The engine is
    told of the events once more with each trial, so it should report nothing.

    What is proposed was tried: over all events it silences no other alert and raises none instead, each alert case
    still alerts, each event that must alert does, and every mutant that some case notices it still notices.

    Raises:
        NotEvaluated, QueryError: the rule cannot be run.
        EventsError, WorkerLost: the events cannot be read.
        UsageError: one of ``fields`` is not a field of the rule's indices.
    """
    return _Tuner(subject, labels, readings, engine, fields).tuning()


class _Tuner:
    def __init__(
        self, subject: Subject, labels: Labels | None, readings: Readings, engine: Embedded, fields: Sequence[str]
    ) -> None:
        self._subject = subject
        self._labels = labels
        self._engine = engine
        rule = subject.rule
        self._plan = make_plan(rule, tables=subject.tables, exceptions=subject.exceptions)
        if why := engine.why_not(self._plan):
            raise NotEvaluated(why)
        self._fields = excepted_on(rule, self._plan, fields)
        self._window = window_of(self._plan, *readings.span)
        self._guards = subject.file and Guards(rule, self._plan, subject.file, subject.bases)
        must = subject.must
        self._baselines = [(readings.events, Baseline(labels, must), self._window)]
        self._baselines += [(read, Baseline(Labels(), must), Window()) for read in readings.data.values()]

    def tuning(self) -> Tuning:
        """What is proposed."""
        shows = replace(self._plan, shown=self._fields)
        for read, baseline, window in self._baselines:
            for alert in raised(self._engine.found, [(shows, window)], read()):
                baseline.add(alert)
        main = self._baselines[0][1]
        rule = self._subject.rule
        missing = [] if self._labels is None else [name for name in self._labels if name not in main.seen]
        found = Tuning(
            rule.rule_id, rule.name, rule.document.path, len(main), len(main.false), left=tuple(main.names(main.false)),
            missing=tuple(missing), remarks=tuple(self._remarks()),
        )  # fmt: skip
        kept = self._kept(shows)
        search = Search(self._fields, list(main.wanted), list(kept))
        refused = [*self._spoilt(search, list(kept.values()))]
        return self._searched(found, search, refused)

    def _kept(self, shows: Plan) -> dict[tuple[tuple[str, ...], ...], str]:
        """The values of all alerts that are to stay, with what they are."""
        kept = dict(self._baselines[0][1].kept)
        kept = {shown: why if why.startswith("the must") else f"another alert, {why}" for shown, why in kept.items()}
        for _, baseline, _ in self._baselines[1:]:
            kept |= {shown: why for shown, why in baseline.kept.items() if why.startswith("the must")}
        for case, alert in self._guards.alerts(shows) if self._guards else ():
            kept[alert.shown] = f"the case '{case.name}'"
        return kept

    def _spoilt(self, search: Search, why: Sequence[str]) -> Iterator[Refusal]:
        """What lies nearest and would silence too much."""
        for _, (item, kept) in zip(range(_SPOILT), search.spoilt(), strict=False):
            reasons = sorted((why[place] for place in range(len(why)) if kept >> place & 1), key=_weight)
            more = f" and {kept.bit_count() - 1:,} more" if kept.bit_count() > 1 else ""
            yield Refusal(item, f"it would silence {reasons[0]}{more}")

    def _searched(self, found: Tuning, search: Search, refused: list[Refusal]) -> Tuning:
        banned: list[Item] = []
        passed: dict[Item, set[int]] = {}
        for number in range(_ROUNDS):
            items = search.items(banned) if number < _ROUNDS - _LAST else _enough(passed, banned)
            if not items:
                break
            query, no_query, edited = self._edited(items)
            plans = [*([self._with([item]) for item in items]), self._with(items), *([edited] if edited else [])]
            why = [self._guards.refusal(plan) if self._guards else "" for plan in plans]
            outcomes = self._tried(plans)
            why = [said or self._refusal(outcome) for said, outcome in zip(why, outcomes, strict=True)]
            bad = [Refusal(item, said) for item, said in zip(items, why, strict=False) if said]
            silenced = (one[0].silenced(self._baselines[0][1]) for one in outcomes)
            passed |= {item: some for item, said, some in zip(items, why, silenced, strict=False) if not said}
            if not bad and why[len(items)]:  # each may be, but not all of them together
                bad = [Refusal(items[-1], why[len(items)])]
            if not bad:
                if edited and (said := why[-1] or self._differs(outcomes[-1], outcomes[len(items)])):
                    query, no_query = "", said
                return self._proposed(found, items, outcomes, query, no_query, refused)
            refused += bad
            banned += [one.item for one in bad]
        return replace(found, refused=tuple(refused))

    def _proposed(
        self, found: Tuning, items: Sequence[Item], outcomes: Sequence[Sequence[Outcome]], query: str, no_query: str,
        refused: Sequence[Refusal],
    ) -> Tuning:  # fmt: skip
        main = self._baselines[0][1]
        counted = [len(outcome[0].silenced(main)) for outcome in outcomes]
        silenced = outcomes[len(items)][0].silenced(main)
        return replace(
            found, silenced=len(silenced), left=tuple(main.names(main.false - silenced)), query=query,
            items=tuple(replace(item, silences=count) for item, count in zip(items, counted, strict=False)),
            no_query=no_query, refused=tuple(refused), cases=self._cases(items),
        )  # fmt: skip

    def _cases(self, items: Sequence[Item]) -> str:
        rule, file = self._subject.rule, self._subject.file
        if file is None:
            return ""
        return with_cases(rule, self._plan, self._with(items), file, self._subject.bases, items)

    def _with(self, items: Sequence[Item]) -> Plan:
        """The rule's plan with more exceptions."""
        rule, lists = self._subject.rule, self._subject.exceptions
        made = (lists.item(rule, as_object(item, "tuned", ""), self._plan.mapping) for item in items)
        return replace(self._plan, exceptions=Exceptions((*self._plan.exceptions.items, *made)))

    def _edited(self, items: Sequence[Item]) -> tuple[str, str, Plan | None]:
        """The query with the items as clauses, or why there is none, and its plan."""
        rule = self._subject.rule
        try:
            query = with_clauses(rule.parsed, items)
            changed = queried(rule, query)
            plan = make_plan(changed, mapping_of(changed), self._subject.tables, exceptions=self._subject.exceptions)
            return query, "", plan
        except NotEvaluated as error:
            return "", str(error), None
        except QueryError as error:
            return "", error.message, None

    def _tried(self, plans: Sequence[Plan]) -> list[list[Outcome]]:
        """For each plan what it raises over the events, and over each data set."""
        made = [
            tried(self._engine.found, plans, window, read(), baseline, self._subject.must)
            for read, baseline, window in self._baselines
        ]
        return [list(one) for one in zip(*made, strict=True)]

    def _refusal(self, outcomes: Sequence[Outcome]) -> str:
        """What the events are against; of a data set only those that must alert count."""
        for number, (outcome, (_, baseline, _)) in enumerate(zip(outcomes, self._baselines, strict=True)):
            if missing := sorted(baseline.must - outcome.must):
                return f"it would silence the must_alert event {missing[0]}"
            if number == 0 and (why := outcome.refusal(baseline)):
                return why
        return ""

    def _differs(self, edited: Sequence[Outcome], items: Sequence[Outcome]) -> str:
        main = self._baselines[0][1]
        same = edited[0].silenced(main) == items[0].silenced(main)
        return "" if same else "clauses silence other alerts than exceptions do"

    def _remarks(self) -> Iterator[str]:
        main = self._baselines[0][1]
        if self._subject.file is None:
            yield "the rule has no cases to hold exceptions against"
        if len(main) == len(main.false) and len(main):
            yield "there are no other alerts to hold exceptions against: give events that have some"


def _enough(passed: Mapping[Item, set[int]], banned: Sequence[Item]) -> list[Item]:
    """Of exceptions that may be, with the false positives that each silences, as many as silence all of these."""
    found: list[Item] = []
    covered: set[int] = set()
    for item, silenced in sorted(passed.items(), key=lambda one: -len(one[1])):
        if item not in banned and not silenced <= covered:
            found.append(item)
            covered |= silenced
    return found


def _weight(why: str) -> bool:
    """Cases and events that must alert are named before other alerts."""
    return why.startswith("another")
