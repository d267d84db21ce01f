"""Texts of the query languages from their grammars: mostly sound, so that they reach what is behind the parser.

A grammar maps a symbol to what may stand for it; ``<name>`` is a symbol. Where a text is deep enough,
alternatives without
symbols are taken, else the first one. The
calls of ES|QL and their arguments come from the table of its functions.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from detections.functions import AGGREGATES, FUNCTIONS
from detections.functions.eql import FUNCTIONS as EQL_FUNCTIONS
from fuzz.mutate import NUMBERS, TEXTS

Grammar = Mapping[str, Sequence[str]]

FIELDS = {
    "name": "keyword", "message": "text", "path": "wildcard", "dataset": "constant_keyword", "ip": "ip", "port": "long",
    "small": "integer", "big": "unsigned_long", "ratio": "double", "ok": "boolean", "at": "date", "version": "version",
    "params": "flattened", "user.name": "keyword", "event.category": "keyword", "@timestamp": "date",
    "nanos": "date_nanos",
    "spot": "geo_point", "pid": "long",
}  # fmt: skip
"""The fields that the texts speak of, and that the events have."""

_SYMBOL = re.compile(r"<(\w+)>")
_NAMES = tuple(FIELDS)
_SOUND = ("a", "Alice", "some words", "a*", "1.2.3.4", "2026-01-31", "now-1d", "5", "aws.cloudtrail", "%{WORD:x}")
_SMALL = ("0", "1", "2", "3", "10", "1.5", "100")


def made(grammar: Grammar, symbol: str, rng: random.Random, depth: int = 6) -> str:
    """A text of a symbol, about so deep."""
    choices = grammar[symbol]
    if depth <= 0:
        choices = [choice for choice in choices if "<" not in choice] or choices[:1]
    chosen = rng.choice(choices)
    return _SYMBOL.sub(lambda found: _symbol(grammar, found[1], rng, depth - 1), chosen)


def _symbol(grammar: Grammar, name: str, rng: random.Random, depth: int) -> str:
    if name == "text":
        return _escaped(rng.choice(TEXTS)) if rng.random() < 0.5 else rng.choice(_SOUND)
    if name == "raw":
        return rng.choice(TEXTS).replace('"', "")
    if name == "number":
        return rng.choice(NUMBERS) if rng.random() < 0.3 else rng.choice(_SMALL)
    if name == "call":
        return _call(grammar, rng, depth)
    return made(grammar, name, rng, depth)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


KQL: Grammar = {
    "query": ["<clause>", "<query> and <query>", "<query> or <query>", "not <query>", "(<query>)",
    "<clause> AND NOT <clause>"],
    "clause": [
        "<field>: <value>", "<field>: *", "<value>", "<field> <op> <literal>", "<field>: (<values>)", "*: <value>",
        "* : *",
        "params.<field>: <value>", "user*: <value>", "user.name: <value>", "items: { <query> }",
        "<field>: (not <value>)",
    ],
    "values": ["<value>", "<value> or <values>", "<value> and <value>", "not <value>", "(<values>)"],
    "value": ["<literal>", "<literal>*", "*<literal>", "*", '"<text>"', '"<text>"', "<number>", "a\\*b", "<raw>",
    "1.2.3.4/8"],
    "literal": ["a", "b*c", '"<text>"', "<number>", "true", "null", "2026-01-01", "now-1d", "\\u00e9", "1.2.3.4", '""'],
    "op": ["<", "<=", ">", ">="],
    "field": [*_NAMES, "nothing", "\\and", "a\\:b", "name.text", "ip*"],
}  # fmt: skip

LUCENE: Grammar = {
    "query": [
        "<clause>", "<clause> <query>", "<query> AND <query>", "<query> OR <query>", "NOT <query>", "(<query>)",
        "+<clause> -<clause>", "!<clause>", "<clause> && <clause> || <clause>", "(<query>)^<number>", "*:*", "",
    ],
    "clause": [
        "<field>:<value>", "<value>", "<field>:(<values>)", "_exists_:<field>", "<field>:<range>", "<field>:*",
        "user.\\*:<value>", "<field>:<value>^<number>", "-<field>:<value>",
    ],
    "values": ["<value>", "<value> <values>", "<value> OR <values>", "+<value> -<value>", "NOT <value>", "(<values>)"],
    "value": [
        "<word>", '"<text>"', '"<text>"~<number>', "<word>*", "*<word>", "<word>?", "<word>~", "<word>~1", "/<text>/",
        "<number>", "/a.*[0-9]{1,3}/", "1.2.3.4/8", "<raw>",
    ],
    "word": ["a", "Alice", "b*c", "\\(a\\+b", "2026-01-01", "now-1d", "true", "1.2.3.4", "\\u00e9"],
    "range": [
        "[<bound> TO <bound>]", "{<bound> TO <bound>}", "[<bound> TO <bound>}", "><bound>", ">=<bound>", "<<bound>",
        "[* TO *]",
    ],
    "bound": ["<number>", "*", "a", '"<text>"', "2026-01-01", "now-1d/d"],
    "field": [*_NAMES, "nothing", "a\\:b", "name.text", "ip*"],
}  # fmt: skip

_EQL_CALLS = sorted(name.removeprefix("eql.") for name in EQL_FUNCTIONS)
EQL: Grammar = {
    "query": [
        "<event>", "<event>", "<event>", "sequence<with> <item> <item>",
        "sequence by name<with> <item> <item> <item><until>",
        "sequence<with> <keyed> <keyed> <keyed>", "sample by name <item> <item>", "<event> | head 3",
        "<event> | tail <number>",
        "sample by name, port [any where true] by ip [any where ok] by ip", "<event> | tail 3 | head 1",
        "sequence by user.name, ?port with maxspan=5m <item> ![<event>] <item>",
        "sequence with maxspan=<number>s <item> <item>",
        "sequence by ?nothing [any where true] with runs=3 <item>",
    ],
    "event": ["any where <test>", "any where <test>", "process where <test>", '"<text>" where <test>',
    "any where true"],
    "with": ["", " with maxspan=5m", " with maxspan=1ms"],
    "until": ["", " until [<event>]"],
    "item": ["[<event>]"],
    "keyed": ["[<event>] by name", "[<event>] by user.name", "[<event>] by ?dataset"],
    "test": [
        "<compare>", "<test> and <test>", "<test> or <test>", "not <compare>", "not (<test>)", "(<test>)", "<compare>",
        "ok",
        "<field> in (<list>)", "<value> not in~ (<list>)", "<field> like~ (<texts>)", '<field> regex~ "<text>"', "true",
    ],
    "compare": [
        "<field> == <literal>", "<field> != <literal>", "<value> : <literal>", "<value> < <number>",
        "<value> >= <literal>",
        '<field> like "<text>"', '<field> regex ("<text>", "a.*")', "<field> == null", "<function>",
        "<function> == <literal>",
        "<function> == <function>", "<value> == <value>", "port + <number> > pid", "?<field> == <literal>",
    ],
    "value": [
        "<field>", "<literal>", "<function>", "<number> + port", "(pid * <number>)", "<value> % <value>", "-port",
        "(port / pid)",
    ],
    "function": [f"{name}(<arguments>)" for name in _EQL_CALLS if name.isalpha()],
    "arguments": [
        "<field>, <literal>", "<field>", "<value>, <value>", "<value>, <value>, <value>", "name, <texts>",
        "<value>, <texts>", "",
    ],
    "list": ["<literal>", "<literal>, <list>", "<literal>, <literal>"],
    "texts": ['"<text>"', '"<text>", <texts>', '"a*", "<text>"'],
    "literal": ['"<text>"', "<number>", '"""<raw>"""', "true", "null", '"a*"', '"<text>"'],
    "field": [*_NAMES, "?nothing", "name"],
}  # fmt: skip

ESQL: Grammar = {
    "query": [
        "FROM logs-* METADATA _id, _index, _version<pipes>", "FROM logs-*<pipes>", "FROM logs-* | WHERE <test>",
        "ROW a = <call>, b = <literal><pipes>", "FROM logs-* | EVAL x = <call>, y = <call>", "ROW a = <value>",
    ],
    "pipes": [" | WHERE <test>", " | <command><pipes>", " | <command>", " | <command> | <command>"],
    "command": [
        "WHERE <test>", "EVAL x = <value>", "EVAL x = <call>, y = <call>", "EVAL a = <call>",
        "STATS c = COUNT(*) BY <field>",
        "STATS <aggregate> BY <field>, x = <call>", "STATS <aggregate>, m = <aggregate> WHERE <test>",
        "KEEP <field>, *",
        "DROP <field>", "RENAME <field> AS y", "SORT <value> DESC NULLS LAST", "LIMIT 10", "MV_EXPAND <field>",
        "LIMIT <number>",
        'DISSECT name "<text>"', 'GROK name "<text>"', 'GROK <field> "%{IP:x} %{DATA:y}"', "INLINE STATS <aggregate>",
        'GROK message """<raw>"""', "FORK (WHERE <test>) (LIMIT 1)", "INLINESTATS x = MAX(port) BY name", "KEEP *",
        "DROP *e",
        "WHERE <call> == <value>", "STATS <aggregate> BY BUCKET(at, <number>, <literal>, <literal>)",
        "KEEP name, port, at, ip",
        'EVAL x = REPLACE(name, "<text>", "<text>")', "STATS <aggregate> BY BUCKET(at, 1 day)", "EVAL x = <call>",
    ],
    "test": [
        "<field> == <literal>", "<call> == <value>", "<test> AND <test>", "<test> OR <test>", "NOT <test>", "(<test>)",
        "ok",
        '<field> LIKE "<text>"', 'name RLIKE "<text>"', "<field> IN (<literal>, <literal>)", "<value> IS NOT NULL",
        "<call>",
        "port < <number>", 'MATCH(message, "<text>")', 'KQL("<text>")', '<field> : "<text>"',
        'name LIKE ("<text>", "a*")',
    ],
    "value": [
        "<field>", "<literal>", "<call>", "<call>", "<call>", "port + <number>", "ratio / <number>", "-port",
        "<field>::<type>",
        "[<number>, <number>]", '["<text>", "<text>"]', "(pid % <number>)", "<number> * <number>", "<call>::<type>",
    ],
    "type": [
        "keyword", "integer", "long", "double", "datetime", "ip", "version", "boolean", "unsigned_long", "date_nanos",
        "geo_point", "time_duration", "date_period",
    ],
    "aggregate": [
        *(f"{name.upper()}(<field>)" for name in sorted(AGGREGATES)),
        *(f"{name.upper()}(port)" for name in sorted(AGGREGATES)),
        "COUNT(*)", "PERCENTILE(port, <number>)", 'TOP(name, 3, "asc")', "COUNT_DISTINCT(name, <number>)",
        "VALUES(<field>)",
        "WEIGHTED_AVG(port, ratio)", "MEDIAN(<call>)", "SUM(port + <number>)",
    ],
    "literal": ['"<text>"', "<number>", "true", "null", "1 day", "3 hours", "<number> months", '"""<raw>"""', "-1",
    '"a"'],
    "field": [*_NAMES, "name", "port",
    "at"],
}  # fmt: skip

_LITERALS = {
    "keyword": ['"<text>"', "name", "message", "path"], "text": ["message"], "integer": ["<number>", "small"],
    "long": ["<number>", "port"], "unsigned_long": ["big", "<number>::unsigned_long"], "double": ["ratio", "<number>"],
    "boolean": ["true", "ok"], "datetime": ["at", "NOW()", '"<text>"::datetime'], "ip": ["ip", '"1.2.3.4"::ip'],
    "version": ["version", '"<text>"::version'], "date_period": ["1 month", "<number> days"],
    "time_duration": ["1 hour", "<number> seconds"], "date_nanos": ["nanos"], "geo_point": ["spot"],
    "cartesian_point": ['TO_CARTESIANPOINT("<text>")'],
}  # fmt: skip


def _call(grammar: Grammar, rng: random.Random, depth: int) -> str:
    """A call of a function with arguments that mostly are of its types."""
    name = rng.choice(_CALLS)
    arguments = []
    for parameter in FUNCTIONS[name].parameters:
        if parameter.optional and rng.random() < 0.5:
            break
        for _ in range(rng.randrange(1, 4) if parameter.repeated else 1):
            kind = rng.choice(sorted(parameter.types & _LITERALS.keys()) or ["keyword"])
            nested = depth > 0 and rng.random() < 0.15
            text = "<value>" if nested else rng.choice(_LITERALS[kind])
            arguments.append(_SYMBOL.sub(lambda found: _symbol(grammar, found[1], rng, depth - 2), text))
    return f"{name.upper()}({', '.join(arguments)})"


_CALLS = sorted(FUNCTIONS)
VOCABULARY = {
    "kuery": ("and", "or", "not", "AND", "(", ")", ":", "{", "}", "*", "<", ">=", "\\",
    '"', *_NAMES, *NUMBERS, *TEXTS[:40]),
    "lucene": (
        "AND", "OR", "NOT", "&&", "||", "!", "+", "-", "(", ")", "[", "]", "{", "}", " TO ", ":", "*", "?", "~", "^",
        "/", "\\", '"', "<", ">=", "_exists_:", *_NAMES, *NUMBERS, *TEXTS[:40],
    ),
    "eql": (
        "and", "or", "not", "where", "any", "sequence", "sample", "by", "with", "maxspan", "runs", "until", "in",
        "in~", "like",
        "like~", "regex", "regex~", "[", "]", "![", "(", ")", "|", "head", "tail", "==", "!=", ":", "?", "`",
        '"', '"""', "=",
        "true", "null", "//", "/*", "*/", *_NAMES, *NUMBERS, *_EQL_CALLS,
    ),
    "esql": (
        "FROM", "ROW", "|", "EVAL", "WHERE", "STATS", "BY", "KEEP", "DROP", "RENAME", "AS", "SORT", "LIMIT",
        "MV_EXPAND",
        "DISSECT", "GROK", "ENRICH", "LOOKUP", "JOIN", "ON", "FORK", "FUSE", "INLINE", "METADATA", "IN", "IS", "NULL",
        "NOT",
        "LIKE", "RLIKE", "::", "(", ")", "[", "]", "{", "}", ",", ".", "?", "??x", "`", '"', '"""', "//", "/*", "*/",
        "SET",
        "CHANGE_POINT", "SAMPLE", "COMPLETION", "RERANK", "WITH", "day", "TS", "SHOW INFO", "+", "-", "*", "/", "%",
        "==", "!=", "<", ">=", "AND", "OR", "=~", ":", *_NAMES,
        *NUMBERS,
        *(name.upper() for name in _CALLS), *(name.upper() for name in sorted(AGGREGATES)),
    ),
}  # fmt: skip
GRAMMARS: Mapping[str, Grammar] = {"kuery": KQL, "lucene": LUCENE, "eql": EQL, "esql": ESQL}
