"""connectivityCheck: API Management looks up a name and opens a connection itself, from the gateway's own network.

The lab's test ends with the connection, also where it is asked for HTTPS: it makes no request.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from lab.azure import errors
from lab.gateway.connection import Attempt
from lab.http import Response

LONGEST_PORT = 65_535
PROBES = 3


type Try = Callable[[str, int], Awaitable[Attempt]]
"""Host and port to what came of a connection from the gateway."""


class ConnectivityChecks:
    """The checks under way and their results, by the id of the operation."""

    def __init__(self) -> None:
        """None yet."""
        self._running: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def begin(self, body: bytes, service_id: str, source: str, try_: Try, location: str) -> Response:
        """202 with where the result will be; `location` is the URL before the operation's id and the query."""
        try:
            table = json.loads(body)
            address, port = str(table["destination"]["address"]), int(table["destination"]["port"])
            table["source"]["region"]
            # With the protocol HTTPS it is a URL.
            host = (urlsplit(address).hostname or "") if "://" in address else address
        except (ValueError, KeyError, TypeError, RecursionError):
            return errors.invalid("The request content was invalid: source.region, destination.address and .port.")
        if not host or not 0 < port <= LONGEST_PORT:
            return errors.invalid("The destination is invalid.")
        operation = uuid4().hex
        self._running[operation] = asyncio.create_task(_check(host, port, service_id, source, try_))
        base, _, query = location.partition("?")
        where = f"{base}/connectivityCheck/operationresults/{operation}?{query}"
        return errors.answer(HTTPStatus.ACCEPTED, None, ("Location", where), ("Retry-After", "1"))

    def result(self, operation: str, location: str) -> Response | None:
        """200 with the result, 202 until there is one, `None` for an operation that is none."""
        task = self._running.get(operation)
        if task is None:
            return None
        if not task.done():
            return errors.answer(HTTPStatus.ACCEPTED, None, ("Location", location), ("Retry-After", "1"))
        return errors.answer(HTTPStatus.OK, task.result())

    async def aclose(self) -> None:
        """End what is under way."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


async def _check(host: str, port: int, service_id: str, source: str, try_: Try) -> dict[str, Any]:
    started_s = time.perf_counter()
    attempt = await try_(host, port)
    latency_ms = max(1, round((time.perf_counter() - started_s) * 1e3))
    here, there = str(uuid4()), str(uuid4())
    at_source = not attempt.addresses
    hops: list[dict[str, Any]] = [
        {
            "type": "Source",
            "id": here,
            "address": source,
            "resourceId": service_id,
            "nextHopIds": [] if at_source else [there],
            "issues": [_issue(attempt.issue, "Outbound", host)] if at_source and attempt.issue else [],
        }
    ]
    if not at_source:
        address = attempt.addresses[0]
        hops.append(
            {
                "type": "VnetLocal" if address.startswith(("10.", "fd")) else "Internet",
                "id": there,
                "address": address,
                "nextHopIds": [],
                "issues": [_issue(attempt.issue, "Outbound", host)] if attempt.issue else [],
            }
        )
    latency = {"avgLatencyInMs": latency_ms, "minLatencyInMs": latency_ms, "maxLatencyInMs": latency_ms}
    failed = attempt.issue is not None
    return {
        "hops": hops,
        "connectionStatus": "Disconnected" if failed else "Connected",
        **({} if failed else latency),
        "probesSent": PROBES,
        "probesFailed": PROBES if failed else 0,
    }


def _issue(kind: str | None, origin: str, host: str) -> dict[str, Any]:
    return {"origin": origin, "severity": "Error", "type": kind, "context": [{"key": "Destination", "value": host}]}
