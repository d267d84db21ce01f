"""ES|QL evaluated the plain way: the syntax tree over rows that are dicts, one after the other. Shares the parser with
the project, and nothing else: no plan, no table, no function."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from detections.query.esql import ast

Row = dict[str, Any]
INTEGER = 2**31


def many(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def pack(values: list[Any]) -> Any:
    return None if not values else values[0] if len(values) == 1 else values


def single(*values: Any) -> bool:
    return all(value is not None and not isinstance(value, list) for value in values)


def evaluate(node: ast.Expression, row: Row) -> Any:
    match node:
        case ast.Literal(value):
            return list(value) if isinstance(value, tuple) else value
        case ast.Name(name):
            return row[name]
        case ast.Negative(value):
            found = evaluate(value, row)
            return -found if single(found) else None
        case ast.Arithmetic(operator, left, right):
            return arithmetic(operator, evaluate(left, row), evaluate(right, row))
        case ast.Comparison(operator, left, right):
            return compare(operator, evaluate(left, row), evaluate(right, row))
        case ast.In(value, items, negated):
            return flip(any_of([compare("==", evaluate(value, row), evaluate(item, row)) for item in items]), negated)
        case ast.Like(value, patterns, _, negated):
            found = evaluate(value, row)
            texts = [str(one.value) for one in patterns if isinstance(one, ast.Literal)]
            if "*" in texts:
                return flip(found is not None, negated)
            return flip(any(like(found, text) for text in texts) if single(found) else None, negated)
        case ast.IsNull(value, negated):
            return (evaluate(value, row) is None) is not negated
        case ast.Not(value):
            return flip(truth(evaluate(value, row)), True)
        case ast.Logical(operator, items):
            answers = [truth(evaluate(item, row)) for item in items]
            return any_of(answers) if operator == "or" else flip(any_of([flip(one, True) for one in answers]), True)
        case ast.Function(name, arguments):
            return function(name, arguments, row)
    raise AssertionError(node)


def truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def flip(value: bool | None, negated: bool) -> bool | None:
    return value if value is None or not negated else not value


def any_of(answers: list[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def like(text: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def compare(operator: str, left: Any, right: Any) -> bool | None:
    if not single(left, right):
        return None
    order = (left > right) - (left < right)
    return {"==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[
        operator
    ]


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    if not single(left, right):
        return None
    whole = isinstance(left, int) and isinstance(right, int)
    if operator in "/%" and right == 0:
        return None
    if operator == "/":
        made = math.trunc(left / right) if whole else left / right
    elif operator == "%":
        made = left - right * math.trunc(left / right) if whole else math.fmod(left, right)
    else:
        made = {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[operator]()
    return None if whole and not -INTEGER <= made < INTEGER else made


def function(name: str, arguments: tuple[ast.Expression, ...], row: Row) -> Any:
    if name == "case":
        for at in range(0, len(arguments) - 1, 2):
            if evaluate(arguments[at], row) is True:
                return evaluate(arguments[at + 1], row)
        return evaluate(arguments[-1], row) if len(arguments) % 2 else None
    values = [evaluate(one, row) for one in arguments]
    if name == "coalesce":
        return next((value for value in values if value is not None), None)
    if name.startswith("mv_"):
        found = many(values[0])
        made: dict[str, Callable[[], Any]] = {
            "mv_count": lambda: len(found), "mv_max": lambda: max(found), "mv_min": lambda: min(found),
            "mv_dedupe": lambda: pack(list(dict.fromkeys(found))), "mv_first": lambda: found[0],
        }  # fmt: skip
        return made[name]() if found else None
    if not single(*values):
        return None
    return {"length": len, "concat": lambda *texts: "".join(texts), "to_upper": str.upper, "abs": abs}[name](*values)


# --- commands


def run(query: ast.Query, documents: list[Row], names: list[str]) -> list[Row]:
    """The rows of a query over documents, each with its columns in order. ``names`` are the fields."""
    rows = [{name: pack(sorted(many(document.get(name)))) for name in sorted(names)} for document in documents]
    for document in rows:
        for name, value in document.items():
            if name == "k" and isinstance(value, list):
                document[name] = pack(sorted(set(value)))
    for command in query.commands[1:]:
        rows = step(command, rows)
    return rows


def step(command: ast.Command, rows: list[Row]) -> list[Row]:
    match command:
        case ast.Where(condition):
            return [row for row in rows if evaluate(condition, row) is True]
        case ast.Eval(fields):
            for field in fields:
                rows = [put(row, field.name, evaluate(field.value, row)) for row in rows]
            return rows
        case ast.Keep(patterns):
            wanted = [one.texts[0] for one in patterns]
            last = [name for at, name in enumerate(wanted) if name not in wanted[at + 1 :]]
            return [{name: row[name] for name in last} for row in rows]
        case ast.Drop(patterns):
            return [{key: row[key] for key in row if key not in {one.texts[0] for one in patterns}} for row in rows]
        case ast.Rename(((old, new),)):
            others = [{key: row[key] for key in row if key != new.name or key == old.name} for row in rows]
            return [{new.name if key == old.name else key: row[key] for key in row} for row in others]
        case ast.Sort(orders):
            for order in reversed(orders):
                rows = sort(rows, order)
            return rows
        case ast.Limit(int(count), groups):
            kept: list[Row] = []
            for row in rows:
                key = [evaluate(group, row) for group in groups]
                if sum([evaluate(group, one) for group in groups] == key for one in kept) < count:
                    kept.append(row)
            return kept
        case ast.Plain("dedup"):
            return [row for at, row in enumerate(rows) if row not in rows[:at]]
        case ast.MvExpand(column):
            return [{**row, column.name: one} for row in rows for one in many(row[column.name]) or [None]]
        case ast.Stats():
            return stats(command, rows)
    raise AssertionError(command)


def put(row: Row, name: str, value: Any) -> Row:
    return {**{key: row[key] for key in row if key != name}, name: value}


def sort(rows: list[Row], order: ast.Order) -> list[Row]:
    def key(row: Row) -> Any:
        return (min if order.ascending else max)(many(evaluate(order.value, row)))

    nulls = [row for row in rows if evaluate(order.value, row) is None]
    rest = sorted((row for row in rows if evaluate(order.value, row) is not None), key=key, reverse=not order.ascending)
    return nulls + rest if order.nulls_first else rest + nulls


def stats(command: ast.Stats, rows: list[Row]) -> list[Row]:
    for field in command.groups:
        if not (isinstance(field.value, ast.Name) and field.value.name == field.name):
            rows = [put(row, field.name, evaluate(field.value, row)) for row in rows]
    names = [field.name for field in command.groups]
    groups: list[tuple[list[Any], list[Row]]] = [] if names else [([], [])]
    for row in rows:
        for key in keys([row[name] for name in names]):
            found = next((members for known, members in groups if known == key), None)
            if found is None:
                groups.append((key, [row]))
            else:
                found.append(row)
    results = {
        index: {one.name: aggregate(one, members) for one in command.aggregates}
        for index, (_, members) in enumerate(groups)
    }
    if not command.inline:
        return [put_all(results[at], dict(zip(names, key, strict=True))) for at, (key, _) in enumerate(groups)]
    made: list[Row] = []
    for row in rows:
        key = [row[name] for name in names]
        at = next((at for at, (known, _) in enumerate(groups) if known == key), None)
        result = {one.name: None for one in command.aggregates} if at is None else results[at]
        made.append(put_all(put_all(row, result), {name: row[name] for name in names}))
    return made


def put_all(row: Row, more: Row) -> Row:
    for name, value in more.items():
        row = put(row, name, value)
    return row


def keys(values: list[Any]) -> list[list[Any]]:
    made: list[list[Any]] = [[]]
    for value in values:
        made = [[*key, one] for key in made for one in (list(dict.fromkeys(many(value))) or [None])]
    return made


def aggregate(one: ast.Aggregate, rows: list[Row]) -> Any:
    if one.condition is not None:
        rows = [row for row in rows if evaluate(one.condition, row) is True]
    call = one.value
    assert isinstance(call, ast.Function)
    if call.star:
        return len(rows)
    values = [value for row in rows for value in many(evaluate(call.arguments[0], row))]
    if call.name == "count":
        return len(values)
    if call.name == "count_distinct":
        return len(set(values))
    if not values:
        return None
    ordered = sorted(values)
    middle = len(values) // 2
    made: dict[str, Callable[[], Any]] = {
        "min": lambda: ordered[0], "max": lambda: ordered[-1], "sum": lambda: sum(values),
        "avg": lambda: sum(values) / len(values), "values": lambda: pack(list(dict.fromkeys(values))),
        "median": lambda: float(ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2),
    }  # fmt: skip
    return made[call.name]()
