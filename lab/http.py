"""A small HTTP/1.1 server on h11, for everything of the lab that speaks HTTP.

A framework's server would mend what the lab must be able to break: here a handler decides every byte of an answer, down
to one that is no HTTP at all.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from types import TracebackType
from typing import Self

import h11

logger = logging.getLogger(__name__)

CHUNK = 65_536
LARGEST_HEAD = 128 * 1024
"""Request line and headers; more is 431. It leaves a handler room for a limit of its own."""
LARGEST_BODY = 100 * 1024 * 1024
BODILESS = frozenset({204, 205, 304})
FRAMING = frozenset({"content-length", "transfer-encoding"})


@dataclass(frozen=True)
class Request:
    """One request as it came.

    Attributes:
        target: path and query, not decoded.
        headers: names and values as sent, in their order; bytes that are no UTF-8 are surrogates (PEP 383).
        chunked: the body came in chunks, without a Content-Length.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunked: bool = False

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What stands behind the question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """The first value of a header, its name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Response:
    """One answer; with `raw`, these exact bytes are sent in place of all the rest, and the connection is closed."""

    status: int
    _: KW_ONLY
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw: bytes | None = None


Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """A listening server; `serve` makes one."""

    def __init__(self, *, secure: bool) -> None:
        """Not listening yet."""
        self._secure = secure
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self.host = ""
        self.port = 0

    @property
    def url(self) -> str:
        """Where it can be called, without a slash at the end."""
        return f"{'https' if self._secure else 'http'}://{self.host}:{self.port}"

    async def listen(self, handler: Handler, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Begin to answer."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._answer(reader, writer, handler))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._server = await asyncio.start_server(accept, host, port, ssl=context)
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def aclose(self) -> None:
        """Stop at once; handlers that never answer are cancelled."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.abort_clients()  # those whose TLS handshake never ends have no task yet
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        """The server itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.aclose()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
        try:
            await converse(reader, writer, handler)
            writer.close()
            await writer.wait_closed()
        except OSError:  # ssl.SSLError is one
            return  # the peer is gone
        finally:
            writer.transport.abort()


async def serve(
    handler: Handler, *, host: str = "127.0.0.1", port: int = 0, ssl_context: ssl.SSLContext | None = None
) -> Server:
    """A server that answers with the handler; port 0 takes a free one."""
    server = Server(secure=ssl_context is not None)
    await server.listen(handler, host, port, ssl_context)
    return server


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    """Answer the requests of one accepted connection, until either side wants no more; closing it is the caller's.

    A handler that raises is answered 500 for, and so is one whose answer cannot be sent. A client that leaves cancels
    nothing: the handler runs to its end.

    Raises:
        OSError: the peer is gone.
    """
    wire = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
    while True:
        try:
            request = await next_request(wire, reader, writer)
        except h11.RemoteProtocolError as error:
            writer.write(last_words(error.error_status_hint))
            await writer.drain()
            return
        if request is None:
            return
        try:
            response = await handler(request)
        except Exception:
            logger.exception("the handler of %s %s failed", request.method, request.path)
            response = Response(500)
        if response.raw is not None:
            writer.write(response.raw)
            await writer.drain()
            return
        try:
            answer = encoded(wire, response, head=request.method == "HEAD")
        except (h11.LocalProtocolError, UnicodeError):  # a blank in a header's name, for one
            logger.exception("the answer to %s %s cannot be sent", request.method, request.path)
            answer = last_words(500)
        writer.write(answer)
        await writer.drain()
        if wire.our_state is not h11.DONE or wire.their_state is not h11.DONE:
            return
        wire.start_next_cycle()


async def next_request(
    wire: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """The next request with its whole body, `None` = the peer is done; raises h11.RemoteProtocolError."""
    head = await next_event(wire, reader)
    if not isinstance(head, h11.Request):
        return None
    # h11 has checked the number, and that there is only one.
    declared = next((int(value) for name, value in head.headers if name == b"content-length"), 0)
    if declared > LARGEST_BODY:
        raise h11.RemoteProtocolError("body too large", error_status_hint=413)
    if wire.they_are_waiting_for_100_continue:
        writer.write(wire.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
    body = bytearray()
    while isinstance(event := await next_event(wire, reader), h11.Data):
        body += event.data
        if len(body) > LARGEST_BODY:
            raise h11.RemoteProtocolError("body too large", error_status_hint=413)
    headers = tuple(
        (name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in head.headers.raw_items()
    )
    return Request(
        method=head.method.decode("ascii"),
        target=head.target.decode("ascii"),
        headers=headers,
        body=bytes(body),
        chunked=any(name.lower() == "transfer-encoding" for name, _ in headers),
    )


async def next_event(wire: h11.Connection, reader: asyncio.StreamReader) -> object:
    """The next event of the connection, read as needed."""
    while (event := wire.next_event()) is h11.NEED_DATA:
        wire.receive_data(await reader.read(CHUNK))
    return event


def encoded(wire: h11.Connection, response: Response, *, head: bool) -> bytes:
    """The bytes of an answer; it gets a Content-Length where it may have one and does not say how long it is."""
    headers = list(response.headers)
    body = b"" if head or response.status in BODILESS else response.body
    framed = any(name.lower() in FRAMING for name, _ in headers)
    if response.status not in BODILESS and not framed:
        headers.append(("Content-Length", str(len(response.body))))
    raw = [(name.encode("latin-1"), value.encode("utf-8", "surrogateescape")) for name, value in headers]
    parts = [
        wire.send(h11.Response(status_code=response.status, headers=raw, reason=response.reason.encode())),
        wire.send(h11.Data(data=body)) if body else b"",
        wire.send(h11.EndOfMessage()),
    ]
    return b"".join(part or b"" for part in parts)


def last_words(status: int) -> bytes:
    """The bytes of an empty answer after which the connection ends."""
    return f"HTTP/1.1 {status} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
