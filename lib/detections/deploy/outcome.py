"""What became of a change."""

from __future__ import annotations

from dataclasses import dataclass

from detections.deploy.model import Change
from detections.errors import NotAllowed, ServerError, ServerUnavailable
from detections.kibana.answers import Stored

SAME = "already done by someone else"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change. ``message`` says why it was not done, or what else a person should know."""

    change: Change
    done: bool
    message: str = ""


def moved(change: Change, live: Stored | None, arrived: bool) -> Outcome:
    """The outcome of a change that is not to be done any more, since Kibana has something else now (``live``) than when
    the plan was made. ``arrived``: it is what was to be written."""
    if arrived:
        return Outcome(change, True, SAME)
    how = "deleted in Kibana" if live is None else f"written by {live.writer}"
    return Outcome(change, False, f"{how} since the plan was made: plan again")


def unless_hopeless(error: ServerError) -> str:
    """The error as a refusal, where reading again makes sense.

    Raises:
        ServerError: it does not: nothing was sent, or we are not allowed to.
    """
    if isinstance(error, NotAllowed) or (isinstance(error, ServerUnavailable) and not error.sent):
        raise error
    return str(error)
