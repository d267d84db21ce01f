"""Comparisons of sums, solved for their field as Elasticsearch's optimizer does it: ``size + 2 > 5`` is ``size > 3``.

Only whole numbers, for only they come out the same; and no division, which drops what remains.
"""

from __future__ import annotations

from detections.functions.eql import WHOLE
from detections.functions.signature import RANGES
from detections.plan.expression import Call, Constant, Expression

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*"}


def solved(operator: str, left: Expression, right: int) -> tuple[str, Expression, int]:
    """The same comparison with less on its left side, as far as it can be solved."""
    low, high = RANGES["long"]
    while isinstance(left, Call) and left.type in WHOLE:
        step = _step(operator, left, right)
        if step is None or not low <= step[2] <= high:
            break
        operator, left, right = step
    return operator, left, right


def _step(operator: str, left: Call, right: int) -> tuple[str, Expression, int] | None:
    name = left.function.removeprefix("eql.")
    match _SYMBOLS.get(name, name), left.arguments:
        case "negative", (value,):
            return MIRRORED[operator], value, -right
        case "+", (Constant(int() as known), value) | (value, Constant(int() as known)):
            return operator, value, right - known
        case "-", (value, Constant(int() as known)):
            return operator, value, right + known
        case "-", (Constant(int() as known), value):
            return MIRRORED[operator], value, known - right
        case "*", (Constant(int() as known), value) | (value, Constant(int() as known)) if known and not right % known:
            return operator if known > 0 else MIRRORED[operator], value, right // known
    return None
