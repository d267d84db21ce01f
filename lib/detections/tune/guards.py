"""What a changed rule must still do: alert on its alert cases, and be told from its mutants by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from detections.case import Bases, CaseFile
from detections.case.model import Case
from detections.case.mutate import mutate
from detections.case.outcomes import CaseOutcome, outcomes
from detections.case.run import case_alerts
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import DetectionsError
from detections.plan import Plan
from detections.rule import Rule


class Guards:
    """The cases of a rule, and what they say of it as it is."""

    def __init__(self, rule: Rule, plan: Plan, file: CaseFile, bases: Bases) -> None:
        self._rule = rule
        self._file = file
        self._bases = bases
        self._usual = self._outcomes(plan)
        self._noticed = self._mutants(plan)

    def alerts(self, plan: Plan) -> Iterator[tuple[Case, Alert]]:
        """The alerts of the alert cases, by a plan of the rule."""
        for case in self._file.cases:
            if case.verdict == "alert":
                try:
                    found = case_alerts(self._rule, plan, case, self._bases, Embedded())
                except (DetectionsError, ValueError):
                    continue
                yield from ((case, alert) for alert in found)

    def refusal(self, changed: Plan) -> str:
        """Why the rule must not become this plan; empty where nothing is against it."""
        for case, was, now in zip(self._file.cases, self._usual, self._outcomes(changed), strict=True):
            if case.verdict == "alert" and was and was != now:
                return f"it would silence the case '{case.name}'"
        lost = self._noticed - self._mutants(changed)
        if lost:
            return f"no case would notice a mutant of the rule any more: {min(lost)}"
        return ""

    def _outcomes(self, plan: Plan) -> list[CaseOutcome]:
        return outcomes(self._rule, [plan], self._file.cases, self._bases)[0]

    def _mutants(self, plan: Plan) -> Counter[str]:
        """What was changed in mutants that some case notices."""
        found = mutate(self._rule, plan, self._file, self._bases)
        return Counter(mutant.change for mutant in found if mutant.noticed)
