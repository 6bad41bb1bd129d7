"""What an observer touches of the machine it runs on.

Everything here is passed in, so that a test or the lab can stand in for the machine without patching anything.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path as File
from typing import Protocol

HOSTS_FILE = File("/etc/hosts")
RESOLV_CONF = File("/etc/resolv.conf")
MANAGEMENT = "https://management.azure.com"


class TokenSource(Protocol):
    """Where access tokens come from; the shape of a synchronous azure-identity credential."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """A token for the scopes; raises what azure-identity raises."""


class AccessToken(Protocol):
    """A token of azure-identity."""

    @property
    def token(self) -> str:
        """The encoded token."""

    @property
    def expires_on(self) -> int:
        """Seconds since the epoch."""


def straight(address: str, port: int) -> tuple[str, int]:
    """The network as it is: packets for an address go to that address."""
    return address, port


async def in_thread[T](call: Callable[[], T]) -> T:
    """The result of a blocking call, made in a daemon thread of its own.

    Not asyncio.to_thread: its pool is joined when the loop ends, and getaddrinfo against a silent server cannot be
    interrupted, so that a sweep would outlive its deadline by half a minute.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # no error means that there is a result

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as caught:  # noqa: BLE001 - handed to the awaiting task, whatever it is
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    threading.Thread(target=run, daemon=True).start()
    return await future


async def getaddrinfo(host: str) -> tuple[str, ...]:
    """Addresses as any application here would get them, in their order and without repetition.

    Raises:
        socket.gaierror: as the C library gives it.
    """
    found = await in_thread(lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def hosts_entries(text: str) -> dict[str, tuple[str, ...]]:
    """Name to addresses of a hosts file (hosts(5)); lines that are none are passed over, as the C library does."""
    entries: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if is_address(address):
            for name in names:
                key = name.lower().rstrip(".")
                entries[key] = (*entries.get(key, ()), address)
    return entries


def name_servers(text: str) -> tuple[str, ...]:
    """Addresses of the `nameserver` lines of a resolv.conf(5): the first three count."""
    words = (line.split() for line in text.splitlines())
    found = (word[1] for word in words if len(word) > 1 and word[0] == "nameserver")
    return tuple(address for address in found if is_address(address))[:3]


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def read_text(file: File) -> str:
    """The file's text, empty where it cannot be read: a machine without it has no such entries."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The machine as the observers see it.

    Attributes:
        getaddrinfo: name to addresses; raises socket.gaierror.
        hosts: the hosts file, name in lower case to addresses.
        name_servers: address and port of the DNS servers behind getaddrinfo, in their order.
        endpoint: where packets for an address and port really go; raises OSError (ENETUNREACH) where they may not.
        setting: value of an app setting, `None` where there is none; only a name that the path file has is asked for.
        credential: makes the source of tokens for the path's client id (`None` = system-assigned), on first use.
        management: base URL of Azure Resource Manager, https or, on loopback, http.
        monotonic: seconds, for durations; `now`: UTC, for stamps.
    """

    getaddrinfo: Callable[[str], Awaitable[tuple[str, ...]]] = getaddrinfo
    hosts: Mapping[str, tuple[str, ...]]
    name_servers: tuple[tuple[str, int], ...]
    endpoint: Callable[[str, int], tuple[str, int]] = straight
    setting: Callable[[str], str | None] = os.environ.get
    credential: Callable[[str | None], TokenSource]
    management: str = MANAGEMENT
    monotonic: Callable[[], float] = time.perf_counter
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def management_audience(self) -> str:
        """What a token for Azure Resource Manager is asked for; what stands on loopback takes the public cloud's."""
        return self.management if self.management.startswith("https:") else MANAGEMENT
