"""A query or a list of fields names a field that nobody declares.

A misspelt field is valid everywhere and matches nothing. Known are ECS 9.4, the fields of Beats, of Elastic Endpoint
and of the integrations in `etc/fields`, and those in the files that `fields` under `[tool.detections]` names. Of a name
that is none of them but nearly one (`evnet.action`, `okta.actor.alternte_id`, `githb.repo`) the one that was meant is
suggested. Under ECS's own names (`event.`, `user.`, `source.` ...) and under `aws.cloudtrail.` any unknown name is
probably a slip; elsewhere an integration may be newer than what is known here. Not looked at are names that ECS keeps
free for others: those with a capital letter in a part (`process.Ext.`), and keys under an open object (`labels.`) or a
flattened field.

It is a warning: the field may be one of your own. Then declare it (`detections fields`, docs/fields.md), or silence it,
saying where it comes from.

Bad: `event.provder: "ec2.amazonaws.com"`

Good: `event.provider: "ec2.amazonaws.com"`
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from detections.catalog import Catalog, catalog, view
from detections.catalog.aws import closest
from detections.checks.places import grouping_fields, listed
from detections.checks.queries import queries_of
from detections.errors import Finding, Level
from detections.mapping import name_pattern
from detections.query import Query
from detections.query.asked import fields as asked_fields
from detections.rule import EqlRule, Rule
from detections.source import Keys

CODE = "unknown-field"
_EVENT_FIELDS = ("event_category_override", "timestamp_field", "tiebreaker_field")
_CLOUDTRAIL = "aws.cloudtrail."
_CLOUDTRAIL_INDEX = re.compile(r"(.+:)?logs-aws\.cloudtrail\b")
_CAPITAL = re.compile(r"(^|\.)[A-Z]")
_ROOT_CUTOFF = 0.7
"""How near a first part must be: not very, as the rest must fit exactly (difflib's ratio; `evnet` is 0.8)."""


def check(rule: Rule) -> Iterator[Finding]:
    known = catalog(rule.fields)
    seen: set[str] = set()
    for name, keys, start, length, indices in _named(rule):
        if name in seen:
            continue
        seen.add(name)
        hint = why(name, indices, known)
        if hint is not None:
            message = f"no field {name} is declared"
            yield rule.document.finding(CODE, message, keys, start, length, Level.WARNING, hint)


def why(name: str, indices: Sequence[str], known: Catalog) -> str | None:
    """What to say of a name that is probably wrong, None of any other."""
    if is_known(name, known):
        others = view(tuple(indices), known.own).elsewhere(name) if indices and "*" not in name else []
        shown = ", ".join(map(str, others[:3])) + (", ..." if len(others) > 3 else "")
        return f"{', '.join(indices)} has none: it is a field of {shown}" if others else None
    meant = meant_by(name, known)
    if meant:
        return f"did you mean {meant}?"
    return "" if _is_ours(name, known) or _hold_cloudtrail_only(indices) else None


def slips(query: Query, known: Catalog) -> dict[str, str]:
    """The names of fields in a query that nobody declares but that are nearly a declared one: that one for each."""
    unknown = {name for name, _ in asked_fields(query) if not is_known(name, known)}
    return {name: meant for name in sorted(unknown) if (meant := meant_by(name, known))}


def is_known(name: str, known: Catalog) -> bool:
    """Whether the name is declared, or a pattern that fits one that is."""
    if "*" not in name:
        return known.is_known(name)
    fits = name_pattern(name)
    return not _is_ours(name, known) or any(map(fits.fullmatch, known.siblings(name)))


def meant_by(name: str, known: Catalog) -> str | None:
    """The declared name that an unknown one is nearly, where there is one."""
    near = closest(name, known.siblings(name))
    if near or _is_ours(name, known) or "." not in name:
        return near
    root, _, rest = name.partition(".")
    if root in known.roots:
        return None
    renamed = (f"{other}.{rest}" for other in difflib.get_close_matches(root, known.roots, cutoff=_ROOT_CUTOFF))
    return next((one for one in renamed if known.fields(one)), None)


def _hold_cloudtrail_only(indices: Sequence[str]) -> bool:
    return bool(indices) and all(_CLOUDTRAIL_INDEX.match(name) for name in indices)


def _is_ours(name: str, known: Catalog) -> bool:
    """Whether the name stands where everything that can stand there is declared here."""
    if _CAPITAL.search(name):
        return False
    return name.startswith(_CLOUDTRAIL) or (name.partition(".")[0] in known.ecs_roots and "." in name)


def names(rule: Rule) -> list[str]:
    """The fields that a rule names, each once: those of its queries in their order, then the others."""
    return list(dict.fromkeys(name for name, *_ in _named(rule)))


def _named(rule: Rule) -> Iterator[tuple[str, Keys, int, int, Sequence[str]]]:
    """Field names with their place (keys, offset, length) and the indices that are searched for them."""
    for asked in queries_of(rule):
        for name, (start, end) in () if asked.query is None else asked_fields(asked.query):
            yield name, asked.keys, start, end - start, asked.indices
    for keys, name in grouping_fields(rule):
        yield name, keys, 0, len(name), rule.index
    for key in ("timestamp_override", *(_EVENT_FIELDS if isinstance(rule, EqlRule) else ())):
        for keys, name in listed(rule, "rule", key):
            yield name, keys, 0, len(name), rule.index
