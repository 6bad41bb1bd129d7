"""API Management as the article sets it up: one API, one policy, one backend called by host name with TLS verified.

It stands for what a caller and the gateway log show, not for the product: one API at `/orders`, whose operations are
whatever comes after it, and the article's policy. A backend that cannot be reached is 500 with the reason
`BackendConnectionFailure`, whether name, TCP or TLS is at fault; no answer within the limit is 500 with `Timeout`.
"""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpcore

from lab import pages
from lab.certificates import client_context
from lab.forward import end_to_end, forward
from lab.http import Request, Response
from lab.network import Network
from lab.resolver import SystemResolver
from lab.world import Gateway

API_PREFIX = "/orders"
"""URL suffix of the API; what follows it is appended to the backend's base URL (set-backend-service)."""
BACKEND_LIMIT_S = 5.0
CORRELATION_ID = "x-correlation-id"
CALLER = "10.80.30.4"
"""Address that the gateway sees the probe come from: its integration subnet."""

type GatewayLog = list[dict[str, Any]]
"""Rows of the table ApiManagementGatewayLogs, oldest first."""


@dataclass(frozen=True, kw_only=True)
class LastError:
    """The LastError columns of a failed call, by the names of the error-handling reference."""

    source: str
    reason: str
    message: str
    section: str


@dataclass(slots=True, kw_only=True)
class Call:
    """One call on its way through the gateway.

    Attributes:
        request_id: `context.RequestId`.
        backend_status: `None` where the backend never answered.
    """

    request: Request
    request_id: str = field(default_factory=lambda: str(uuid4()))
    started_s: float = field(default_factory=time.perf_counter)
    backend_url: str | None = None
    backend_started_s: float | None = None
    backend_ms: int | None = None
    backend_status: int | None = None
    error: LastError | None = None

    def row(self, response: Response) -> dict[str, Any]:
        """The row of the gateway log; `None` stands for an empty column."""
        error = self.error
        host = self.request.header("host") or ""
        return {
            "TimeGenerated": datetime.now(UTC).isoformat(),
            "CorrelationId": self.request_id,
            "ApiId": "orders" if self.backend_url else None,
            "Method": self.request.method,
            "Url": f"https://{host}{self.request.target}",
            "CallerIpAddress": CALLER,
            "BackendMethod": self.request.method if self.backend_url else None,
            "BackendUrl": self.backend_url,
            "BackendResponseCode": self.backend_status,
            "BackendTime": self.backend_ms,
            "ResponseCode": response.status,
            "ResponseSize": len(response.body),
            "IsRequestSuccess": response.status < 400,  # noqa: PLR2004 - 4xx and 5xx
            "TotalTime": _ms_since(self.started_s),
            "LastErrorSource": error.source if error else None,
            "LastErrorReason": error.reason if error else None,
            "LastErrorMessage": error.message if error else None,
            "LastErrorSection": error.section if error else None,
            "LastErrorElapsed": _ms_since(self.started_s) if error else None,
        }


class ApiManagement:
    """The handler of one listener that serves a gateway."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        network: Network,
        resolver: Callable[[], SystemResolver],
        token: Callable[[str], str],
        log: GatewayLog,
        backend_limit_s: float = BACKEND_LIMIT_S,
    ) -> None:
        """Serve the gateway.

        Args:
            gateway: host names and policy.
            network: where addresses lie.
            resolver: gives the resolver of the gateway's network as it is now.
            token: gives an access token of the gateway's identity for an audience.
            log: takes a row for every call.
            backend_limit_s: `timeout` of forward-request.
        """
        self._gateway = gateway
        self._hosts = {host.lower() for host in gateway.hosts}
        self._token = token
        self._log = log
        self._backend_limit_s = backend_limit_s
        self._ssl_context = client_context()
        self._network = network
        self._resolver = resolver

    async def __call__(self, request: Request) -> Response:
        """Answer one call."""
        call = Call(request=request)
        response = pages.dated(await self._answer(call))
        self._log.append(call.row(response))
        return response

    async def _answer(self, call: Call) -> Response:
        host = (call.request.header("host") or "").partition(":")[0].lower()
        operation = call.request.target.removeprefix(API_PREFIX)
        if host not in self._hosts or operation == call.request.target or operation[:1] not in {"/", "?", ""}:
            call.error = LastError(
                source="configuration",
                reason="OperationNotFound",
                message="Unable to match incoming request to an operation.",
                section="backend",
            )
            return failure(404, "Resource not found")
        call.backend_url = f"{self._gateway.backend_url.rstrip('/')}{operation}"
        return await self._forward_request(call, call.backend_url)

    async def _forward_request(self, call: Call, url: str) -> Response:
        call.backend_started_s = time.perf_counter()
        dialler = Dialler(self._network, self._resolver())
        try:
            async with (
                asyncio.timeout(self._backend_limit_s),
                httpcore.AsyncConnectionPool(self._ssl_context, network_backend=dialler) as pool,
            ):
                response = await forward(pool, call.request, url, self._backend_headers(call))
        except TimeoutError:
            call.error = last_error("Timeout", "The operation has timed out.")
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            call.error = last_error("BackendConnectionFailure", connection_message(error, url))
        else:
            call.backend_status = response.status
            return response
        finally:
            await dialler.aclose()
            call.backend_ms = _ms_since(call.backend_started_s)
        return failure(500, "Internal server error")

    def _backend_headers(self, call: Call) -> list[tuple[str, str]]:
        """The caller's headers as the policy leaves them: Host of the backend, own token, own correlation id."""
        replaced = {"host"}
        added: list[tuple[str, str]] = []
        if self._gateway.sets_correlation_id:
            replaced.add(CORRELATION_ID)
            added.append((CORRELATION_ID, call.request_id))
        if self._gateway.backend_audience is not None:
            replaced.add("authorization")
            added.append(("Authorization", f"Bearer {self._token(self._gateway.backend_audience)}"))
        kept = [(name, value) for name, value in end_to_end(call.request.headers) if name.lower() not in replaced]
        return kept + added


class Dialler(httpcore.AsyncNetworkBackend):
    """Opens the connections of one call by host name, through the lab's name server and network."""

    def __init__(self, network: Network, resolver: SystemResolver) -> None:
        """Dial in this network, with this resolver."""
        self._network = network
        self._resolver = resolver
        self._sockets = httpcore.AnyIOBackend()
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def aclose(self) -> None:
        """Close every connection: httpcore leaves one open whose handshake is cancelled by a time limit."""
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of the host that answers; raises OSError, httpcore.ConnectError."""
        last: Exception | None = None
        for address in await self._resolver.getaddrinfo(host):
            try:
                where, real_port = self._network.endpoint(address, port)
                stream = await self._sockets.connect_tcp(where, real_port, timeout, local_address, socket_options)
            except (OSError, httpcore.ConnectError) as error:
                last = error
            else:
                self._opened.append(stream)
                return stream
        raise last or OSError(f"{host} has no address")


def failure(status: int, message: str) -> Response:
    """An answer that the gateway makes itself."""
    body = json.dumps({"statusCode": status, "message": message})
    return Response(
        status=status, reason=message, headers=(("Content-Type", "application/json"),), body=body.encode("ascii")
    )


def last_error(reason: str, message: str) -> LastError:
    """An error of the statement forward-request."""
    return LastError(source="forward-request", reason=reason, message=message, section="backend")


def connection_message(error: Exception, url: str) -> str:
    """What the log says of a connection that failed: the only column that tells name, TCP and TLS apart."""
    host = httpcore.URL(url).host.decode("ascii")
    if isinstance(error, socket.gaierror):
        return f"The remote name could not be resolved: '{host}'"
    if isinstance(error, httpcore.ConnectError) and isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return "The remote certificate is invalid according to the validation procedure."
    if isinstance(error, OSError | httpcore.ConnectError):
        return "Unable to connect to the remote server"
    return "The underlying connection was closed."


def _ms_since(started_s: float) -> int:
    return round((time.perf_counter() - started_s) * 1e3)
