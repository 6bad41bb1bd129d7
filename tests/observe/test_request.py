"""Step `request` against real servers: what is read, what is kept, and what must not be."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lab.certificates import server_context
from lab.http import Request, Response, serve
from lab.listener import LINGER_0
from lab.network import LOOPBACK
from lab.stream_server import Conversation
from lab.world import Leaf
from probes.failure import Failure
from probes.observe.connect import connect
from probes.observe.handshake import handshake
from probes.observe.request import (
    ANONYMOUS,
    KEPT_BODY_BYTES,
    KEPT_HEADER_LENGTH,
    KEPT_HEADERS,
    READ_BODY_BYTES,
    Presented,
    StreamTransport,
    request,
)
from probes.path import Target
from probes.records import Credential, Exchange
from tests.observe.stage import MARK, QUICK_S, notebook, saying, target, tcp_server

HOST = "func.azurewebsites.net"
CORRELATION = "0123456789abcdef0123456789abcdef"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly9vcmRlcnMifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
OPAQUE = "opaque+token~0123456789==" * 3
LEAF = Leaf(names=("*.azurewebsites.net",))


@asynccontextmanager
async def line(port: int, expected: Target) -> AsyncIterator[StreamTransport]:
    """A connection ready for requests."""
    book = notebook()
    _, stream = await connect(book, MARK, LOOPBACK, port, resolver=None)
    assert stream is not None
    transport = StreamTransport(stream, expected)
    try:
        if expected.https:
            assert (await handshake(book, MARK, stream, expected, LOOPBACK)).failure is None
        yield transport
    finally:
        await transport.aclose()


async def ask(
    transport: StreamTransport, expected: Target, *, token: str | None = None, step_s: float = 5, deadline_s: float = 10
) -> Exchange:
    """The record of one request on the connection."""
    book = notebook(request=step_s, deadline_s=deadline_s)
    shown = ANONYMOUS if token is None else Presented(Credential.TOKEN, token)
    return await request(book, MARK, transport, expected, LOOPBACK, correlation_id=CORRELATION, presented=shown)


async def asked_of(
    converse: Conversation, *, token: str | None = None, method: str = "GET", step_s: float = 5
) -> Exchange:
    """The record of one plain HTTP request to a server that does this with the connection."""
    expected = target(f"http://{HOST}/api/orders", method=method)
    async with tcp_server(converse) as port, line(port, expected) as transport:
        return await ask(transport, expected, token=token, step_s=step_s)


def response(*headers: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def test_what_is_sent_and_what_comes_back(ca_file: str) -> None:
    """Over TLS: the request names its host, says who it is, and asks for no compression; the answer is recorded."""
    seen: list[Request] = []

    async def answer(message: Request) -> Response:
        seen.append(message)
        headers = (("Content-Type", "application/json"), ("Server", "Kestrel"), ("X-Correlation-Id", CORRELATION))
        return Response(status=200, reason="OK", headers=headers, body=b'{"orders": []}')

    expected = target(f"https://{HOST}/api/orders?page=1", ca_file=ca_file)
    context = await asyncio.to_thread(server_context, (LEAF,))
    async with await serve(answer, ssl_context=context) as server, line(server.port, expected) as transport:
        record = await ask(transport, expected, token=JWT)
    sent = {name.lower(): value for name, value in seen[0].headers}
    assert (seen[0].method, seen[0].target) == ("GET", "/api/orders?page=1")
    assert (sent["host"], sent["x-correlation-id"], sent["authorization"]) == (HOST, CORRELATION, f"Bearer {JWT}")
    assert sent["accept-encoding"] == "identity"
    assert sent["user-agent"].startswith("private-path-probe/")
    assert set(sent) == {"host", "user-agent", "accept", "accept-encoding", "x-correlation-id", "authorization"}
    assert (record.failure, record.status, record.reason, record.body) == (None, 200, "OK", '{"orders": []}')
    assert (record.credential, record.correlation_id, record.url) == (
        Credential.TOKEN,
        CORRELATION,
        f"https://{HOST}/api/orders",
    )
    assert record.headers == {
        "content-length": "14",
        "content-type": "application/json",
        "server": "Kestrel",
        "x-correlation-id": CORRELATION,
    }
    assert (record.body_bytes, record.body_truncated) == (14, False)
    assert record.first_byte_ms is not None
    assert record.body_ms is not None


async def test_a_port_of_ones_own_stands_in_the_host_header() -> None:
    """A port that is not the scheme's own is part of Host (RFC 9110 section 7.2)."""
    seen: list[str | None] = []

    async def answer(message: Request) -> Response:
        seen.append(message.header("host"))
        return Response(status=204)

    async with await serve(answer) as server:
        for url in (f"http://{HOST}:8080/", f"http://{HOST}/", "http://[fd00::4]:8080/"):
            expected = target(url)
            async with line(server.port, expected) as transport:
                assert (await ask(transport, expected)).status == 204
    assert seen == [f"{HOST}:8080", HOST, "[fd00::4]:8080"]


async def test_only_headers_on_the_list_are_kept() -> None:
    """Set-Cookie and everything else that is not on the list never gets into a record; long values are cut."""
    wanted = [f"{name}: {name}-value" for name in sorted(KEPT_HEADERS - {"content-length", "location", "via"})]
    unwanted = ["Set-Cookie: session=secret", "X-Api-Key: secret", "Authorization: secret", "X-Anything: secret"]
    record = await asked_of(saying(response(*wanted, *unwanted, f"Via: {'v' * 2 * KEPT_HEADER_LENGTH}")))
    assert set(record.headers) == KEPT_HEADERS - {"location"}
    assert "secret" not in repr(record)
    assert len(record.headers["via"]) == KEPT_HEADER_LENGTH


@pytest.mark.parametrize("token", [JWT, OPAQUE])
async def test_a_token_that_is_echoed_is_in_no_record(token: str) -> None:
    """A server that sends the token back in reason, headers, redirect or body does not get it into the evidence."""
    echo = response(
        f"Location: https://u:{token}@other.example.com/cb/{token}?token={token}#access_token={token}",
        f"WWW-Authenticate: Bearer {token}",
        f"Server: {token}{token}",
        f"X-Correlation-Id: x{token}",
        body=json.dumps({"authorization": f"Bearer {token}", "again": token}).encode(),
        status=f"401 {token}",
    )
    record = await asked_of(saying(echo), token=token)
    assert (record.status, record.failure) == (401, None)
    assert token not in repr(record)
    assert record.headers["location"].startswith("https://other.example.com/cb/")


@pytest.mark.parametrize("token", [JWT, OPAQUE])
@pytest.mark.parametrize("before", [0, 40, KEPT_BODY_BYTES - 60, KEPT_BODY_BYTES - 30, KEPT_BODY_BYTES - 9])
async def test_a_token_cut_off_at_the_end_of_the_body_is_in_no_record(token: str, before: int) -> None:
    """Where the kept part of a body ends in the middle of a token, its beginning goes as well."""
    body = b"." * before + token.encode() * 90
    record = await asked_of(saying(response(body=body)), token=token)
    assert record.body is not None
    assert record.body_truncated
    assert token[:10] not in record.body
    assert record.body.startswith("." * before)


async def test_garbage_that_holds_the_token() -> None:
    """What the parser says of an answer that is no HTTP does not repeat the token, and is not long."""
    record = await asked_of(saying(f"Bearer {JWT} {'x' * 5_000}\r\n\r\n".encode()), token=JWT)
    assert record.failure is Failure.MALFORMED_RESPONSE
    assert JWT not in repr(record)
    assert record.detail is not None
    assert len(record.detail) <= KEPT_HEADER_LENGTH


async def test_a_malformed_location_is_left_out() -> None:
    """A Location that is no URL does not stop the sweep."""
    record = await asked_of(saying(response("Location: https://[::1", status="302 Found")))
    assert (record.failure, record.status, record.headers["location"]) == (None, 302, "")


async def test_a_redirect_is_not_followed() -> None:
    """One request is sent, and its answer recorded, wherever it points."""
    seen: list[str] = []

    async def answer(message: Request) -> Response:
        seen.append(message.path)
        return Response(status=301, headers=(("Location", f"http://{message.header('host')}/elsewhere?code=secret"),))

    expected = target(f"http://{HOST}/")
    async with await serve(answer) as server, line(server.port, expected) as transport:
        record = await ask(transport, expected)
    assert (record.status, record.headers["location"], seen) == (301, f"http://{HOST}/elsewhere", ["/"])


async def test_the_second_request_goes_out_on_the_same_connection() -> None:
    """After a whole answer the connection is ready again."""
    async with await serve(lambda _: ok()) as server:
        expected = target(f"http://{HOST}/")
        async with line(server.port, expected) as transport:
            assert transport.ready
            first = await ask(transport, expected, token=JWT)
            assert transport.ready
            second = await ask(transport, expected)
    assert (first.status, second.status) == (200, 200)
    assert (first.credential, second.credential) == (Credential.TOKEN, Credential.NONE)


async def ok() -> Response:
    """A plain answer."""
    return Response(status=200, body=b"ok")


@pytest.mark.parametrize(
    "answer",
    [
        response("Connection: close"),
        b"HTTP/1.0 200 OK\r\n\r\nbody until the end",
        response(body=b"x" * (READ_BODY_BYTES + 10_000)),
    ],
)
async def test_a_connection_that_cannot_be_used_again(answer: bytes) -> None:
    """After close, HTTP/1.0, or a body that was not read to its end, it is not ready."""
    expected = target(f"http://{HOST}/")
    async with (
        tcp_server(saying(answer, linger=b"until the end" not in answer)) as port,
        line(port, expected) as transport,
    ):
        record = await ask(transport, expected)
        await asyncio.sleep(0.02)
        assert record.status == 200
        assert not transport.ready


async def test_a_connection_that_the_server_closed_meanwhile(ca_file: str) -> None:
    """FIN after a whole answer is noticed before the next request goes out on the connection, under TLS too."""
    expected = target(f"http://{HOST}/")
    async with tcp_server(saying(response(body=b"ok"))) as port, line(port, expected) as transport:
        assert (await ask(transport, expected)).status == 200
        await asyncio.sleep(0.02)
        assert not transport.ready

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(response(body=b"ok"))
        await writer.drain()
        writer.close()

    expected = target(f"https://{HOST}/", ca_file=ca_file)
    context = await asyncio.to_thread(server_context, (LEAF,))
    server = await asyncio.start_server(converse, LOOPBACK, 0, ssl=context)
    async with server, line(server.sockets[0].getsockname()[1], expected) as transport:
        assert (await ask(transport, expected)).status == 200
        await asyncio.sleep(0.02)
        assert not transport.ready


async def test_a_connection_with_session_tickets_stays_ready(ca_file: str) -> None:
    """TLS 1.3's tickets that come between two requests are no reason to connect again."""
    expected = target(f"https://{HOST}/", ca_file=ca_file)
    context = await asyncio.to_thread(server_context, (LEAF,))
    async with await serve(lambda _: ok(), ssl_context=context) as server, line(server.port, expected) as transport:
        for _ in range(3):
            assert (await ask(transport, expected)).status == 200
            await asyncio.sleep(0.01)
            assert transport.ready


async def test_bodies_are_capped() -> None:
    """Of a long body the start is kept, and the count says what was read."""
    record = await asked_of(saying(response(body=b"a" * 10_000)))
    assert (record.body, record.body_bytes, record.body_truncated) == ("a" * KEPT_BODY_BYTES, 10_000, True)
    record = await asked_of(saying(response(body=b"a" * KEPT_BODY_BYTES)))
    assert (record.body_bytes, record.body_truncated) == (KEPT_BODY_BYTES, False)


async def test_an_endless_body_is_not_read_to_its_end() -> None:
    """A server that never stops sending is left after the cap."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"a" * 4_096 + b"\r\n")
            await writer.drain()

    record = await asked_of(converse)
    assert record.failure is None
    assert record.body_truncated
    assert record.body_bytes is not None
    assert READ_BODY_BYTES < record.body_bytes < 4 * READ_BODY_BYTES


async def test_bytes_that_are_no_text() -> None:
    """A body in no UTF-8 and with control characters is written out harmlessly."""
    record = await asked_of(saying(response(body=b"\x1b[2J\xff\x00ok\n")))
    assert record.body == "\\x1b[2J�\\x00ok\n"


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RST once the request has come."""
    await reader.read(65_536)
    writer.get_extra_info("socket").setsockopt(1, 13, LINGER_0)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("converse", "failure", "status"),
    [
        (saying(b""), Failure.CLOSED, None),
        (resets, Failure.RESET, None),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), Failure.MALFORMED_RESPONSE, 200),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Failure.MALFORMED_RESPONSE, 200),
        (saying(b"\x15\x03\x00 no protocol that anybody speaks\r\n\r\n"), Failure.MALFORMED_RESPONSE, None),
        (
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1,2\r\n\r\nx"),
            Failure.MALFORMED_RESPONSE,
            None,
        ),
        (saying(b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n"), Failure.MALFORMED_RESPONSE, None),
        (saying(b"", linger=True), Failure.TIMEOUT, None),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf", linger=True), Failure.TIMEOUT, 200),
    ],
)
async def test_answers_that_do_not_come_whole(converse: Conversation, failure: Failure, status: int | None) -> None:
    """Each way in which an answer breaks off has its failure, and what had come of it is kept."""
    record = await asked_of(converse, step_s=QUICK_S if failure is Failure.TIMEOUT else 5)
    assert (record.failure, record.status) == (failure, status)
    assert (record.body is None) == (status is None)
    assert (record.first_byte_ms is None) == (status is None)
    assert record.body_ms is None


async def test_the_end_of_the_sweep_is_told_from_a_hanging_app() -> None:
    """A request that the sweep's end cuts off says nothing of the app."""
    expected = target(f"http://{HOST}/")
    async with tcp_server(saying(b"", linger=True)) as port, line(port, expected) as transport:
        record = await ask(transport, expected, deadline_s=QUICK_S)
    assert record.failure is Failure.DEADLINE


async def test_head_has_no_body() -> None:
    """HEAD is answered without a body, whatever Content-Length says."""
    record = await asked_of(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", linger=True), method="HEAD")
    assert (record.failure, record.status, record.body, record.body_bytes) == (None, 200, "", 0)


async def test_an_early_answer_before_the_final_one() -> None:
    """1xx answers are passed over (RFC 9110 section 15.2)."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    record = await asked_of(saying(early + response(body=b"ok")))
    assert (record.failure, record.status, record.body) == (None, 200, "ok")


async def test_a_token_that_no_header_can_hold() -> None:
    """A token with a line end in it is not sent, and not repeated."""
    record = await asked_of(saying(response()), token="bad\r\nX-Injected: 1")
    assert (record.failure, record.status) == (Failure.UNKNOWN, None)
    assert "Injected" not in repr(record)
