"""Which function a request is for, as the host decides it: the first match in the order of the function names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

from lab.host.worker import Function

PARAMETER = re.compile(r"\{(?P<rest>\*{1,2})?(?P<name>\w+)(?::(?P<kind>\w+))?(?P<optional>\?)?\}")
KINDS = {"int": r"-?\d+", "guid": r"[0-9a-fA-F-]{36}", "alpha": r"[A-Za-z]+", "bool": r"(?i:true|false)"}
"""Constraints of route parameters that are known here; any other is refused as the host refuses a bad template."""


class RouteError(ValueError):
    """A route template that keeps the whole host from starting."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """The route of one HTTP function.

    Attributes:
        methods: `None` = whatever comes.
        level: `anonymous`, `function` or `admin`.
    """

    function: Function
    pattern: re.Pattern[str]
    methods: frozenset[str] | None
    level: str


def route(function: Function, prefix: str) -> Route:
    """The route of a function; raises RouteError."""
    template = str(function.trigger.get("route") or function.name)
    methods = function.trigger.get("methods")
    return Route(
        function=function,
        pattern=re.compile(compiled(template, prefix), re.IGNORECASE),
        methods=None if methods is None else frozenset(str(method).upper() for method in methods),
        level=str(function.trigger.get("authLevel", "FUNCTION")).lower(),
    )


def compiled(template: str, prefix: str) -> str:
    """A regular expression for a whole path; one slash at the end is ignored."""
    if template.startswith("/") or template.count("{") != template.count("}"):
        raise RouteError(f"route = {template!r}: allowed: segments without a leading slash, braces in pairs")
    parts: list[str] = []
    for segment in [*prefix.split("/"), *template.split("/")]:
        whole = PARAMETER.fullmatch(segment)
        if not segment:
            continue
        if whole and whole["rest"]:
            parts.append(f"(?:/(?P<{whole['name']}>.*))?")
        elif whole and whole["optional"]:
            parts.append(f"(?:/(?P<{whole['name']}>{kind(whole)}))?")
        else:
            parts.append("/" + PARAMETER.sub(lambda found: f"(?P<{found['name']}>{kind(found)})", escaped(segment)))
    return "".join(parts) + "/?"


def escaped(segment: str) -> str:
    """The literal parts of a segment, safe in a regular expression; its parameters as they are."""
    ends = [0, *(place for found in PARAMETER.finditer(segment) for place in found.span()), len(segment)]
    pieces = [segment[start:end] for start, end in pairwise(ends)]
    return "".join(piece if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))


def kind(parameter: re.Match[str]) -> str:
    """The expression of a parameter's constraint."""
    name = parameter["kind"]
    if name is not None and name not in KINDS:
        raise RouteError(f"constraint = {name!r}: allowed: one of {', '.join(sorted(KINDS))}")
    return KINDS[name] if name else "[^/]+"


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The first route for method and path, with its parameters; absent ones are not among them."""
    for candidate in routes:
        found = candidate.pattern.fullmatch(path)
        if found and (candidate.methods is None or method.upper() in candidate.methods):
            return candidate, {name: decoded(value) for name, value in found.groupdict().items() if value is not None}
    return None


def decoded(value: str) -> str:
    """A route parameter as the host hands it over: percent-decoded, with `%2F` left as it is."""
    return "%2F".join(unquote(part) for part in re.split("%2[fF]", value))
