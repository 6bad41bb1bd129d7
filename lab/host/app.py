"""One Functions app as the host serves it: the handler of its requests, and what makes its timers tick."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Coroutine, Mapping
from http import HTTPMethod
from pathlib import Path
from typing import Self

from lab.host.configuration import Configuration, is_true, load
from lab.host.functions import Functions
from lab.host.incoming import Incoming, RefusedRequestError
from lab.host.keys import Access, Keys
from lab.host.outgoing import AnswerError, response_of, sent
from lab.host.protos import StatusResult, TypedData
from lab.host.routing import Route
from lab.host.timer import Timer
from lab.host.trace import Trace
from lab.host.worker import Function, IndexingError, Worker
from lab.http import Request, Response

logger = logging.getLogger(__name__)

ADMIN_PATH = re.compile(
    r"/admin/(?:warmup|host/(?:ping|status|keys|config|drain(?:/status)?)|functions(?:/[^/]+(?:/keys|/status)?)?)/?"
)
"""The host's own endpoints, most of them 404 here. Whatever else begins with /admin/ is a path as any other."""
OPEN_ADMIN_PATHS = frozenset({"/admin/host/ping", "/admin/warmup"})
GRACE_S = 1.0
"""How long a run may go on once the host was told to end; the real one waits for all of them."""
NOT_RUNNING = Response(503, headers=(("Content-Type", "text/plain"),), body=b"Function host is not running.")
TOO_MANY_REQUESTS = Response(429, headers=(("X-FUNCTION-SCALEOUT", "1"),))
HOME_PAGE = Response(
    200,
    headers=(("Content-Type", "text/html"),),
    body=b"<html><title>Your Azure Function App is up and running.</title></html>",
)
RUNNING = Response(
    200, headers=(("Content-Type", "application/json"),), body=json.dumps({"state": "Running"}).encode("ascii")
)


class Host:
    """A started app. Callable: it is the handler of the server's requests."""

    def __init__(
        self,
        *,
        worker: Worker,
        functions: Functions,
        configuration: Configuration,
        settings: Mapping[str, str],
        keys: Keys,
    ) -> None:
        """Serve these functions, which the worker has indexed."""
        self.functions = functions
        self._worker = worker
        self._configuration = configuration
        self._keys = keys
        self._has_home_page = not is_true(settings, "AzureWebJobsDisableHomepage")
        self._outstanding = 0
        self._slots = asyncio.Semaphore(configuration.max_concurrent) if configuration.max_concurrent else None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(cls, folder: Path, settings: Mapping[str, str], keys: Keys) -> Self:
        """Index the app and start its timers.

        An app that cannot be indexed is an app without functions, and only the log says so: every route is 404 then.

        Raises:
            ConfigurationError, RouteError: the host of this app does not run.
        """
        configuration = load(folder, settings)
        worker = Worker()
        try:
            indexed = await worker.index(folder)
        except IndexingError as error:
            logger.error("%s", error)  # noqa: TRY400 - the stack that counts is in the text
            indexed = []
        if not indexed:
            logger.error("No job functions found.")
        functions = Functions.of(indexed, configuration.route_prefix, settings)
        host = cls(worker=worker, functions=functions, configuration=configuration, settings=settings, keys=keys)
        for name, timer in functions.timers.items():
            if name not in functions.disabled:
                host._begin(host._tick(functions.by_name[name], timer))
        return host

    async def __call__(self, request: Request) -> Response:
        """The answer to a request, as it leaves the host."""
        response = await self._answer(request)
        return sent(response, {} if response is TOO_MANY_REQUESTS else self._configuration.custom_headers)

    async def aclose(self) -> None:
        """Stop the timers; let runs end, for a while."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._worker.aclose(GRACE_S)

    async def _answer(self, request: Request) -> Response:
        try:
            incoming = Incoming.of(request)
        except RefusedRequestError as error:
            return Response(error.status)
        access = self._keys.access(incoming.key)
        administered = self._administer(incoming, access)
        if administered:
            return administered
        found = self.functions.routes.find(incoming.method, incoming.path)
        if found is None:
            if incoming.path != "/":
                return Response(404)
            return HOME_PAGE if self._has_home_page else Response(204)
        route, parameters = found
        limit = self._configuration.max_outstanding
        if limit is not None and self._outstanding >= limit:
            return TOO_MANY_REQUESTS
        if access < route.level:
            return Response(401)
        # A disabled function is disabled for everybody but the holder of the master key.
        if route.function.name.lower() in self.functions.disabled and access < Access.ADMIN:
            return Response(404)
        return await self._serve(route, incoming, parameters)

    def _administer(self, incoming: Incoming, access: Access) -> Response | None:
        """The answer of the host's own endpoints, `None` where the path is none of theirs."""
        path = incoming.path.lower()
        if path.startswith("/runtime/webhooks/"):
            return Response(404 if access == Access.ADMIN else 401)  # there is no extension here
        if not ADMIN_PATH.fullmatch(path):
            return None
        if path in OPEN_ADMIN_PATHS:
            return Response(200)
        if access < Access.ADMIN:
            # A function key says who is calling, and that it is not enough.
            return Response(403) if access else Response(401, headers=(("WWW-Authenticate", "Bearer"),))
        if path == "/admin/host/status":
            return RUNNING
        return self._start_by_hand(incoming, path.removeprefix("/admin/functions/"))

    def _start_by_hand(self, incoming: Incoming, name: str) -> Response:
        """`POST /admin/functions/NAME` with a JSON body runs a function now; one of HTTP is accepted, and fails."""
        function = self.functions.by_name.get(name)
        if incoming.method != HTTPMethod.POST or function is None:
            return Response(404)
        if not incoming.body or not incoming.headers.get("content-type", "").startswith("application/json"):
            return Response(400)
        timer = self.functions.timers.get(name)
        if timer is None:
            logger.error("Executed 'Functions.%s' (Failed): An HttpRequest is required", function.name)
        else:
            trace = self._configuration.telemetry.of_timer()
            self._begin(self._run_by_hand(function, timer.payload(), trace))
        return Response(202)

    async def _run_by_hand(self, function: Function, payload: TypedData, trace: Trace) -> None:
        await self._run(function, payload, trace, "This function was programmatically called via the host APIs.")

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Let something run beside the requests until the host ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, route: Route, incoming: Incoming, parameters: Mapping[str, str]) -> Response:
        self._outstanding += 1
        try:
            if self._slots:
                async with self._slots:
                    return await self._respond(route.function, incoming, parameters)
            return await self._respond(route.function, incoming, parameters)
        finally:
            self._outstanding -= 1

    async def _respond(self, function: Function, incoming: Incoming, parameters: Mapping[str, str]) -> Response:
        trace = self._configuration.telemetry.of_request(incoming.headers)
        succeeded, returned = await self._run(function, incoming.to_rpc(parameters), trace, "This was called by HTTP.")
        if not succeeded:
            return Response(500)
        try:
            return response_of(returned)
        except AnswerError as error:
            logger.error("Function 'Functions.%s': %s", function.name, error)  # noqa: TRY400 - the text says all
            return Response(500, headers=error.headers)

    async def _run(
        self, function: Function, value: TypedData, trace: Trace, reason: str
    ) -> tuple[bool, TypedData | None]:
        """Run a function to its end or to functionTimeout: whether it succeeded, and what it returned."""
        name, began, timeout_s = function.name, time.monotonic(), self._configuration.timeout_s
        logger.info("Executing 'Functions.%s' (Reason='%s')", name, reason)
        task = self._worker.invoke(function, value, trace)
        # Not wait_for: at its time-out a function is left to itself, and nothing ever tells it that its caller is gone.
        await asyncio.wait({task}, timeout=timeout_s)
        if task.done() and task.cancelled() and timeout_s is not None:
            # CancelledError out of a function never reaches the host, which waits for an answer.
            await asyncio.sleep(timeout_s - (time.monotonic() - began))
        took_ms = round((time.monotonic() - began) * 1000)
        if not task.done() or task.cancelled():
            logger.error("Timeout value of %s s exceeded by function 'Functions.%s'", timeout_s, name)
            return False, None
        result = task.result().result
        if result.status == StatusResult.Failure:
            error = result.exception
            logger.error(
                "Executed 'Functions.%s' (Failed, Duration=%dms)\n%s", name, took_ms, error and error.stack_trace
            )
            return False, None
        logger.info("Executed 'Functions.%s' (Succeeded, Duration=%dms)", name, took_ms)
        return True, task.result().return_value

    async def _tick(self, function: Function, timer: Timer) -> None:
        async def fire(payload: TypedData) -> None:
            await self._run(function, payload, self._configuration.telemetry.of_timer(), "Timer fired")

        await timer.run(fire)
