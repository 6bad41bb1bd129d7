"""The applications that stand in for the orders app."""

from collections.abc import Mapping

import httpx
import pytest

from lab.applications import APPLICATIONS
from lab.http import serve
from lab.world import Application
from tests.lab.clients import fetch

TOKEN = {"Authorization": "Bearer anything"}


async def asked(application: Application, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """The application's answer."""
    async with await serve(APPLICATIONS[application]) as server:
        return await fetch(server.port, f"http://app.example.com{path}", headers=headers)


def test_every_application_is_here_that_is_no_process_of_its_own() -> None:
    """The orders app and the probe app are."""
    assert set(APPLICATIONS) == set(Application) - {Application.ORDERS, Application.PROBE}


@pytest.mark.parametrize("path", ["/api/health", "/api/orders"])
async def test_the_open_app_answers_anybody(path: str) -> None:
    """No route asks for a token, and the correlation id comes back."""
    answer = await asked(Application.OPEN, path, {"x-correlation-id": "abcdefgh"})
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (200, "abcdefgh")
    assert '"orders"' in answer.text


async def test_the_open_app_makes_an_id_where_none_came() -> None:
    """Every answer has a correlation id."""
    assert (await asked(Application.OPEN, "/api/orders")).headers["x-correlation-id"]


async def test_the_forgetful_app_asks_for_a_token() -> None:
    """Only the health route is for everybody."""
    assert (await asked(Application.FORGETFUL, "/api/health")).status_code == 200
    assert (await asked(Application.FORGETFUL, "/api/orders")).status_code == 401
    assert (await asked(Application.FORGETFUL, "/api/orders", TOKEN)).status_code == 200


async def test_the_forgetful_app_sends_no_correlation_id() -> None:
    """The id that was sent does not come back."""
    answer = await asked(Application.FORGETFUL, "/api/orders", {**TOKEN, "x-correlation-id": "abcdefgh"})
    assert "x-correlation-id" not in answer.headers


async def test_routes_that_do_not_exist_are_not_found() -> None:
    """A stand-in has the routes of the orders app and no others."""
    assert (await asked(Application.OPEN, "/api/invoices")).status_code == 404


async def test_the_stranger_answers_every_route_with_its_own_page() -> None:
    """200, and nothing of the orders app in it."""
    answer = await asked(Application.STRANGER, "/api/orders")
    assert (answer.status_code, '"orders"' in answer.text) == (200, False)


async def test_the_login_page_is_entras() -> None:
    """302 to login.microsoftonline.com."""
    answer = await asked(Application.LOGIN, "/api/orders")
    assert (answer.status_code, httpx.URL(answer.headers["location"]).host) == (302, "login.microsoftonline.com")


async def test_what_has_moved_keeps_its_path() -> None:
    """301 to the same path on another host."""
    answer = await asked(Application.MOVED, "/api/orders?limit=1")
    assert answer.status_code == 301
    assert answer.headers["location"] == "https://www.example.com/api/orders?limit=1"
