"""Connections by host name, through the lab's name server and network."""

import socket
import ssl
from collections.abc import Iterable

import httpcore

from lab.network import Network
from lab.resolver import SystemResolver


class Dialler(httpcore.AsyncNetworkBackend):
    """Opens the connections of one request."""

    def __init__(self, network: Network, resolver: SystemResolver) -> None:
        """Dial in this network, with this resolver."""
        self._network = network
        self._resolver = resolver
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
                where, real_port = self._network.endpoint(address, port)
                stream = await self._sockets.connect_tcp(where, real_port, timeout, local_address, socket_options)
            except (OSError, httpcore.ConnectError) as error:
                last = error
            else:
                self._opened.append(stream)
                return stream
        raise last or OSError(f"{host} has no address")


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
