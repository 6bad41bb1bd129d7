"""Connections of the lab's HTTP/1.1 server: how they go on, and how they end."""

import asyncio

import httpx
import pytest

from lab.certificates import server_context
from lab.http import Request, Response, serve
from lab.network import LOOPBACK
from lab.world import Leaf
from tests.lab.clients import SECONDS, exchange, fetch

NAME = "app.example.com"
CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"


async def hello(request: Request) -> Response:
    """A greeting, and what was sent."""
    return Response(200, body=b"hello " + request.body)


async def test_a_connection_serves_several_requests_in_their_order() -> None:
    """Those sent at once, too, until the client asks for its end."""

    async def handler(request: Request) -> Response:
        return Response(200, body=request.target.encode())

    async with await serve(handler) as server:
        received = await exchange(server.port, b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n" + CLOSE)
    assert [part[-2:] for part in received.split(b"HTTP/1.1 200 ")[1:]] == [b"/1", b"/2"]


async def test_http_1_0_ends_with_its_answer() -> None:
    """The client has not asked for the end, and gets it."""
    async with await serve(hello) as server:
        assert (await exchange(server.port, b"GET / HTTP/1.0\r\n\r\n")).endswith(b"\r\n\r\nhello ")


async def test_expect_continue_is_answered_before_the_body() -> None:
    """A client that waits for 100 sends its body, and is answered."""
    async with await serve(hello) as server:
        reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
        writer.write(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n" + CLOSE)
        async with asyncio.timeout(SECONDS):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
            writer.write(b"body")
            assert (await reader.read()).endswith(b"\r\n\r\nhello body")
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_leaves_cancels_nothing() -> None:
    """The handler runs to its end."""
    began, left, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(_: Request) -> Response:
        began.set()
        await left.wait()
        ended.set()
        return Response(200)

    async with await serve(handler) as server, asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(LOOPBACK, server.port)
        writer.write(b"GET / HTTP/1.1\r\n" + CLOSE)
        await began.wait()
        writer.transport.abort()
        await asyncio.sleep(0.05)
        left.set()
        await ended.wait()


async def test_closing_waits_for_nobody() -> None:
    """A handler that never answers is cancelled, its client is cut off, and the port is free."""
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(_: Request) -> Response:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return Response(200)

    server = await serve(handler)
    call = asyncio.create_task(fetch(server.port, server.url))
    async with asyncio.timeout(SECONDS):
        await began.wait()
        await server.aclose()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await call
    assert cancelled.is_set()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, server.port)


async def test_it_speaks_tls_with_a_context() -> None:
    """Its URL is https then; it closes while a handshake hangs."""
    context = await asyncio.to_thread(server_context, (Leaf(names=(NAME,)),))
    async with await serve(hello, ssl_context=context) as server:
        assert server.url == f"https://{LOOPBACK}:{server.port}"
        assert (await fetch(server.port, f"https://{NAME}/")).text == "hello "
        reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
        async with asyncio.timeout(SECONDS):
            await server.aclose()
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        writer.transport.abort()
