"""A TCP server that ends at once, whatever its connections are waiting for."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Protocol

from lab.network import LOOPBACK

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is done with one accepted connection; it is closed afterwards."""


class Running(Protocol):
    """Something that stands on a port of loopback until it is closed."""

    @property
    def port(self) -> int:
        """The port."""

    async def aclose(self) -> None:
        """Leave the port, and end every connection on it at once."""


def bound(kind: socket.SocketKind = socket.SOCK_STREAM, port: int = 0) -> socket.socket:
    """A non-blocking socket bound to loopback; `port` 0 = an ephemeral one."""
    sock = socket.socket(socket.AF_INET, kind)
    try:
        sock.setblocking(False)  # noqa: FBT003 - the signature is the standard library's
        sock.bind((LOOPBACK, port))
    except OSError:
        sock.close()
        raise
    return sock


class StreamServer:
    """The listening socket and the tasks of its connections."""

    def __init__(self, converse: Conversation) -> None:
        """Do this with every connection; `start` makes a server that listens."""
        self._converse = converse
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @classmethod
    async def start(cls, converse: Conversation, sock: socket.socket) -> "StreamServer":
        """Listen on a bound socket, which the server owns from here on."""
        server = cls(converse)
        server.port = sock.getsockname()[1]
        server._server = await asyncio.start_server(server._accept, sock=sock)
        return server

    async def aclose(self) -> None:
        """Stop listening and cancel what the connections are doing."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client went away: its business
        finally:
            # After close() as well: what is still to be sent goes out first, and an abort would cut it off.
            if not writer.is_closing():
                writer.transport.abort()
