"""The lab's addresses: which address the evidence shows, and where on loopback its packets really go."""

import errno
import os
from ipaddress import ip_address

LOOPBACK = "127.0.0.1"
"""Every server of the lab stands here, each on an ephemeral port."""


class Network:
    """The table of addresses; an address that is not in it has no route, so that nothing can leave loopback."""

    def __init__(self) -> None:
        """Begin without any address."""
        self._ports: dict[tuple[str, int], int] = {}

    def place(self, address: str, port: int, loopback_port: int) -> None:
        """Let packets for an address and port go to a port of loopback; raises ValueError where it is no address."""
        self._ports[_key(address, port)] = loopback_port

    def remove(self, address: str, port: int) -> None:
        """Take an address and port off the table; raises KeyError where it is not on it."""
        del self._ports[_key(address, port)]

    def endpoint(self, address: str, port: int) -> tuple[str, int]:
        """Where packets for an address and port go.

        Raises:
            OSError: ENETUNREACH, for everything that is not on the table.
        """
        loopback_port = self._ports.get(_key(address, port))
        if loopback_port is None:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH), f"{address} port {port}")
        return LOOPBACK, loopback_port


def _key(address: str, port: int) -> tuple[str, int]:
    """One spelling for every way of writing an IPv6 address."""
    return str(ip_address(address)), port
