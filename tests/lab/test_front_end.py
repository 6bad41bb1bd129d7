"""App Service's front end, asked over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from lab.front_end import CALLER, FrontEnd
from lab.http import Request, Response, serve
from lab.world import Site, SiteState
from tests.lab.clients import fetch

APP = "app.azurewebsites.net"
SCM = "app.scm.azurewebsites.net"
SITE = Site(hosts=(APP, SCM))


async def application(request: Request) -> Response:
    """What stands behind the front end."""
    return Response(status=200, headers=(("x-seen-host", request.header("host") or ""),), body=b"the application")


@asynccontextmanager
async def front_end(site: Site = SITE, *, public: bool = False) -> AsyncIterator[int]:
    """Port of a front end that serves the site."""
    async with await serve(FrontEnd(site, public=public, application=application)) as server:
        yield server.port


async def asked(site: Site = SITE, *, host: str = APP, public: bool = False) -> httpx.Response:
    """The answer of a front end that serves the site."""
    async with front_end(site, public=public) as port:
        return await fetch(port, f"http://{host}/api/orders")


async def test_a_running_app_answers_for_itself() -> None:
    """The application gets the request with the Host it was sent to, and the answer has a date."""
    answer = await asked()
    assert (answer.status_code, answer.text, answer.headers["x-seen-host"]) == (200, "the application", APP)
    assert answer.headers["date"].endswith(" GMT")


async def test_the_public_front_end_refuses_by_the_callers_address() -> None:
    """Only this answer has x-ms-forbidden-ip: it proves that the caller came in public."""
    answer = await asked(public=True)
    assert (answer.status_code, answer.reason_phrase) == (403, "Ip Forbidden")
    assert answer.headers["x-ms-forbidden-ip"] == CALLER
    assert "Error 403 - Forbidden" in answer.text


async def test_the_public_front_end_serves_where_public_access_is_open() -> None:
    """Private Endpoint and public access exist side by side until the latter is closed."""
    assert (await asked(Site(hosts=(APP,), public_access=True), public=True)).text == "the application"


async def test_the_private_address_does_not_ask_for_public_access() -> None:
    """Access restrictions are not evaluated for what comes through the endpoint."""
    assert (await asked(Site(hosts=(APP,), public_access=False))).status_code == 200


@pytest.mark.parametrize("host", ["other.azurewebsites.net", "app.privatelink.azurewebsites.net", "10.80.20.4"])
@pytest.mark.parametrize("public", [True, False])
async def test_a_host_that_is_not_bound_is_not_found(host: str, public: bool) -> None:  # noqa: FBT001 - a column
    """Nobody here has the name, on either side."""
    answer = await asked(host=host, public=public)
    assert (answer.status_code, "404 Web Site not found" in answer.text) == (404, True)


@pytest.mark.parametrize("state", list(SiteState))
async def test_the_deployment_site_answers_in_every_state(state: SiteState) -> None:
    """Kudu runs beside the app, and asks for a login."""
    answer = await asked(Site(hosts=SITE.hosts, state=state), host=SCM)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="site"')


@pytest.mark.parametrize(
    ("state", "status", "reason", "text"),
    [
        (SiteState.STOPPED, 403, "Site Disabled", "Error 403 - This web app is stopped."),
        (SiteState.HOST_DOWN, 503, "Service Unavailable", "Function host is not running."),
        (SiteState.OFFLINE, 503, "Service Unavailable", "being deployed"),
        (SiteState.ERROR, 500, "Internal Server Error", ""),
    ],
)
async def test_each_state_has_its_answer(state: SiteState, status: int, reason: str, text: str) -> None:
    """Status, reason and text are those that were seen, and no page pretends to be the public refusal."""
    answer = await asked(Site(hosts=(APP,), state=state))
    assert (answer.status_code, answer.reason_phrase) == (status, reason)
    assert text in answer.text
    assert "x-ms-forbidden-ip" not in answer.headers


async def test_a_slow_app_answers_in_the_end() -> None:
    """Nothing comes within a second, and then the answer."""
    async with front_end(Site(hosts=(APP,), state=SiteState.SLOW)) as port:
        with pytest.raises(httpx.ReadTimeout):
            await fetch(port, f"http://{APP}/", seconds=0.3)
        assert (await fetch(port, f"http://{APP}/", seconds=10)).text == "the application"


async def test_an_app_that_hangs_never_answers_and_does_not_keep_the_lab_open() -> None:
    """The request times out, and the server closes all the same."""
    async with front_end(Site(hosts=(APP,), state=SiteState.HANGS)) as port:
        with pytest.raises(httpx.ReadTimeout):
            await fetch(port, f"http://{APP}/", seconds=0.3)


async def test_a_truncated_answer_ends_in_the_middle_of_the_body() -> None:
    """The head promises more than comes."""
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await asked(Site(hosts=(APP,), state=SiteState.TRUNCATES))


async def test_garbage_is_no_http() -> None:
    """No client can read it."""
    with pytest.raises(httpx.RemoteProtocolError):
        await asked(Site(hosts=(APP,), state=SiteState.GARBAGE))
