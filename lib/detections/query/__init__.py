"""Query languages: text to syntax tree and back, one package a language."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from detections.errors import NotEvaluated, UsageError
from detections.query import eql, esql, kql

_PARSERS: dict[str, Callable[[str], Any]] = {"kuery": kql.parse, "eql": eql.parse, "esql": esql.parse}
_UNPARSED = {"lucene": "Lucene's query strings are not parsed"}
_REMEMBERED = 4096


@functools.lru_cache(maxsize=_REMEMBERED)
def parse(text: str, language: str) -> Any:
    """The syntax tree of a query, remembered by content: a ``kql.Node`` for kuery, else the language's ``ast.Query``.

    ``language`` is Kibana's name of it: kuery, eql or esql; lucene is known but not parsed.

    Raises:
        QuerySyntaxError: the text is not of its language.
        NotEvaluated: the language is known, and nothing here parses it.
        UsageError: there is no such language.
    """
    if language in _PARSERS:
        return _PARSERS[language](text)
    if language in _UNPARSED:
        raise NotEvaluated(_UNPARSED[language])
    raise UsageError(f"unknown query language '{language}': kuery, esql, eql or lucene")
