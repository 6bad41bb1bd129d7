"""Every type and member that an expression may name. What is not in these tables is refused when a document is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from lab.policy.csharp.semantics import ExpressionError, JsonObject, json_text, not_null, parsed_int, text
from lab.policy.message import Headers
from lab.policy.run import Entity

ROOT = "context"
PATTERN = "pattern"
READ_ALIKE = re.compile(r"(?:[^\\(]|\((?!\?)|\\[\\./dswz-])*")
"""Regular expressions without groups of a special kind, and with the escapes that both know."""
JSON_VALUES = frozenset({"string", "int", "bool", "JObject", "null"})
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Property:
    """A property: the type of its value, and how it is had from the object."""

    type: str
    get: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A method: types of its parameters, type of its value, and what it does with the object and the arguments.

    A parameter `string!` takes no null literal; `pattern` takes a literal regular expression that Python and .NET read
    alike; `out` is a local that the second of two values goes to.
    """

    parameters: tuple[str, ...]
    type: str
    call: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Constructor:
    """What `new` makes: whether it takes arguments of these types, and what of."""

    takes: Callable[[tuple[str, ...]], bool]
    make: Callable[..., Any]


def header(headers: Headers, name: str, default: str) -> str:
    """`GetValueOrDefault`: several values are joined with a comma."""
    values = headers.values(name)
    return ",".join(values) if values else default


def indexed_header(headers: Headers, name: str) -> list[str]:
    """`Headers[name]`."""
    if not (values := headers.values(name)):
        raise ExpressionError(f"The given key '{name}' was not present in the dictionary.")
    return values


def indexed(values: list[str], at: int) -> str:
    """`values[at]`."""
    if not 0 <= at < len(values):
        raise ExpressionError("Index was outside the bounds of the array.")
    return values[at]


def parameter(parameters: Mapping[str, str], name: str) -> str:
    """`MatchedParameters[name]`."""
    if name not in parameters:
        raise ExpressionError(f"The given key '{name}' was not present in the dictionary.")
    return parameters[name]


def is_match(value: str | None, pattern: str) -> bool:
    r"""`Regex.IsMatch`; `\z` is the very end, as Python's `\Z`."""
    if value is None:
        raise ExpressionError("Value cannot be null. (Parameter 'input')")
    return re.search(pattern.replace(r"\z", r"\Z"), value) is not None


def entity(*names: str) -> dict[str, Property]:
    """The members of an object that has texts only."""
    return {name: Property("string", partial(member, name=name)) for name in names}


def member(it: Entity, name: str) -> str | None:
    """A text of an object that has texts only."""
    return it.members.get(name)


def of(attribute: str, kind: str) -> Property:
    """A property that is an attribute of the Python object."""
    return Property(kind, lambda it: getattr(it, attribute))


PROPERTIES: Mapping[str, Mapping[str, Property]] = {
    "context": {
        "RequestId": of("request_id", "Guid"),
        "Timestamp": of("timestamp", "DateTime"),
        "Elapsed": Property("TimeSpan", lambda run: run.outside.elapsed()),
        "Request": of("request", "IRequest"),
        "Response": of("response", "IResponse"),
        "Variables": of("variables", "Variables"),
        "LastError": of("last_error", "LastError"),
        "Api": of("api", "Api"),
        "Operation": of("operation", "Operation"),
        "Deployment": of("deployment", "Deployment"),
        "Subscription": of("subscription", "Subscription"),
        "Product": of("product", "Product"),
    },
    "IRequest": {
        "Method": of("method", "string"),
        "IpAddress": of("ip_address", "string"),
        "Headers": of("headers", "Headers"),
        "MatchedParameters": of("parameters", "Parameters"),
    },
    "IResponse": {
        "StatusCode": of("status", "int"),
        "StatusReason": of("reason", "string"),
        "Headers": of("headers", "Headers"),
    },
    "LastError": {
        "Source": of("source", "string"),
        "Reason": of("reason", "string"),
        "Message": of("message", "string"),
        "Section": of("section", "string"),
        "Scope": of("scope", "string"),
        "PolicyId": of("policy_id", "string"),
    },
    "Api": entity("Id", "Name", "Path", "Version", "Revision"),
    "Operation": entity("Id", "Name", "Method", "UrlTemplate"),
    "Deployment": entity("Region", "ServiceName"),
    "Subscription": entity("Id", "Name"),
    "Product": entity("Id", "Name"),
    "string": {"Length": Property("int", lambda value: len(value.encode("utf-16-le")) // 2)},
    "string[]": {"Length": Property("int", len)},
    "TimeSpan": {
        "TotalMilliseconds": Property("double", lambda span: span / MILLISECOND),
        "TotalSeconds": Property("double", timedelta.total_seconds),
    },
}
METHODS: Mapping[str, Mapping[str, Method]] = {
    "Headers": {
        "GetValueOrDefault": Method(("string", "string!"), "string", header),
        "ContainsKey": Method(("string",), "bool", lambda headers, name: bool(headers.values(name))),
        "TryGetValue": Method(
            ("string", "out string[]"), "bool", lambda headers, name: (bool(headers.values(name)), headers.values(name))
        ),
    },
    "Parameters": {"GetValueOrDefault": Method(("string", "string"), "string", dict.get)},
    "Variables": {"ContainsKey": Method(("string",), "bool", lambda variables, name: name in variables)},
    "JObject": {"ToString": Method(("Formatting",), "string", lambda it, _: json_text(it))},
    **{kind: {"ToString": Method((), "string", text)} for kind in ("string", "int", "bool", "Guid", "object")},
}
"""GetValueOrDefault of Variables is not here: its type is its argument's (expression.py)."""
INDEXERS: Mapping[str, Method] = {
    "Variables": Method(("string",), "object", lambda variables, name: variables.get(name)),
    "Headers": Method(("string",), "string[]", indexed_header),
    "Parameters": Method(("string",), "string", parameter),
    "string[]": Method(("int",), "string", indexed),
}
CONSTRUCTORS: Mapping[str, Constructor] = {
    "JProperty": Constructor(
        lambda types: len(types) == 2 and types[0] == "string" and types[1] in JSON_VALUES,  # noqa: PLR2004
        lambda name, value: (not_null(name), value),
    ),
    "JObject": Constructor(lambda types: set(types) <= {"JProperty"}, lambda *properties: JsonObject(properties)),
}
STATIC_PROPERTIES: Mapping[str, Property] = {
    "DateTime.UtcNow": Property("DateTime", lambda run: run.outside.now()),
    "string.Empty": Property("string", lambda _: ""),
    "Newtonsoft.Json.Formatting.None": Property("Formatting", lambda _: None),
}
STATIC_METHODS: Mapping[str, Method] = {
    "int.Parse": Method(("string",), "int", parsed_int),
    "Regex.IsMatch": Method(("string", PATTERN), "bool", is_match),
}
