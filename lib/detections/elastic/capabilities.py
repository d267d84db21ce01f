"""What a server can do: asked of it, without changing anything in it.

A server may lack modules (the node of :mod:`detections.elastic.node` has neither EQL nor ES|QL), a licence may not
allow them, or the credentials not reach them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from detections.elastic.answers import Languages, PointInTime
from detections.elastic.server import Server, said
from detections.server import Response

Feature: TypeAlias = Literal["eql", "esql", "pit", "painless"]

NOTHING = "detections-there-is-no-such-index-*"
"""A pattern of index names that matches none."""

_NONE = {"ignore_unavailable": True, "allow_no_indices": True}
_QUESTIONS: Mapping[Feature, tuple[str, str, object, Mapping[str, str | bool]]] = {
    "eql": ("EQL", f"/{NOTHING}/_eql/search", {"query": "any where false"}, _NONE),
    "esql": ("ES|QL", "/_query", {"query": "ROW a = 1"}, {}),
    "pit": ("points in time", f"/{NOTHING}/_pit", None, {"keep_alive": "1s", **_NONE}),
}
TYPES = (
    "constant_keyword", "match_only_text", "wildcard", "version", "flattened", "scaled_float", "unsigned_long",
    "search_as_you_type", "histogram",
)  # fmt: skip
"""Field types that some server lacks."""
ANALYZERS: Mapping[str, Mapping[str, str]] = {
    "powershell_script_analyzer": {"type": "pattern", "pattern": r"[\W&&[^-]]+"}
}
"""What integrations' index settings define, and some server lacks the type of."""

_ABSENT = ("no handler found", "Incorrect HTTP method")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``lacking`` says of each feature that the server lacks why; ``types`` are the field types and analyzers that it
    lacks."""

    version: str
    lacking: Mapping[Feature, str]
    types: frozenset[str]

    def why_not(self, feature: Feature) -> str | None:
        """Why the server cannot do this, None where it can."""
        return self.lacking.get(feature)


def capabilities(server: Server) -> Capabilities:
    """Ask a server.

    Raises:
        ServerError: it cannot be asked.
    """
    lacking: dict[Feature, str] = {}
    for feature, (name, path, body, parameters) in _QUESTIONS.items():
        accept = (400, 403, 404, 405, 501)
        answer = server.ask("POST", path, body, parameters=parameters, accept=accept)
        why = _why_not(name, answer, server)
        if why is not None:
            lacking[feature] = why
        elif feature == "pit" and answer.ok:
            server.ask("DELETE", "/_pit", {"id": answer.read(PointInTime, "a point in time").id}, accept=(404,))
    languages = server.ask("GET", "/_script_language", accept=(403,))
    why = _why_not("scripts", languages, server) or _no_painless(languages, server)
    if why is not None:
        lacking["painless"] = why
    return Capabilities(server.version, lacking, _lacking_types(server))


def _why_not(name: str, answer: Response, server: Server) -> str | None:
    why = answer.clean(said(answer)) if not answer.ok else ""
    if answer.status == 403:
        return f"these credentials or this licence have no {name}: {why}"
    if any(word in why for word in _ABSENT):
        return f"this Elasticsearch {server.version} has no {name}"
    return None


def _no_painless(answer: Response, server: Server) -> str | None:
    known = answer.read(Languages, "a list of script languages").language_contexts if answer.ok else []
    if any(context.language == "painless" for context in known):
        return None
    return f"this Elasticsearch {server.version} has no scripts, and so no runtime fields"


def _lacking_types(server: Server) -> frozenset[str]:
    """The field types that the server's mappings do not take, found by templates that are only tried."""
    every = (*TYPES, *ANALYZERS)
    if not _refused(server, every):
        return frozenset()
    return frozenset(one for one in every if _refused(server, (one,)))


def _refused(server: Server, some: tuple[str, ...]) -> bool:
    properties = {f"field_{one}": {"type": one, **PARAMETERS.get(one, {})} for one in some if one in TYPES}
    settings = {"analysis": {"analyzer": {one: ANALYZERS[one] for one in some if one in ANALYZERS}}}
    template = {"mappings": {"properties": properties}, "settings": settings}
    body = {"index_patterns": [NOTHING], "template": template}
    answer = server.ask("POST", "/_index_template/_simulate", body, accept=(400, 403))
    return not answer.ok


PARAMETERS: Mapping[str, Mapping[str, Any]] = {"scaled_float": {"scaling_factor": 1000}}
"""What a type must be told in a mapping."""
