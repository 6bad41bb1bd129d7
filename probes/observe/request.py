"""Step `request`: one HTTP request on the connection that was just opened, and the start of its answer."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import override
from urllib.parse import urlsplit

import httpcore
import httpx

from probes import __version__
from probes.observe.classify import failure_of
from probes.observe.coding import undone
from probes.observe.notebook import Mark, Notebook, within
from probes.observe.scrub import scrub, scrub_cut
from probes.observe.stream import Stream
from probes.path import Target
from probes.records import Credential, Exchange, Step

USER_AGENT = f"private-path-probe/{__version__}"
CORRELATION_ID = "x-correlation-id"
KEPT_HEADERS = frozenset({
    "cache-control", "content-encoding", "content-length", "content-type", "date", "location", "request-context",
    "retry-after", "server", "via", "www-authenticate", "x-azure-ref", "x-correlation-id", "x-forbidden-ip",
    "x-gateway-request-id", "x-ms-error-code", "x-ms-forbidden-ip", "x-ms-request-id", "x-powered-by",
})  # fmt: skip
"""What is kept of a response's headers. A list of what to leave out would let the next Set-Cookie through."""
KEPT_HEADER_LENGTH = 512
KEPT_BODY_BYTES = 4_096
READ_BODY_BYTES = 65_536
"""Read to the end up to here, so that the connection can be used again; nothing a probe asks for is larger."""


class StreamTransport(httpx.AsyncBaseTransport):
    """The transport of httpx over one stream that is open already: it never dials, and never follows a redirect."""

    def __init__(self, stream: Stream, target: Target) -> None:
        """Speak HTTP/1.1 on the stream, and own it."""
        scheme = b"https" if target.https else b"http"
        self._origin = httpcore.Origin(scheme, target.host.encode("ascii"), target.port)
        self._connection = httpcore.AsyncHTTP11Connection(self._origin, stream)
        self._stream = stream
        self._used = False

    @property
    def ready(self) -> bool:
        """Whether a request may follow on this connection: the first, or one after an answer that left it open."""
        return not self._used or (self._connection.is_available() and not self._connection.has_expired())

    @override
    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the response head; raises what the stream raises, and httpcore's errors."""
        self._used = True
        answer = await self._connection.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=self._origin.scheme,
                    host=self._origin.host,
                    port=self._origin.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                extensions={},
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=Body(answer), extensions=answer.extensions)


class Body(httpx.AsyncByteStream):
    """The body of a response; closing it hands the connection back for the next request."""

    def __init__(self, answer: httpcore.Response) -> None:
        """Read from the connection."""
        self._answer = answer

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    @override
    async def aclose(self) -> None:
        """Leave the rest unread."""
        await self._answer.aclose()


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request shows: the kind, and the secret itself, which goes into the request and nowhere else."""

    kind: Credential
    secret: str = field(default="", repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """Authorization (RFC 6750), or the header of function keys."""
        match self.kind:
            case Credential.NONE:
                return {}
            case Credential.OLD_KEY:
                return {"x-functions-key": self.secret}
            case Credential.TOKEN | Credential.FOREIGN_TOKEN:
                return {"Authorization": f"Bearer {self.secret}"}


ANONYMOUS = Presented(Credential.NONE)


@dataclass(slots=True)
class Answer:
    """What has been read of a response so far; a failure half-way leaves what came before it."""

    status: int | None = None
    reason: str | None = None
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    body_bytes: int | None = None
    first_byte_ms: float | None = None
    body_ms: float | None = None


async def request(
    notebook: Notebook,
    mark: Mark,
    transport: StreamTransport,
    target: Target,
    address: str,
    *,
    correlation_id: str,
    presented: Presented = ANONYMOUS,
) -> Exchange:
    """The record of one request. The secret goes to the host verified in the handshake, and nowhere else."""
    headers = {
        "Host": host_header(target),
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        CORRELATION_ID: correlation_id,
        **presented.headers,
    }
    started_ms = notebook.elapsed_ms()
    answer = Answer()
    failure, detail = None, None
    try:
        async with within(notebook.limit(Step.REQUEST)):
            await exchange(notebook, transport, httpx.Request(target.method, target.url, headers=headers), answer)
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = failure_of(error)
    secrets = (presented.secret,) if presented.secret else ()
    body, whole = undone(answer.body, (answer.headers or {}).get("content-encoding"), KEPT_BODY_BYTES)
    return notebook.write(
        Exchange,
        mark,
        f"{address}/{presented.kind}",
        started_ms,
        failure=failure,
        detail=scrub(detail, secrets)[:KEPT_HEADER_LENGTH] if detail else None,
        address=address,
        port=target.port,
        method=target.method,
        url=without_query(target.url),
        credential=presented.kind,
        correlation_id=correlation_id,
        status=answer.status,
        reason=scrub(answer.reason, secrets)[:KEPT_HEADER_LENGTH] if answer.reason is not None else None,
        headers=kept(answer.headers or {}, secrets),
        body=scrub_cut(body.decode("utf-8", "replace"), secrets) if answer.body_bytes is not None else None,
        body_bytes=answer.body_bytes,
        body_truncated=(answer.body_bytes or 0) > len(answer.body) or not whole,
        first_byte_ms=answer.first_byte_ms,
        body_ms=answer.body_ms,
    )


async def exchange(notebook: Notebook, transport: StreamTransport, message: httpx.Request, answer: Answer) -> None:
    """Send, then read head and body into `answer`, as far as they come."""
    sent_ms = notebook.elapsed_ms()
    response = await transport.handle_async_request(message)
    head_ms = notebook.elapsed_ms()
    answer.first_byte_ms = head_ms - sent_ms
    answer.status, answer.reason, answer.headers = response.status_code, response.reason_phrase, response.headers
    answer.body_bytes = 0
    try:
        async for part in response.aiter_raw():
            answer.body_bytes += len(part)
            answer.body += part[: KEPT_BODY_BYTES - len(answer.body)]
            if answer.body_bytes > READ_BODY_BYTES:
                break
    finally:
        await response.aclose()
    answer.body_ms = notebook.elapsed_ms() - head_ms


def host_header(target: Target) -> str:
    """The host as in the URL, with its port where that is not the scheme's own (RFC 9110 section 7.2)."""
    return urlsplit(target.url).netloc


def without_query(url: str) -> str:
    """The URL without query, fragment and user name: what stands there may be a secret; empty where it is no URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def kept(headers: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    """The headers on the list, cut and free of secrets."""
    found = {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    if "location" in found:
        found["location"] = without_query(found["location"])
    return {name: scrub(value, secrets)[:KEPT_HEADER_LENGTH] for name, value in sorted(found.items())}
