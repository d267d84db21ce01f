"""The commands that filter, compute, aggregate and order: WHERE, EVAL, STATS, KEEP, DROP, RENAME, SORT, LIMIT ..."""

from __future__ import annotations

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import (
    Aggregate,
    ChangePoint,
    Drop,
    Eval,
    Expression,
    Keep,
    Limit,
    Literal,
    Name,
    Order,
    Parameter,
    Rename,
    Sample,
    Sort,
    Stats,
    Where,
)
from detections.query.esql.reader import Reader, Readers
from detections.query.esql.scan import EXPRESSION, NAMES


def _where(reader: Reader, start: int) -> Where:
    return Where(reader.expression(), reader.span(start))


def _eval(reader: Reader, start: int) -> Eval:
    return Eval(reader.fields(), reader.span(start))


def _stats(reader: Reader, start: int) -> Stats:
    aggregates: tuple[Aggregate, ...] = ()
    if reader.token.kind != "by":
        aggregates = reader.several(lambda: _aggregate(reader))
    return Stats(aggregates, reader.groups(), False, reader.span(start))


def _inline_stats(reader: Reader, start: int) -> Stats:
    aggregates = reader.several(lambda: _aggregate(reader))
    return Stats(aggregates, reader.groups(), True, reader.span(start))


def _aggregate(reader: Reader) -> Aggregate:
    field = reader.field()
    if not reader.accept("where"):
        return Aggregate(field.name, field.value, None, field.span)
    condition = reader.expression()
    span = reader.span(field.span[0])
    text = reader.text
    unnamed = field.name == text[field.span[0] : field.span[1]]
    return Aggregate(text[slice(*span)] if unnamed else field.name, field.value, condition, span)


def _keep(reader: Reader, start: int) -> Keep:
    return Keep(reader.several(reader.pattern), reader.span(start))


def _drop(reader: Reader, start: int) -> Drop:
    return Drop(reader.several(reader.pattern), reader.span(start))


def _rename(reader: Reader, start: int) -> Rename:
    return Rename(reader.several(lambda: _rename_pair(reader)), reader.span(start))


def _rename_pair(reader: Reader) -> tuple[Name, Name]:
    one = plain_name(reader, "a wildcard cannot be renamed")
    if reader.accept("="):
        return plain_name(reader, "a wildcard cannot be renamed"), one
    if not reader.accept_word("as"):
        raise reader.unexpected("AS", "'='")
    return one, plain_name(reader, "a wildcard cannot be renamed")


def plain_name(reader: Reader, message: str) -> Name:
    """A name of the tokens of patterns; the ``message`` refuses a wildcard."""
    pattern = reader.pattern()
    if len(pattern.texts) > 1:
        raise QuerySyntaxError(message, reader.text, *pattern.span)
    return Name(pattern.texts[0], pattern.span, pattern.unbound)


def _sort(reader: Reader, start: int) -> Sort:
    return Sort(reader.several(lambda: _order(reader)), reader.span(start))


def _order(reader: Reader) -> Order:
    start = reader.token.start
    value = reader.expression()
    ascending = not reader.accept("desc")
    if ascending:
        reader.accept("asc")
    nulls_first = not ascending
    if reader.accept("nulls"):
        nulls_first = reader.accept("first")
        if not nulls_first and not reader.accept("last"):
            raise reader.unexpected("FIRST", "LAST")
    return Order(value, ascending, nulls_first, reader.span(start))


def _limit(reader: Reader, start: int) -> Limit:
    token = reader.token
    value = reader.constant() if token.kind != "end" else None
    if isinstance(value, Literal) and value.type in ("integer", "long") and int(value.value) >= 0:  # type: ignore[arg-type]
        count: int | Parameter = int(value.value)  # type: ignore[arg-type]
    elif isinstance(value, Parameter):
        count = value
    else:
        message = "LIMIT takes a whole number that is not negative"
        raise QuerySyntaxError(message, reader.text, token.start, reader.span(token.start)[1])
    groups: tuple[Expression, ...] = reader.list_of_expressions() if reader.accept("by") else ()
    return Limit(count, groups, reader.span(start))


def _sample(reader: Reader, start: int) -> Sample:
    value = reader.constant()
    if isinstance(value, Parameter):
        return Sample(value, reader.span(start))
    if not isinstance(value, Literal) or not isinstance(value.value, float) or not 0 < value.value < 1:
        message = "SAMPLE takes a probability, a number between 0 and 1"
        raise QuerySyntaxError(message, reader.text, *value.span)
    return Sample(value, reader.span(start))


def _change_point(reader: Reader, start: int) -> ChangePoint:
    value = reader.name()
    key = reader.name() if reader.accept("on") else None
    made: tuple[Name, Name] | None = None
    if reader.accept_word("as"):
        first = reader.name()
        if not reader.accept(","):
            raise reader.unexpected("','")
        made = first, reader.name()
    groups = reader.list_of_expressions() if reader.accept("by") else ()
    return ChangePoint(value, key, made, groups, reader.span(start))


READERS: Readers = {
    "change_point": (EXPRESSION, (), _change_point),
    "drop": (NAMES, (), _drop),
    "eval": (EXPRESSION, (), _eval),
    "inlinestats": (EXPRESSION, (), _inline_stats),
    "keep": (NAMES, (), _keep),
    "limit": (EXPRESSION, (), _limit),
    "rename": (NAMES, (), _rename),
    "sample": (EXPRESSION, (), _sample),
    "sort": (EXPRESSION, (), _sort),
    "stats": (EXPRESSION, (), _stats),
    "where": (EXPRESSION, (), _where),
}
