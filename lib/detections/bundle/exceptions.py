"""The exception lists and value lists of a project's files, as rules are evaluated with them."""

from __future__ import annotations

from detections.bundle.attachments import Attachments
from detections.compile.exceptions import ExceptionLists, Values


def exception_lists(attachments: Attachments) -> ExceptionLists:
    """What the rules may refer to."""
    items = {name: tuple(one.document.data.get("items", ())) for name, one in attachments.exception_lists.items()}
    values = {
        name: Values(one.document.data["value_list"]["type"], one.values)
        for name, one in attachments.value_lists.items()
    }
    return ExceptionLists(items, values)
