"""How Microsoft's worker library indexes an app, and what one bad line does to it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.host.process import start
from lab.host.protos import TypedData
from tests.lab.host.conftest import HEALTH, MASTER, PREAMBLE, Served, served, written

SOURCE = (
    PREAMBLE
    + HEALTH
    + """
@app.function_name("Bad Name!")
@app.route("bad-name")
async def bad_name(req: func.HttpRequest) -> str:
    return "never"

@app.queue_trigger(arg_name="msg", queue_name="shards", connection="AzureWebJobsStorage")
async def shard(msg: func.QueueMessage) -> None:
    pass

@app.route("plain")
def plain(req: func.HttpRequest) -> str:
    return "from a thread"

@app.route("context")
async def context(req: func.HttpRequest, context: func.Context) -> str:
    return f"{context.function_name} {context.invocation_id} {context.function_directory}"
"""
)
served_once = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (PREAMBLE + HEALTH + "def broken(:\n", "SyntaxError"),
        ("import no_such_package\n" + PREAMBLE + HEALTH, "No module named 'no_such_package'"),
        (PREAMBLE + HEALTH + "raise RuntimeError('at import')\n", "RuntimeError: at import"),
        (PREAMBLE + HEALTH + "other = func.FunctionApp()\n", "More than one FunctionApp"),
        (PREAMBLE + HEALTH + HEALTH, "Function health does not have a unique function name."),
        (
            PREAMBLE + HEALTH + HEALTH.replace("health", "z").replace("func.HttpRequest", "int"),
            "cannot load the z function",
        ),
        (PREAMBLE + HEALTH + HEALTH.replace("health", "z").replace("req:", "request:"), "cannot load the z function"),
    ],
    ids=["syntax", "package", "import", "two apps", "duplicate", "annotation", "parameter"],
)
async def test_one_bad_line_empties_the_whole_app(tmp_path: Path, source: str, words: str) -> None:
    """Every route is 404, the home page 200 and the state Running: only the log says what happened."""
    async with served(tmp_path, source) as app:
        health, home = await app.asked("/api/health"), await app.asked("/")
        status = await app.asked("/admin/host/status", headers=MASTER)
    assert (health.status_code, health.content, home.status_code) == (404, b"", 200)
    assert status.json()["state"] == "Running"
    assert (app.process.functions, app.process.failed) == ((), {})
    assert words in app.process.log
    assert "No job functions found." in app.process.log


async def test_an_app_without_a_file_is_an_app_without_functions(tmp_path: Path) -> None:
    """Its routes are 404."""
    folder = written(tmp_path, "")
    (folder / "function_app.py").unlink()
    async with await start(folder, {}) as process, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{process.url}/api/health")).status_code == 404
    assert "No job functions found." in process.log


@served_once
async def test_a_bad_name_or_binding_costs_that_function_only(app: Served) -> None:
    """Each is named with its reason; the others are there, and health is 200."""
    assert app.process.failed == {
        "Bad Name!": "'Bad Name!' is not a valid function name.",
        "shard": "The binding type(s) 'queueTrigger' are not imitated by the lab.",
    }
    assert app.process.functions == ("context", "health", "plain")
    assert [(await app.asked(f"/api/{path}")).status_code for path in ("health", "bad-name")] == [200, 404]


@pytest.mark.parametrize("value", [{"string": b"x"}, {"bytes": "x"}, {"json": {}}, {"string": "x", "json": "1"}])
def test_a_value_is_of_one_kind_and_its_type(value: dict[str, Any]) -> None:
    """Where protobuf's class would refuse it, the stand-in for it does."""
    with pytest.raises(TypeError, match="TypedData"):
        TypedData(**value)


@served_once
async def test_a_function_may_be_no_coroutine(app: Served) -> None:
    """The library runs it in a thread."""
    assert (await app.asked("/api/plain")).text == "from a thread"


@served_once
async def test_a_function_may_ask_for_its_context(app: Served) -> None:
    """Its name and its app's folder; the invocation id is new each time."""
    name, first, folder = (await app.asked("/api/context")).text.split()
    other = (await app.asked("/api/context")).text.split()[1]
    assert (name, (Path(folder) / "function_app.py").is_file(), first != other) == ("context", True, True)
