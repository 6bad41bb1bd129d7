"""The operators of C#, by the types of their operands."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.policy.csharp.lexer import ExpressionRefused
from lab.policy.csharp.semantics import VALUE_TYPES, divided, joined, remainder, wrapped

if TYPE_CHECKING:
    from lab.policy.csharp.expression import Frame

NULL_TYPE = "null"
NUMBERS = frozenset({"int", "double"})
HAS_TEXT = frozenset({"string", "int", "bool", "Guid", NULL_TYPE})
"""Types that can be joined to a string, their text being the same in every culture."""
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ORDERED = frozenset({*NUMBERS, "DateTime", "TimeSpan"})
EQUAL = frozenset({*VALUE_TYPES, "string"})
"""Types whose values `==` compares; of all others it compares identities, and is refused."""
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divided,
    "%": remainder,
}
DIFFERENCES: Mapping[tuple[str, str, str], str] = {
    ("DateTime", "-", "DateTime"): "TimeSpan",
    ("TimeSpan", "-", "TimeSpan"): "TimeSpan",
    ("TimeSpan", "+", "TimeSpan"): "TimeSpan",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A compiled expression: the type that C# gives it, and what computes its value."""

    type: str
    value: "Callable[[Frame], Any]"


def converted(it: Typed, kind: str) -> Typed:
    """The expression as a value of that type, where C# converts by itself; raises ExpressionRefused."""
    if it.type == kind:
        return it
    if (it.type, kind) == ("int", "double"):
        return Typed(kind, lambda frame: float(it.value(frame)))
    if kind == "object" or (it.type == NULL_TYPE and kind not in VALUE_TYPES):
        return Typed(kind, it.value)
    raise ExpressionRefused(f"{it.type} where {kind} is needed")


def unary(sign: str, operand: Typed) -> Typed:
    """`!x`, `-x`."""
    value = operand.value
    if (sign, operand.type) == ("!", "bool"):
        return Typed("bool", lambda frame: not value(frame))
    if sign == "-" and operand.type in NUMBERS:
        return Typed(operand.type, lambda frame: -value(frame))
    raise ExpressionRefused(f"{sign} of {operand.type}")


def conditional(test: Typed, then: Typed, otherwise: Typed) -> Typed:
    """`test ? then : otherwise`."""
    holds = converted(test, "bool").value
    kind = common(then.type, otherwise.type, "?:")
    yes, no = converted(then, kind).value, converted(otherwise, kind).value
    return Typed(kind, lambda frame: yes(frame) if holds(frame) else no(frame))


def common(left: str, right: str, what: str) -> str:
    """The type of two that one of them is converted to."""
    for kind, other in ((left, right), (right, left)):
        converts = (other, kind) == ("int", "double") or (other == NULL_TYPE and kind not in VALUE_TYPES)
        if kind == other or converts:
            return kind
    raise ExpressionRefused(f"{what} of {left} and {right}")


def binary(sign: str, left: Typed, right: Typed) -> Typed:
    """Any operator between two operands."""
    types = f"{left.type} and {right.type}"
    a, b = left.value, right.value
    match sign:
        case "&&" | "||" if left.type == right.type == "bool":
            if sign == "&&":
                return Typed("bool", lambda frame: a(frame) and b(frame))
            return Typed("bool", lambda frame: a(frame) or b(frame))
        case "??" if left.type not in VALUE_TYPES:
            kind = common(left.type, right.type, sign)
            return Typed(kind, lambda frame: found if (found := a(frame)) is not None else b(frame))
        case "==" | "!=":
            return _equality(sign, left, right)
        case "<" | "<=" | ">" | ">=" if _alike(left.type, right.type) and left.type in ORDERED:
            compare = COMPARED[sign]
            return Typed("bool", lambda frame: compare(a(frame), b(frame)))
        case "+" if "string" in {left.type, right.type} and {left.type, right.type} <= HAS_TEXT:
            return Typed("string", lambda frame: joined(a(frame), b(frame)))
        case "+" | "-" | "*" | "/" | "%" if {left.type, right.type} <= NUMBERS:
            return _arithmetic(sign, left, right)
        case "+" | "-" if (left.type, sign, right.type) in DIFFERENCES:
            compute = ARITHMETIC[sign]
            return Typed(DIFFERENCES[left.type, sign, right.type], lambda frame: compute(a(frame), b(frame)))
    raise ExpressionRefused(f"{sign} of {types}")


def _alike(left: str, right: str) -> bool:
    return left == right or {left, right} <= NUMBERS


def _equality(sign: str, left: Typed, right: Typed) -> Typed:
    with_null = NULL_TYPE in {left.type, right.type} and not {left.type, right.type} & VALUE_TYPES
    if not with_null and not (_alike(left.type, right.type) and left.type in EQUAL):
        raise ExpressionRefused(f"{sign} of {left.type} and {right.type}")
    a, b, expected = left.value, right.value, sign == "=="
    if with_null:
        return Typed("bool", lambda frame: (a(frame) is b(frame)) is expected)
    return Typed("bool", lambda frame: (a(frame) == b(frame)) is expected)


def _arithmetic(sign: str, left: Typed, right: Typed) -> Typed:
    kind = common(left.type, right.type, sign)
    if kind == "double" and sign in {"/", "%"}:
        raise ExpressionRefused(f"{sign} of double")
    a, b, compute = converted(left, kind).value, converted(right, kind).value, ARITHMETIC[sign]
    if kind == "double":
        return Typed(kind, lambda frame: compute(a(frame), b(frame)))
    return Typed(kind, lambda frame: wrapped(compute(a(frame), b(frame))))
