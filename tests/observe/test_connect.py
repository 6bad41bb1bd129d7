"""Step `connect` against real listeners."""

import asyncio
import errno

import pytest

from lab.listener import ClosedPort, FullQueue
from lab.network import LOOPBACK
from probes.failure import Failure
from probes.observe.connect import connect, skip
from tests.observe.stage import MARK, QUICK_S, around, notebook, saying, tcp_server


async def test_a_connection() -> None:
    """The record has the address, whose answer it was, and the connection's own address; the stream is open."""
    book = notebook()
    async with tcp_server(saying(b"hello")) as port:
        record, stream = await connect(book, MARK, LOOPBACK, port, resolver="system")
        assert stream is not None
        await stream.write(b"?")
        assert await stream.read(100) == b"hello"
        await stream.aclose()
    assert (record.failure, record.address, record.port, record.resolver) == (None, LOOPBACK, port, "system")
    assert record.source_address == LOOPBACK
    assert book.records == [record]


async def test_nothing_listens() -> None:
    """RST in answer to SYN is refused, and there is no stream."""
    closed = ClosedPort()
    record, stream = await connect(notebook(), MARK, LOOPBACK, closed.port, resolver=None)
    await closed.aclose()
    assert (record.failure, record.source_address, stream) == (Failure.REFUSED, None, None)


async def test_packets_are_dropped() -> None:
    """No answer to SYN within the step's time is a timeout, within the sweep's a deadline."""
    full = FullQueue()
    try:
        own, _ = await connect(notebook(connect=QUICK_S), MARK, LOOPBACK, full.port, resolver=None)
        cut, _ = await connect(notebook(deadline_s=QUICK_S), MARK, LOOPBACK, full.port, resolver=None)
    finally:
        await full.aclose()
    assert (own.failure, cut.failure) == (Failure.TIMEOUT, Failure.DEADLINE)
    assert own.duration_ms is not None
    assert QUICK_S * 1e3 <= own.duration_ms < 2_000


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.ENETUNREACH, Failure.UNREACHABLE),
        (errno.EHOSTUNREACH, Failure.UNREACHABLE),
        (errno.EACCES, Failure.UNREACHABLE),
        (errno.ETIMEDOUT, Failure.TIMEOUT),
        (errno.EMFILE, Failure.UNKNOWN),
    ],
)
async def test_errors_of_the_network(number: int, failure: Failure) -> None:
    """Errors of the operating system have their failures; one without is unknown, with its type in the detail."""

    def nowhere(_address: str, _port: int) -> tuple[str, int]:
        raise OSError(number, "what the system says")

    record, stream = await connect(notebook(around(endpoint=nowhere)), MARK, "10.80.20.4", 443, resolver=None)
    assert (record.failure, stream) == (failure, None)
    assert (record.detail is None) == (failure is not Failure.UNKNOWN)


async def test_ipv6() -> None:
    """An IPv6 address is connected to as well."""
    server = await asyncio.start_server(lambda _r, w: w.close(), "::1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        record, stream = await connect(notebook(), MARK, "::1", port, resolver=None)
        assert stream is not None
        await stream.aclose()
    assert (record.failure, record.source_address) == (None, "::1")


async def test_an_address_that_is_not_tried() -> None:
    """A skipped address has a record with the reason, and no duration: it was not measured."""
    record = skip(notebook(), MARK, "10.80.20.9", 443, resolver="system", why="only 8 are tried")
    assert (record.failure, record.detail, record.duration_ms) == (Failure.SKIPPED, "only 8 are tried", None)


async def test_a_cancelled_connection_is_closed() -> None:
    """Cancelled while SYN is unanswered, the socket is closed (a ResourceWarning would fail this)."""
    full = FullQueue()
    task = asyncio.create_task(connect(notebook(), MARK, LOOPBACK, full.port, resolver=None))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await full.aclose()
