"""`python -m lab.host APP_DIR --settings FILE.json`: one app, served over HTTP on loopback until SIGTERM.

It says where it listens in one JSON line on standard output; its log goes to standard error.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path

from lab.host.app import NOT_RUNNING, Host
from lab.host.configuration import ConfigurationError
from lab.host.keys import Keys
from lab.host.outgoing import sent
from lab.host.routing import RouteError
from lab.http import Request, Response, serve

logger = logging.getLogger("lab.host")


async def run(folder: Path, settings: Mapping[str, str], keys: Keys, port: int) -> None:
    """Serve the app until the task is cancelled."""
    try:
        host = await Host.start(folder, settings, keys)
    except (ConfigurationError, RouteError) as error:
        logger.error("A host error has occurred during startup: %s", error)  # noqa: TRY400 - the text says all
        async with await serve(stopped, port=port) as server:
            await announce(server.url, [], {"host": str(error)})
        return
    try:
        async with await serve(host, port=port) as server:
            names = sorted(function.name for function in host.functions.by_name.values())
            await announce(server.url, names, host.functions.failed)
    finally:
        await host.aclose()


async def announce(url: str, functions: list[str], failed: Mapping[str, str]) -> None:
    """Say where the host listens and what it runs, and wait for the end."""
    sys.stdout.write(json.dumps({"url": url, "functions": functions, "failed": dict(failed)}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def stopped(_request: Request) -> Response:
    """The answer of a host that does not run: the same for everything, for ever."""
    return sent(NOT_RUNNING, {})


async def until_terminated(work: Coroutine[None, None, None]) -> None:
    """Run until SIGTERM, and then end in order, so that exporters flush at exit."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def main() -> None:
    """Read the arguments, put the settings into the environment, and serve."""
    parser = argparse.ArgumentParser(prog="python -m lab.host", description=__doc__)
    parser.add_argument("folder", type=Path, help="the app: function_app.py and host.json")
    parser.add_argument("--settings", type=Path, required=True, help='JSON: {"settings": {...}, "keys": {...}}')
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    arguments = parser.parse_args()
    table = json.loads(arguments.settings.read_text(encoding="utf-8"))
    settings: dict[str, str] = table["settings"]
    folder = arguments.folder.resolve()
    os.environ.update(settings)
    # The proxy worker does so: the root logger lets INFO through, and an exporter on it would feed itself.
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(until_terminated(run(folder, settings, Keys(**table["keys"]), arguments.port)))


if __name__ == "__main__":
    main()
