"""What tuning writes when it is asked to: an item of an exception list, or the clauses of a query."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detections.bundle.attachments import Attachments, ExceptionList
from detections.errors import NotEvaluated, RuleError, UsageError
from detections.rule import Rule, load
from detections.source import Document, edit, new, parse
from detections.tune.model import Item

Object = dict[str, Any]
RULE_LIST = "rule_default"
"""The type of the list that Kibana keeps for one rule alone."""


def as_exception(
    rule: Rule, items: Sequence[Item], reason: str, attachments: Attachments, folder: Path
) -> dict[str, str]:
    """The files that hold the items, by their paths, with their texts: the exception list that is the rule's alone, and
    the rule where it does not refer to one yet. Lists that rules share stay as they are. Each item has the reason as
    its comment.

    Raises:
        UsageError: the list cannot be found, or a file is in the place where it is to be.
    """
    for reference in rule.exceptions_list:
        if reference["type"] == RULE_LIST:
            known = attachments.exception_lists.get((reference["namespace_type"], reference["list_id"]))
            if known is None:
                raise UsageError(
                    f"the rule's exception list {reference['list_id']} has no file: `detections pull` writes it"
                )
            return {known.document.path: _with_items(known, items, reason)}
    stem = Path(rule.document.path).stem
    path = folder / f"{stem}.toml"
    if path.exists() or ("single", stem) in attachments.exception_lists:
        raise UsageError(f"the rule has no exception list of its own yet, but there is one named {stem}: {path}")
    reference = {"id": stem, "list_id": stem, "type": RULE_LIST, "namespace_type": "single"}
    wanted = copy.deepcopy(rule.document.data)
    wanted["rule"]["exceptions_list"] = [*wanted["rule"].get("exceptions_list", ()), reference]
    made = {
        "exception_list": {
            "list_id": stem, "name": f"Exceptions of {rule.name}",
            "description": f"Events for which {rule.name} raises no alert.", "type": RULE_LIST,
        },
        "items": [as_object(item, stem, reason) for item in items],
    }  # fmt: skip
    return {str(path): new(made, str(path)), rule.document.path: edit(rule.document, wanted)}


def as_query(rule: Rule, query: str, reason: str) -> dict[str, str]:
    """The rule's file with another query, and the reason as a comment above it."""
    document = with_query(rule, query)
    lines = document.text.splitlines(keepends=True)
    line = document.key_location(("rule", "query")).line - 1
    ending = "\r\n" if lines[line].endswith("\r\n") else "\n"
    lines.insert(line, f"# {_one_line(reason)}{ending}")
    return {document.path: parse("".join(lines), document.path).text}


def with_query(rule: Rule, query: str) -> Document:
    """The rule's document with another query."""
    wanted = copy.deepcopy(rule.document.data)
    wanted["rule"]["query"] = query
    return parse(edit(rule.document, wanted), rule.document.path)


def queried(rule: Rule, query: str) -> Rule:
    """The rule with another query.

    Raises:
        NotEvaluated: it is not a rule any more.
    """
    found, findings = load(with_query(rule, query), rule.fields)
    if found is None:
        raise NotEvaluated(str(RuleError(findings)))
    return found


def as_object(item: Item, list_id: str, reason: str) -> Object:
    """The item as the project's files have it, which name it as Kibana's API does. Equal entries have equal ids."""
    digest = hashlib.sha256(repr(item.entries).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return {
        "item_id": f"{list_id}-{digest}", "name": str(item)[:200], "type": "simple", "entries": item.kibana(),
        "comments": [{"comment": _one_line(reason)}],
    }  # fmt: skip


def _with_items(known: ExceptionList, items: Sequence[Item], reason: str) -> str:
    wanted = copy.deepcopy(known.document.data)
    made = [as_object(item, known.id[1], reason) for item in items]
    ids = {item["item_id"] for item in wanted.get("items", ())}
    wanted["items"] = [*wanted.get("items", ()), *(item for item in made if item["item_id"] not in ids)]
    return edit(known.document, wanted)


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
