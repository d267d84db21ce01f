"""Random ES|QL pipelines: the engine and a naive evaluator find the same rows. The seed is fixed."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

import detections
import naive_esql
from detections.query.esql import parse

FIELDS = {"k": "keyword", "s": "keyword", "n": "integer", "m": "integer", "d": "double", "b": "boolean"}
PIPELINES = 4000
SHARES = 8
PATTERNS = ('"a*"', '"?"', '"*"', '"*b"', '("a*", "c")')


class Maker:
    """Makes typed expressions and commands; ``columns`` are those there are at this point, with their types."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.columns = dict(FIELDS)
        self.made = 0

    def of(self, kind: str) -> str:
        """A column or constant of a type."""
        names = [name for name, one in self.columns.items() if one == kind]
        if names and self.chance.random() < 0.75:
            return self.chance.choice(names)
        constants = {
            "keyword": ['"a"', '"ab"', '""', '["a", "c"]'], "integer": ["0", "1", "-2", "2147483647", "[1, 3]"],
            "double": ["0.5", "-1.0", "2.0"], "boolean": ["true", "false", "null"], "long": ["3", "5000000000"],
        }  # fmt: skip
        return self.chance.choice(constants.get(kind, ["null"]))

    def value(self, kind: str, depth: int = 2) -> str:
        """An expression of a type."""
        if depth == 0 or self.chance.random() < 0.3:
            return self.of(kind)
        inner = lambda one: self.value(one, depth - 1)  # noqa: E731
        if kind == "boolean":
            return self.condition(depth - 1)
        if kind == "keyword":
            forms = [
                lambda: f"CONCAT({inner('keyword')}, {inner('keyword')})",
                lambda: f"COALESCE({inner('keyword')}, {inner('keyword')})",
                lambda: f"CASE({self.condition(depth - 1)}, {inner('keyword')}, {inner('keyword')})",
                lambda: f"MV_{self.chance.choice(['MAX', 'MIN', 'DEDUPE', 'FIRST'])}({inner('keyword')})",
            ]  # fmt: skip
        elif kind in ("integer", "double"):
            forms = [
                lambda: f"({inner(kind)} {self.chance.choice('+-*/%')} {inner(kind)})",
                lambda: f"-({inner(kind)})", lambda: f"ABS({inner(kind)})",
                lambda: f"CASE({self.condition(depth - 1)}, {inner(kind)})",
                lambda: f"COALESCE({inner(kind)}, {inner(kind)})", lambda: f"MV_MAX({inner(kind)})",
            ]  # fmt: skip
            if kind == "integer":
                forms += [lambda: f"LENGTH({inner('keyword')})", lambda: f"MV_COUNT({inner('keyword')})"]
        else:
            return self.of(kind)
        return self.chance.choice(forms)()

    def condition(self, depth: int = 2) -> str:
        forms = [
            lambda: self.comparison(depth), lambda: self.comparison(depth),
            lambda: f"{self.of('keyword')} IN ({self.of('keyword')}, \"b\")",
            lambda: f"{self.of('integer')} NOT IN (1, {self.of('integer')})",
            lambda: f"{self.of('keyword')} {self.chance.choice(['', 'NOT '])}LIKE {self.chance.choice(PATTERNS)}",
            lambda: f"{self.value(self.chance.choice(['keyword', 'integer', 'double']), depth)} IS "
            f"{self.chance.choice(['', 'NOT '])}NULL",
            lambda: self.of("boolean"),
        ]  # fmt: skip
        if depth > 0:
            forms += [
                lambda: f"NOT ({self.condition(depth - 1)})",
                lambda: f"({self.condition(depth - 1)} AND {self.condition(depth - 1)})",
                lambda: f"({self.condition(depth - 1)} OR {self.condition(depth - 1)})",
            ]
        return self.chance.choice(forms)()

    def comparison(self, depth: int) -> str:
        kind = self.chance.choice(["keyword", "integer", "double"])
        operator = self.chance.choice(["==", "!=", "<", "<=", ">", ">="])
        return f"{self.value(kind, depth)} {operator} {self.value(kind, depth)}"

    def name(self) -> str:
        """A new name, or one that is there already."""
        if self.columns and self.chance.random() < 0.25:
            return self.chance.choice(list(self.columns))
        self.made += 1
        return f"x{self.made}"

    def put(self, name: str, kind: str) -> None:
        self.columns.pop(name, None)
        self.columns[name] = kind

    def command(self) -> str:
        made = self.chance.choice(
            [self.where, self.where, self.eval, self.eval, self.stats, self.inline, self.keep, self.drop, self.rename,
             self.sort, self.limit, self.expand, self.dedup]
        )  # fmt: skip
        return made()

    def where(self) -> str:
        return f"WHERE {self.condition()}"

    def eval(self) -> str:
        parts = []
        for _ in range(self.chance.choice([1, 1, 2])):
            kind = self.chance.choice(["keyword", "integer", "double", "boolean"])
            value, name = self.value(kind), self.name()
            if value == "null":
                value = "true"
            parts.append(f"{name} = {value}")
            self.put(name, kind)
        return f"EVAL {', '.join(parts)}"

    def aggregates(self) -> list[tuple[str, str, str]]:
        found = []
        for _ in range(self.chance.choice([1, 2, 3])):
            kind = self.chance.choice(["keyword", "integer", "double"])
            names = ["COUNT", "COUNT_DISTINCT", "MIN", "MAX", "VALUES"]
            names += ["SUM", "AVG", "MEDIAN"] if kind != "keyword" else []
            call = self.chance.choice([*names, "*"])
            shown = "COUNT(*)" if call == "*" else f"{call}({self.value(kind, 1)})"
            result = {"COUNT": "long", "*": "long", "COUNT_DISTINCT": "long", "AVG": "double", "MEDIAN": "double"}.get(
                call, kind
            )
            result = "long" if call == "SUM" and kind == "integer" else result
            where = f" WHERE {self.condition(1)}" if self.chance.random() < 0.3 else ""
            self.made += 1
            found.append((f"y{self.made}", f"{shown}{where}", result))
        return found

    def groups(self) -> list[str]:
        groups = [one for one in self.columns if one.startswith("z")]
        wanted = self.chance.choice([0, 1, 1, 2])
        names = [name for name, kind in self.columns.items() if kind != "long" and name not in groups]
        return self.chance.sample(names, min(wanted, len(names)))

    def stats(self, inline: bool = False) -> str:
        made, groups = self.aggregates(), self.groups()
        kinds = {name: self.columns[name] for name in groups}
        if not inline:
            self.columns = {}
        for name, _, kind in made:
            self.put(name, kind)
        for name in groups:
            self.put(name, kinds[name])
        by = f" BY {', '.join(groups)}" if groups else ""
        shown = ", ".join(f"{name} = {call}" for name, call, _ in made)
        return f"{'INLINE ' * inline}STATS {shown}{by}"

    def inline(self) -> str:
        return self.stats(inline=True)

    def keep(self) -> str:
        names = self.chance.sample(list(self.columns), self.chance.randint(1, len(self.columns)))
        self.columns = {name: self.columns[name] for name in names}
        return f"KEEP {', '.join(names)}"

    def drop(self) -> str:
        if len(self.columns) < 2:
            return "LIMIT 100"
        name = self.chance.choice(list(self.columns))
        del self.columns[name]
        return f"DROP {name}"

    def rename(self) -> str:
        old, new = self.chance.choice(list(self.columns)), self.name()
        if old == new:
            return "LIMIT 100"
        self.columns.pop(new, None)
        self.columns = {new if name == old else name: kind for name, kind in self.columns.items()}
        return f"RENAME {old} AS {new}"

    def sort(self) -> str:
        kind = self.chance.choice(["keyword", "integer", "double"])
        order = self.chance.choice(["", " DESC", " ASC NULLS FIRST", " DESC NULLS LAST"])
        return f"SORT {self.value(kind, 1)}{order}, {self.of('integer')}"

    def limit(self) -> str:
        if self.chance.random() < 0.5 or not self.columns:
            return f"LIMIT {self.chance.randint(0, 5)}"
        return f"LIMIT {self.chance.randint(1, 2)} BY {self.chance.choice(list(self.columns))}"

    def expand(self) -> str:
        return f"MV_EXPAND {self.chance.choice(list(self.columns))}"

    def dedup(self) -> str:
        return "DEDUP"


def documents(chance: random.Random) -> list[dict[str, Any]]:
    values: dict[str, list[Any]] = {
        "k": ["a", "b", "ab", "c", ["a", "b"], ["c", "a", "a"]], "s": ["a", "x"], "n": [0, 1, -1, 2, 7, [1, 2], [3, 3]],
        "m": [1, 2, 2**31 - 1], "d": [0.5, 1.5, -2.0, [0.5, 2.5]], "b": [True, False, [True, False]],
    }  # fmt: skip
    return [
        {name: chance.choice(choices) for name, choices in values.items() if chance.random() < 0.75}
        for _ in range(chance.randint(0, 9))
    ]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("share", range(SHARES))
def test_the_engine_and_a_naive_evaluator_find_the_same_rows(share: int) -> None:
    for number in range(PIPELINES // SHARES):
        chance = random.Random(f"{share} {number}")
        maker = Maker(chance)
        query = " | ".join(["FROM x", *(maker.command() for _ in range(chance.randint(1, 6)))])
        events = documents(chance)
        found = detections.search(events, query, "esql", fields=FIELDS)
        rows = naive_esql.run(parse(query), events, list(FIELDS))
        expected = [list(row.values()) for row in rows]
        assert same(found.rows, expected), (query, events, found.columns, found.rows, rows)
