"""A request that is passed on, and what comes back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore
import pytest

from lab.forward import end_to_end, forward
from lab.http import Request, Response, Server, serve

SENT = (
    ("Host", "orders.example.com"),
    ("X-One", "1"),
    ("x-one", "2"),
    ("X-Text", "h\u00e9"),
    ("X-Hop", "1"),
    ("Connection", "keep-alive, x-hop"),
    ("Keep-Alive", "timeout=5"),
    ("TE", "trailers"),
    ("Upgrade", "h2c"),
    ("Proxy-Authorization", "Basic secret"),
)
KEPT = SENT[:4]


@dataclass(kw_only=True)
class Backend:
    """A server, and what has come to it."""

    server: Server
    seen: list[Request] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """What comes back from it for a request that is passed on to the same target."""
        async with httpcore.AsyncConnectionPool() as pool:
            return await forward(pool, request, f"{self.server.url}{request.target}", request.headers)


@asynccontextmanager
async def backend(respond: Callable[[Request], Response] = lambda _: Response(200)) -> AsyncIterator[Backend]:
    """One that answers so."""
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return respond(request)

    async with await serve(handler) as server:
        yield Backend(server=server, seen=seen)


async def test_the_backend_gets_the_request() -> None:
    """Method, target with its escapes, and body."""
    async with backend() as behind:
        await behind.answer(Request("PATCH", "/a%2Fb?c=%41", headers=SENT, body=b"body"))
    assert [(request.method, request.target, request.body) for request in behind.seen] == [
        ("PATCH", "/a%2Fb?c=%41", b"body")
    ]


async def test_headers_go_on_but_for_those_of_the_connection() -> None:
    """In their order, equal ones apart, UTF-8 as it came; what Connection names stays behind as well."""
    async with backend() as behind:
        await behind.answer(Request("GET", "/", headers=SENT))
    assert behind.seen[0].headers == KEPT


async def test_the_caller_gets_the_answer() -> None:
    """Status, reason, headers apart and UTF-8 as it came, body; but nothing of the connection."""
    headers = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Text", "h\u00e9"), ("X-Hop", "1"))
    response = Response(299, reason="Odd", headers=(*headers, ("Connection", "x-hop")), body=b"body")
    async with backend(lambda _: response) as behind:
        answer = await behind.answer(Request("GET", "/", headers=SENT))
    assert (answer.status, answer.reason, answer.body, answer.raw) == (299, "Odd", b"body", None)
    assert answer.headers == (*headers[:3], ("Content-Length", "4"))


async def test_chunks_go_on_in_one_piece() -> None:
    """Either way: the body has its own length on the next hop, whatever another header has said of it."""
    chunked = (("Host", "x"), ("Content-Length", "3"), ("Transfer-Encoding", "chunked"))
    async with backend(lambda _: Response(200, headers=chunked[2:], body=b"answer")) as behind:
        answer = await behind.answer(Request("POST", "/", headers=chunked, body=b"request", chunked=True))
    assert (behind.seen[0].body, behind.seen[0].header("content-length"), behind.seen[0].chunked) == (
        b"request",
        "7",
        False,
    )
    assert (answer.body, answer.headers) == (b"answer", ())


async def test_an_answer_to_head_keeps_its_length() -> None:
    """Without the body that it is the length of."""
    async with backend(lambda _: Response(200, body=b"answer")) as behind:
        answer = await behind.answer(Request("HEAD", "/", headers=SENT))
    assert (answer.headers, answer.body) == ((("Content-Length", "6"),), b"")


async def test_a_backend_that_is_not_there_is_an_error() -> None:
    """Nothing is answered in its place."""
    async with backend() as behind:
        pass
    with pytest.raises(httpcore.ConnectError):
        await behind.answer(Request("GET", "/", headers=SENT))


@pytest.mark.parametrize("raw", [b"no HTTP\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
async def test_an_answer_that_cannot_be_read_is_an_error(raw: bytes) -> None:
    """One cut off in the middle, too."""
    async with backend(lambda _: Response(200, raw=raw)) as behind:
        with pytest.raises(httpcore.RemoteProtocolError):
            await behind.answer(Request("GET", "/", headers=SENT))


def test_a_name_in_connection_may_have_any_case() -> None:
    """And any number of blanks around it; Connection may come twice."""
    headers = [("Connection", " X-A ,close"), ("x-a", "1"), ("connection", "x-B"), ("X-b", "2"), ("X-C", "3")]
    assert end_to_end(headers) == [("X-C", "3")]
