"""What became of a change."""

from __future__ import annotations

from dataclasses import dataclass

from detections.errors import NotAllowed, ServerError, ServerUnavailable
from detections.kibana.plan import Change

SAME = "somebody else has just done the same"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change. ``message`` says why it was not done, or what else a person should know."""

    change: Change
    done: bool
    message: str = ""


def unless_hopeless(error: ServerError) -> str:
    """The error as a refusal, where reading again makes sense.

    Raises:
        ServerError: it does not: nothing was sent, or we are not allowed to.
    """
    if isinstance(error, NotAllowed) or (isinstance(error, ServerUnavailable) and not error.sent):
        raise error
    return str(error)
