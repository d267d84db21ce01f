"""Expressions of ES|QL, typed: operators and the scalar functions (Elasticsearch 9.5)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from detections.compile.esql import surrogates
from detections.compile.esql.arguments import Arguments, is_text_literal
from detections.compile.esql.fulltext import FULL_TEXT
from detections.compile.esql.scope import NOT_EVALUATED
from detections.errors import NotEvaluated
from detections.functions import AGGREGATES, AGGREGATES_NOT_EVALUATED, ALIASES, FUNCTIONS, GROUPINGS, OPERATORS
from detections.functions import NOT_EVALUATED as FUNCTIONS_NOT_EVALUATED
from detections.functions.conversions import CASTS
from detections.functions.dates import UNITS
from detections.functions.operators import comparable, matches_all, sum_type
from detections.functions.signature import NUMERIC, SPAN, Function, Period, first_type
from detections.plan.expression import Constant, Expression
from detections.query.esql import ast

_CASTS_NOT_EVALUATED = NOT_EVALUATED | {"geohash", "geotile", "geohex", "cartesian_point", "cartesian_shape"}


class Expressions(Arguments):
    """Compiles the expressions of one command."""

    def compile(self, node: ast.Expression) -> Expression:
        match node:
            case ast.Literal(value, kind):
                return Constant(value, kind)
            case ast.TimeSpan(amount, unit):
                span = UNITS[unit](amount)
                return Constant(span, "date_period" if isinstance(span, Period) else "time_duration")
            case ast.Name():
                return self.column(node)
            case ast.Function():
                return self._function(node)
            case ast.Cast():
                return self._cast(node)
            case ast.Negative(value):
                return self._call("negative", OPERATORS["negative"], node, (value,))
            case ast.Arithmetic():
                return self._arithmetic(node)
            case ast.Comparison(operator, left, right):
                return self.comparison(operator, left, right, node)
            case ast.Logical(operator, items):
                return self.made(operator, tuple(self.condition(item) for item in items), "boolean", node)
            case ast.Parameter(text):
                self.refuse(f"no value for the parameter {text}: a rule has none", node)
            case ast.Lambda():
                self.refuse("-> is in no released version of Elasticsearch", node)
        return self._test(node)

    def _test(self, node: ast.Expression) -> Expression:
        match node:
            case ast.In(value, items):
                equal = tuple(self.comparison("==", value, item, node) for item in items)
                return self._negated(self.made("or", equal, "boolean", node), node.negated, node)
            case ast.Like():
                return self._negated(self._like(node), node.negated, node)
            case ast.IsNull(value, negated):
                name = "is not null" if negated else "is null"
                return self.made(name, (self.usable(value),), "boolean", node)
            case ast.Not(value):
                return self._call("not", OPERATORS["not"], node, (value,))
            case ast.Match():
                self.refuse("full-text search is a condition of WHERE, not part of another expression", node)
        raise NotEvaluated("IN with a sub-query is not evaluated here", node.span)

    def comparison(
        self, operator: str, left: ast.Expression, right: ast.Expression, node: ast.Expression
    ) -> Expression:
        one, other = self.pair(left, right, casting_to=())
        types = one.type, other.type
        if not comparable(types):
            if "unsigned_long" in types and set(types) <= NUMERIC:
                unlike = types[types[0] == "unsigned_long"]
                self.misfit(f"[unsigned_long] cannot be compared with [{unlike}]", node, node)
            message = f"first argument of [{self.source(node)}] is [{types[0]}] so second argument must also be"
            self.misfit(f"{message} [{types[0]}] but was [{types[1]}]", right, node)
        for side, made in ((left, one), (right, other)):
            self.check_type(OPERATORS[operator].parameters[0], made, side, node, 0)
        return self.made(operator, (one, other), "boolean", node)

    def pair(
        self, left: ast.Expression, right: ast.Expression, *, casting_to: Sequence[str]
    ) -> tuple[Expression, Expression]:
        """Two operands. A string literal takes the type of the other one, or ``datetime`` beside one of these types."""
        one, other = self.usable(left), self.usable(right)
        for node, made, beside in ((left, one, other), (right, other, one)):
            if is_text_literal(node):
                target = "datetime" if beside.type in casting_to else beside.type
                if target in ("datetime", "date_nanos", "ip", "version", "boolean"):
                    cast = self.cast_literal(made, target, node)
                    one, other = (cast, other) if made is one else (one, cast)
        if {one.type, other.type} == {"datetime", "date_nanos"}:
            one, other = self._in_nanoseconds(one, left), self._in_nanoseconds(other, right)
        return one, other

    def _in_nanoseconds(self, made: Expression, node: ast.Expression) -> Expression:
        return made if made.type == "date_nanos" else self.made("to_date_nanos", (made,), "date_nanos", node)

    def _arithmetic(self, node: ast.Arithmetic) -> Expression:
        additive = node.operator in ("+", "-")
        one, other = self.pair(node.left, node.right, casting_to=tuple(SPAN) if additive else ())
        types = one.type, other.type
        for at, (side, made) in enumerate(((node.left, one), (node.right, other))):
            self.check_type(OPERATORS[node.operator].parameters[0], made, side, node, at)
        mixed = set(types) <= NUMERIC and len(set(types)) > 1 and "unsigned_long" in types
        backwards = node.operator == "-" and types[1] == "datetime" and types[0] != "null"
        if mixed or backwards or (additive and sum_type(types) is None):
            message = f"[{node.operator}] has arguments with incompatible types [{types[0]}] and [{types[1]}]"
            self.misfit(message, node, node)
        if any(isinstance(side, ast.Literal) and side.value is None for side in (node.left, node.right)):
            self.context.warnings.always_null(node.span)
        return self.made(node.operator, (one, other), OPERATORS[node.operator].type_of(types), node)

    def _like(self, node: ast.Like) -> Expression:
        if self.matches_all(node):
            return self.made("is not null", (self.string(node.value, node),), "boolean", node)
        value = self.string(node.value, node)
        patterns = tuple(Constant(pattern, "keyword") for pattern, _ in self.patterns(node))
        return self.made("rlike" if node.regex else "like", (value, *patterns), "boolean", node)

    def patterns(self, node: ast.Like) -> list[tuple[str | None, ast.Expression]]:
        """The patterns of LIKE or RLIKE, which must be constants, with where they stand."""
        found: list[tuple[str | None, ast.Expression]] = []
        for pattern in node.patterns:
            made = self.usable(pattern)
            if not isinstance(made, Constant) or made.type not in ("keyword", "null") or isinstance(made.value, tuple):
                self.refuse(f"the pattern of [{self.source(node)}] must be a constant string", pattern)
            found.append((made.value, pattern))  # type: ignore[arg-type]
            self.check(OPERATORS["rlike" if node.regex else "like"].parameters[1], made, pattern)
        return found

    def matches_all(self, node: ast.Like) -> bool:
        """Whether a pattern matches every text: then Elasticsearch asks whether there is one, also under NOT."""
        patterns = [pattern for pattern, _ in self.patterns(node) if pattern is not None]
        return any(matches_all(pattern, regex_pattern=node.regex) for pattern in patterns)

    def _negated(self, made: Expression, negated: bool, node: ast.Expression) -> Expression:
        return self.made("not", (made,), "boolean", node) if negated else made

    def _cast(self, node: ast.Cast) -> Expression:
        name = CASTS.get(node.type)
        if name is None:
            if node.type in _CASTS_NOT_EVALUATED:
                raise NotEvaluated(f"the type {node.type} is not evaluated here", node.span)
            near = difflib.get_close_matches(node.type, CASTS, 1)
            hint = f", did you mean [{near[0]}]?" if near else ""
            self.refuse(f"Unknown data type named [{node.type}]{hint}", node)
        return self._call(name, FUNCTIONS[name], node, (node.value,))

    def _function(self, node: ast.Function) -> Expression:
        name = ALIASES.get(node.name, node.name)
        if name.startswith("?"):
            self.refuse(f"no value for the parameter {name}: a rule has none", node)
        if name in AGGREGATES or name in AGGREGATES_NOT_EVALUATED or name in surrogates.AGGREGATES:
            self.refuse(f"aggregate function [{self.source(node)}] not allowed outside STATS command", node)
        if name in FULL_TEXT:
            message = f"[{name.upper()}] is a condition of WHERE, not part of another expression"
            self.refuse(message, node)
        if name in GROUPINGS:
            message = f"cannot use grouping function [{self.source(node)}] outside of the groups of a STATS command"
            self.refuse(message, node)
        if name == "trange":
            return self.compile(surrogates.time_range(self.context, node))
        if name in FUNCTIONS_NOT_EVALUATED:
            raise NotEvaluated(f"the function {name.upper()} is not evaluated here", node.span)
        if name not in FUNCTIONS or " " in name:
            near = difflib.get_close_matches(name, [*FUNCTIONS, *ALIASES, *AGGREGATES], 1)
            hint = f", did you mean [{near[0]}]?" if near else ""
            self.refuse(f"Unknown function [{node.name}]{hint}", node)
        if node.star:
            self.refuse(f"[{name}] takes no *", node)
        for entry in node.options.entries if node.options is not None else ():
            name = f"{name} {entry.key} {entry.value.value if isinstance(entry.value, ast.Literal) else ''}"
            if name not in FUNCTIONS:
                why = f"the option {entry.key} of {node.name.upper()} is not evaluated here"
                raise NotEvaluated(why, entry.span)
        if name == "case":
            return self._case(node)
        return self._call(name, FUNCTIONS[name], node, node.arguments)

    def _case(self, node: ast.Function) -> Expression:
        if len(node.arguments) < 2:
            self.refuse("error building [case]: expects at least two arguments", node)
        last = len(node.arguments) - 1
        is_value = [at % 2 == 1 or (at == last and last % 2 == 0) for at in range(last + 1)]
        made = [
            self.usable(one) if value else self.condition(one)
            for one, value in zip(node.arguments, is_value, strict=True)
        ]
        places = [at for at, value in enumerate(is_value) if value]
        values = self.alike([made[at] for at in places], [node.arguments[at] for at in places], node)
        for at, value in zip(places, values, strict=True):
            made[at] = value
        return self.made("case", tuple(made), first_type(tuple(one.type for one in values)), node)

    def _call(
        self, name: str, function: Function, node: ast.Expression, arguments: Sequence[ast.Expression]
    ) -> Expression:
        parameters = self.parameters(name, function.parameters, node, arguments)
        made = [
            self.argument(parameter, argument, node, at)
            for at, (parameter, argument) in enumerate(zip(parameters, arguments, strict=True))
        ]
        if function.same is not None:
            made[function.same :] = self.alike(made[function.same :], arguments[function.same :], node)
        return self.made(name, tuple(made), function.type_of(tuple(one.type for one in made)), node)
