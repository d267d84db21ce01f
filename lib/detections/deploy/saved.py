"""A plan kept in a file, to be applied later if nothing has moved by then.

The file names what is to be done, and has a hash for what each change was decided on: no payload, no secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from detections.deploy.model import Options, Plan
from detections.errors import UsageError
from detections.payload.record import read_as, write_json

_FORM = 2
_ADVICE = "save it again with `detections plan --out`"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a saved plan. ``seen`` is :attr:`Change.seen`, ``proof`` says how the rule was proved."""

    action: str
    name: str
    seen: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What was planned for which environment, with which options; the steps by :attr:`Change.key`."""

    environment: str
    kibana: str
    steps: Mapping[str, Step]
    options: Options
    form: int = _FORM

    def moved(self, fresh: Plan) -> list[str]:
        """How a plan made now differs from this one, a line each; none if it says the same."""
        if fresh.kibana != self.kibana:
            return [f"it was made for {self.kibana}, but the environment is now {fresh.kibana}"]
        now = save(fresh).steps
        refused = {change.key for change in fresh.refused}
        lines = []
        for key in sorted(self.steps.keys() | now.keys()):
            old, new = self.steps.get(key), now.get(key)
            if old is None and new is not None:
                lines.append(f"{new.name} ({key}): {new.action} is not in the saved plan")
            elif old is not None and key in refused:
                lines.append(f"{old.name} ({key}): {old.action} is refused now")
            elif old is not None and new is None:
                lines.append(f"{old.name} ({key}): {old.action} is no longer needed")
            elif old is not None and new is not None and old.seen != new.seen:
                lines.append(f"{new.name} ({key}): has changed in the repo or in Kibana")
        return lines


def save(plan: Plan) -> SavedPlan:
    """A plan as it is saved."""
    steps = {change.key: Step(str(change.action), change.name, change.seen, change.proof) for change in plan.work}
    return SavedPlan(plan.environment, plan.kibana, steps, plan.options)


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan.

    Raises:
        UsageError: the file cannot be written.
    """
    write_json(path, asdict(save(plan)), private=True)


def read_plan(path: Path) -> SavedPlan:
    """A plan from its file.

    Raises:
        UsageError: it is not there, or is not a plan.
    """
    saved = read_as(path, SavedPlan, "a saved plan", _ADVICE)
    if saved is None:
        raise UsageError(f"{path} does not exist")
    if saved.form != _FORM:
        raise UsageError(f"{path} was saved by another version of detections; {_ADVICE}")
    return saved
