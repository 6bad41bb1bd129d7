"""The HTTP/1.1 server of the lab, down to its bytes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from lab.http import LARGEST_BODY, LARGEST_HEAD, Request, Response, Server, serve
from tests.lab.clients import exchange

CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"


def answering(response: Response) -> Callable[[Request], Awaitable[Response]]:
    """A handler that has one answer."""

    async def handler(_: Request) -> Response:
        return response

    return handler


async def spoken(response: Response, request: bytes = b"GET / HTTP/1.1\r\n" + CLOSE) -> bytes:
    """The bytes of this answer to a request."""
    async with await serve(answering(response)) as server:
        return await exchange(server.port, request)


@asynccontextmanager
async def recording() -> AsyncIterator[tuple[Server, list[Request]]]:
    """A server, and what has come to it."""
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response(200)

    async with await serve(handler) as server:
        yield server, seen


async def test_a_handler_gets_the_request_as_it_came() -> None:
    """Target not decoded, header names and order as sent, equal ones apart, the body whole."""
    async with recording() as (server, seen):
        head = b"PUT /a%2Fb?c=%41&d HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 4\r\n"
        await exchange(server.port, head + b"Connection: close\r\n\r\n\x00\xffab")
    assert seen == [
        Request(
            method="PUT",
            target="/a%2Fb?c=%41&d",
            headers=(("Host", "x"), ("X-One", "1"), ("x-one", "2"), ("Content-Length", "4"), ("Connection", "close")),
            body=b"\x00\xffab",
        )
    ]


def test_a_request_knows_its_path_query_and_headers() -> None:
    """The first value of a header, its name in any case; `None` without one."""
    request = Request("GET", "/a?b=1?c", headers=(("X-One", "1"), ("x-one", "2")))
    assert (request.path, request.query) == ("/a", "b=1?c")
    assert (request.header("x-ONE"), request.header("x-two")) == ("1", None)


async def test_chunks_are_put_together_and_told_apart_from_a_length() -> None:
    """The body is whole, and marked."""
    async with recording() as (server, seen):
        chunks = b"3\r\nabc\r\n2;extension=1\r\nde\r\n0\r\n\r\n"
        await exchange(server.port, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + CLOSE + chunks)
    assert (seen[0].body, seen[0].chunked) == (b"abcde", True)


async def test_an_answer_goes_out_as_the_handler_has_it() -> None:
    """Status, reason, and headers in their order, equal ones apart; a length is added."""
    response = Response(299, reason="Odd", headers=(("X-One", "1"), ("a", ""), ("X-One", "2")), body=b"body")
    expected = b"HTTP/1.1 299 Odd\r\nX-One: 1\r\na: \r\nX-One: 2\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"
    assert await spoken(response) == expected


async def test_raw_bytes_go_out_alone() -> None:
    """Whatever they are, and the connection ends."""
    raw = b"\x15\x03 no HTTP"
    assert await spoken(Response(200, raw=raw), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == raw


@pytest.mark.parametrize("status", [204, 304])
async def test_some_answers_have_neither_body_nor_length(status: int) -> None:
    """Not even where the handler gives one."""
    received = await spoken(Response(status, body=b"body"))
    assert received == f"HTTP/1.1 {status} \r\nConnection: close\r\n\r\n".encode()


async def test_an_answer_to_head_has_the_length_of_the_body_that_it_has_not() -> None:
    """As GET would have it."""
    received = await spoken(Response(200, body=b"body"), b"HEAD / HTTP/1.1\r\n" + CLOSE)
    assert received == b"HTTP/1.1 200 \r\nContent-Length: 4\r\nConnection: close\r\n\r\n"


async def test_an_answer_may_be_chunked() -> None:
    """Where the handler says so, there is no length."""
    received = await spoken(Response(200, headers=(("Transfer-Encoding", "chunked"),), body=b"body"))
    assert received.endswith(b"\r\n\r\n4\r\nbody\r\n0\r\n\r\n")
    assert b"Content-Length" not in received


async def test_bytes_that_are_no_utf8_survive() -> None:
    """A header value comes in and goes out as the same bytes."""

    async def handler(request: Request) -> Response:
        return Response(200, headers=(("X-Back", request.header("x-there") or ""),))

    async with await serve(handler) as server:
        received = await exchange(server.port, b"GET / HTTP/1.1\r\nX-There: \xe9\xc3\xa9\r\n" + CLOSE)
    assert b"\r\nX-Back: \xe9\xc3\xa9\r\n" in received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n" + CLOSE, 400),
        (b"GET / HTTP/1.1\r\nX A: 1\r\n" + CLOSE, 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + CLOSE, 400),
        (b"GET / HTTP/1.1\r\nX-A: " + b"a" * (LARGEST_HEAD + 1), 431),
        (b"PUT / HTTP/1.1\r\nContent-Length: %d\r\n" % (LARGEST_BODY + 1) + CLOSE, 413),
    ],
    ids=["garbage", "no host", "target", "name", "lengths", "head", "body"],
)
async def test_what_cannot_be_read_is_refused(sent: bytes, status: int) -> None:
    """By an empty answer, after which the connection ends; no handler hears of it."""
    async with recording() as (server, seen):
        received = await exchange(server.port, sent)
    assert received == f"HTTP/1.1 {status} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    assert seen == []


async def test_a_head_below_the_limit_is_taken() -> None:
    """More than the 64 KB that asyncio reads by default, and what the handlers here refuse themselves."""
    async with recording() as (server, seen):
        await exchange(server.port, b"GET / HTTP/1.1\r\nX-A: " + b"a" * 100_000 + b"\r\n" + CLOSE)
    assert len(seen[0].header("x-a") or "") == 100_000


async def test_a_handler_that_raises_is_answered_for(caplog: pytest.LogCaptureFixture) -> None:
    """500, empty, with the stack in the log; the connection goes on."""

    async def handler(request: Request) -> Response:
        raise ValueError(request.target)

    async with await serve(handler) as server:
        received = await exchange(server.port, b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n" + CLOSE)
    assert received.count(b"HTTP/1.1 500 \r\nContent-Length: 0\r\n") == 2
    assert "ValueError: /2" in caplog.text


@pytest.mark.parametrize(
    "response",
    [
        Response(200, headers=(("X A", "1"),)),
        Response(200, headers=(("X-A", "1\r\nX-B: 2"),)),
        Response(200, headers=(("X-\u0141", "1"),)),
        Response(42),
    ],
)
async def test_an_answer_that_cannot_be_sent_is_an_error(response: Response, caplog: pytest.LogCaptureFixture) -> None:
    """500, empty, and nothing of it goes out; the log has the reason."""
    received = await spoken(response)
    assert received == b"HTTP/1.1 500 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert "the answer to GET / cannot be sent" in caplog.text
