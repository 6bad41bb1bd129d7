"""Runs of functions: side by side, too many, too long, and without their callers."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.lab.host.conftest import HEALTH, MASTER, PREAMBLE, Served, served, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

TIMEOUT_S = 1.2
"""functionTimeout of this module's app; it must be above a second."""
PARTIES = 20
SOURCE = (
    PREAMBLE
    + HEALTH
    + f"""
import threading
tasks, threads = asyncio.Barrier({PARTIES}), threading.Barrier({PARTIES}, timeout=10)
released = asyncio.Event()
running = most = 0

@app.route("tasks")
async def in_tasks(req: func.HttpRequest) -> str:
    await tasks.wait()
    return "met"

@app.route("threads")
def in_threads(req: func.HttpRequest) -> str:
    threads.wait()
    return "met"

@app.route("hangs")
async def hangs(req: func.HttpRequest) -> str:
    await asyncio.Event().wait()
    return ""

@app.route("late")
async def late(req: func.HttpRequest) -> str:
    try:
        await asyncio.sleep({TIMEOUT_S + 0.3})
    except asyncio.CancelledError:
        logging.info("late was cancelled")
        raise
    logging.info("late has ended")
    return ""

@app.route("cancelled")
async def cancelled(req: func.HttpRequest) -> str:
    raise asyncio.CancelledError

@app.route("counted")
async def counted(req: func.HttpRequest) -> str:
    global running, most
    running += 1
    most = max(most, running)
    await released.wait()
    running -= 1
    return str(most)

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
async def release(timer: func.TimerRequest) -> None:
    released.set()

@app.route("slow")
async def slow(req: func.HttpRequest) -> str:
    logging.info("slow has begun")
    await asyncio.sleep(0.3)
    return ""
"""
)
HOST = {"functionTimeout": f"00:00:0{TIMEOUT_S}"}
# The library's own default is that of ThreadPoolExecutor, which depends on the machine.
SETTINGS = {"PYTHON_THREADPOOL_THREAD_COUNT": str(PARTIES)}


@pytest.mark.parametrize("path", ["tasks", "threads"])
async def test_functions_run_side_by_side(app: Served, path: str) -> None:
    """Each waits for all the others: coroutines in one loop, plain functions in as many threads."""
    answers = await asyncio.gather(*(app.asked(f"/api/{path}") for _ in range(PARTIES)))
    assert [answer.text for answer in answers] == ["met"] * PARTIES


async def test_no_answer_is_an_error_when_the_time_is_up(app: Served) -> None:
    """500, empty, at functionTimeout and no sooner, be it that CancelledError came out of the function."""
    began_s = time.monotonic()

    async def call(name: str) -> tuple[int, bytes, bool]:
        answer = await app.asked(f"/api/{name}")
        return answer.status_code, answer.content, time.monotonic() - began_s >= TIMEOUT_S

    assert [*await asyncio.gather(call("hangs"), call("cancelled"))] == [(500, b"", True)] * 2
    for name in ("hangs", "cancelled"):
        await app.logged(f"Timeout value of {TIMEOUT_S} s exceeded by function 'Functions.{name}'")


async def test_a_function_out_of_time_is_not_cancelled(app: Served) -> None:
    """It goes on to its end, and no exception is raised in it; others are answered meanwhile."""
    answer, health = await asyncio.gather(app.asked("/api/late"), app.asked("/api/health"))
    assert (answer.status_code, health.status_code) == (500, 200)
    await app.logged("late has ended")
    assert "late was cancelled" not in app.process.log


async def test_a_client_that_leaves_cancels_nothing(app: Served) -> None:
    """The function runs to its end, as a success."""
    _, writer = await asyncio.open_connection("127.0.0.1", app.http.base_url.port)
    writer.write(b"GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n")
    await app.logged("slow has begun")
    assert "Executed 'Functions.slow'" not in app.process.log
    writer.transport.abort()
    await app.logged("Executed 'Functions.slow' (Succeeded")


async def test_limits_of_requests(tmp_path: Path) -> None:
    """Of ten calls two run at once and three wait; the others, and health, are 429 without the custom headers."""
    limits = {"maxConcurrentRequests": 2, "maxOutstandingRequests": 5, "customHeaders": {"X-Lab": "1"}}
    async with served(tmp_path, SOURCE, host={"extensions": {"http": limits}}) as app:
        calls = [asyncio.create_task(app.asked("/api/counted")) for _ in range(10)]
        await until(lambda: sum(call.done() for call in calls) >= 5)
        refused = [*(call.result() for call in calls if call.done()), await app.asked("/api/health")]
        await app.asked("/admin/functions/release", "POST", headers=MASTER, json={})
        answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 5
    assert {answer.text for answer in answers if answer.is_success} == {"2"}
    assert [(answer.status_code, answer.content) for answer in refused] == [(429, b"")] * 6
    assert [answer.headers["x-function-scaleout"] for answer in refused] == ["1"] * 6
    assert not [answer for answer in refused if "x-lab" in answer.headers]
