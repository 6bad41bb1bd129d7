"""The HTTP side of the host: from a request to a function and back, with keys, headers and status codes of the real one."""

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from hmac import compare_digest
from urllib.parse import unquote_plus

from lab.host.configuration import Configuration, HostJsonError, Keys
from lab.host.routing import Route, find
from lab.host.timer import payload, run_once
from lab.host.worker import Function, HttpInput, HttpOutput, InvocationError, run_http
from lab.http import BODILESS, Request, Response

log = logging.getLogger("lab.host")
MOST_HEADERS = 100
MOST_HEADER_BYTES = 32_768
TRACE_PARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
HOME = b"<!DOCTYPE html><title>Your Functions app is up and running</title>"
NOT_RUNNING = b"Function host is not running."
LOWEST_STATUS, HIGHEST_STATUS = 200, 999
"""What a handler may answer with here; the real host sends on any number, and clients break on some."""


class Host:
    """A started host: the handler of every request to the app."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        routes: Sequence[Route],
        timers: Mapping[str, Function],
        settings: Mapping[str, str],
        keys: Keys,
    ) -> None:
        """Answer for these functions; timers are by name, for runs asked for."""
        self._configuration = configuration
        self._routes = routes
        self._timers = timers
        self._keys = keys
        self._disabled = {name for name in names(routes, timers) if is_disabled(name, settings)}
        self._outstanding = 0
        self._asked_for: set[asyncio.Task[None]] = set()

    async def __call__(self, request: Request) -> Response:
        """The answer, with what the host adds to every one."""
        limit = self._configuration.most_outstanding
        if limit is not None and self._outstanding >= limit:
            return finished(Response(status=429, headers=(("X-FUNCTION-SCALEOUT", "1"),)), {})
        self._outstanding += 1
        try:
            return finished(await self._answer(request), self._configuration.custom_headers)
        finally:
            self._outstanding -= 1

    async def _answer(self, request: Request) -> Response:
        size = sum(len(name) + len(value) + 4 for name, value in request.headers)
        if size > MOST_HEADER_BYTES or len(request.headers) > MOST_HEADERS:
            return Response(status=431)
        if request.path == "/":
            return (
                Response(status=200, headers=(("Content-Type", "text/html"),), body=HOME)
                if self._configuration.homepage
                else Response(status=204)
            )
        if request.path.startswith("/admin/"):
            return self._administer(request)
        found = find(self._routes, request.method, request.path)
        if found is None:
            return Response(status=404)
        route, parameters = found
        query = query_of(request.query)
        refused = self._refused(route, request, query)
        if refused is not None:
            return Response(status=refused)
        return await self._run(route, request, parameters, query)

    def _refused(self, route: Route, request: Request, query: Mapping[str, str]) -> int | None:
        """401 or 404, or `None` where the call may run. A key in the header wins over one in the query."""
        level = self._level(joined(request).get("x-functions-key", query.get("code", "")))
        disabled = route.function.name in self._disabled
        if route.level == "anonymous":
            return 404 if disabled else None
        if level == "master":
            return None
        if route.level == "admin" or level is None:
            return 401
        return 404 if disabled else None

    def _level(self, key: str) -> str | None:
        """Which key it is, each compared in constant time; letter case does not count, on the real host neither."""
        found = [
            name
            for name, value in (
                ("master", self._keys.master),
                ("host", self._keys.host),
                ("function", self._keys.function),
            )
            if compare_digest(key.lower().encode(), value.lower().encode())
        ]
        return found[0] if found else None

    def _administer(self, request: Request) -> Response:
        if request.path in {"/admin/host/ping", "/admin/warmup"}:
            return Response(status=200)
        level = self._level(joined(request).get("x-functions-key", ""))
        if level is None:
            return Response(status=401, headers=(("WWW-Authenticate", "Bearer"),))
        if level != "master":
            return Response(status=403)
        if request.path == "/admin/host/status":
            return Response(status=200, headers=(("Content-Type", "application/json"),), body=b'{"state":"Running"}')
        return self._start_timer(request)

    def _start_timer(self, request: Request) -> Response:
        """`POST /admin/functions/NAME` with a JSON body runs a timer now."""
        function = self._timers.get(request.path.removeprefix("/admin/functions/").lower())
        if request.method != "POST" or function is None:
            return Response(status=404)
        if not request.body or not (request.header("content-type") or "").startswith("application/json"):
            return Response(status=400)
        epoch = payload(past_due=False, last=None, following=None)
        task = asyncio.create_task(run_once(function, epoch))
        self._asked_for.add(task)
        task.add_done_callback(self._asked_for.discard)
        return Response(status=202)

    async def _run(
        self, route: Route, request: Request, parameters: Mapping[str, str], query: Mapping[str, str]
    ) -> Response:
        http = HttpInput(
            method=request.method.upper(),
            url=f"http://{request.header('host') or 'localhost'}{request.target}",
            headers=joined(request),
            params=parameters,
            query=query,
            # A chunked body arrives empty, whatever host.json says.
            body=b"" if request.chunked else request.body,
        )
        parent, state = self._trace(http.headers)
        call = asyncio.create_task(run_http(route.function, http, trace_parent=parent, trace_state=state))
        try:
            # Shielded: a function is never cancelled, neither by its time-out nor by a client that hangs up.
            async with asyncio.timeout(self._configuration.timeout_s):
                output = await asyncio.shield(call)
        except TimeoutError:
            log.error("Timeout value exceeded by function 'Functions.%s'.", route.function.name)  # noqa: TRY400 - no stack is known
            return Response(status=500)
        except InvocationError as error:
            log.error("Executed 'Functions.%s' (Failed)\n%s", route.function.name, error)  # noqa: TRY400 - the stack is the worker's
            return Response(status=500)
        return answer(output)

    def _trace(self, headers: Mapping[str, str]) -> tuple[str, str]:
        """The trace context of the host's span: the caller's continued, or a new one; none without telemetry."""
        if not self._configuration.telemetry:
            return "", ""
        caller = TRACE_PARENT.fullmatch(headers.get("traceparent", ""))
        trace, flags = (caller["trace"], caller["flags"]) if caller else (secrets.token_hex(16), "01")
        return f"00-{trace}-{secrets.token_hex(8)}-{flags}", headers.get("tracestate", "") if caller else ""


class StoppedHost:
    """A host that does not start: 503 on everything, for ever."""

    def __init__(self, error: HostJsonError | ValueError) -> None:
        """Say why in the log; callers learn nothing."""
        log.error("A host error has occurred during startup: %s", error)

    async def __call__(self, _request: Request) -> Response:
        """The text that the real one answers with."""
        return finished(Response(status=503, headers=(("Content-Type", "text/plain"),), body=NOT_RUNNING), {})


def answer(output: HttpOutput | None) -> Response:
    """The response of a function; what is none of one is an empty 500."""
    if output is None or not LOWEST_STATUS <= output.status <= HIGHEST_STATUS:
        return Response(status=500)
    headers = tuple((name, value) for name, value in output.headers.items())
    if any(set("\r\n") & set(name + value) for name, value in headers):
        return Response(status=500)
    return Response(status=output.status, headers=headers, body=b"" if output.status in BODILESS else output.body)


def finished(response: Response, custom: Mapping[str, str]) -> Response:
    """The response with the headers that the host adds."""
    own = (*custom.items(), ("Date", formatdate(usegmt=True)), ("Server", "Kestrel"))
    present = {name.lower() for name, _ in response.headers}
    added = tuple((name, value) for name, value in own if name.lower() not in present)
    return Response(status=response.status, headers=(*response.headers, *added), body=response.body)


def joined(request: Request) -> dict[str, str]:
    """The headers with names in lower case, several of one name joined with a comma and no blank, cookies too."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers


def query_of(text: str) -> dict[str, str]:
    """The query with empty values dropped and repeated ones joined with a comma."""
    query: dict[str, str] = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if value:
            key = unquote_plus(name)
            query[key] = f"{query[key]},{unquote_plus(value)}" if key in query else unquote_plus(value)
    return query


def names(routes: Sequence[Route], timers: Mapping[str, Function]) -> set[str]:
    """Names of all functions."""
    return {route.function.name for route in routes} | {function.name for function in timers.values()}


def is_disabled(name: str, settings: Mapping[str, str]) -> bool:
    """Whether a setting disables the function; the form with two underscores does not, on the real host neither."""
    values = (settings.get(f"AzureWebJobs_{name}_Disabled", ""), settings.get(f"AzureWebJobs.{name}.Disabled", ""))
    return any(value.lower() in {"true", "1"} for value in values)


def summary(url: str, functions: Sequence[str], failed: Mapping[str, str]) -> str:
    """The line that says where the host listens and what it runs."""
    return json.dumps({"url": url, "functions": list(functions), "failed": dict(failed)})
