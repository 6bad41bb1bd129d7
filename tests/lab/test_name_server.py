"""A name server on loopback, asked by dnspython."""

import asyncio
import socket
from typing import Any

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest

from lab import name_server
from lab.name_server import SLOWNESS_S
from lab.network import LOOPBACK
from lab.world import NameServer, NameServerFault
from tests.lab.clients import closing, over_tcp, over_udp, records

SHORT_S = 0.2
"""Long enough for an answer over loopback, where none must come."""
MANY = tuple(f"many.example.com 60 A 203.0.113.{number}" for number in range(1, 200))


def server(fault: NameServerFault | None = None) -> NameServer:
    """A name server with this fault."""
    return NameServer(address="168.63.129.16", public=("app.example.com 60 A 203.0.113.10", *MANY), fault=fault)


async def connected(kind: socket.SocketKind, port: int) -> Any:
    """A socket of dnspython's, connected to a port of loopback."""
    backend = dns.asyncbackend.get_default_backend()
    where = (LOOPBACK, port)
    return await backend.make_socket(  # type: ignore[no-untyped-call] # dnspython left its hints out here
        socket.AF_INET, kind, 0, None, where, timeout=2
    )


async def test_udp_and_tcp_answer_on_one_port_number() -> None:
    """Both transports give the same records."""
    async with closing(await name_server.start(server())) as running:
        for ask in (over_udp, over_tcp):
            assert records(await ask(running.port, "app.example.com")) == ["app.example.com A 203.0.113.10"]


async def test_an_answer_too_long_for_udp_is_truncated() -> None:
    """Without EDNS the limit is 512 bytes; TC says that there is more, and TCP has it all."""
    async with closing(await name_server.start(server())) as running:
        short, full = await over_udp(running.port, "many.example.com"), await over_tcp(running.port, "many.example.com")
    assert short.flags & dns.flags.TC
    assert len(records(full)) == len(MANY)


async def test_edns_is_answered() -> None:
    """A query with an OPT record gets one back, and a larger answer."""
    query = dns.message.make_query("app.example.com", "A", use_edns=0, payload=4096)
    async with closing(await name_server.start(server())) as running:
        answer = await dns.asyncquery.udp(query, LOOPBACK, 2, running.port)
    assert (answer.edns, answer.payload) == (0, 1232)


async def test_several_questions_on_one_connection_are_answered() -> None:
    """RFC 7766: a TCP connection is kept for the next query."""
    async with (
        closing(await name_server.start(server())) as running,
        await connected(socket.SOCK_STREAM, running.port) as sock,
    ):
        for _ in range(2):
            query = dns.message.make_query("app.example.com", "A")
            assert records(await dns.asyncquery.tcp(query, LOOPBACK, 2, sock=sock))


async def test_what_is_no_query_is_answered_rightly_or_not_at_all() -> None:
    """Another opcode is NOTIMP; bytes that are no DNS get no answer, and the server lives on."""
    notify = dns.message.make_query("app.example.com", "A")
    notify.set_opcode(dns.opcode.NOTIFY)
    async with closing(await name_server.start(server())) as running:
        assert (await dns.asyncquery.udp(notify, LOOPBACK, 2, running.port)).rcode() == dns.rcode.NOTIMP
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(LOOPBACK, running.port)
        )
        transport.sendto(b"\x00not a query")
        transport.close()
        assert records(await over_udp(running.port, "app.example.com"))


@pytest.mark.parametrize(
    ("fault", "rcode"), [(NameServerFault.SERVFAIL, dns.rcode.SERVFAIL), (NameServerFault.REFUSED, dns.rcode.REFUSED)]
)
async def test_a_failing_server_says_so_over_both(fault: NameServerFault, rcode: dns.rcode.Rcode) -> None:
    """The rcode is the fault, over UDP and TCP, and there are no records."""
    async with closing(await name_server.start(server(fault))) as running:
        for ask in (over_udp, over_tcp):
            answer = await ask(running.port, "app.example.com")
            assert (answer.rcode(), records(answer)) == (rcode, [])


async def test_a_silent_server_takes_the_query_and_never_answers() -> None:
    """TCP connects, and over both transports nothing comes."""
    async with closing(await name_server.start(server(NameServerFault.SILENT))) as running:
        for ask in (over_udp, over_tcp):
            with pytest.raises(dns.exception.Timeout):
                await ask(running.port, "app.example.com", seconds=SHORT_S)


async def test_nothing_listens_at_a_closed_server() -> None:
    """TCP is refused, and UDP is answered with port unreachable, not with silence."""
    async with closing(await name_server.start(server(NameServerFault.CLOSED))) as running:
        with pytest.raises(ConnectionRefusedError):
            await over_tcp(running.port, "app.example.com")
        async with await connected(socket.SOCK_DGRAM, running.port) as sock:
            query = dns.message.make_query("app.example.com", "A")
            with pytest.raises(ConnectionRefusedError):
                await dns.asyncquery.udp(query, LOOPBACK, 2, running.port, sock=sock)


async def test_a_malformed_answer_is_no_dns() -> None:
    """The bytes that come cannot be read as a message."""
    async with closing(await name_server.start(server(NameServerFault.MALFORMED))) as running:
        for ask in (over_udp, over_tcp):
            with pytest.raises(dns.exception.FormError):
                await ask(running.port, "app.example.com")


async def test_a_truncating_server_answers_in_full_over_tcp_only() -> None:
    """UDP has TC and no records, which is right and must not be taken for a fault."""
    async with closing(await name_server.start(server(NameServerFault.TRUNCATES))) as running:
        short, full = await over_udp(running.port, "app.example.com"), await over_tcp(running.port, "app.example.com")
    assert short.flags & dns.flags.TC
    assert records(short) == []
    assert records(full) == ["app.example.com A 203.0.113.10"]


async def test_a_slow_server_answers_rightly_later() -> None:
    """Nothing comes at first, and then the right answer."""
    async with closing(await name_server.start(server(NameServerFault.SLOW))) as running:
        with pytest.raises(dns.exception.Timeout):
            await over_udp(running.port, "app.example.com", seconds=SLOWNESS_S / 2)
        for ask in (over_udp, over_tcp):
            assert records(await ask(running.port, "app.example.com"))


async def test_a_server_closes_while_clients_wait() -> None:
    """The end of the lab does not wait for anybody, and its port is free afterwards."""
    running = await name_server.start(server(NameServerFault.SILENT))
    waiting = asyncio.create_task(over_tcp(running.port, "app.example.com"))
    await asyncio.sleep(SHORT_S / 4)
    await running.aclose()
    with pytest.raises((EOFError, ConnectionError)):
        await waiting
    with pytest.raises(ConnectionRefusedError):
        await over_tcp(running.port, "app.example.com")
