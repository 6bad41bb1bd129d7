"""Addresses by the registries: what no Private Endpoint and no public service can have."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MOST_KEPT = 4096
"""Addresses whose kind is remembered: every rule asks again, and fleets share theirs."""
DEAD = tuple(
    ip_network(net) for net in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10")
)
"""Unspecified, loopback and link-local (RFC 6890): a DNS filter answers so for a name that it blocks."""
STAND_IN = tuple(ip_network(net) for net in ("100.64.0.0/10", "198.18.0.0/15"))
"""Shared and benchmarking space (RFC 6598, RFC 2544): access agents answer from it and tunnel what is sent there."""
TRANSLATED = tuple(ip_network(net) for net in ("64:ff9b::/96", "::ffff:0:0/96"))
"""IPv6 forms of an IPv4 address (RFC 6052, RFC 4291): a resolver with DNS64 makes the former."""


@lru_cache(maxsize=MOST_KEPT)
def is_dead(address: str) -> bool:
    """Whether no other machine can have the address."""
    return any(ip_address(address) in net for net in DEAD)


@lru_cache(maxsize=MOST_KEPT)
def is_stand_in(address: str) -> bool:
    """Whether the address is of the kind that access agents put in place of the real one."""
    return any(ip_address(address) in net for net in STAND_IN)


def is_special(address: str) -> bool:
    """Whether the address is neither one of the internet nor one of a private network."""
    return is_dead(address) or is_stand_in(address)


@lru_cache(maxsize=MOST_KEPT)
def embedded(address: str) -> str:
    """The IPv4 address inside a translated one, else the address itself."""
    parsed: IPv4Address | IPv6Address = ip_address(address)
    if any(parsed in net for net in TRANSLATED):
        return str(IPv4Address(int(parsed) & 0xFFFFFFFF))
    return address
