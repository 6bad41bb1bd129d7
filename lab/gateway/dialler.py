"""Connections by host name, through the lab's name server and network."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Collection, Iterable
from ipaddress import ip_address, ip_network

import httpcore

from lab.network import Network
from lab.resolver import SystemResolver

LONGEST_CONNECT_S = 21
"""How long a connection is tried whose packets are dropped."""


class Dialler(httpcore.AsyncNetworkBackend):
    """Opens the connections of one request."""

    def __init__(self, network: Network, resolver: SystemResolver, dropped: Collection[str] = ()) -> None:
        """Dial in this network, with this resolver; packets for the `dropped` networks never arrive."""
        self._network = network
        self._resolver = resolver
        self._dropped = [ip_network(each) for each in dropped]
        self._sockets = httpcore.AnyIOBackend()
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def aclose(self) -> None:
        """Close every connection: httpcore leaves one open whose handshake is cancelled by a time limit."""
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of the host that answers; raises OSError, httpcore.ConnectError."""
        last: Exception | None = None
        for address in await self._resolver.getaddrinfo(host):
            try:
                await self._pass(address, timeout)
                where, real_port = self._network.endpoint(address, port)
                stream = await self._sockets.connect_tcp(where, real_port, timeout, local_address, socket_options)
            except (OSError, httpcore.ConnectError) as error:
                last = error
            else:
                self._opened.append(stream)
                return stream
        raise last or OSError(f"{host} has no address")

    async def _pass(self, address: str, seconds: float | None) -> None:
        """Raise OSError in the time of a connection that nobody answers, where packets for the address are dropped."""
        if any(ip_address(address) in network for network in self._dropped):
            await asyncio.sleep(LONGEST_CONNECT_S if seconds is None else min(seconds, LONGEST_CONNECT_S))
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


def message(error: Exception, url: str) -> str:
    """What the gateway says of a connection that failed: nothing else tells name, TCP and TLS apart."""
    host = httpcore.URL(url).host.decode("ascii")
    if isinstance(error, socket.gaierror):
        return f"The remote name could not be resolved: '{host}'"
    if isinstance(error, httpcore.ConnectError) and isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return "The remote certificate is invalid according to the validation procedure."
    if isinstance(error, OSError | httpcore.ConnectError):
        return "Unable to connect to the remote server"
    return "The underlying connection was closed."
