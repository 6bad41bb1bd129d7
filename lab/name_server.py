"""A name server on loopback: UDP and TCP on one port number, well or misbehaved."""

import asyncio
import errno
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from lab.stream_server import StreamServer, bound
from lab.world import NameServer, NameServerFault
from lab.zones import PAYLOAD, View

SLOWNESS_S = 0.7
NO_MESSAGE = b"\xffno dns"
"""Shorter than the header of twelve bytes that every DNS message has (RFC 1035 section 4.1.1)."""
SMALLEST_UDP = 512
"""Largest UDP answer for a client without EDNS."""
PORT_TRIES = 50
RCODES = {
    NameServerFault.SERVFAIL: dns.rcode.SERVFAIL,
    NameServerFault.REFUSED: dns.rcode.REFUSED,
}


async def start(server: NameServer) -> "DnsServer | ClosedPort":
    """The name server, ready to be asked; raises ValueError where one of its records is none."""
    if server.fault is NameServerFault.CLOSED:
        return ClosedPort(*port_pair())
    return await DnsServer.start(Answering(server))


class Answering:
    """From query bytes to answer bytes, the fault included."""

    def __init__(self, server: NameServer) -> None:
        """Read the server's records; raises ValueError naming a line that is none."""
        self._view = View(server)
        self._fault = server.fault
        self.delay_s = SLOWNESS_S if server.fault is NameServerFault.SLOW else 0.0

    def udp(self, wire: bytes) -> bytes | None:
        """The datagram to send back, `None` = none; an answer too long for the client is cut and has TC set."""
        answer = self._answer(wire)
        if not isinstance(answer, dns.message.Message):
            return answer
        if self._fault is NameServerFault.TRUNCATES:
            answer.answer, answer.authority = [], []
            answer.flags |= dns.flags.TC
        # make_response notes the payload size that the client offered; it is 0 without EDNS.
        size = min(answer.request_payload, PAYLOAD) or SMALLEST_UDP
        return answer.to_wire(max_size=size, prefer_truncation=True)

    def tcp(self, wire: bytes) -> bytes | None:
        """The message to send back, `None` = none."""
        answer = self._answer(wire)
        return answer.to_wire() if isinstance(answer, dns.message.Message) else answer

    def _answer(self, wire: bytes) -> dns.message.Message | bytes | None:
        if self._fault is NameServerFault.SILENT:
            return None
        if self._fault is NameServerFault.MALFORMED:
            return NO_MESSAGE
        try:
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
        except dns.exception.DNSException:
            return None  # no query at all; an answer to that would make the server an echo for forged addresses
        if query.opcode() != dns.opcode.QUERY:
            answer.set_rcode(dns.rcode.NOTIMP)
        elif len(query.question) != 1:
            answer.set_rcode(dns.rcode.FORMERR)
        elif self._fault in RCODES:
            answer.set_rcode(RCODES[self._fault])
        else:
            return self._view.answer(query)
        return answer


class DnsServer:
    """Both sockets of a name server that listens."""

    def __init__(self, stream: StreamServer, datagrams: asyncio.DatagramTransport) -> None:
        """Own both; `start` opens them."""
        self._stream = stream
        self._datagrams = datagrams
        self.port = stream.port

    @classmethod
    async def start(cls, answering: Answering) -> "DnsServer":
        """Listen on one port number over TCP and UDP."""
        tcp, udp = port_pair()
        loop = asyncio.get_running_loop()
        datagrams, _ = await loop.create_datagram_endpoint(lambda: Datagrams(answering), sock=udp)

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                answer = answering.tcp(await reader.readexactly(size))
                await asyncio.sleep(answering.delay_s)
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()

        return cls(await StreamServer.start(converse, tcp), datagrams)

    async def aclose(self) -> None:
        """Leave the port."""
        self._datagrams.close()
        await self._stream.aclose()


class Datagrams(asyncio.DatagramProtocol):
    """The UDP side."""

    def __init__(self, answering: Answering) -> None:
        """Answer with this."""
        self._answering = answering
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        assert isinstance(transport, asyncio.DatagramTransport)  # noqa: S101 - narrows asyncio's own type
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one query, at once or after the delay."""
        answer = self._answering.udp(data)
        if answer is not None:
            asyncio.get_running_loop().call_later(self._answering.delay_s, self._send, answer, addr)

    def _send(self, answer: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, addr)


class ClosedPort:
    """A port number that stays free of listeners: TCP answers RST, UDP ICMP port unreachable."""

    def __init__(self, tcp: socket.socket, udp: socket.socket) -> None:
        """Own both sockets and listen on neither."""
        self.port = int(tcp.getsockname()[1])
        # A connected UDP socket takes datagrams of its peer only; with itself as its peer, it keeps the number from
        # others and takes nothing.
        udp.connect(udp.getsockname())
        self._sockets = (tcp, udp)

    async def aclose(self) -> None:
        """Give the port number back."""
        for sock in self._sockets:
            sock.close()


def port_pair() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket bound to the same ephemeral port number; raises OSError where none is to be had."""
    for _ in range(PORT_TRIES):
        tcp = bound()
        try:
            return tcp, bound(socket.SOCK_DGRAM, tcp.getsockname()[1])
        except OSError as error:
            tcp.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"no port number is free over TCP and UDP after {PORT_TRIES} tries")
