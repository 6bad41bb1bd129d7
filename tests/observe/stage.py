"""What the tests of the observers share: a notebook, a target on loopback, and servers that misbehave to order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import dns.message

from lab.name_server import port_pair
from lab.stream_server import Conversation, StreamServer, bound
from probes.observe.notebook import Mark, Notebook
from probes.observe.surroundings import Surroundings, TokenSource
from probes.path import Path, Target, from_mapping
from probes.records import Step, Vantage

MARK = Mark("backend", 1, "backend/1")
QUICK_S = 0.3
"""Longer than anything on loopback takes, and no longer than a test of silence has to wait."""


def no_identity(_client_id: str | None) -> TokenSource:
    """A machine without a managed identity, which nobody is to ask."""
    raise AssertionError


def around(**changes: Any) -> Surroundings:
    """The surroundings of a machine without hosts file, name servers and identity."""
    fields: dict[str, Any] = {"hosts": {}, "name_servers": (), "credential": no_identity}
    return Surroundings(**fields | changes)


def notebook(
    surroundings: Surroundings | None = None, *, step_s: float = 5, deadline_s: float = 10, **timeouts: float
) -> Notebook:
    """An empty notebook; steps have `step_s`, or what is said for them by name."""
    return Notebook(
        surroundings=surroundings or around(),
        vantage=Vantage.PROBE,
        deadline_s=deadline_s,
        step_timeout_s={step: timeouts.get(step.value, step_s) for step in Step},
        observed=None,
    )


def path(*targets: Mapping[str, Any], **keys: Any) -> Path:
    """A path of these targets."""
    return from_mapping({"name": "test", "targets": list(targets), **keys}, source="test")


def target(url: str, **keys: Any) -> Target:
    """The backend at this URL."""
    return path({"name": "backend", "role": "backend", "url": url, **keys}).targets[0]


@asynccontextmanager
async def tcp_server(converse: Conversation) -> AsyncIterator[int]:
    """The port of a TCP server that does this with every connection."""
    server = await StreamServer.start(converse, bound())
    try:
        yield server.port
    finally:
        await server.aclose()


def saying(answer: bytes, *, linger: bool = False) -> Conversation:
    """Read once, say these bytes, and close; `linger` = keep the connection open until the client closes it."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(answer)
        await writer.drain()
        if linger:
            await reader.read()

    return converse


type Script = Callable[[dns.message.Message], list[tuple[float, bytes]]]
"""From a query to the datagrams to send back, each after so many seconds."""


class Datagrams(asyncio.DatagramProtocol):
    """A UDP server that follows a script; keeps the queries."""

    def __init__(self, script: Script) -> None:
        """Answer with this script."""
        self._script = script
        self.queries: list[dns.message.Message] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one query."""
        self.queries.append(dns.message.from_wire(data))
        for seconds, wire in self._script(self.queries[-1]):
            asyncio.get_running_loop().call_later(seconds, self._send, wire, addr)

    def _send(self, wire: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(wire, addr)


@asynccontextmanager
async def udp_server(script: Script) -> AsyncIterator[tuple[tuple[str, int], Datagrams]]:
    """The endpoint of a UDP server with this script, and the server; nothing listens on its number over TCP."""
    tcp, udp = port_pair()
    with tcp:
        transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Datagrams(script), sock=udp
        )
        try:
            yield transport.get_extra_info("sockname"), server
        finally:
            transport.close()
