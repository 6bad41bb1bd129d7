"""The applications that may stand behind a listener in place of the orders app."""

import json
from collections.abc import Mapping
from uuid import uuid4

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


async def open_to_all(request: Request) -> Response:
    """An orders app that forgot to ask who is calling."""
    correlation_id = request.header(CORRELATION_ID) or str(uuid4())
    response = _route(request)
    return Response(
        status=response.status, headers=(*response.headers, (CORRELATION_ID, correlation_id)), body=response.body
    )


async def forgetful(request: Request) -> Response:
    """An orders app that asks who is calling (any bearer token will do) and forgets the correlation id."""
    bearer = (request.header("authorization") or "").startswith("Bearer ")
    if not bearer and request.path != "/api/health":
        return Response(status=401, headers=(("WWW-Authenticate", "Bearer"),))
    return _route(request)


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
    Application.FORGETFUL: forgetful,
    Application.STRANGER: stranger,
    Application.LOGIN: login,
    Application.MOVED: moved,
}
"""All but the orders app itself, which is a process of its own."""


def _route(request: Request) -> Response:
    body = ROUTES.get(request.path)
    return (
        Response(status=404)
        if body is None
        else Response(status=200, headers=(JSON,), body=json.dumps(body).encode("ascii"))
    )
