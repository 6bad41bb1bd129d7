"""What stands at an address: real sockets, well and misbehaved."""

import asyncio
import ssl
import warnings

import pytest

from lab.certificates import client_context
from lab.http import Request, Response
from lab.listener import open_listener
from lab.network import LOOPBACK
from lab.stream_server import Running
from lab.world import Leaf, Listener, ListenerFault
from tests.lab.clients import closing, fetch, shake_hands

HOST = "app.azurewebsites.net"
LEAF = Leaf(names=("*.azurewebsites.net",))
SHORT_S = 0.3


async def hello(_: Request) -> Response:
    """The answer of everything that comes to HTTP."""
    return Response(status=200, body=b"hello")


async def listening(fault: ListenerFault | None, *certificates: Leaf) -> Running:
    """A listener with this fault."""
    return await open_listener(Listener(address="10.80.20.4", certificates=certificates, fault=fault), hello)


async def test_a_listener_serves_over_tls() -> None:
    """The handler answers behind the certificate."""
    async with closing(await listening(None, LEAF)) as running:
        assert (await fetch(running.port, f"https://{HOST}/")).text == "hello"


async def test_a_listener_without_certificates_speaks_plain_http() -> None:
    """The handler answers without TLS."""
    async with closing(await listening(None)) as running:
        assert (await fetch(running.port, f"http://{HOST}/")).text == "hello"


async def test_a_closed_port_refuses() -> None:
    """RST in answer to SYN."""
    async with closing(await listening(ListenerFault.CLOSED, LEAF)) as running:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, running.port)


async def test_a_listener_that_drops_never_answers_a_syn() -> None:
    """Connecting neither succeeds nor fails, however often it is tried."""
    async with closing(await listening(ListenerFault.DROPS, LEAF)) as running:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SHORT_S):
                    await asyncio.open_connection(LOOPBACK, running.port)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(ListenerFault.RESETS, ConnectionResetError), (ListenerFault.CLOSES, asyncio.IncompleteReadError)],
)
async def test_the_connection_stands_until_the_client_hello_comes(fault: ListenerFault, error: type[Exception]) -> None:
    """TCP connects and stays; after the first bytes it ends, by RST or by FIN."""
    async with closing(await listening(fault, LEAF)) as running:
        reader, writer = await asyncio.open_connection(LOOPBACK, running.port)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_S / 3):
                await reader.read()
        writer.write(b"\x16\x03\x01 as if it were a ClientHello")
        with pytest.raises(error):
            await reader.readexactly(1)
        writer.close()


async def test_a_silent_listener_takes_everything_and_says_nothing() -> None:
    """The handshake waits for ever."""
    async with closing(await listening(ListenerFault.SILENT, LEAF)) as running:
        reader, writer = await asyncio.open_connection(LOOPBACK, running.port)
        writer.write(b"\x16\x03\x01")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_S):
                await reader.read()
        writer.close()


async def test_plain_http_where_tls_is_expected() -> None:
    """The answer to a ClientHello is HTTP, which no TLS client understands, though an HTTP client does."""
    async with closing(await listening(ListenerFault.PLAIN, LEAF)) as running:
        with pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"):
            await shake_hands(running.port, HOST)
        assert (await fetch(running.port, f"http://{HOST}/")).text == "hello"


async def test_old_tls_is_refused_by_clients_of_today() -> None:
    """A client that asks for TLS 1.2 gets the alert protocol_version."""
    async with closing(await listening(ListenerFault.OLD_TLS, LEAF)) as running:
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            await shake_hands(running.port, HOST)


async def test_old_tls_serves_clients_of_yesterday() -> None:
    """It really speaks TLS 1.1: a client that allows it comes through."""
    context = client_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with closing(await listening(ListenerFault.OLD_TLS, LEAF)) as running:
        assert (await shake_hands(running.port, HOST, context)).version() == "TLSv1.1"


async def test_a_listener_with_nothing_to_serve_is_an_error() -> None:
    """The error names the listener."""
    with pytest.raises(ValueError, match=r"10\.80\.20\.4:443: serves nothing"):
        await open_listener(Listener(address="10.80.20.4"), None)


@pytest.mark.parametrize("fault", list(ListenerFault))
async def test_a_listener_ends_while_clients_wait(fault: ListenerFault) -> None:
    """Closing waits for nobody, and nothing stands at the port afterwards."""
    running = await listening(fault, LEAF)
    waiting = asyncio.create_task(asyncio.open_connection(LOOPBACK, running.port))
    await asyncio.sleep(SHORT_S / 10)
    async with asyncio.timeout(1):
        await running.aclose()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, running.port)
    waiting.cancel()
    for outcome in await asyncio.gather(waiting, return_exceptions=True):
        if isinstance(outcome, tuple):
            outcome[1].transport.abort()
