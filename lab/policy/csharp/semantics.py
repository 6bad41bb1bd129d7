"""How .NET behaves where Python would not: text, casts, whole numbers, JSON."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from lab.policy.message import Answer

INT_BITS = 32
NULL = "Object reference not set to an instance of an object."


class ExpressionError(Exception):
    """An expression that threw; the message is .NET's own where that is known."""


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Json.NET's JObject, as it is made from its properties."""

    properties: tuple[tuple[str, Any], ...]


def not_null[T](value: T | None) -> T:
    """The value; raises ExpressionError for null."""
    if value is None:
        raise ExpressionError(NULL)
    return value


def text(value: Any) -> str:
    """What ToString gives.

    Raises:
        NotImplementedError: the text of a time, a number with a fraction or an answer: it depends on the gateway's
            culture, or is of no use.
    """
    match value:
        case bool():
            return "True" if value else "False"
        case str() | int() | UUID():
            return str(value)
        case _:
            raise NotImplementedError(f"ToString of {type(value).__name__}")


def joined(left: Any, right: Any) -> str:
    """`+` where one side is a string: null is an empty one."""
    return "".join("" if side is None else text(side) for side in (left, right))


def wrapped(number: int) -> int:
    """A result of whole-number arithmetic, which is not checked: it wraps around at 32 bits."""
    half = 1 << (INT_BITS - 1)
    return (number + half) % (1 << INT_BITS) - half


def divided(left: int, right: int) -> int:
    """`/` of whole numbers: towards zero."""
    if right == 0:
        raise ExpressionError("Attempted to divide by zero.")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) is (right < 0) else -quotient


def remainder(left: int, right: int) -> int:
    """`%`: with the sign of the left side."""
    if right == 0:
        raise ExpressionError("Attempted to divide by zero.")
    return int(math.fmod(left, right))


def truncated(number: float) -> int:
    """`(int)` of a number with a fraction; one that no int can hold gives the smallest one."""
    fits = math.isfinite(number) and -(2**31) <= math.trunc(number) < 2**31
    return math.trunc(number) if fits else -(2**31)


def parsed_int(digits: str | None) -> int:
    """`int.Parse`."""
    if digits is None:
        raise ExpressionError("Value cannot be null. (Parameter 's')")
    stripped = digits.strip(" \t\r\n\v\f")
    unsigned = stripped[1:] if stripped[:1] in {"+", "-"} else stripped
    if not (unsigned.isascii() and unsigned.isdecimal()):
        raise ExpressionError("Input string was not in a correct format.")
    if wrapped(int(stripped)) != int(stripped):
        raise ExpressionError("Value was either too large or too small for an Int32.")
    return int(stripped)


RUNTIME: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda _: True,
    "string": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "double": lambda value: isinstance(value, float),
    "Guid": lambda value: isinstance(value, UUID),
    "DateTime": lambda value: isinstance(value, datetime),
    "TimeSpan": lambda value: isinstance(value, timedelta),
    "IResponse": lambda value: isinstance(value, Answer),
}
"""Types that an object can be cast to, and what is one of them: unboxing does not convert."""
VALUE_TYPES = frozenset({"bool", "int", "double", "Guid", "DateTime", "TimeSpan"})
"""Types that are never null."""


def unboxed(kind: str, value: Any) -> Any:
    """`(kind)` of an object."""
    if value is None:
        if kind in VALUE_TYPES:
            raise ExpressionError(NULL)
    elif not RUNTIME[kind](value):
        raise ExpressionError("Unable to cast object.")
    return value


def json_text(value: JsonObject) -> str:
    """`ToString(Formatting.None)`: no blanks, members in their order, letters of every script as they are."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).translate(LINE_ENDS)


LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Json.NET escapes these beside the control characters."""


def _plain(value: Any) -> Any:
    return {name: _plain(item) for name, item in value.properties} if isinstance(value, JsonObject) else value
