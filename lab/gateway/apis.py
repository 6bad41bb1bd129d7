"""The APIs that are published, and which operation of them a request is for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "infra" / "openapi"
NAMES = ("orders", "diagnostics")
METHODS = frozenset({"delete", "get", "head", "options", "patch", "post", "put"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        template: of its path below the API's, as `/orders/{id}`.
    """

    id: str
    method: str
    template: str

    def parameters(self, method: str, path: str) -> Mapping[str, str] | None:
        """Of the template, `None` where the request is for another operation."""
        pattern = re.sub(r"\\\{([\w-]+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found and method == self.method else None


@dataclass(frozen=True, slots=True)
class Api:
    """One API; its policies are those of the document of its name.

    Attributes:
        path: its URL suffix, without slashes at its ends.
    """

    name: str
    title: str
    path: str
    operations: tuple[Operation, ...]

    def below(self, path: str) -> str | None:
        """What is left of a request's path below the API's, `None` where it is for another one."""
        rest = path.removeprefix(f"/{self.path}")
        return (rest or "/") if rest != path and rest[:1] in {"/", ""} else None


@cache
def published() -> tuple[Api, ...]:
    """The APIs as their OpenAPI documents have them."""
    return tuple(_read(name) for name in NAMES)


def _read(name: str) -> Api:
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    operations = tuple(
        Operation(id=operation["operationId"], method=method.upper(), template=template)
        for template, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    )
    return Api(name=name, title=document["info"]["title"], path=name, operations=operations)
