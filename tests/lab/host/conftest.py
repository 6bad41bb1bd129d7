"""Small Function apps, each written for a test and served by a host process of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lab.host.keys import Keys
from lab.host.process import HostProcess, start
from tests.lab.clients import exchange

PATIENCE_S = 10.0
"""Not a claim about speed: how long a test waits before it says that something does not come."""
KEYS = Keys(function="function-key", host="host-key", master="master-key")
MASTER = {"x-functions-key": KEYS.master}

PREAMBLE = """
import asyncio, json, logging, time
import azure.functions as func
from werkzeug.datastructures import Headers

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def shown(function, req):
    return func.HttpResponse(mimetype="application/json", body=json.dumps({
        "function": function, "method": req.method, "url": req.url, "headers": dict(req.headers),
        "query": dict(req.params), "route": dict(req.route_params), "body": req.get_body().decode("latin-1"),
    }))
"""
"""How most apps here begin; `shown` answers with what a function was given."""
HEALTH = """
@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> str:
    return "ok"
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running app, and a client of it without a key."""

    process: HostProcess
    http: httpx.AsyncClient

    async def shown(self, target: str, method: str = "GET", **arguments: Any) -> dict[str, Any]:
        """What the function behind a target was given; the target goes out as it is."""
        answer = await self.asked(target, method, **arguments)
        assert answer.status_code == httpx.codes.OK
        said: dict[str, Any] = answer.json()
        return said

    async def asked(self, target: str, method: str = "GET", **arguments: Any) -> httpx.Response:
        """The answer to a target that goes out as it is, escapes and dots included."""
        return await self.http.request(method, "/", extensions={"target": target.encode()}, **arguments)

    async def exchange(self, request: bytes) -> bytes:
        """What comes back for these bytes, to the end of the connection."""
        port = self.http.base_url.port
        assert port is not None
        return await exchange(port, request, PATIENCE_S)

    async def logged(self, text: str, times: int = 1) -> None:
        """Wait until the log holds the text that many times."""
        await until(lambda: self.process.log.count(text) >= times)


def written(folder: Path, source: str, host: Mapping[str, Any] | None = None) -> Path:
    """The folder, with an app of this source and this host.json in it."""
    (folder / "function_app.py").write_text(source, encoding="utf-8")
    (folder / "host.json").write_text(json.dumps({"version": "2.0", **(host or {})}), encoding="utf-8")
    return folder


@asynccontextmanager
async def served(
    folder: Path, source: str, *, host: Mapping[str, Any] | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """The app of this source, running under these settings."""
    async with (
        await start(written(folder, source, host), settings or {}, keys=KEYS) as process,
        httpx.AsyncClient(base_url=process.url, trust_env=False, timeout=PATIENCE_S) as http,
    ):
        yield Served(process=process, http=http)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it does; TimeoutError where it never does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The app of the module: its SOURCE, and its HOST and SETTINGS where it has any."""
    module = request.module
    host, settings = getattr(module, "HOST", None), getattr(module, "SETTINGS", None)
    async with served(tmp_path_factory.mktemp("app"), module.SOURCE, host=host, settings=settings) as running:
        yield running
