"""Expressions of EQL, typed: fields become columns, constants are computed (Elasticsearch 9: analyzer and verifier).

What stands here is computed from the values of a document, and null is a value: conditions within expressions have
three values. The refusals are in Elasticsearch's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from detections.compile.eql.fields import Fields, did_you_mean
from detections.functions import COMPUTED
from detections.functions.eql import FUNCTIONS, NAMES, NUMERIC, WHOLE, java_text, like_pattern
from detections.functions.signature import BOOLEAN, IP, STRING, Function, Parameter, bind
from detections.mapping import DYNAMIC
from detections.plan.expression import Call, Column, Constant, Expression
from detections.query import EqlQuery
from detections.query.eql import ast
from detections.values import regex
from detections.values.wildcard import ANY, Wild

ORDINALS = ("first", "second", "third", "fourth", "fifth")
_NUMBERS = ("zero", "one", "two", "three", "four", "five")
_WORDS = {STRING: "string", NUMERIC: "numeric", WHOLE: "integer", BOOLEAN: "boolean", IP: "ip"}
_UNNUMBERED = frozenset(("length", "string", "concat"))
"""Functions whose refusals do not say which argument it is."""

FALSE, NULL = Constant(False, "boolean"), Constant(None, "null")


class Expressions:
    """Compiles the expressions of one query."""

    def __init__(self, query: EqlQuery, fields: Fields) -> None:
        self._query = query
        self.fields = fields

    # Refusals.

    def refuse(self, message: str, node: ast.Expression) -> NoReturn:
        raise self.fields.refused(message, node.span)

    def source(self, node: ast.Expression) -> str:
        """The node as it stands in the query, for messages."""
        shown = self._query.part(node.span)
        return shown if len(shown) <= 200 else f"{shown[:200]}..."

    def name(self, node: ast.Expression) -> str:
        return node.name if isinstance(node, ast.FieldName) else self.source(node)

    def check_type(
        self,
        made: Expression,
        types: frozenset[str],
        node: ast.Expression,
        operation: str,
        within: ast.Expression,
        ordinal: str = "",
        hint: str = "",
    ) -> Expression:
        """The operand; one whose type is none of these (null always is) is refused, but a guessed type gives way."""
        if made.type not in types and made.type != "null":
            if is_guess(made):
                return _taken_for(made, types)
            which = f"{ordinal} argument" if ordinal else "argument"
            found = f"found value [{self.name(node)}] type [{made.type}]"
            self.refuse(f"{which} of [{operation}] must be [{_WORDS[types]}], {found}{hint}", within)
        return made

    def exact(self, made: Expression, operation: str, within: ast.Expression, ordinal: str = "") -> Expression:
        """The operand, of a text field the sub-field with its exact values."""
        if not isinstance(made, Column):
            return made
        found = self.fields.exact(made)
        if isinstance(found, str):
            which = f"{ordinal} argument field" if ordinal else "field"
            self.refuse(f"[{operation}] cannot operate on {which} of data type [{made.type}]: {found}", within)
        return found

    # Expressions.

    def compile(self, node: ast.Expression) -> Expression:
        match node:
            case ast.Literal(value):
                return Constant(value, _literal_type(value))
            case ast.FieldName():
                return self.fields.column(node) or NULL
            case ast.Call():
                return self._function(node)
            case ast.Negative(operand):
                made = self.check_type(self.compile(operand), NUMERIC, operand, self.source(node), node)
                return call("eql.negative", made)
            case ast.Arithmetic(operator, left, right):
                return self._arguments(f"eql.{operator}", (left, right), node)
            case ast.Comparison():
                return self._comparison(node)
            case ast.In():
                return self._in(node)
            case ast.Match():
                return self._match(node)
            case ast.Not(item):
                return call("not", self.boolean(item, node))
            case ast.And(items):
                return _chain("and", [self.boolean(item, node, at) for at, item in enumerate(items)])
            case ast.Or(items):
                return _chain("or", [self.boolean(item, node, at) for at, item in enumerate(items)])

    def boolean(self, node: ast.Expression, within: ast.Expression, at: int | None = None) -> Expression:
        """An operand of ``and``, ``or`` (number ``at``) or ``not``."""
        ordinal = "" if at is None else ORDINALS[min(at, 1)]
        return self.check_type(self.compile(node), BOOLEAN, node, self.source(within), within, ordinal)

    def compared(self, node: ast.Comparison) -> tuple[Expression, Expression]:
        """Both sides of a comparison; text fields as they are."""
        sides = self.compile(node.left), self.compile(node.right)
        for made, ordinal in zip(sides, ORDINALS, strict=False):
            self.exact(made, self.source(node), node, ordinal)
        return sides

    def _comparison(self, node: ast.Comparison) -> Expression:
        left, right = (value_of(self.exact(one, self.source(node), node)) for one in self.compared(node))
        equality = node.operator in ("==", "!=")
        if equality and (_is_null(left) or _is_null(right)):
            tested = right if _is_null(left) else left
            made = call("is null", tested)
        else:
            made = call("eql.==" if equality else f"eql.{node.operator}", left, right)
        return call("not", made) if node.operator == "!=" else made

    def chosen(self, node: ast.In) -> tuple[Expression, list[Constant]]:
        """The value of an ``in`` and what it may be."""
        value = self.compile(node.value)
        found: list[Constant] = []
        if node.case_insensitive:
            for choice in node.choices:
                value, constant = self.insensitive(value, choice, node)
                found.append(constant)
            return value, found
        value = self.exact(value, "IN", node)
        for at, choice in enumerate(node.choices, 1):
            made = self.compile(choice)
            if not isinstance(made, Constant):
                self.refuse(
                    f"Comparisons against fields are not (currently) supported; offender [{self.name(choice)}] in "
                    f"[{self.source(node)}]",
                    node,
                )
            if not compatible(value.type, made.type) and not is_guess(value):
                message = f"{_nth(at)} argument of [{self.source(node)}] must be [{value.type}], found value"
                self.refuse(f"{message} [{self.name(choice)}] type [{made.type}]", node)
            found.append(made)
        return value, found

    def insensitive(
        self, value: Expression, choice: ast.Expression, node: ast.In | ast.Match
    ) -> tuple[Expression, Constant]:
        """The two sides of a comparison of strings that ignores case."""
        made = self.compile(choice)
        hint = "; consider using [==] instead"
        value = self.check_type(value, STRING, node.value, ":", node, "first", hint)
        made = self.check_type(made, STRING, choice, ":", node, "second", hint)
        value = self.exact(value, ":", node, "first")
        if not isinstance(made, Constant):
            self.against_field(choice, ":")
        return value, made

    def against_field(self, node: ast.Expression, operator: str) -> NoReturn:
        message = "Comparisons against fields are not (currently) supported"
        self.refuse(f"{message}; offender [{self.name(node)}] in [{operator}]", node)

    def _in(self, node: ast.In) -> Expression:
        value, choices = self.chosen(node)
        operator = "eql.==~" if node.case_insensitive else "eql.=="
        kept = [choice for choice in choices if choice.value is not None or node.case_insensitive]
        return _chain("or", [call(operator, value_of(value), one) for one in kept]) if kept else NULL

    def matched(self, node: ast.Match) -> tuple[Expression, list[str]]:
        """The value of ``:``, ``like`` or ``regex``, its type checked, and the patterns."""
        value = self.compile(node.value)
        if node.operator == ":":
            texts = [self.insensitive(value, pattern, node)[1].value for pattern in node.patterns]
        else:
            regular = node.operator.startswith("regex")
            ordinal = "first" if regular else ""
            value = self.check_type(value, STRING, node.value, self.source(node), node, ordinal)
            self.exact(value, self.source(node), node, ordinal)
            patterns = enumerate(node.patterns, 1)
            texts = [self._regex(node, at, one) if regular else one.value for at, one in patterns]
        for text, pattern in zip(texts, node.patterns, strict=True):
            if text is None:
                self.refuse(f"[{self.source(node)}] pattern must not be [null]", pattern)
        return value, [java_text(text) for text in texts]

    def _regex(self, node: ast.Match, at: int, pattern: ast.Literal) -> object:
        made = self.compile(pattern)
        self.check_type(made, STRING, pattern, self.source(node), node, ORDINALS[min(at, 4)])
        if isinstance(pattern.value, str):
            try:
                regex.matcher(pattern.value, case_insensitive=node.operator == "regex~")
            except regex.RegexError as error:
                self.refuse(f"invalid regular expression: {error}", pattern)
        return pattern.value

    def matching(self, node: ast.Match, value: Expression, pattern: str) -> Expression:
        """A computed value against one pattern. Without a wildcard ``:`` and ``like`` compare the whole text.

        What matches every text asks whether there is a value. So does, of a constant, a pattern that only one text
        matches, for it becomes an ``==``; but ``:`` and what else ignores case become something else, which is null.
        """
        regular = node.operator.startswith("regex")
        wildcards = like_pattern(pattern)
        if regex.matches_all(pattern) if regular else wildcards and all(part is ANY for part in wildcards):
            return call("is not null", value)
        if _is_null(value) and node.operator in ("like", "regex"):
            alone = (
                regex.only_text(pattern) is not None
                if regular
                else not any(isinstance(part, Wild) for part in wildcards)
            )
            if alone:
                return FALSE
        operator = "like~" if node.operator == ":" else node.operator
        return call(f"eql.{operator}", value_of(value), Constant(pattern, "keyword"))

    def _match(self, node: ast.Match) -> Expression:
        value, patterns = self.matched(node)
        exact = self.exact(value, self.source(node), node)
        return _chain("or", [self.matching(node, exact, pattern) for pattern in patterns])

    # Functions.

    def _function(self, node: ast.Call) -> Expression:
        name = node.name.lower()
        if name not in NAMES:
            message = f"Unknown function [{node.name}]{did_you_mean(name, NAMES)}"
            raise self.fields.refused(message, node.name_span)
        function = f"eql.{name}~" if node.case_insensitive else f"eql.{name}"
        if function not in FUNCTIONS:
            message = f"Function [{node.name}] has no variant that ignores case: write it without the ~"
            raise self.fields.refused(message, node.name_span)
        made = self._arguments(function, node.arguments, node, name)
        match made:
            case Call("eql.string", (Column(type="keyword") as column,)):
                return column
        return made

    def _arguments(
        self, function: str, arguments: Sequence[ast.Expression], node: ast.Expression, name: str = ""
    ) -> Expression:
        definition = FUNCTIONS[function]
        expected = _expected(definition, len(arguments))
        if expected:
            self.refuse(f"error building [{name}]: expects {expected}", node)
        made = [self.compile(argument) for argument in arguments]
        for at, argument in enumerate(arguments):
            parameter = definition.parameters[min(at, len(definition.parameters) - 1)]
            ordinal = "" if name in _UNNUMBERED else ORDINALS[at] if at < len(ORDINALS) else ""
            made[at] = self._argument(made[at], argument, parameter, node, ordinal)
        return call(function, *made)

    def _argument(
        self, made: Expression, node: ast.Expression, parameter: Parameter, within: ast.Expression, ordinal: str
    ) -> Expression:
        operation = self.source(within)
        if parameter.constant and not isinstance(made, Constant):
            which = f"{ordinal} argument" if ordinal else "argument"
            self.refuse(f"{which} of [{operation}] must be a constant, received [{self.name(node)}]", within)
        if parameter.types in _WORDS:
            made = self.check_type(made, parameter.types, node, operation, within, ordinal)
        return value_of(self.exact(made, operation, within, ordinal))


def call(function: str, *arguments: Expression) -> Expression:
    """A call, or what it comes to where all its arguments are constants: of the call's type, for Elasticsearch folds
    constants after it has refused what does not fit.
    """
    definition = COMPUTED[function]
    types = tuple(argument.type for argument in arguments)
    made = definition.type_of(types)
    constants = [argument.value for argument in arguments if isinstance(argument, Constant)]
    if len(constants) < len(arguments):
        return Call(function, arguments, made)
    value = bind(definition, types)(*constants)
    return Constant(value, made)


def value_of(made: Expression) -> Expression:
    """What expressions compute with: a date or an address is a text, and so is what may be one or a number."""
    if isinstance(made, Column) and made.type in ("datetime", "ip"):
        return Call("eql.written", (made,), "keyword")
    if isinstance(made, Column) and made.field is not None and made.field.type == DYNAMIC:
        return _taken_for(made, STRING)
    return made


def is_guess(made: Expression) -> bool:
    """Whether it is a field whose type nobody declared."""
    return isinstance(made, Column) and made.field is not None and not made.field.declared


def _taken_for(made: Expression, types: frozenset[str]) -> Column:
    """A field of a guessed type as one of the types that its use asks for."""
    assert isinstance(made, Column) and made.field is not None
    kind = next(one for one in ("keyword", "double", "long", "boolean", "ip") if one in types)
    return Column(made.name, kind, made.field.as_type(kind))


def _is_null(made: Expression) -> bool:
    return isinstance(made, Constant) and made.value is None


def compatible(one: str, other: str) -> bool:
    """Whether values of two types can be compared."""
    kinds = {one, other} - {"null"}
    return len(kinds) < 2 or kinds <= STRING or kinds <= NUMERIC


def _chain(operator: str, items: list[Expression]) -> Expression:
    return items[0] if len(items) == 1 else call(operator, *items)


def _literal_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer" if -(2**31) <= value < 2**31 else "long" if value < 2**63 else "unsigned_long"
        case float():
            return "double"
        case _:
            return "keyword"


def _expected(definition: Function, count: int) -> str:
    """How many arguments a function wants, where it is not so many."""
    parameters = definition.parameters
    least = sum(not parameter.optional for parameter in parameters)
    most = None if parameters and parameters[-1].repeated else len(parameters)
    if count >= least and (most is None or count <= most):
        return ""
    if most is None:
        return f"at least {_NUMBERS[least]} arguments"
    if least == most:
        return f"exactly {_NUMBERS[least]} argument{'s' * (least > 1)}"
    return f"{_NUMBERS[least]} or {_NUMBERS[most]} arguments"


def _nth(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
