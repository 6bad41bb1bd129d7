"""One connection that the observers own: they open it, shake hands on it and speak HTTP over it, step by step."""

import asyncio
import socket
import ssl
from typing import Any, override

import httpcore

CHUNK = 65_536
TLS_RECORDS = frozenset({0x14, 0x15, 0x16, 0x17})
"""Content types that a TLS record can begin with (RFC 8446 section 5.1)."""


class NotTlsError(Exception):
    """The peer's first bytes are no TLS record."""


class ClosedError(Exception):
    """The peer sent FIN where an answer was due."""


class Stream(httpcore.AsyncNetworkStream):
    """A non-blocking socket, with TLS over it after `handshake`.

    TLS is done on memory buffers, not by asyncio's transports: the SSLObject must stay readable after a handshake that
    failed, because the chain that was sent is the evidence.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Own a connected, non-blocking socket."""
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None

    @classmethod
    async def connect(cls, address: str, port: int) -> "Stream":
        """A connection to the address; raises OSError."""
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)  # noqa: FBT003 - the signature is the standard library's
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    @property
    def source_address(self) -> str:
        """Own address of the connection."""
        return str(self._socket.getsockname()[0])

    async def handshake(self, context: ssl.SSLContext, server_name: str) -> None:
        """Shake hands; `tls` is set from the start.

        Raises:
            ssl.SSLError, OSError, ClosedError, NotTlsError
        """
        self.tls = tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        first = True
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError:
                await self._say_goodbye()
                raise
            else:
                return await self._flush()
            received = await self._loop.sock_recv(self._socket, CHUNK)
            if not received:
                raise ClosedError
            if first and received[0] not in TLS_RECORDS:
                raise NotTlsError
            first = False
            self._incoming.write(received)

    def chain(self) -> list[bytes]:
        """The certificates as sent, in DER, leaf first; empty where none came."""
        return list(self.tls.get_unverified_chain() or ()) if self.tls else []

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Decrypted bytes, empty at the end; raises OSError, ssl.SSLError."""
        if self.tls is None:
            return await self._loop.sock_recv(self._socket, max_bytes)
        while True:
            try:
                return self.tls.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLZeroReturnError:
                return b""
            received = await self._loop.sock_recv(self._socket, CHUNK)
            if not received:
                # FIN without close_notify: HTTP's own framing tells whether something is missing.
                return b""
            self._incoming.write(received)

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes.

        Raises:
            httpcore.WriteError: the peer has hung up; what it said before, an answer or an alert, can still be read.
            OSError, ssl.SSLError: anything else.
        """
        try:
            if self.tls is None:
                return await self._loop.sock_sendall(self._socket, buffer)
            self.tls.write(buffer)
            return await self._flush()
        except (ConnectionResetError, BrokenPipeError) as error:
            raise httpcore.WriteError from error

    @override
    async def aclose(self) -> None:
        """Close the connection, without waiting for the peer."""
        self._socket.close()

    @override
    def get_extra_info(self, info: str) -> Any:
        """`is_readable`: httpcore asks it of a connection that is idle, before another request goes out on it."""
        return self._is_left() if info == "is_readable" else None

    def _is_left(self) -> bool:
        """Whether the peer has closed an idle connection, or says something unasked; session tickets are taken in."""
        try:
            while received := self._socket.recv(CHUNK):
                if self.tls is None:
                    return True
                self._incoming.write(received)
        except BlockingIOError:
            pass
        except OSError:
            return True
        else:
            return True
        if self.tls is None:
            return False
        try:
            self.tls.read(1)
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            return True
        return True

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._loop.sock_sendall(self._socket, self._outgoing.read())

    async def _say_goodbye(self) -> None:
        """Send the alert, so that the server's log has the reason as well; it may be gone already."""
        try:
            await self._flush()
        except OSError:
            return
