"""The host's own endpoints, and its home page."""

from pathlib import Path

import pytest

from tests.lab.host.conftest import HEALTH, KEYS, MASTER, PREAMBLE, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCE = (
    PREAMBLE
    + HEALTH
    + """
def ran(name, timer):
    logging.info("%s ran, past due: %s", name, timer.past_due)

@app.timer_trigger(arg_name="timer", schedule="0 0 0 29 2 *")
async def tick(timer: func.TimerRequest) -> None:
    ran("tick", timer)

@app.timer_trigger(arg_name="timer", schedule="0 0 0 29 2 *")
async def silenced(timer: func.TimerRequest) -> None:
    ran("silenced", timer)

@app.timer_trigger(arg_name="timer", schedule="00:00:00.2")
async def brisk(timer: func.TimerRequest) -> None:
    ran("brisk", timer)

@app.timer_trigger(arg_name="timer", schedule="00:00:00.2")
async def stilled(timer: func.TimerRequest) -> None:
    ran("stilled", timer)
"""
)
SETTINGS = {"AzureWebJobs_silenced_Disabled": "true", "AzureWebJobs_stilled_Disabled": "1"}
CLOSED = ["/admin/host/status", "/admin/host/keys", "/admin/host/config", "/admin/functions/tick/keys"]
TICK = "/admin/functions/tick"


@pytest.mark.parametrize("path", CLOSED)
async def test_admin_endpoints_challenge_strangers(app: Served, path: str) -> None:
    """401, which names the scheme, as no function's does."""
    answer = await app.asked(path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("key", [KEYS.function, KEYS.host])
async def test_a_lesser_key_is_forbidden(app: Served, key: str) -> None:
    """403: it says who is calling, and that it is not enough."""
    headers = {"x-functions-key": key}
    assert [(await app.asked(path, headers=headers)).status_code for path in CLOSED] == [403] * len(CLOSED)
    assert (await app.asked(TICK, "POST", headers=headers, json={})).status_code == 403


async def test_the_master_key_is_told_the_state(app: Served) -> None:
    """`Running`, in JSON."""
    assert (await app.asked("/admin/host/status", headers=MASTER)).json()["state"] == "Running"


@pytest.mark.parametrize("path", ["/", "/admin/host/ping", "/admin/warmup"])
async def test_some_pages_are_open(app: Served, path: str) -> None:
    """A stranger gets 200 from them."""
    assert (await app.asked(path)).status_code == 200


async def test_the_home_page_says_that_the_app_is_up(app: Served) -> None:
    """Whatever the app's functions do."""
    assert "Your Azure Function App is up and running" in (await app.asked("/")).text


async def test_the_home_page_can_be_switched_off(tmp_path: Path) -> None:
    """204, empty, and the functions answer as before."""
    async with served(tmp_path, PREAMBLE + HEALTH, settings={"AzureWebJobsDisableHomepage": "true"}) as app:
        home, health = await app.asked("/"), await app.asked("/api/health")
    assert (home.status_code, home.content, health.status_code) == (204, b"", 200)


@pytest.mark.parametrize(("path", "status"), [("/admin/unknown", 404), ("/runtime/webhooks/unknown", 401)])
async def test_unknown_endpoints(app: Served, path: str, status: int) -> None:
    """An admin path that is none is a path without a route; an extension's asks for a key before it is missed."""
    assert (await app.asked(path)).status_code == status


@pytest.mark.parametrize("name", ["tick", "silenced"])
async def test_the_master_key_runs_a_timer_now(app: Served, name: str) -> None:
    """202 at once, and the function runs, a disabled one too; it is not told that it is past due."""
    answer = await app.asked(f"/admin/functions/{name}", "POST", headers=MASTER, json={})
    assert (answer.status_code, answer.content) == (202, b"")
    await app.logged(f"{name} ran, past due: False")


async def test_a_disabled_timer_does_not_tick(app: Served) -> None:
    """Another of the same schedule ran twice meanwhile."""
    await app.logged("brisk ran", times=2)
    assert "Function 'Functions.stilled' is disabled" in app.process.log
    assert "stilled ran" not in app.process.log


@pytest.mark.parametrize(
    ("content", "kind"), [(b"", "application/json"), (b"{}", "text/plain")], ids=["no body", "no JSON"]
)
async def test_a_run_by_hand_needs_a_json_body(app: Served, content: bytes, kind: str) -> None:
    """It is refused without one."""
    answer = await app.asked(TICK, "POST", headers={**MASTER, "Content-Type": kind}, content=content)
    assert answer.is_client_error


async def test_an_http_function_cannot_be_run_by_hand(app: Served) -> None:
    """It is accepted, and only the log says that it failed."""
    assert (await app.asked("/admin/functions/health", "POST", headers=MASTER, json={})).status_code == 202
    await app.logged("An HttpRequest is required")
