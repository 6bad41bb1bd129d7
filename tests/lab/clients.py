"""Real clients for the servers of the lab."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import dns.asyncquery
import dns.message
import dns.rdatatype
import httpx

from lab.certificates import client_context
from lab.network import LOOPBACK
from lab.stream_server import Running

SECONDS = 2


async def over_udp(port: int, name: str, kind: str = "A", seconds: float = SECONDS) -> dns.message.Message:
    """What a name server answers over UDP."""
    return await dns.asyncquery.udp(dns.message.make_query(name, kind), LOOPBACK, seconds, port)


async def over_tcp(port: int, name: str, kind: str = "A", seconds: float = SECONDS) -> dns.message.Message:
    """What it answers over TCP."""
    return await dns.asyncquery.tcp(dns.message.make_query(name, kind), LOOPBACK, seconds, port)


def records(answer: dns.message.Message) -> list[str]:
    """The records of the answer section: `name type data`, without the dots at the end."""
    return [
        f"{rrset.name.to_text(True)} {dns.rdatatype.to_text(rrset.rdtype)} {record.to_text().rstrip('.')}"  # noqa: FBT003
        for rrset in answer.answer
        for record in rrset
    ]


async def shake_hands(port: int, host: str, context: ssl.SSLContext | None = None) -> ssl.SSLObject:
    """The TLS state after a handshake for the host, with the lab's root trusted; raises ssl.SSLError, OSError."""
    async with asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(LOOPBACK, port, ssl=context or client_context(), server_hostname=host)
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.close()
    await writer.wait_closed()
    return tls


async def fetch(
    port: int,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    seconds: float = SECONDS,
) -> httpx.Response:
    """The answer to one request sent to a port of loopback with the Host and SNI of the URL, redirects not followed."""
    asked = httpx.URL(url)
    sent = {"Host": asked.host, **(headers or {})}
    async with httpx.AsyncClient(verify=client_context(), trust_env=False, timeout=seconds) as client:
        return await client.request(
            method,
            asked.copy_with(host=LOOPBACK, port=port),
            headers=sent,
            content=content,
            extensions={"sni_hostname": asked.host},
        )


async def exchange(port: int, sent: bytes, seconds: float = SECONDS) -> bytes:
    """Everything that comes back from a port of loopback for these bytes, until the server ends the connection."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(sent)
    async with asyncio.timeout(seconds):
        received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


@asynccontextmanager
async def closing[R: Running](running: R) -> AsyncIterator[R]:
    """The server, closed afterwards."""
    try:
        yield running
    finally:
        await running.aclose()
