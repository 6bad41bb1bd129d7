"""getaddrinfo of a machine in the lab. It stands for glibc, whose own cannot be pointed at a port of loopback.

It reads the hosts file first, then asks the machine's name server for A and AAAA, and fails with glibc's codes:
EAI_NONAME for NXDOMAIN, EAI_NODATA for a name without addresses, EAI_AGAIN for everything a name server may get over
(SERVFAIL, REFUSED, silence, a closed port). Like glibc it waits 5 seconds for an answer, twice (resolv.conf(5):
`timeout`, `attempts`), and waits past datagrams that are no answer. It does not sort addresses (RFC 6724): A come
before AAAA.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from lab.network import Network
from probes.observe.surroundings import is_address

TIMEOUT_S = 5.0
ATTEMPTS = 2
MESSAGES = {
    socket.EAI_NONAME: "Name or service not known",
    socket.EAI_AGAIN: "Temporary failure in name resolution",
    socket.EAI_NODATA: "No address associated with hostname",
}
"""gai_strerror(3)."""


class NoAnswer(Enum):
    """Why one question brought no addresses."""

    NXDOMAIN = socket.EAI_NONAME
    NO_DATA = socket.EAI_NODATA
    TEMPORARY = socket.EAI_AGAIN


@dataclass(frozen=True, kw_only=True)
class SystemResolver:
    """The resolver that applications of one machine use without asking.

    Attributes:
        server: address and port of the name server, as the lab's network knows it.
        hosts: the hosts file, name in lower case to addresses.
    """

    network: Network
    server: tuple[str, int]
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    async def getaddrinfo(self, host: str) -> tuple[str, ...]:
        """Addresses of the host in the order of the answers, an address being its own.

        Raises:
            socket.gaierror: with glibc's codes.
        """
        if is_address(host):
            return (host,)
        entry = self.hosts.get(host.lower().rstrip("."))
        if entry:
            return entry
        answers = await asyncio.gather(self._ask(host, dns.rdatatype.A), self._ask(host, dns.rdatatype.AAAA))
        addresses = [address for answer in answers if isinstance(answer, tuple) for address in answer]
        if addresses:
            return tuple(addresses)
        # A question that may be answered later outweighs one that was answered with no.
        for reason in (NoAnswer.TEMPORARY, NoAnswer.NXDOMAIN, NoAnswer.NO_DATA):
            if reason in answers:
                raise socket.gaierror(reason.value, MESSAGES[reason.value])
        raise AssertionError(answers)

    async def _ask(self, host: str, rdtype: dns.rdatatype.RdataType) -> tuple[str, ...] | NoAnswer:
        query = dns.message.make_query(host, rdtype)
        for _ in range(ATTEMPTS):
            try:
                answer = await self._exchange(query)
            except (OSError, EOFError, dns.exception.DNSException):
                continue
            if answer.rcode() == dns.rcode.NXDOMAIN:
                return NoAnswer.NXDOMAIN
            if answer.rcode() != dns.rcode.NOERROR:
                return NoAnswer.TEMPORARY
            found = tuple(record.to_text() for rrset in answer.answer if rrset.rdtype == rdtype for record in rrset)
            return found or NoAnswer.NO_DATA
        return NoAnswer.TEMPORARY

    async def _exchange(self, query: dns.message.Message) -> dns.message.Message:
        """The answer over UDP, or over TCP where that was truncated."""
        where, port = self.network.endpoint(*self.server)
        backend = dns.asyncbackend.get_default_backend()
        # A connected socket, as glibc's is: without it, nobody would learn that the port is closed.
        sock = await backend.make_socket(  # type: ignore[no-untyped-call] # dnspython left its hints out here
            socket.AF_INET, socket.SOCK_DGRAM, 0, None, (where, port)
        )
        async with sock:
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, where, TIMEOUT_S, port, udp_sock=sock, ignore_errors=True
            )
        return answer
