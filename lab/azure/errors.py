"""Answers of Azure Resource Manager: JSON, and its error objects with the codes and words of the real one."""

import json
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from lab.http import Response

JSON = ("Content-Type", "application/json; charset=utf-8")
AUDIENCES = (
    "https://management.core.windows.net/",
    "https://management.core.windows.net",
    "https://management.azure.com/",
    "https://management.azure.com",
)


def answer(status: int, body: Any = None, *headers: tuple[str, str]) -> Response:
    """An answer with what each one carries; without a body where that is `None`."""
    request_id = str(uuid4())
    common = (
        ("x-ms-request-id", request_id),
        ("x-ms-correlation-request-id", request_id),
        ("x-ms-routing-request-id", f"WESTEUROPE:{request_id}"),
        ("Cache-Control", "no-cache"),
    )
    if body is None:
        return Response(status, headers=(*common, *headers))
    return Response(status, headers=(JSON, *common, *headers), body=json.dumps(body).encode())


def failure(status: int, code: str, message: str, *headers: tuple[str, str]) -> Response:
    """An error object."""
    return answer(status, {"error": {"code": code, "message": message}}, *headers)


def no_token(tenant_id: str) -> Response:
    """The request shows nothing."""
    return failure(
        HTTPStatus.UNAUTHORIZED,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
        _challenge(tenant_id, "The authentication failed because of missing 'Authorization' header."),
    )


def invalid_token(tenant_id: str) -> Response:
    """What it shows is no token of the tenant, or none that is valid now."""
    message = "The access token is invalid."
    return failure(HTTPStatus.UNAUTHORIZED, "InvalidAuthenticationToken", message, _challenge(tenant_id, message))


def wrong_audience(tenant_id: str, audience: str) -> Response:
    """It is a token for another API."""
    allowed = ",".join(f"'{each}'" for each in AUDIENCES)
    message = (
        f"The access token has been obtained for wrong audience or resource '{audience}'. "
        f"It should exactly match with one of the allowed audiences {allowed}."
    )
    challenge = _challenge(tenant_id, message)
    return failure(HTTPStatus.UNAUTHORIZED, "InvalidAuthenticationTokenAudience", message, challenge)


def denied(client_id: str, object_id: str, action: str, scope: str) -> Response:
    """A right is missing."""
    message = (
        f"The client '{client_id}' with object id '{object_id}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
        "your credentials."
    )
    return failure(HTTPStatus.FORBIDDEN, "AuthorizationFailed", message)


def by_policy(name: str) -> Response:
    """A policy of the subscription does not let it be written."""
    message = f"Resource '{name}' was disallowed by policy. Policy identifiers: 'deny-public-access-changes'."
    return failure(HTTPStatus.FORBIDDEN, "RequestDisallowedByPolicy", message)


def missing_version() -> Response:
    """No api-version."""
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return failure(HTTPStatus.BAD_REQUEST, "MissingApiVersionParameter", message)


def invalid_version(version: str, supported: tuple[str, ...]) -> Response:
    """One that the type does not have."""
    listed = ",".join(reversed(supported))
    message = f"The api-version '{version}' is invalid. The supported versions are '{listed}'."
    return failure(HTTPStatus.BAD_REQUEST, "InvalidApiVersionParameter", message)


def not_found(kind: str, name: str, path: str) -> Response:
    """There is no such resource."""
    if kind.endswith("/policies"):
        return failure(HTTPStatus.NOT_FOUND, "ResourceNotFound", "Policy not found.")
    group = next(iter(path.lower().partition("/resourcegroups/")[2].split("/")), "")
    message = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )
    return failure(HTTPStatus.NOT_FOUND, "ResourceNotFound", message)


def unknown_provider(kind: str) -> Response:
    """The lab, or Azure, has no such type."""
    provider, _, rest = kind.partition("/")
    message = f"The resource type '{rest}' could not be found in the namespace '{provider}'."
    return failure(HTTPStatus.NOT_FOUND, "InvalidResourceType", message)


def not_allowed(method: str) -> Response:
    """The resource does not take the method."""
    message = f"The http method '{method}' is not supported for a resource request."
    return failure(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message)


def invalid(message: str) -> Response:
    """The body cannot be used."""
    return failure(HTTPStatus.BAD_REQUEST, "InvalidRequestContent", message)


def throttled(retry_after_s: float | None) -> Response:
    """Too many requests."""
    message = "Number of requests for subscription has exceeded the limit. Please try again later."
    return failure(HTTPStatus.TOO_MANY_REQUESTS, "SubscriptionRequestsThrottled", message, *_later(retry_after_s))


def unavailable(retry_after_s: float | None) -> Response:
    """It is not there for now."""
    message = "The server is temporarily unable to process the request. Please try again later."
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, "ServerUnavailable", message, *_later(retry_after_s))


def _later(seconds: float | None) -> tuple[tuple[str, str], ...]:
    return () if seconds is None else (("Retry-After", f"{seconds:g}"),)


def _challenge(tenant_id: str, message: str) -> tuple[str, str]:
    uri = f"https://login.windows.net/{tenant_id}"
    return (
        "WWW-Authenticate",
        f'Bearer authorization_uri="{uri}", error="invalid_token", error_description="{message}"',
    )
