"""Importing objects: chunk after chunk, each read for what became of every object in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from detections.errors import ServerError, UsageError
from detections.kibana.answers import ImportAnswer
from detections.kibana.chunks import Object, chunks, lines
from detections.kibana.http import LONG, RULES, Http
from detections.kibana.multipart import OVERHEAD, one_file
from detections.kibana.results import ImportResult, Kind, import_result, kind_of
from detections.server import Query

_FLAGS: Mapping[str, str] = {
    "rule": "overwrite",
    "exception_list": "overwrite_exceptions",
    "exception_item": "overwrite_exceptions",
    "connector": "overwrite_action_connectors",
}


def import_objects(
    http: Http,
    objects: Iterable[Mapping[str, Any]],
    overwrite: Mapping[Kind, bool],
    done: Callable[[ImportResult], None] | None = None,
) -> ImportResult:
    """Import in as many requests as it takes; ``done`` is called after each with what that one brought.

    A flag is sent only beside objects it is about: Kibana 8.19 refuses every rule with actions when connectors are to
    be overwritten and none is sent. A request is repeated only where all that is in it is overwritten.

    Raises:
        UsageError: an object is too large for any request, or a rule_id is there twice; nothing was sent.
        ServerError: as every request; the requests before it are done.
    """
    total, sent = ImportResult(), set[str]()
    waiting = chunks(objects)
    while waiting:
        part = waiting.pop(0)
        content = lines(part)
        kinds = {kind_of(thing) for thing in part}
        query: Query = {_FLAGS[kind]: value for kind, value in overwrite.items() if kind in kinds}
        response = http.send(
            "POST", f"{RULES}/_import", query=query, raw=one_file("rules.ndjson", content), timeout=LONG,
            repeatable=all(query.values()), accept=(413,),
        )  # fmt: skip
        if response.status == 413:  # something on the way takes less than Kibana does
            waiting[:0] = _smaller(part, len(content), http.error(response))
            continue
        result = import_result(response.read(ImportAnswer, "the result of an import"), sent)
        sent |= {str(thing["id"]) for thing in part if kind_of(thing) == "connector"}
        total += result
        if done is not None:
            done(result)
    return total


def _smaller(part: Sequence[Object], size: int, refusal: ServerError) -> list[list[Object]]:
    """What was refused for its size, in smaller requests.

    Raises:
        ServerError: it cannot be cut up any more; the message names it.
    """
    if len(part) == 1:
        raise refusal
    try:
        return chunks(part, max_bytes=OVERHEAD + size * 2 // 3)
    except UsageError as error:
        raise ServerError(f"{refusal.message}; {error}", request=refusal.request, status=refusal.status) from None
