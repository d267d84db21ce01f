"""The one module that imports the PyPI package `eql`; loaded only where there is an EQL rule.

`eql` (AGPLv3) is used unmodified. Remove the package and nothing is lost but its second opinion.
"""

from __future__ import annotations

from dataclasses import dataclass

import eql  # type: ignore[import-untyped]
from eql.parser import (  # type: ignore[import-untyped]
    allow_negation,
    allow_runs,
    allow_sample,
    elasticsearch_syntax,
    ignore_missing_functions,
    skip_optimizations,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why `eql` refuses a query: its words, and the place as an offset in code points."""

    message: str
    start: int
    length: int


def refusal(query: str) -> Refusal | None:
    """What `eql` has against an Elasticsearch EQL query, None where it parses.

    Functions are not checked: `eql` knows them by one spelling only, Elasticsearch by any case.
    """
    with (
        elasticsearch_syntax,
        ignore_missing_functions,
        allow_negation,
        allow_sample,
        allow_runs,
        skip_optimizations,
    ):
        try:
            eql.parse_query(query)
        except eql.EqlParseError as error:
            return _refusal(query, error)
        except RecursionError:
            return Refusal("the query is nested too deeply for it", 0, 1)
        except Exception as error:  # its own accidents (an unexpected end of text) must not end a run
            return Refusal(f"it fails with {type(error).__name__}", 0, 1)
    return None


def _refusal(query: str, error: eql.EqlParseError) -> Refusal:
    """The error with its place. Lines and columns of `eql` count from 0; what it misses at the end has no width."""
    length = error.caret.count("^")
    lines = query.split("\n")
    if not length or not 0 <= error.line < len(lines):
        return Refusal(error.error_msg, len(query), 1)
    start = sum(len(line) + 1 for line in lines[: error.line]) + min(error.column, len(lines[error.line]))
    return Refusal(error.error_msg, start, length)
