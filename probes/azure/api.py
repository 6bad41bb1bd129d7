"""Reads of the API that a URL of the gateway belongs to: itself, its operation, their policies, named values.

https://learn.microsoft.com/rest/api/apimanagement
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from probes.azure.policy import Draft, draft
from probes.azure.question import SERVICE, Question
from probes.azure.resource_id import name_of
from probes.azure.table import Table, table, tables
from probes.azure.urls import bare_url
from probes.path import Target
from probes.resources import ApiContent, NamedValue, NamedValuesContent, PolicyContent

RAW = {"format": "rawxml"}
"""The document as it was written; the other form writes expressions as XML has them."""
WILDCARD = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API of the list."""

    id: str
    prefixes: tuple[str, ...]
    content: ApiContent


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of an API."""

    id: str
    method: str
    template: tuple[str, ...]


def apis(service_id: str) -> Question:
    """Every API, to find the one that a URL belongs to."""
    return Question(
        kind=ApiContent.kind,
        resource_id=f"{service_id}/apis",
        version=SERVICE,
        listed=True,
        content=lambda items: tuple(found for item in tables(items, "value") if (found := api(item)) is not None),
    )


def operations(api_id: str) -> Question:
    """Its operations, to find the one that a URL belongs to; they have no record of their own."""
    return Question(
        kind=PolicyContent.kind,
        resource_id=f"{api_id}/operations",
        name=f"operations/{name_of(api_id)}",
        version=SERVICE,
        listed=True,
        content=lambda items: tuple(found for item in tables(items, "value") if (found := operation(item)) is not None),
    )


def policy(scope_id: str, scope: str) -> Question:
    """The policy document of a service, an API or an operation."""
    return Question(
        kind=PolicyContent.kind,
        resource_id=f"{scope_id}/policies/policy",
        name=scope if scope == "service" else f"{scope}/{name_of(scope_id)}",
        version=SERVICE,
        query=RAW,
        content=policy_draft,
    )


def fragment(service_id: str, name: str) -> Question:
    """A fragment that policies include."""
    return Question(
        kind=PolicyContent.kind,
        resource_id=f"{service_id}/policyFragments/{name}",
        name=f"fragment/{name}",
        version=SERVICE,
        query=RAW,
        content=policy_draft,
    )


def named_values(service_id: str) -> Question:
    """Named values. All, for a policy names them by their display name; only those that one names are kept."""
    return Question(
        kind=NamedValuesContent.kind,
        resource_id=f"{service_id}/namedValues",
        version=SERVICE,
        listed=True,
        content=lambda items: NamedValuesContent(values=tuple(named_value(item) for item in tables(items, "value"))),
    )


def api(item: Table) -> Api | None:
    """Of an ApiContract; an older revision is not what callers get."""
    properties = item.below("properties")
    resource_id, path = item.id(), (properties.text("path") or "").strip("/")
    version = properties.text("apiVersion")
    if resource_id is None or properties.truth("isCurrent") is False:
        return None
    # A version stands behind the path where its set says so; elsewhere, in a header or the query, the path is all.
    versioned = (f"{path}/{version}".strip("/"),) if version else ()
    return Api(
        id=resource_id,
        prefixes=(*versioned, path),
        content=ApiContent(
            path=path,
            service_url=bare_url(properties.text("serviceUrl")),
            subscription_required=properties.truth("subscriptionRequired"),
        ),
    )


def operation(item: Table) -> Operation | None:
    """Of an OperationContract."""
    properties = item.below("properties")
    resource_id, method, template = item.id(), properties.text("method"), properties.text("urlTemplate")
    if resource_id is None or method is None or template is None:
        return None
    return Operation(id=resource_id, method=method.upper(), template=segments(template.partition("?")[0]))


def of_url(target: Target, found: Sequence[Api]) -> tuple[Api, tuple[str, ...]] | None:
    """The API whose path is the longest beginning of the URL's, and the rest of that path."""
    asked = segments(urlsplit(target.url).path)
    matching = [
        (len(prefix), each)
        for each in found
        for prefix in map(segments, each.prefixes)
        if tuple(map(str.lower, prefix)) == tuple(map(str.lower, asked[: len(prefix)]))
    ]
    if not matching:
        return None
    length, best = max(matching, key=lambda pair: pair[0])
    return best, asked[length:]


def of_call(method: str, rest: tuple[str, ...], found: Sequence[Operation]) -> Operation | None:
    """The operation that a call comes to: the one with most segments that are no parameters."""
    matching = [each for each in found if each.method in {method, WILDCARD} and matches(each.template, rest)]
    return max(matching, key=lambda each: sum(not is_parameter(part) for part in each.template), default=None)


def matches(template: tuple[str, ...], rest: tuple[str, ...]) -> bool:
    """Whether the segments of a URL fit a template: a parameter is any segment, a wildcard any that are left."""
    for place, part in enumerate(template):
        if part == WILDCARD or part.startswith("{*"):
            return True
        if place >= len(rest) or not (is_parameter(part) or part.lower() == rest[place].lower()):
            return False
    return len(template) == len(rest)


def is_parameter(part: str) -> bool:
    """Whether it stands for anything."""
    return part == WILDCARD or part.startswith("{")


def segments(path: str) -> tuple[str, ...]:
    """The parts of a path; slashes at either end count for nothing."""
    return tuple(part for part in path.split("/") if part)


def policy_draft(answer: Any) -> Draft:
    """Of a PolicyContract or a PolicyFragmentContract."""
    return draft(table(answer).below("properties").content.get("value"))


def named_value(item: Table) -> NamedValue:
    """Of a NamedValueContract; Azure leaves a secret's value out, and if it ever does not, it is left out here."""
    properties = item.below("properties")
    secret = properties.truth("secret")
    kept = secret is False and not properties.below("keyVault").content
    return NamedValue(
        name=properties.text("displayName") or item.text("name") or "",
        secret=secret,
        value=bare_url(properties.text("value")) if kept else None,
    )
