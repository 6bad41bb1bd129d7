"""Which function a request is for, as the host decides it: the first match in the order of the function names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from lab.host.keys import Access
from lab.host.worker import Function

PARAMETER = re.compile(r"\{(?P<rest>\*{1,2})?(?P<name>\w+)(?::(?P<constraint>\w+))?(?P<optional>\?)?\}")
CONSTRAINTS = {
    "alpha": "[A-Za-z]+",
    "bool": "true|false",
    "guid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "int": r"-?\d+",
}
"""Constraints of route parameters that are known here, of the many that ASP.NET has."""


class RouteError(ValueError):
    """A route template that keeps the whole host from starting."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """The route of one HTTP function.

    Attributes:
        pattern: of a whole path without its first slash; one group for each of `parameters`.
        methods: in upper case, `None` = whatever comes.
    """

    function: Function
    pattern: re.Pattern[str]
    parameters: tuple[str, ...]
    methods: frozenset[str] | None
    level: Access

    @classmethod
    def of(cls, function: Function, prefix: str) -> Self:
        """The route of an HTTP function below `routePrefix`; raises RouteError."""
        template = str(function.trigger.get("route") or function.name)
        methods = function.trigger.get("methods")
        pattern, parameters = _compiled(template, prefix)
        return cls(
            function=function,
            pattern=re.compile(pattern, re.IGNORECASE),
            parameters=parameters,
            methods=None if methods is None else frozenset(str(method).upper() for method in methods),
            level=Access[str(function.trigger.get("authLevel", "FUNCTION")).upper()],
        )


class RouteTable:
    """The routes of an app. Neither the order in the file nor how much a template says counts."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """In the alphabetical order of the function names, whatever their case."""
        self._routes = sorted(routes, key=lambda route: route.function.name.lower())

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The first route for a method and a decoded path, with its parameters; absent ones are not among them."""
        if "//" in path:
            return None
        relative = path.removeprefix("/").removesuffix("/")
        for route in self._routes:
            found = route.pattern.fullmatch(relative)
            if found and (route.methods is None or method.upper() in route.methods):
                values = zip(route.parameters, found.groups(), strict=True)
                return route, {name: value for name, value in values if value}
        return None


def _compiled(template: str, prefix: str) -> tuple[str, tuple[str, ...]]:
    """The regular expression of a whole path, and the names of its groups."""
    segments = template.split("/")
    literal = PARAMETER.sub("", template)
    if "" in segments or re.search("[{}?*~]", literal):
        raise RouteError(f"route = {template!r}: allowed: segments without a slash before them, whole {{parameters}}")
    names = tuple(found["name"] for found in PARAMETER.finditer(template))
    if len({name.lower() for name in names}) < len(names):
        raise RouteError(f"route = {template!r}: allowed: each parameter once")
    pattern = re.escape(prefix)
    for number, segment in enumerate(segments):
        slash = "/" if pattern else ""
        whole = PARAMETER.fullmatch(segment)
        if whole and (whole["rest"] or whole["optional"]):
            if number + 1 < len(segments):
                raise RouteError(f"route = {template!r}: allowed: {segment} as the last segment")
            pattern += f"(?:{slash}({_value(whole)}))?"
        else:
            pattern += slash + _segment(segment)
    return pattern, names


def _segment(segment: str) -> str:
    """A segment that must be there: text, parameters, or both."""
    pattern, end = "", 0
    for found in PARAMETER.finditer(segment):
        pattern += f"{re.escape(segment[end : found.start()])}({_value(found)})"
        end = found.end()
    return pattern + re.escape(segment[end:])


def _value(parameter: re.Match[str]) -> str:
    constraint = parameter["constraint"]
    if constraint is None:
        return ".*" if parameter["rest"] else "[^/]+"
    if constraint not in CONSTRAINTS:
        raise RouteError(f"constraint = {constraint!r}: allowed in the lab: {', '.join(CONSTRAINTS)}")
    return CONSTRAINTS[constraint]
