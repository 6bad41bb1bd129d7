"""Step `resolve`: the name, as an application here gets it and as each name server answers on the wire."""

import asyncio
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probes.failure import Failure
from probes.observe.classify import failure_of
from probes.observe.notebook import Mark, Notebook, OverrunError, within
from probes.records import SYSTEM, Address, Alias, Resolution, Step

EDNS_PAYLOAD = 1232
"""Largest UDP answer asked for: fits every path without fragments (DNS flag day 2020)."""
LONGEST_CHAIN = 16
"""CNAME hops followed before a chain counts as a loop; resolvers give up about there."""
UDP_TRIES = 2
WITHOUT_EDNS = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP})
"""What servers older than EDNS answer to it; the question is put again without (RFC 6891 section 7)."""
RCODES = {
    dns.rcode.NXDOMAIN: Failure.NXDOMAIN,
    dns.rcode.SERVFAIL: Failure.SERVFAIL,
    dns.rcode.REFUSED: Failure.QUERY_REFUSED,
}


async def by_system(notebook: Notebook, mark: Mark, host: str) -> Resolution:
    """The addresses an application gets: getaddrinfo, hosts file included."""
    started_ms = notebook.elapsed_ms()
    failure, detail = None, None
    found: tuple[str, ...] = ()
    try:
        async with within(notebook.limit(Step.RESOLVE)):
            found = await notebook.surroundings.getaddrinfo(host)
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = failure_of(error)
    return notebook.write(
        Resolution,
        mark,
        SYSTEM,
        started_ms,
        failure=failure,
        detail=detail,
        resolver=SYSTEM,
        server=None,
        question_name=host,
        question_type=None,
        transport="getaddrinfo",
        truncated=False,
        rcode=None,
        aliases=(),
        addresses=tuple(Address(address=address, ttl_s=None) for address in found),
        hosts_entry=notebook.surroundings.hosts.get(host, ()),
    )


async def by_wire(
    notebook: Notebook, mark: Mark, host: str, question_type: str, *, resolver: str, server: tuple[str, int]
) -> Resolution:
    """One question to one name server (RFC 1035): over UDP, sent again once, then over TCP.

    TCP is tried after truncation, and after silence too, while UDP is still listened to: a resolver counts as
    unreachable when neither brings a word.
    """
    started_ms = notebook.elapsed_ms()
    inquiry = Inquiry(host, question_type)
    failure, detail = None, None
    try:
        limit = notebook.limit(Step.RESOLVE)
        endpoint = notebook.surroundings.endpoint(*server)
        async with within(limit):
            await inquiry.put(endpoint, limit.seconds)
    except Exception as error:  # noqa: BLE001 - classified; what is not known is recorded as unknown
        failure, detail = inquiry.failure_of(error)
    else:
        failure, detail = inquiry.failure, inquiry.detail
    return notebook.write(
        Resolution,
        mark,
        f"{resolver}/{question_type}",
        started_ms,
        failure=failure,
        detail=detail,
        resolver=resolver,
        server=server[0],
        question_name=host,
        question_type=question_type,
        transport=inquiry.transport,
        truncated=inquiry.truncated,
        rcode=inquiry.rcode,
        aliases=inquiry.aliases,
        addresses=inquiry.addresses,
        hosts_entry=None,
    )


class Inquiry:
    """One question and what has come of it so far."""

    def __init__(self, host: str, question_type: str) -> None:
        """Make the query, with a random id and recursion desired."""
        self._query = dns.message.make_query(host, question_type, use_edns=0, payload=EDNS_PAYLOAD)
        self._name = dns.name.from_text(host)
        self._type = dns.rdatatype.from_text(question_type)
        self._malformed = False
        self._udp_closed = False
        self._first_error: BaseException | None = None
        self.transport = "udp"
        self.truncated = False
        self.rcode: str | None = None
        self.failure: Failure | None = None
        self.detail: str | None = None
        self.aliases: tuple[Alias, ...] = ()
        self.addresses: tuple[Address, ...] = ()

    async def put(self, endpoint: tuple[str, int], seconds: float) -> None:
        """Ask until there is an answer; raises OSError, TimeoutError, dns.exception.DNSException."""
        answer = await self._ask(endpoint, seconds / (UDP_TRIES + 1))
        if answer.rcode() in WITHOUT_EDNS:
            self._query.use_edns(edns=False)
            answer = await self._ask(endpoint, seconds / (UDP_TRIES + 1))
        self._read(answer)

    def failure_of(self, error: BaseException) -> tuple[Failure, str | None]:
        """The failure of an inquiry that brought no answer; a malformed one is told from silence."""
        if isinstance(error, OverrunError) and error.failure is Failure.TIMEOUT and self._first_error is not None:
            error = self._first_error  # the other transport had the rest of the time, and brought nothing
        if isinstance(error, dns.exception.DNSException | ValueError | struct.error):
            return Failure.MALFORMED_ANSWER, type(error).__name__
        failure, detail = failure_of(error)
        if self._malformed and failure is not Failure.DEADLINE:
            return Failure.MALFORMED_ANSWER, detail
        if isinstance(error, EOFError):
            return Failure.CLOSED, None
        return failure, detail

    async def _ask(self, endpoint: tuple[str, int], seconds: float) -> dns.message.Message:
        """The whole answer; each try over UDP has so many seconds before the next step."""
        loop = asyncio.get_running_loop()
        transport, mailbox = await loop.create_datagram_endpoint(Mailbox, remote_addr=endpoint)
        try:
            answer = await self._over_udp(transport, mailbox, seconds)
            if answer is None and not self._udp_closed:
                answer = await self._over_tcp_or_late(endpoint, mailbox)
            if answer is None or answer.flags & dns.flags.TC:
                self.truncated = answer is not None
                self.transport = "tcp"
                answer = await self._over_tcp(endpoint)
        finally:
            transport.close()
        return answer

    async def _over_udp(
        self, transport: asyncio.DatagramTransport, mailbox: "Mailbox", seconds: float
    ) -> dns.message.Message | None:
        """The answer; `None` after silence on every try. A refused port is worth the TCP try as well."""
        self.transport = "udp"
        for _ in range(UDP_TRIES):
            transport.sendto(self._query.to_wire())
            try:
                async with asyncio.timeout(seconds):
                    return await self._await_answer(mailbox)
            except TimeoutError:
                continue
            except ConnectionRefusedError:
                self._udp_closed = True
                break
        return None

    async def _over_tcp_or_late(self, endpoint: tuple[str, int], mailbox: "Mailbox") -> dns.message.Message:
        """After silence over UDP: the answer over TCP or the late one over UDP, whichever comes first."""
        self.transport = "tcp"
        tcp, late = asyncio.create_task(self._over_tcp(endpoint)), asyncio.create_task(self._await_answer(mailbox))
        try:
            await asyncio.wait({tcp, late}, return_when=asyncio.FIRST_COMPLETED)
            winner, other = (tcp, late) if tcp.done() else (late, tcp)
            if winner.exception() is not None and not self._malformed:
                self._first_error = winner.exception()
                winner = other
            answer = await winner
            self.transport = "tcp" if winner is tcp else "udp"
            return answer
        finally:
            tcp.cancel()
            late.cancel()
            await asyncio.gather(tcp, late, return_exceptions=True)

    async def _await_answer(self, mailbox: "Mailbox") -> dns.message.Message:
        """The first datagram that answers this query; others are noise or forgery, and waited past (RFC 5452)."""
        while True:
            wire = await mailbox.next()
            try:
                answer = dns.message.from_wire(wire, ignore_trailing=True)
            except (dns.exception.DNSException, ValueError, struct.error):
                self._malformed = True
                continue
            if self._query.is_response(answer):
                return answer

    async def _over_tcp(self, endpoint: tuple[str, int]) -> dns.message.Message:
        """The answer on a connection of its own (RFC 7766)."""
        reader, writer = await asyncio.open_connection(*endpoint)
        try:
            wire = self._query.to_wire()
            writer.write(struct.pack("!H", len(wire)) + wire)
            await writer.drain()
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            answer = dns.message.from_wire(await reader.readexactly(size), ignore_trailing=True)
        finally:
            writer.close()
        if not self._query.is_response(answer):
            raise dns.exception.FormError
        return answer

    def _read(self, answer: dns.message.Message) -> None:
        """Walk the chain from the name asked; records beside it are not taken for its answer."""
        self.rcode = dns.rcode.to_text(answer.rcode())
        name = self._name
        aliases: list[Alias] = []
        while len(aliases) < LONGEST_CHAIN and (found := rrset(answer, name, dns.rdatatype.CNAME)) is not None:
            target = found[0].target
            aliases.append(Alias(name=text(name), target=text(target), ttl_s=found.ttl))
            name = target
        self.aliases = tuple(aliases)
        end = rrset(answer, name, self._type)
        if answer.rcode() != dns.rcode.NOERROR:  # whatever addresses stand beside it: no client takes them
            self.failure = RCODES.get(answer.rcode(), Failure.MALFORMED_ANSWER)
        elif end is not None:
            self.addresses = tuple(Address(address=record.to_text(), ttl_s=end.ttl) for record in end)
        elif len(aliases) == LONGEST_CHAIN:
            self.failure, self.detail = Failure.MALFORMED_ANSWER, "the CNAME chain does not end"
        else:
            self.failure = Failure.NO_DATA


def rrset(answer: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    """The records of that name and type in the answer section."""
    return answer.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, kind)


def text(name: dns.name.Name) -> str:
    """The name in lower case, without the trailing dot."""
    return name.to_text(omit_final_dot=True).lower()


class Mailbox(asyncio.DatagramProtocol):
    """The datagrams and errors of one connected UDP socket, in order."""

    def __init__(self) -> None:
        """Start empty."""
        self._arrived: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    async def next(self) -> bytes:
        """The next datagram; raises OSError where ICMP said that nobody is there."""
        match await self._arrived.get():
            case bytes() as wire:
                return wire
            case error:
                raise error

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002 - asyncio's
        """Keep a datagram; the socket is connected, so it came from the server asked."""
        self._arrived.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """Keep an ICMP error."""
        self._arrived.put_nowait(exc)
