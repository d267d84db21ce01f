"""What expressions of ES|QL are made of, typed: names become columns, constants take the type their place needs, and
an argument is of a type that its function takes (Elasticsearch 9.5)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NoReturn

from detections.compile.esql.context import Context
from detections.compile.esql.scope import NOT_EVALUATED, Scope
from detections.errors import NotEvaluated
from detections.functions import COMPUTED, FUNCTIONS, zoned
from detections.functions.conversions import CASTS, parse_address, strict_nanoseconds, to_span
from detections.functions.dates import strict_date
from detections.functions.signature import NUMERIC, RANKS, SPAN, STRING, Parameter, Period, bind, several
from detections.plan.expression import UNSUPPORTED, Call, Column, Constant, Expression
from detections.query.esql import ast

_CASTABLE = ("datetime", "span", "double", "long", "integer", "ip", "version", "boolean")
"""What a string literal is turned into where no string is wanted; the first that the place takes."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


class Arguments(ABC):
    """Compiles the arguments of operators and functions, in one command."""

    def __init__(self, context: Context, scope: Scope) -> None:
        self.context = context
        self.query = context.query
        self.scope = scope

    @abstractmethod
    def compile(self, node: ast.Expression) -> Expression:
        """The node, typed. Raises QueryTypeError or NotEvaluated."""

    def refuse(self, message: str, node: ast.Expression | ast.Pattern) -> NoReturn:
        raise self.query.refused(message, node.span)

    def guessed(self, node: ast.Expression) -> str | None:
        """A column inside an expression whose type is a guess."""
        if not self.scope.guesses:
            return None
        for one in ast.inside(node):
            if isinstance(one, ast.Name) and self.scope.is_guessed(one.name):
                return one.name
        return None

    def misfit(self, message: str, node: ast.Expression, within: ast.Expression) -> NoReturn:
        """Types that do not go together; nothing can be said where one of them is a guess."""
        name = self.guessed(within)
        if name is not None:
            why = f"the type of {name} is unknown, and it is used as something other than a keyword"
            raise NotEvaluated(why, within.span)
        self.refuse(message, node)

    def source(self, node: ast.Expression) -> str:
        """The node as it stands in the query, for messages."""
        shown = self.query.part(node.span)
        return shown if len(shown) <= 100 else f"{shown[:100]}..."

    def made(self, function: str, arguments: tuple[Expression, ...], kind: str, node: ast.Expression) -> Expression:
        """A call, or what it comes to where all its arguments are constants."""
        zone = self.context.zone
        if zone is not None and f"zoned {function}" in COMPUTED:
            if function in ("date_format", "date_parse") and len(arguments) > 1:
                self._check_pattern(arguments[0], node)
            function, arguments = f"zoned {function}", (*arguments, Constant(zone, "keyword"))
        call = Call(function, arguments, kind, node.span)
        if function == "now" or not all(isinstance(argument, Constant) for argument in arguments):
            return call
        report = self.context.warnings.about(node.span)
        compute = bind(COMPUTED[function], tuple(argument.type for argument in arguments), report)
        return Constant(compute(*(argument.value for argument in arguments if isinstance(argument, Constant))), kind)

    def _check_pattern(self, pattern: Expression, node: ast.Expression) -> None:
        """Raises NotEvaluated for what a zone other than UTC would change in a date format."""
        if not isinstance(pattern, Constant):
            raise NotEvaluated(
                "a date format that is not a constant is not evaluated in another zone than UTC", node.span
            )
        try:
            zoned.check_pattern(str(pattern.value))
        except NotEvaluated as error:
            raise NotEvaluated(str(error), node.span) from None

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
                raise NotEvaluated(f"the type {kind} of {column.name} is not evaluated here", node.span)
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

    def string(self, node: ast.Expression, within: ast.Expression) -> Expression:
        made = self.usable(node)
        self.check_type(Parameter(STRING), made, node, within, 0)
        return made

    def parameters(
        self, name: str, declared: Sequence[Parameter], node: ast.Expression, arguments: Sequence[ast.Expression]
    ) -> list[Parameter]:
        """The parameter of each argument. Raises QueryTypeError: too few or too many."""
        least = sum(not one.optional for one in declared)
        count = len(arguments)
        if count < least or (count > len(declared) and not (declared and declared[-1].repeated)):
            most = len(declared)
            wanted = f"at least {least}" if declared and declared[-1].repeated else f"{least} to {most}"
            wanted = str(least) if most == least else wanted
            plural = "" if wanted.endswith("1") else "s"
            self.refuse(f"error building [{name}]: expects {wanted} argument{plural}, found {count}", node)
        if declared and declared[0].optional and not declared[0].repeated and 0 < count < len(declared):
            return list(declared[1:])
        return [declared[min(at, len(declared) - 1)] for at in range(count)]

    def argument(self, parameter: Parameter, node: ast.Expression, call: ast.Expression, at: int) -> Expression:
        made = self.usable(node)
        if is_text_literal(node) and not parameter.types & STRING:
            wanted = parameter.types | ({"span"} if parameter.types & SPAN else set())
            target = next((one for one in _CASTABLE if one in wanted), None)
            if target is not None:
                made = self.cast_literal(made, target, node)
        if made.type == "date_nanos" and "date_nanos" not in parameter.types and "datetime" in parameter.types:
            made = self.made("to_datetime", (made,), "datetime", node)
        self.check_type(parameter, made, node, call, at)
        if parameter.constant and not isinstance(made, Constant):
            self.refuse(f"{_ordinal(at)} argument of [{self.source(call)}] must be a constant", node)
        self.check(parameter, made, node)
        return made

    def check(self, parameter: Parameter, made: Expression, node: ast.Expression) -> None:
        """What a parameter says of a constant."""
        if parameter.check is not None and isinstance(made, Constant) and made.value is not None:
            try:
                for value in several(made.value):
                    parameter.check(value)
            except ValueError as error:
                self.refuse(str(error), node)

    def check_type(
        self, parameter: Parameter, made: Expression, node: ast.Expression, call: ast.Expression, at: int
    ) -> None:
        if made.type not in parameter.types and made.type != "null":
            wanted = "string" if parameter.types == STRING else "numeric" if parameter.types == NUMERIC else None
            shown = wanted or " or ".join(sorted(parameter.types, key=lambda one: (RANKS.get(one, -1), one)))
            message = f"{_ordinal(at)} argument of [{self.source(call)}] must be [{shown}]"
            self.misfit(f"{message}, found value [{self.source(node)}] type [{made.type}]", node, call)

    def alike(
        self, made: Sequence[Expression], nodes: Sequence[ast.Expression], call: ast.Expression
    ) -> list[Expression]:
        """Values of one type: numbers become what the first of them is, if that is wide enough."""
        kind = next((one.type for one in made if one.type != "null"), "null")
        alike: list[Expression] = []
        for one, node in zip(made, nodes, strict=True):
            fits = one.type in (kind, "null") or {one.type, kind} <= STRING
            if not fits and RANKS.get(one.type, 9) < RANKS.get(kind, -1):
                one = self.made(CASTS[kind], (one,), kind, node)
            elif not fits:
                message = f"[{self.source(node)}] in [{self.source(call)}] must be [{kind}], found [{one.type}]"
                self.misfit(message, node, call)
            alike.append(one)
        return alike

    def cast_if_text(self, node: ast.Expression, target: str) -> Expression:
        """An expression, a string literal being turned into another type."""
        made = self.usable(node)
        return self.cast_literal(made, target, node) if is_text_literal(node) else made

    def cast_literal(self, made: Expression, target: str, node: ast.Expression) -> Expression:
        assert isinstance(made, Constant)
        texts = made.value if isinstance(made.value, tuple) else (made.value,)
        try:
            values = tuple(_from_text(str(text), target, self.context.zone) for text in texts)
        except ValueError as error:
            self.refuse(f"Cannot convert string [{self.source(node)}] to [{target.upper()}], error [{error}]", node)
        if target == "span":
            target = "date_period" if isinstance(values[0], Period) else "time_duration"
        return Constant(values if isinstance(made.value, tuple) else values[0], target)


def _from_text(text: str, target: str, zone: str | None) -> object:
    match target:
        case "datetime":
            return strict_date(text) if zone is None else zoned.instant_of(text, zone)
        case "date_nanos":
            return strict_nanoseconds(text) if zone is None else zoned.nanoseconds_of(text, zone)
        case "span":
            return to_span(text)
        case "ip":
            return parse_address(text)
        case "version":
            return text
        case "boolean":
            return text.lower() == "true"
    return FUNCTIONS[CASTS[target]].make(("keyword",))(text)


def is_text_literal(node: ast.Expression) -> bool:
    return isinstance(node, ast.Literal) and node.type == "keyword"


def _ordinal(at: int) -> str:
    return _ORDINALS[at] if at < len(_ORDINALS) else f"{at + 1}th"
