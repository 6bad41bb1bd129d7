"""A connection that API Management tries by itself, without a policy."""

import errno
import socket
from collections.abc import Collection
from dataclasses import dataclass

import httpcore

from lab.gateway.dialler import Dialler
from lab.network import Network
from lab.resolver import SystemResolver

PATIENCE_S = 3
BLOCKED = "NetworkSecurityRule"
UNRESOLVED = "DnsResolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of it.

    Attributes:
        addresses: that the name has for the gateway, empty where it does not resolve.
        issue: type of the issue as connectivityCheck tells it, `None` = it connected.
    """

    addresses: tuple[str, ...]
    issue: str | None = None


async def attempt(
    host: str, port: int, network: Network, resolver: SystemResolver, dropped: Collection[str]
) -> Attempt:
    """Look up the name and connect to the first address that answers."""
    try:
        addresses = tuple(await resolver.getaddrinfo(host))
    except socket.gaierror:
        return Attempt(addresses=(), issue=UNRESOLVED)
    dialler = Dialler(network, resolver, dropped)
    try:
        await dialler.connect_tcp(host, port, PATIENCE_S)
    except (OSError, httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        blocked = isinstance(error, OSError) and error.errno == errno.ETIMEDOUT
        return Attempt(addresses=addresses, issue=BLOCKED if blocked else "Unknown")
    finally:
        await dialler.aclose()
    return Attempt(addresses=addresses)
