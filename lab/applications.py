"""The applications that may stand behind a listener in place of the orders app."""

import json
from collections.abc import Mapping
from uuid import uuid4

import jwt

from lab.http import Handler, Request, Response
from lab.world import Application

CORRELATION_ID = "x-correlation-id"
JSON = ("Content-Type", "application/json")
ROUTES: Mapping[str, object] = {
    "/api/health": {"service": "orders", "status": "ok"},
    "/api/orders": {"orders": []},
}
LOGIN_URL = "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?response_type=code"
OTHER_HOST = "https://www.example.com"
AUDIENCE = "api://orders"
UNAUTHORIZED = Response(status=401, headers=(("WWW-Authenticate", "Bearer"),))


async def open_to_all(request: Request) -> Response:
    """An orders app that forgot to ask who is calling."""
    return _answered(request, admitted=True)


async def forgetful(request: Request) -> Response:
    """An orders app that asks who is calling (any bearer token will do) and forgets the correlation id."""
    bearer = (request.header("authorization") or "").startswith("Bearer ")
    if not bearer and request.path != "/api/health":
        return UNAUTHORIZED
    return _route(request)


async def careless(request: Request) -> Response:
    """An orders app that takes any bearer token, whoever it is for."""
    return _answered(request, admitted=(request.header("authorization") or "").startswith("Bearer "))


async def hoarding(request: Request) -> Response:
    """An orders app that takes any key it ever had, and tokens for itself."""
    key = request.header("x-functions-key") is not None
    return _answered(request, admitted=key or _audience(request) == AUDIENCE)


async def stranger(_: Request) -> Response:
    """Another application: a page of its own on every route."""
    return Response(status=200, headers=(("Content-Type", "text/html"),), body=b"<html><h1>Intranet home</h1></html>")


async def login(_: Request) -> Response:
    """Easy Auth with `RedirectToLoginPage`."""
    return Response(status=302, headers=(("Location", LOGIN_URL),))


async def moved(request: Request) -> Response:
    """Everything has moved to another host."""
    return Response(status=301, headers=(("Location", f"{OTHER_HOST}{request.target}"),))


APPLICATIONS: Mapping[Application, Handler] = {
    Application.OPEN: open_to_all,
    Application.CARELESS: careless,
    Application.HOARDING: hoarding,
    Application.FORGETFUL: forgetful,
    Application.STRANGER: stranger,
    Application.LOGIN: login,
    Application.MOVED: moved,
}
"""All but the orders app itself, which is a process of its own."""


def _answered(request: Request, *, admitted: bool) -> Response:
    """The answer with a correlation id; 401 to whoever is not admitted, but for health."""
    response = _route(request) if admitted or request.path == "/api/health" else UNAUTHORIZED
    correlation_id = request.header(CORRELATION_ID) or str(uuid4())
    return Response(
        status=response.status, headers=(*response.headers, (CORRELATION_ID, correlation_id)), body=response.body
    )


def _audience(request: Request) -> str | None:
    """Audience of the bearer token, which nobody here verifies; `None` = there is no token."""
    try:
        claims = jwt.decode((request.header("authorization") or "")[7:], options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    return str(claims.get("aud"))


def _route(request: Request) -> Response:
    body = ROUTES.get(request.path)
    return (
        Response(status=404)
        if body is None
        else Response(status=200, headers=(JSON,), body=json.dumps(body).encode("ascii"))
    )
