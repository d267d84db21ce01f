"""What is known of the word at the cursor, in Markdown: a key, a field, a function, a tactic or technique."""

from __future__ import annotations

from detections.catalog import attack
from detections.functions import ALIASES, FUNCTIONS
from detections.functions.aggregates import AGGREGATES
from detections.functions.signature import Parameter
from detections.lsp.complete import EQL_FUNCTIONS, QUERIES, Subject, schema_at
from detections.lsp.cursor import Cursor
from detections.rule.schemas import schema


def hover(at: Cursor, subject: Subject) -> str | None:
    """What to show there, None where nothing is known."""
    if not at.word:
        return None
    if not at.key:
        return _key(at, subject)
    if at.key == "id" and at.table[:2] == ("rule", "threat"):
        return _attack(at.word)
    if at.key in QUERIES and at.table == ("rule",):
        return _function(at.word, subject.language) or _field(at.word, subject)
    return _field(at.word, subject)


def _key(at: Cursor, subject: Subject) -> str | None:
    known = schema_at(at.table, subject.type) if at.table else None
    found = {one.data_key or name: one for name, one in schema(known).fields.items()} if known else {}
    if at.word not in found:
        return None
    one = found[at.word]
    about = str(one.metadata.get("description", ""))
    return "\n\n".join(filter(None, (f"**{at.word}**{', required' if one.required else ''}", about)))


def _field(name: str, subject: Subject) -> str | None:
    field = subject.mapping.get(name)
    if field is None or not field.declared:
        return None
    sources = dict.fromkeys(one.source.name for one in subject.catalog.fields(name))
    said = f"\n\ndeclared by {', '.join(sources)}" if sources else ""
    return f"**{name}**\n\n{', '.join(f'`{kind}`' for kind in field.types)}{said}"


def _function(name: str, language: str) -> str | None:
    if language == "eql":
        known = next((one for one in EQL_FUNCTIONS if one.lower() == name.lower()), None)
        return f"**{known}**\n\nfunction of EQL" if known else None
    if language != "esql":
        return None
    plain = ALIASES.get(name.lower(), name.lower())
    found = FUNCTIONS.get(plain) or AGGREGATES.get(plain)
    if found is None:
        return None
    shown = ", ".join(map(_parameter, found.parameters))
    since = f", since {found.since}" if found.since else ""
    kind = "function" if plain in FUNCTIONS else "aggregate"
    return f"**{plain.upper()}**({shown})\n\n{kind} of ES|QL{since}"


def _parameter(one: Parameter) -> str:
    types = sorted(one.types)
    shown = " or ".join(types) if len(types) <= 3 else f"{types[0]}, {types[1]} or {len(types) - 2} more"
    shown = f"{shown} ..." if one.repeated else shown
    return f"[{shown}]" if one.optional else shown


def _attack(identifier: str) -> str | None:
    known = attack.tactic(identifier) or attack.technique(identifier)
    return f"**{known.id} {known.name}**\n\n<{known.reference}>" if known else None
