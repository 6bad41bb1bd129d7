"""getaddrinfo of a machine in the lab."""

import socket
from collections.abc import Mapping

import pytest

from lab import name_server
from lab.network import Network
from lab.resolver import SystemResolver
from lab.world import NameServer, NameServerFault
from tests.lab.clients import closing

SERVER = ("168.63.129.16", 53)
PUBLIC = (
    "both.example.com 60 A 203.0.113.10",
    "both.example.com 60 A 203.0.113.11",
    "both.example.com 60 AAAA 2001:db8::10",
    "alias.example.com 60 CNAME both.example.com",
    "text.example.com 60 TXT hello",
)


async def looked_up(
    host: str, fault: NameServerFault | None = None, hosts: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """The addresses of the host on a machine whose name server has this fault."""
    network = Network()
    async with closing(await name_server.start(NameServer(address=SERVER[0], public=PUBLIC, fault=fault))) as running:
        network.place(*SERVER, running.port)
        return await SystemResolver(network=network, server=SERVER, hosts=hosts or {}).getaddrinfo(host)


@pytest.mark.parametrize("fault", [None, NameServerFault.TRUNCATES])
async def test_all_addresses_at_the_end_of_the_chain_are_found(fault: NameServerFault | None) -> None:
    """A and AAAA come back, through an alias and through truncation."""
    assert await looked_up("alias.example.com", fault) == ("203.0.113.10", "203.0.113.11", "2001:db8::10")


@pytest.mark.parametrize(
    ("host", "fault", "code"),
    [
        ("nobody.example.com", None, socket.EAI_NONAME),
        ("text.example.com", None, socket.EAI_NODATA),
        ("both.example.com", NameServerFault.SERVFAIL, socket.EAI_AGAIN),
        ("both.example.com", NameServerFault.REFUSED, socket.EAI_AGAIN),
        ("both.example.com", NameServerFault.CLOSED, socket.EAI_AGAIN),
    ],
)
async def test_failures_have_glibcs_codes(host: str, fault: NameServerFault | None, code: int) -> None:
    """The code says whether the name is unknown, has no address, or could not be asked for."""
    with pytest.raises(socket.gaierror) as caught:
        await looked_up(host, fault)
    assert caught.value.errno == code


async def test_a_name_server_without_a_route_is_a_temporary_failure() -> None:
    """An unreachable server is not told from a silent one, as in glibc."""
    with pytest.raises(socket.gaierror) as caught:
        await SystemResolver(network=Network(), server=SERVER).getaddrinfo("both.example.com")
    assert caught.value.errno == socket.EAI_AGAIN


async def test_the_hosts_file_comes_first() -> None:
    """A name in the hosts file is not asked for, whatever its case."""
    entries = {"both.example.com": ("10.80.99.4",)}
    assert await looked_up("Both.Example.com", NameServerFault.SERVFAIL, entries) == ("10.80.99.4",)


async def test_an_address_is_its_own() -> None:
    """An address needs no name server."""
    assert await looked_up("10.80.20.4", NameServerFault.CLOSED) == ("10.80.20.4",)
