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
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path

from lab.host.configuration import Configuration, HostJsonError, Keys, load
from lab.host.routing import Route, RouteError, route
from lab.host.server import Host, StoppedHost, summary
from lab.host.timer import ScheduleError, resolved, run_on, schedule
from lab.host.worker import Function, IndexingError, index
from lab.http import Handler, serve

log = logging.getLogger("lab.host")


async def run(folder: Path, settings: Mapping[str, str], keys: Keys, port: int) -> None:
    """Serve the app until the task is cancelled."""
    try:
        functions = await index(folder)
    except IndexingError as error:
        # Every route is 404 then, and the host says that it runs: deployments must ask the health route.
        log.error("%s\nNo job functions found.", error)  # noqa: TRY400 - the stack is the worker's
        functions = []
    failed: dict[str, str] = {}
    handler, ticking = started(folder, functions, settings, keys, failed)
    async with await serve(handler, port=port) as server, asyncio.TaskGroup() as group:
        for function, text in ticking:
            group.create_task(run_on(function, schedule(text)))
        sys.stdout.write(summary(server.url, [function.name for function in functions], failed) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def started(
    folder: Path,
    functions: Sequence[Function],
    settings: Mapping[str, str],
    keys: Keys,
    failed: dict[str, str],
) -> tuple[Handler, list[tuple[Function, str]]]:
    """The handler, and the timers with their schedules; what cannot start is in `failed`, by name."""
    try:
        configuration = load(folder, settings)
        routes = http_routes(functions, configuration)
    except (HostJsonError, RouteError) as error:
        failed["host"] = str(error)
        return StoppedHost(error), []
    timers = {one.name.lower(): one for one in functions if one.trigger["type"] == "timerTrigger"}
    ticking: list[tuple[Function, str]] = []
    for function in timers.values():
        try:
            text = resolved(str(function.trigger["schedule"]), settings)
            schedule(text)
        except ScheduleError as error:
            failed[function.name] = str(error)
            log.error("The listener for function 'Functions.%s' was unable to start. %s", function.name, error)  # noqa: TRY400 - said in full
        else:
            ticking.append((function, text))
    host = Host(configuration=configuration, routes=routes, timers=timers, settings=settings, keys=keys)
    return host, ticking


def http_routes(functions: Sequence[Function], configuration: Configuration) -> list[Route]:
    """The routes of the HTTP functions, in the order in which they are tried."""
    return [route(one, configuration.prefix) for one in functions if one.trigger["type"] == "httpTrigger"]


def main() -> None:
    """Read the arguments, put the settings into the environment, and serve."""
    parser = argparse.ArgumentParser(prog="python -m lab.host", description=__doc__)
    parser.add_argument("folder", type=Path, help="the app: function_app.py and host.json")
    parser.add_argument("--settings", type=Path, required=True, help='JSON: {"settings": {...}, "keys": {...}}')
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    arguments = parser.parse_args()
    table = json.loads(arguments.settings.read_text(encoding="utf-8"))
    settings: dict[str, str] = table["settings"]
    os.environ.update(settings)
    # The proxy worker does so: the root logger lets INFO through, and an exporter on it would feed itself.
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    os.chdir(arguments.folder)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(until_terminated(run(arguments.folder.resolve(), settings, Keys(**table["keys"]), arguments.port)))


async def until_terminated(work: Coroutine[None, None, None]) -> None:
    """Run until SIGTERM, and then end in order, so that exporters flush at exit."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


if __name__ == "__main__":
    main()
