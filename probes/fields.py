"""Frozen records as JSON and back, by their annotations alone: a field added to a record needs nothing here.

Written: enumerations by value, times as ISO 8601 in UTC, milliseconds to three decimals, tuples as arrays. Read: every
key must be there and none beside them, and each problem names its place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from probes.path.reader import MISSING, Problem
from probes.resources import CONTENTS, Content

DECIMALS = 3
"""Of milliseconds: a microsecond is less than the clocks are worth."""
ADDRESSES = frozenset({"address", "server", "source_address"})
"""Fields that hold an IP address: the judge reckons with them as such."""
LARGEST = 1e11
"""Of numbers in records: three years in milliseconds, which times can still be reckoned with."""
PLAIN = (str, int, bool, NoneType)


def encoded(value: Any) -> Any:
    """The value as JSON has it: the types that occur in records, nothing else.

    Raises:
        TypeError: for a value of any other type.
    """
    # By exact type, most frequent first, and not dataclasses.asdict: that copies deeply, and a sweep has thousands.
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is float:
        return round(value, DECIMALS)
    if kind is tuple:
        return [encoded(item) for item in value]
    if is_dataclass(kind):
        tag = {"kind": kind.kind} if issubclass(kind, Content) else {}
        return tag | {name: encoded(getattr(value, name)) for name in names(kind)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return {str(key): encoded(item) for key, item in value.items()}
    raise TypeError(f"{kind.__name__} has no form in JSON")


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with the suffix Z."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


@cache
def names(kind: type[Any]) -> tuple[str, ...]:
    """Names of a record's fields, in their order."""
    return tuple(field.name for field in fields(kind))


type Read = Callable[[Any, str, list[Problem]], Any]
"""Value, place and problems to the parsed value; `None` where a problem was reported."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a type is read from JSON.

    Attributes:
        allowed: what may stand there, in words.
    """

    allowed: str
    read: Read


def form(hint: Any) -> Form:
    """The form of an annotation, made once.

    Raises:
        TypeError: for an annotation that does not occur in records.
    """
    return _made(hint)


@cache
def _made(hint: Any) -> Form:
    if hint is Any:
        return Form("any value", lambda value, _where, _problems: value)
    if hint in SCALARS:
        return _scalar(*SCALARS[hint])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _scalar("one of " + ", ".join(member.value for member in hint), hint)
    if hint is Content:
        return _tagged({content.kind: form(content) for content in CONTENTS})
    if is_dataclass(hint):
        return _record(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _list(form(arguments[0]))
    if origin is Mapping:
        return _object(form(arguments[1]))
    if origin is UnionType:
        return _either([form(argument) for argument in arguments])
    raise TypeError(f"{hint} has no form in JSON")


def _scalar(allowed: str, parse: Callable[[Any], Any]) -> Form:
    def read(value: Any, where: str, problems: list[Problem]) -> Any:
        try:
            return parse(value)
        except (ValueError, TypeError):
            problems.append(Problem(where, value, allowed))
            return None

    return Form(allowed, read)


def _record(kind: Any) -> Form:
    hints = get_type_hints(kind)
    forms = {name: _address_or(hints[name]) if name in ADDRESSES else form(hints[name]) for name in names(kind)}

    def read(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(Problem(where, value, "an object"))
            return None
        before = len(problems)
        problems += [Problem(f"{where}.{name}", MISSING, forms[name].allowed) for name in forms if name not in value]
        problems += [
            Problem(f"{where}.{name}", value[name], f"keys here are {', '.join(forms)}")
            for name in value
            if name not in forms
        ]
        found = {name: forms[name].read(value[name], f"{where}.{name}", problems) for name in forms if name in value}
        return kind(**found) if len(problems) == before else None

    return Form("an object", read)


def _tagged(options: Mapping[str, Form]) -> Form:
    """A record of the kind that its own key `kind` names."""

    def read(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(Problem(where, value, "an object"))
            return None
        tag = value.get("kind", MISSING)
        if not isinstance(tag, str) or tag not in options:
            problems.append(Problem(f"{where}.kind", tag, f"one of {', '.join(options)}"))
            return None
        return options[tag].read({name: part for name, part in value.items() if name != "kind"}, where, problems)

    return Form("an object with its kind", read)


def _address_or(hint: Any) -> Form:
    """An address, and null where the annotation has it too."""
    return ADDRESS if hint is str else _either([ADDRESS, form(NoneType)])


def _list(item: Form) -> Form:
    def read(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, list):
            problems.append(Problem(where, value, "an array"))
            return None
        return tuple(item.read(part, f"{where}[{place}]", problems) for place, part in enumerate(value))

    return Form(f"an array, each item {item.allowed}", read)


def _object(item: Form) -> Form:
    def read(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(Problem(where, value, "an object"))
            return None
        return {key: item.read(part, f"{where}.{key}", problems) for key, part in value.items()}

    return Form(f"an object, each value {item.allowed}", read)


def _either(options: list[Form]) -> Form:
    """The first option that reads without a problem; if none does, the first one's problems are the ones to tell."""

    def read(value: Any, where: str, problems: list[Problem]) -> Any:
        told: list[Problem] = []
        for option in options:
            found: list[Problem] = []
            result = option.read(value, where, found)
            if not found:
                return result
            told = told or found
        problems += told
        return None

    return Form(" or ".join(option.allowed for option in options), read)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not -LARGEST < value < LARGEST:  # nor NaN; an integer of a thousand digits has no float
        raise ValueError
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _null(value: Any) -> None:
    if value is not None:
        raise TypeError


def _instant(value: Any) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(UTC)


def _address(value: Any) -> str:
    ip_address(_text(value))
    return str(value)


SCALARS: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    str: ("text", _text),
    int: ("a whole number", _whole),
    float: ("a number below 1e11", _number),
    bool: ("true or false", _truth),
    NoneType: ("null", _null),
    datetime: ("a time like 2026-11-24T04:00:00Z", _instant),
}
ADDRESS = _scalar("an IP address", _address)
