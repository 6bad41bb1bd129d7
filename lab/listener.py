"""What stands at one address and port of the lab: a real socket, well or misbehaved."""

import asyncio
import socket
import ssl
import struct
from functools import partial

from lab.certificates import server_context
from lab.http import Handler, serve
from lab.network import LOOPBACK
from lab.stream_server import Conversation, Running, StreamServer, bound
from lab.world import Listener, ListenerFault

CLIENT_HELLO_BYTES = 65_536
"""More than a ClientHello has; it comes in one piece over loopback."""
FILLERS = 4
"""Connections that fill the queue of a listener that drops: a queue of 0 has room for one."""
LINGER_0 = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: close() sends RST (socket(7))."""


async def open_listener(listener: Listener, handler: Handler | None) -> Running:
    """The listener on an ephemeral port of loopback.

    `handler` answers what comes to HTTP; only a listener whose fault keeps everything below that may have none.

    Raises:
        ValueError: there is nothing to serve.
    """
    match listener.fault:
        case ListenerFault.CLOSED:
            return ClosedPort()
        case ListenerFault.DROPS:
            return FullQueue()
        case ListenerFault.RESETS | ListenerFault.CLOSES | ListenerFault.SILENT as fault:
            return await StreamServer.start(CONVERSATIONS[fault], bound())
        case ListenerFault.OLD_TLS:
            context = await asyncio.to_thread(server_context, listener.certificates, oldest=True)
            return await StreamServer.start(partial(shake_hands, context), bound())
        case None | ListenerFault.PLAIN as fault:
            if handler is None:
                raise ValueError(f"listener {listener.address}:{listener.port}: serves nothing, and has no fault")
            if fault is ListenerFault.PLAIN or not listener.certificates:
                return await serve(handler)
            context = await asyncio.to_thread(server_context, listener.certificates)
            return await serve(handler, ssl_context=context)


class ClosedPort:
    """A port number that is taken and not listened on: RST in answer to SYN."""

    def __init__(self) -> None:
        """Take an ephemeral port."""
        self._socket = bound()
        self.port = int(self._socket.getsockname()[1])

    async def aclose(self) -> None:
        """Give the port back."""
        self._socket.close()


class FullQueue:
    """A port whose accept queue is full and never emptied, so that Linux drops every further SYN."""

    def __init__(self) -> None:
        """Listen on an ephemeral port, and fill its queue."""
        listening = bound()
        listening.listen(0)
        self.port = int(listening.getsockname()[1])
        self._sockets = [listening]
        for _ in range(FILLERS):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)  # noqa: FBT003 - the signature is the standard library's
            filler.connect_ex((LOOPBACK, self.port))
            self._sockets.append(filler)

    async def aclose(self) -> None:
        """Give the port back."""
        for sock in self._sockets:
            sock.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RST once the ClientHello has come."""
    await reader.read(CLIENT_HELLO_BYTES)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    writer.transport.abort()


async def close(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """FIN once the ClientHello has come."""
    await reader.read(CLIENT_HELLO_BYTES)


async def keep_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Nothing ever comes; the connection ends when the client ends it."""
    while await reader.read(CLIENT_HELLO_BYTES):
        pass


async def shake_hands(context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A handshake, and FIN after it.

    Not by asyncio's TLS: that one resets the connection of a client it has nothing in common with, where servers send
    the alert that says why.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while received := await reader.read(CLIENT_HELLO_BYTES):
        incoming.write(received)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError:
            return
        else:
            return
        finally:
            writer.write(outgoing.read())


CONVERSATIONS: dict[ListenerFault, Conversation] = {
    ListenerFault.RESETS: reset,
    ListenerFault.CLOSES: close,
    ListenerFault.SILENT: keep_silent,
}
