"""An app in a process of its own."""

from pathlib import Path

import httpx
import pytest

from lab.host.process import start
from tests.lab.host.conftest import HEALTH, KEYS, PATIENCE_S, PREAMBLE, Served, served, written

SOURCE = (
    PREAMBLE
    + HEALTH
    + """
import atexit, os, sys
atexit.register(print, "exporters are flushed", file=sys.stderr)
logging.getLogger("orders").info("imported")

@app.route("surroundings", methods=["GET"])
async def surroundings(req: func.HttpRequest) -> func.HttpResponse:
    given = {"environment": dict(os.environ), "cwd": os.getcwd(), "keys_file_exists": os.path.exists(sys.argv[3])}
    return func.HttpResponse(json.dumps({"arguments": sys.argv[2:3], **given}), mimetype="application/json")

@app.route("exit", methods=["GET"])
async def ends(req: func.HttpRequest) -> str:
    logging.info("last words")
    os._exit(3)
"""
)
SETTINGS = {"ORDERS_TENANT_ID": "a tenant"}
served_once = pytest.mark.asyncio(loop_scope="module")


@served_once
async def test_it_says_where_it_listens_and_what_it_runs(app: Served) -> None:
    """A port of loopback, and the functions by name."""
    assert httpx.URL(app.process.url).host == "127.0.0.1"
    assert app.process.functions == ("ends", "health", "surroundings")
    assert app.process.failed == {}


@served_once
async def test_the_keys_are_those_it_was_given(app: Served) -> None:
    """Whoever has started it can call it, and the file that brought them is gone."""
    said = (await app.asked("/api/surroundings")).json()
    assert app.process.keys == KEYS
    assert (said["arguments"], said["keys_file_exists"]) == (["--settings"], False)


async def test_only_the_settings_are_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this process's own comes with them."""
    monkeypatch.setenv("SECRET_OF_THE_TESTS", "1")
    async with served(tmp_path, SOURCE, settings=SETTINGS) as app:
        environment = (await app.asked("/api/surroundings")).json()["environment"]
    # Python itself sets LC_CTYPE in the C locale (PEP 538).
    assert environment.keys() - {"LC_CTYPE"} == {
        "FUNCTIONS_WORKER_RUNTIME",
        "ORDERS_TENANT_ID",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
    }
    assert environment["ORDERS_TENANT_ID"] == "a tenant"


@served_once
async def test_it_runs_in_the_folder_of_the_app(app: Served) -> None:
    """Files beside function_app.py are found by their names."""
    assert (Path((await app.asked("/api/surroundings")).json()["cwd"]) / "function_app.py").is_file()


@served_once
async def test_the_root_logger_lets_information_through(app: Served) -> None:
    """As under the real worker, of whatever logger."""
    await app.logged("INFO orders imported")


async def test_keys_are_new_unless_given(tmp_path: Path) -> None:
    """Those that it says it has open its endpoints."""
    async with (
        await start(written(tmp_path, PREAMBLE + HEALTH), {}) as process,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        headers = {"x-functions-key": process.keys.master}
        answer = await http.get(f"{process.url}/admin/host/status", headers=headers)
    assert (answer.status_code, process.keys.master == KEYS.master) == (200, False)


async def test_it_ends_in_order(tmp_path: Path) -> None:
    """What the app has registered for its exit is run, and nothing listens any more; to end it again does no harm."""
    async with served(tmp_path, SOURCE) as app:
        assert "exporters are flushed" not in app.process.log
    assert "exporters are flushed" in app.process.log
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"{app.process.url}/api/health")
    await app.process.aclose()


async def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    """A function that blocks the event loop keeps it from hearing of its end."""
    blocks = HEALTH.replace("health", "blocks").replace("return", "logging.info('blocked'); time.sleep(60); return")
    async with served(tmp_path, PREAMBLE + blocks) as app:
        with pytest.raises(httpx.ReadTimeout):
            await app.asked("/api/blocks", timeout=0.2)
        await app.logged("blocked")
        await app.process.aclose(stop_s=0.2)
    assert app.process._process.returncode == -9


async def test_a_function_can_end_it(tmp_path: Path) -> None:
    """The caller gets no answer, the log is kept, and closing it does no harm."""
    async with served(tmp_path, SOURCE) as app:
        with pytest.raises(httpx.TransportError):
            await app.asked("/api/exit")
        with pytest.raises(httpx.TransportError):
            await app.asked("/api/health")
    assert "last words" in app.process.log


@pytest.mark.timeout(PATIENCE_S)
async def test_one_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    """sys.exit at import ends the host before it listens; the error has its log."""
    folder = written(tmp_path, PREAMBLE + "logging.error('cannot go on')\nraise SystemExit(1)\n")
    with pytest.raises(RuntimeError, match=r"the host did not start:\n(.*\n)*ERROR root cannot go on"):
        await start(folder, {})
