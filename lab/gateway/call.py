"""One call: what its policies reach of the lab, and the row that the gateway's log has of it."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpcore
import jwt

from lab import forward
from lab.certificates import client_context
from lab.gateway.dialler import Dialler, message
from lab.gateway.limits import Limits
from lab.http import Request, Response
from lab.network import Network
from lab.policy.message import Answer, Headers, Outgoing
from lab.policy.run import Accepted, Fault, LastError, Limit
from lab.resolver import SystemResolver

CALLER = "10.80.30.4"
"""Address that the gateway sees the probe come from: its integration subnet."""
HOST = "host"

type GatewayLog = list[dict[str, Any]]
"""Rows of the table ApiManagementGatewayLogs, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the gateway stands in.

    Attributes:
        resolver: gives the resolver of the gateway's network as it is now.
        token: gives an access token of the gateway's identity for an audience, or `None`.
        vouches: whether a token is one of the tenant for an audience.
        dropped: networks to which its packets are dropped.
    """

    network: Network
    resolver: Callable[[], SystemResolver]
    token: Callable[[str], str | None]
    vouches: Callable[[str, str], bool]
    dropped: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Call:
    """One call on its way through the gateway.

    Attributes:
        api: that it is for, `None` = none.
        request_id: `context.RequestId`.
        backend_status: `None` where the backend never answered.
    """

    request: Request
    surroundings: Surroundings
    limits: Limits
    api: str | None = None
    operation: str | None = None
    request_id: UUID = field(default_factory=uuid4)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_s: float = field(default_factory=time.perf_counter)
    backend_method: str | None = None
    backend_url: str | None = None
    backend_ms: int | None = None
    backend_status: int | None = None
    error: LastError | None = None
    error_ms: int | None = None

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """Since the request came."""
        return timedelta(seconds=time.perf_counter() - self.started_s)

    async def send(self, request: Outgoing) -> Answer:
        """The answer of whoever the lab has under that name; raises Fault."""
        if request.variable is not None:
            return await self._sent(request)
        self.backend_method, self.backend_url = request.method, request.url
        started_s = time.perf_counter()
        try:
            answer = await self._sent(request)
        finally:
            self.backend_ms = _ms_since(started_s)
        self.backend_status = answer.status
        return answer

    async def _sent(self, request: Outgoing) -> Answer:
        dialler = Dialler(self.surroundings.network, self.surroundings.resolver(), self.surroundings.dropped)
        # Host is the backend's unless a policy sets one: what the caller called is no name there.
        callers = self.request.header(HOST)
        # Blanks around a value are no part of it (RFC 9110 section 5.5): "Bearer " goes out as "Bearer".
        sent = [
            (name, value.strip(" \t")) for name, value in request.headers if (name.lower(), value) != (HOST, callers)
        ]
        passed_on = Request(method=request.method, target="", body=request.body or b"")
        try:
            async with (
                asyncio.timeout(request.timeout_s),
                httpcore.AsyncConnectionPool(
                    _context(checks=request.checks_certificates), network_backend=dialler
                ) as pool,
            ):
                response = await forward.forward(pool, passed_on, request.url, sent)
        except TimeoutError:
            raise Fault("Timeout", "The operation has timed out.") from None
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Fault("BackendConnectionFailure", message(error, request.url)) from error
        finally:
            await dialler.aclose()
        return Answer(
            status=response.status, reason=response.reason, headers=Headers(response.headers), body=response.body
        )

    async def token(self, resource: str, client_id: str | None) -> str:  # noqa: ARG002 - there is one identity
        """A token of the gateway's identity; raises Fault, whose reason is not documented, where it gives none."""
        token = self.surroundings.token(resource)
        if token is None:
            raise Fault(None, "No access token could be obtained.")
        return token

    def admits(self, limit: Limit) -> bool:
        """Count a call, and whether it is within the limit."""
        return self.limits.admits(limit)

    def check_token(self, authorization: str | None, accepted: Accepted) -> None:
        """Look at the caller's token; raises Fault with the reasons that are documented for validate-jwt."""
        token = (authorization or "").removeprefix("Bearer ")
        if not token:
            raise Fault("TokenNotPresent", "JWT not present.")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise Fault("JwtInvalid", "JWT is not valid.") from error
        if accepted.audiences and claims.get("aud") not in accepted.audiences:
            raise Fault("TokenAudienceNotAllowed", "Audience is not allowed.")
        if not self.surroundings.vouches(token, str(claims.get("aud"))):
            raise Fault("TokenSignatureInvalid", "Signature is not valid, or the token has expired.")
        application = claims.get("azp", claims.get("appid"))
        if claims.get("tid") != accepted.tenant or application not in accepted.applications:
            raise Fault("TokenClaimValueNotAllowed", "Claim value is not allowed.")

    def failed(self, error: LastError) -> None:
        """Keep the error that the log will tell."""
        self.error, self.error_ms = error, _ms_since(self.started_s)

    def row(self, response: Response) -> dict[str, Any]:
        """The row of the gateway log, whose time is when the gateway began; `None` stands for an empty column."""
        error = self.error
        host = self.request.header(HOST) or ""
        return {
            "TimeGenerated": self.started_at.isoformat(),
            "CorrelationId": str(self.request_id),
            "ApiId": self.api,
            "OperationId": self.operation,
            "Method": self.request.method,
            "Url": f"https://{host}{self.request.target}",
            "CallerIpAddress": CALLER,
            "BackendMethod": self.backend_method,
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
            "LastErrorScope": error.scope if error else None,
            "LastErrorElapsed": self.error_ms,
        }


@cache
def _context(*, checks: bool) -> ssl.SSLContext:
    """TLS to a backend; a backend entity can have the checks of certificates off."""
    context = client_context()
    if not checks:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _ms_since(started_s: float) -> int:
    return round((time.perf_counter() - started_s) * 1e3)
