"""The commands that take values apart or bring in others: GROK, DISSECT, ENRICH, LOOKUP JOIN, FUSE, COMPLETION ..."""

from __future__ import annotations

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import (
    Completion,
    Dissect,
    Enrich,
    Expression,
    Fuse,
    Grok,
    Highlight,
    Join,
    Literal,
    Map,
    Mmr,
    MvExpand,
    Name,
    Parameter,
    Parts,
    Plain,
    Rerank,
)
from detections.query.esql.processing import plain_name
from detections.query.esql.reader import Reader, Readers
from detections.query.esql.scan import EXPRESSION, NAMES, POLICY, SOURCES, command_word, string_value

_MODES = ("_any", "_coordinator", "_remote")


def _dissect(reader: Reader, start: int) -> Dissect:
    value = reader.primary()
    pattern = reader.string("a pattern, a string")
    options = reader.several(lambda: _option(reader)) if reader.token.kind in ("word", "quoted") else ()
    return Dissect(value, pattern, options, reader.span(start))


def _option(reader: Reader) -> tuple[Name, Literal]:
    name = reader.name()
    if name.name.lower() != "append_separator":
        message = f"DISSECT has no option {name.name}: the only one is APPEND_SEPARATOR"
        raise QuerySyntaxError(message, reader.text, *name.span)
    if not reader.accept("="):
        raise reader.unexpected("'='")
    return name, reader.string("a string")


def _grok(reader: Reader, start: int) -> Grok:
    value = reader.primary()
    patterns = reader.several(lambda: reader.string("a pattern, a string"))
    return Grok(value, patterns, reader.span(start))


def _mv_expand(reader: Reader, start: int) -> MvExpand:
    return MvExpand(reader.name(any_word=True), reader.span(start))


def _join(reader: Reader, start: int) -> Join:
    index = reader.index()
    if not reader.stops_at("on"):
        raise reader.unexpected("ON")
    reader.switch(EXPRESSION)
    reader.expect("on")
    return Join(index, reader.list_of_expressions(), reader.span(start))


def _enrich(reader: Reader, start: int) -> Enrich:
    token = reader.token
    if token.kind not in ("source", "string"):
        raise reader.unexpected("the name of an enrich policy")
    reader.at += 1
    text = string_value(token.text) if token.kind == "string" else token.text
    mode, colon, policy = text.partition(":")
    if not colon:
        mode, policy = "", text
    elif mode.lower() not in _MODES:
        message = f"unknown mode '{mode}' of ENRICH: expected {', '.join(_MODES[:-1])} or {_MODES[-1]}"
        raise reader.error(message, token)
    if reader.stops_at("on", "with"):
        reader.switch(NAMES)
    column = plain_name(reader, "ENRICH takes one column") if reader.accept_word("on") else None
    fields = reader.several(lambda: _enriched(reader)) if reader.accept_word("with") else ()
    return Enrich(policy, column, fields, mode.lower() or None, reader.span(start))


def _enriched(reader: Reader) -> tuple[Name | None, Name]:
    one = plain_name(reader, "ENRICH takes no wildcard")
    return (one, plain_name(reader, "ENRICH takes no wildcard")) if reader.accept("=") else (None, one)


def _fuse(reader: Reader, start: int) -> Fuse:
    clauses = ("score", "key", "group", "with")
    method = None
    if reader.is_word() and reader.token.lower not in clauses:
        method = reader.name()
    score = group = options = None
    keys: tuple[Name, ...] = ()
    while reader.token.kind != "end":
        token = reader.take()
        if token.lower == "with":
            options = reader.map()
            break
        if token.lower not in clauses:
            reader.at -= 1
            raise reader.unexpected("SCORE BY", "KEY BY", "GROUP BY", "WITH")
        if not reader.accept("by"):
            raise reader.unexpected("BY")
        if token.lower == "key":
            keys = reader.several(lambda: reader.name(any_word=True))
        elif token.lower == "score":
            score = reader.name(any_word=True)
        else:
            group = reader.name(any_word=True)
    return Fuse(method, score, group, keys, options, reader.span(start))


def _completion(reader: Reader, start: int) -> Completion:
    column = reader.optional_target()
    prompt = reader.primary()
    inference: Name | None = None
    options: Map | None = None
    if reader.accept("with"):
        if reader.token.kind == "{":
            options = reader.map()
        else:
            inference = reader.name()
    return Completion(prompt, column, options, inference, reader.span(start))


def _rerank(reader: Reader, start: int) -> Rerank:
    column = reader.optional_target()
    query = reader.constant()
    if not isinstance(query, Parameter) and (not isinstance(query, Literal) or query.type != "keyword"):
        raise QuerySyntaxError("RERANK takes a query, a string", reader.text, *query.span)
    if not reader.accept("on"):
        raise reader.unexpected("ON")
    fields = reader.fields()
    return Rerank(query, fields, column, reader.options(), reader.span(start))


def _mmr(reader: Reader, start: int) -> Mmr:
    vector: Expression | None = None if reader.token.kind == "on" else reader.primary()
    if not reader.accept("on"):
        raise reader.unexpected("ON")
    column = reader.name()
    if not reader.accept_word("limit"):
        raise reader.unexpected("LIMIT")
    token = reader.token
    limit = reader.constant()
    if not isinstance(limit, Literal) or limit.type != "integer" or not isinstance(limit.value, int) or limit.value < 0:
        raise reader.error("LIMIT takes a whole number that is not negative", token)
    return Mmr(column, limit.value, vector, reader.options(), reader.span(start))


def _highlight(reader: Reader, start: int) -> Highlight:
    named = reader.optional_target()
    prefix = None if named is None else (named, reader.string("a prefix, a string"))
    query = reader.expression()
    if not reader.accept("on"):
        raise reader.unexpected("ON")
    columns = reader.several(reader.name)
    return Highlight(query, columns, prefix, reader.options(), reader.span(start))


def _parts(reader: Reader, start: int) -> Parts:
    name = command_word(reader.text, start).lower
    prefix = reader.target()
    value = reader.primary()
    return Parts(name, prefix, value, reader.options() if name in _WITH_OPTIONS else None, reader.span(start))


_WITH_PARTS = ("uri_parts", "registered_domain", "user_agent", "ip_location")
_WITH_OPTIONS = ("user_agent", "ip_location")
_PLAIN = ("dedup", "metrics_info", "ts_info", "ts_collapse")


def _plain(reader: Reader, start: int) -> Plain:
    word = command_word(reader.text, start)
    return Plain(word.lower, (word.start, word.end))


READERS: Readers = {
    "completion": (EXPRESSION, (), _completion),
    "dissect": (EXPRESSION, (), _dissect),
    "enrich": (POLICY, ("on", "with"), _enrich),
    "fuse": (EXPRESSION, (), _fuse),
    "grok": (EXPRESSION, (), _grok),
    "highlight": (EXPRESSION, (), _highlight),
    "lookup": (SOURCES, ("on",), _join),
    "mmr": (EXPRESSION, (), _mmr),
    "mv_expand": (EXPRESSION, (), _mv_expand),
    "rerank": (EXPRESSION, (), _rerank),
    **dict.fromkeys(_WITH_PARTS, (EXPRESSION, (), _parts)),
    **dict.fromkeys(_PLAIN, (EXPRESSION, (), _plain)),
}
