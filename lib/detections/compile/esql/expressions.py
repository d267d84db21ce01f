"""Expressions of ES|QL, typed: names become columns, constants take the type their place needs (Elasticsearch 9.2)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NoReturn

from detections.compile.esql.scope import NOT_EVALUATED, Scope
from detections.errors import NotEvaluated
from detections.functions import AGGREGATES, ALIASES, FUNCTIONS, OPERATORS
from detections.functions import NOT_EVALUATED as FUNCTIONS_NOT_EVALUATED
from detections.functions.conversions import CASTS, parse_address, to_span
from detections.functions.dates import UNITS, strict_date
from detections.functions.operators import comparable, sum_type
from detections.functions.signature import (
    NUMERIC,
    RANKS,
    SPAN,
    STRING,
    Function,
    Parameter,
    Period,
    bind,
    first_type,
)
from detections.plan.expression import UNSUPPORTED, Call, Column, Constant, Expression
from detections.query import EsqlQuery
from detections.query.esql import ast

_CASTABLE = ("datetime", "span", "double", "long", "integer", "ip", "version", "boolean")
"""What a string literal is turned into where no string is wanted; the first that the place takes."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


class Expressions:
    """Compiles the expressions of one command."""

    def __init__(self, query: EsqlQuery, scope: Scope) -> None:
        self.query = query
        self.scope = scope

    def refuse(self, message: str, node: ast.Expression | ast.Pattern) -> NoReturn:
        raise self.query.refused(message, node.span)

    def guessed(self, node: ast.Expression) -> str | None:
        """A column inside an expression whose type is a guess."""
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if isinstance(one, ast.Name) and self.scope.is_guessed(one.name):
                return one.name
            waiting.extend(ast.children(one))
        return None

    def misfit(self, message: str, node: ast.Expression, within: ast.Expression) -> NoReturn:
        """Types that do not go together; nothing can be said where one of them is a guess."""
        name = self.guessed(within)
        if name is not None:
            raise NotEvaluated(f"the type of {name} is not known, and it is used as something else than a keyword")
        self.refuse(message, node)

    def source(self, node: ast.Expression) -> str:
        """The node as it stands in the query, for messages."""
        shown = self.query.part(node.span)
        return shown if len(shown) <= 100 else f"{shown[:100]}..."

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
            case ast.In(value, items):
                equal = tuple(self.comparison("==", value, item, node) for item in items)
                return self._negated(fold(Call("or", equal, "boolean")), node.negated)
            case ast.Like():
                return self._negated(self._like(node), node.negated)
            case ast.IsNull(value, negated):
                return fold(Call("is not null" if negated else "is null", (self.usable(value),), "boolean"))
            case ast.Not(value):
                return self._call("not", OPERATORS["not"], node, (value,))
            case ast.Logical(operator, items):
                return fold(Call(operator, tuple(self.condition(item) for item in items), "boolean"))
            case ast.Match():
                raise NotEvaluated("the operator : is full-text search, not evaluated here")
            case ast.InQuery():
                raise NotEvaluated("IN with a sub-query is not evaluated here")
            case ast.Lambda():
                self.refuse("-> is in no released version of Elasticsearch", node)
            case ast.Parameter(text):
                self.refuse(f"no value for the parameter {text}: a rule has none", node)
        raise AssertionError(node)

    def column(self, node: ast.Name | ast.Pattern) -> Column:
        """A column by name. Raises QueryTypeError: unknown."""
        name = node.name if isinstance(node, ast.Name) else node.texts[0]
        if node.unbound:
            self.refuse(f"no value for the parameter in {name}: a rule has none", node)
        found = self.scope.get(name)
        if found is None:
            root = self.scope.flattened_above(name)
            if root is not None:
                self._refuse_unsupported(root, node)
            near = self.scope.similar(name)
            self.refuse(f"Unknown column [{name}]" + (f", did you mean [{near}]?" if near else ""), node)
        return found

    def usable(self, node: ast.Expression) -> Expression:
        """An expression of a type that can be computed with."""
        made = self.compile(node)
        if made.type == UNSUPPORTED and isinstance(made, Column):
            self._refuse_unsupported(made, node)
        return made

    def _refuse_unsupported(self, column: Column, node: ast.Expression | ast.Pattern) -> NoReturn:
        types = column.field.types if column.field is not None else ()
        for kind in types:
            if kind in NOT_EVALUATED:
                raise NotEvaluated(f"the type {kind} of {column.name} is not evaluated here")
        if len(types) > 1:
            shown = ", ".join(f"[{one}]" for one in types)
            message = f"due to ambiguities being mapped as [{len(types)}] incompatible types: {shown}"
        else:
            message = f"with unsupported type{''.join(f' [{one}]' for one in types)}"
        self.refuse(f"Cannot use field [{column.name}] {message}", node)

    def condition(self, node: ast.Expression) -> Expression:
        """An expression of type boolean."""
        made = self.usable(node)
        if made.type not in ("boolean", "null"):
            message = f"condition must be [boolean], found value [{self.source(node)}] type [{made.type}]"
            self.misfit(message, node, node)
        return made

    def comparison(
        self, operator: str, left: ast.Expression, right: ast.Expression, node: ast.Expression
    ) -> Expression:
        one, other = self.pair(left, right, casting_to=())
        types = one.type, other.type
        if not comparable(types):
            if "unsigned_long" in types and set(types) <= NUMERIC:
                self.misfit(
                    f"[unsigned_long] cannot be compared with [{types[types[0] == 'unsigned_long']}]", node, node
                )
            message = f"first argument of [{self.source(node)}] is [{types[0]}] so second argument must also be"
            self.misfit(f"{message} [{types[0]}] but was [{types[1]}]", right, node)
        for side, made in ((left, one), (right, other)):
            self._check_type(OPERATORS[operator].parameters[0], made, side, node, 0)
        return fold(Call(operator, (one, other), "boolean"))

    def pair(
        self, left: ast.Expression, right: ast.Expression, *, casting_to: Sequence[str]
    ) -> tuple[Expression, Expression]:
        """Two operands. A string literal takes the type of the other one, or ``datetime`` beside one of these types."""
        one, other = self.usable(left), self.usable(right)
        for node, made, beside in ((left, one, other), (right, other, one)):
            if _is_text_literal(node):
                target = "datetime" if beside.type in casting_to else beside.type
                if target in ("datetime", "ip", "version", "boolean"):
                    cast = self._cast_literal(made, target, node)
                    one, other = (cast, other) if made is one else (one, cast)
        return one, other

    def _arithmetic(self, node: ast.Arithmetic) -> Expression:
        additive = node.operator in ("+", "-")
        one, other = self.pair(node.left, node.right, casting_to=tuple(SPAN) if additive else ())
        types = one.type, other.type
        for at, (side, made) in enumerate(((node.left, one), (node.right, other))):
            self._check_type(OPERATORS[node.operator].parameters[0], made, side, node, at)
        mixed = set(types) <= NUMERIC and len(set(types)) > 1 and "unsigned_long" in types
        backwards = node.operator == "-" and types[1] == "datetime" and types[0] != "null"
        if mixed or backwards or (additive and sum_type(types) is None):
            message = f"[{node.operator}] has arguments with incompatible types [{types[0]}] and [{types[1]}]"
            self.misfit(message, node, node)
        return fold(Call(node.operator, (one, other), OPERATORS[node.operator].type_of(types)))

    def _like(self, node: ast.Like) -> Expression:
        value = self.string(node.value, node)
        patterns = tuple(Constant(pattern, "keyword") for pattern, _ in self.patterns(node))
        return fold(Call("rlike" if node.regex else "like", (value, *patterns), "boolean"))

    def string(self, node: ast.Expression, within: ast.Expression) -> Expression:
        made = self.usable(node)
        self._check_type(Parameter(STRING), made, node, within, 0)
        return made

    def patterns(self, node: ast.Like) -> list[tuple[str | None, ast.Expression]]:
        """The patterns of LIKE or RLIKE, which must be constants, with where they stand."""
        found: list[tuple[str | None, ast.Expression]] = []
        for one in node.patterns:
            made = self.usable(one)
            if not isinstance(made, Constant) or made.type not in ("keyword", "null") or isinstance(made.value, tuple):
                self.refuse(f"the pattern of [{self.source(node)}] must be a constant string", one)
            found.append((made.value, one))  # type: ignore[arg-type]
            self.check(OPERATORS["rlike" if node.regex else "like"].parameters[1], made, one)
        return found

    def _negated(self, made: Expression, negated: bool) -> Expression:
        return fold(Call("not", (made,), "boolean")) if negated else made

    def _cast(self, node: ast.Cast) -> Expression:
        name = CASTS.get(node.type)
        if name is None:
            if node.type in NOT_EVALUATED | {"geohash", "geotile", "geohex", "cartesian_point", "cartesian_shape"}:
                raise NotEvaluated(f"the type {node.type} is not evaluated here")
            near = difflib.get_close_matches(node.type, CASTS, 1)
            self.refuse(
                f"Unknown data type named [{node.type}]" + (f", did you mean [{near[0]}]?" if near else ""), node
            )
        return self._call(name, FUNCTIONS[name], node, (node.value,))

    def _function(self, node: ast.Function) -> Expression:
        name = ALIASES.get(node.name, node.name)
        if name in AGGREGATES:
            self.refuse(f"aggregate function [{self.source(node)}] not allowed outside STATS command", node)
        if name in FUNCTIONS_NOT_EVALUATED:
            raise NotEvaluated(f"the function {name.upper()} is not evaluated here")
        if name not in FUNCTIONS or " " in name:
            near = difflib.get_close_matches(name, [*FUNCTIONS, *ALIASES], 1)
            hint = f", did you mean [{near[0]}]?" if near else ""
            self.refuse(f"Unknown function [{node.name}]{hint}", node)
        if node.star:
            self.refuse(f"[{name}] takes no *", node)
        for entry in node.options.entries if node.options is not None else ():
            name = f"{name} {entry.key} {entry.value.value if isinstance(entry.value, ast.Literal) else ''}"
            if name not in FUNCTIONS:
                raise NotEvaluated(f"the option {entry.key} of {node.name.upper()} is not evaluated here")
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
        values = self._alike([made[at] for at in places], [node.arguments[at] for at in places], node)
        for at, value in zip(places, values, strict=True):
            made[at] = value
        return fold(Call("case", tuple(made), first_type(tuple(one.type for one in values))))

    def _call(
        self, name: str, function: Function, node: ast.Expression, arguments: Sequence[ast.Expression]
    ) -> Expression:
        parameters = self._parameters(name, function, node, arguments)
        made = [
            self._argument(parameter, argument, node, at)
            for at, (parameter, argument) in enumerate(zip(parameters, arguments, strict=True))
        ]
        if function.same is not None:
            made[function.same :] = self._alike(made[function.same :], arguments[function.same :], node)
        return fold(Call(name, tuple(made), function.type_of(tuple(one.type for one in made))))

    def _parameters(
        self, name: str, function: Function, node: ast.Expression, arguments: Sequence[ast.Expression]
    ) -> list[Parameter]:
        """The parameter of each argument. Raises QueryTypeError: too few or too many."""
        declared = function.parameters
        least = sum(not one.optional for one in declared)
        count = len(arguments)
        if count < least or (count > len(declared) and not (declared and declared[-1].repeated)):
            most = len(declared)
            wanted = f"at least {least}" if declared and declared[-1].repeated else f"{least} to {most}"
            wanted = str(least) if most == least else wanted
            plural = "" if wanted.endswith("1") else "s"
            self.refuse(f"error building [{name}]: expects {wanted} argument{plural}, found {count}", node)
        if declared and declared[0].optional and not declared[0].repeated and count < len(declared):
            return list(declared[1:])
        return [declared[min(at, len(declared) - 1)] for at in range(count)]

    def _argument(self, parameter: Parameter, node: ast.Expression, call: ast.Expression, at: int) -> Expression:
        made = self.usable(node)
        if _is_text_literal(node) and not parameter.types & STRING:
            wanted = parameter.types | ({"span"} if parameter.types & SPAN else set())
            target = next((one for one in _CASTABLE if one in wanted), None)
            if target is not None:
                made = self._cast_literal(made, target, node)
        self._check_type(parameter, made, node, call, at)
        if parameter.constant and not isinstance(made, Constant):
            self.refuse(f"{_ordinal(at)} argument of [{self.source(call)}] must be a constant", node)
        self.check(parameter, made, node)
        return made

    def check(self, parameter: Parameter, made: Expression, node: ast.Expression) -> None:
        """What a parameter says of a constant."""
        if parameter.check is not None and isinstance(made, Constant) and made.value is not None:
            try:
                parameter.check(made.value)
            except ValueError as error:
                self.refuse(str(error), node)

    def _check_type(
        self, parameter: Parameter, made: Expression, node: ast.Expression, call: ast.Expression, at: int
    ) -> None:
        if made.type not in parameter.types and made.type != "null":
            wanted = "string" if parameter.types == STRING else "numeric" if parameter.types == NUMERIC else None
            shown = wanted or " or ".join(sorted(parameter.types, key=lambda one: (RANKS.get(one, -1), one)))
            message = f"{_ordinal(at)} argument of [{self.source(call)}] must be [{shown}]"
            self.misfit(f"{message}, found value [{self.source(node)}] type [{made.type}]", node, call)

    def _alike(
        self, made: Sequence[Expression], nodes: Sequence[ast.Expression], call: ast.Expression
    ) -> list[Expression]:
        """Values of one type: numbers become what the first of them is, if that is wide enough."""
        kind = next((one.type for one in made if one.type != "null"), "null")
        alike: list[Expression] = []
        for one, node in zip(made, nodes, strict=True):
            fits = one.type in (kind, "null") or {one.type, kind} <= STRING
            if not fits and RANKS.get(one.type, 9) < RANKS.get(kind, -1):
                name = CASTS[kind]
                one = fold(Call(name, (one,), kind))
            elif not fits:
                message = f"[{self.source(node)}] in [{self.source(call)}] must be [{kind}], found [{one.type}]"
                self.misfit(message, node, call)
            alike.append(one)
        return alike

    def _cast_literal(self, made: Expression, target: str, node: ast.Expression) -> Expression:
        assert isinstance(made, Constant)
        texts = made.value if isinstance(made.value, tuple) else (made.value,)
        try:
            values = tuple(_from_text(str(text), target) for text in texts)
        except ValueError as error:
            self.refuse(f"Cannot convert string [{self.source(node)}] to [{target.upper()}], error [{error}]", node)
        if target == "span":
            target = "date_period" if isinstance(values[0], Period) else "time_duration"
        return Constant(values if isinstance(made.value, tuple) else values[0], target)


def _from_text(text: str, target: str) -> Any:
    match target:
        case "datetime":
            return strict_date(text)
        case "span":
            return to_span(text)
        case "ip":
            return parse_address(text)
        case "version":
            return text
        case "boolean":
            return text.lower() == "true"
    name = CASTS[target]
    return FUNCTIONS[name].make(("keyword",))(text)


def _is_text_literal(node: ast.Expression) -> bool:
    return isinstance(node, ast.Literal) and node.type == "keyword"


def _ordinal(at: int) -> str:
    return _ORDINALS[at] if at < len(_ORDINALS) else f"{at + 1}th"


def fold(call: Call) -> Expression:
    """The call, or what it comes to where all its arguments are constants."""
    if call.function == "now" or not all(isinstance(one, Constant) for one in call.arguments):
        return call
    function = OPERATORS.get(call.function) or FUNCTIONS[call.function]
    compute = bind(function, tuple(one.type for one in call.arguments))
    return Constant(compute(*(one.value for one in call.arguments if isinstance(one, Constant))), call.type)
