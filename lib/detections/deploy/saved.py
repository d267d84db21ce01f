"""A plan kept in a file, to be applied later if nothing has moved by then.

The file names what is to be done, and has a hash for what each change was decided on: no payload, no secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from detections.deploy.plan import Options, Plan
from detections.errors import UsageError
from detections.payload.record import read_as, write_json

_FORM = 1
_ADVICE = "make it again with `detections plan --out`"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a saved plan. ``seen`` is :attr:`Change.seen`."""

    action: str
    name: str
    seen: str


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
            return [f"it was made for {self.kibana}; the environment is now {fresh.kibana}"]
        now = save(fresh).steps
        lines = []
        for key in sorted(self.steps.keys() | now.keys()):
            old, new = self.steps.get(key), now.get(key)
            if old is None and new is not None:
                lines.append(f"{new.name} ({key}): {new.action} is new")
            elif old is not None and new is None:
                lines.append(f"{old.name} ({key}): {old.action} is no longer to be done")
            elif old is not None and new is not None and old.seen != new.seen:
                lines.append(f"{new.name} ({key}): has changed in the repo or in Kibana")
        return lines


def save(plan: Plan) -> SavedPlan:
    """A plan as it is saved."""
    steps = {one.key: Step(str(one.action), one.name, one.seen) for one in plan.work}
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
        UsageError: it is not there, or is no plan.
    """
    found = read_as(path, SavedPlan, "plan", _ADVICE)
    if found is None:
        raise UsageError(f"{path} does not exist")
    if found.form != _FORM:
        raise UsageError(f"{path} is a plan of another version of this program; {_ADVICE}")
    return found
