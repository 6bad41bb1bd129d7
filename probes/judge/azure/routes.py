"""Where a packet goes by a route table, evaluated offline: the longest prefix wins, a user's route before Azure's own.

https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview. A Private Endpoint has a /32 route of
its own in its network and in the peered ones; only where its subnet has `RouteTableEnabled` or `Enabled` is a user's
route as specific as the network's address space stronger (https://learn.microsoft.com/azure/private-link/
disable-private-endpoint-network-policy).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from probes.judge.azure.prefixes import ANY, PUBLIC_TAGS, Address, Network, network
from probes.path.definition import PRIVATE_SPACE
from probes.resources import Route

ENDPOINT = "InterfaceEndpoint"
"""Next hop of the route that Azure makes for a Private Endpoint."""
LOCAL, PEERING, NOWHERE = "VnetLocal", "VNetPeering", "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where a packet goes.

    Attributes:
        next_hop: in Azure's words, `None` = it cannot be told from here.
        route: a user's own, `None` where one of Azure's decides.
        why: what keeps it from being told.
    """

    next_hop: str | None
    route: Route | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What Azure's own routes are made of.

    Attributes:
        own: address space of the network; `peered` of those connected to it.
        endpoint: the destination is a Private Endpoint; `overruled` = user's routes count for its subnet, `None` = it
            is not known whether they do.
    """

    own: tuple[Network, ...]
    peered: tuple[Network, ...]
    endpoint: bool = False
    overruled: bool | None = False


def routed(routes: Sequence[Route], destination: Address, around: Surroundings) -> Routed:
    """Where a packet to that address goes, by the user's routes and Azure's own."""
    if around.endpoint and around.overruled is None:
        answers = [
            routed(
                routes, destination, Surroundings(own=around.own, peered=around.peered, endpoint=True, overruled=each)
            )
            for each in (False, True)
        ]
        if answers[0].route == answers[1].route:
            return answers[0]
        return Routed(next_hop=None, why="whether routes count for endpoints of that subnet is not known")
    unknown = [route for route in routes if may_hold(route)]
    mine = [(net, route) for route in routes if (net := prefix(route)) is not None and destination in net]
    candidates: list[tuple[int, int, str, Route | None]] = [
        *((net.prefixlen, 1, route.next_hop, route) for net, route in mine),
        *((net.prefixlen, 0, hop, None) for net, hop in platform(destination, around)),
    ]
    if unknown:
        return Routed(next_hop=None, why=f"what route {unknown[0].name} to {unknown[0].prefix} takes in is not known")
    if not candidates:
        return Routed(next_hop=None, why="no route that Azure tells of leads there")
    length, own, hop, route = max(candidates, key=lambda each: each[:2])
    private = any(destination in net for net in PRIVATE_SPACE)
    if not own and private and hop not in {LOCAL, PEERING, ENDPOINT}:
        return Routed(next_hop=None, why="it lies in no network that is known, and may be behind a gateway")
    if own and private and length == 0 and not within_known(destination, around):
        return Routed(next_hop=hop, route=route, why="a gateway may know a better route")
    return Routed(next_hop=hop, route=route)


def within_known(destination: Address, around: Surroundings) -> bool:
    """Whether the address lies in a network that was read."""
    return any(destination in net for net in (*around.own, *around.peered))


def platform(destination: Address, around: Surroundings) -> Iterator[tuple[Network, str]]:
    """Azure's own routes to an address."""
    if around.endpoint and not around.overruled:
        yield ip_network(f"{destination}/{destination.max_prefixlen}"), ENDPOINT
    yield from ((net, LOCAL) for net in around.own if destination in net)
    yield from ((net, PEERING) for net in around.peered if destination in net)
    yield from ((net, NOWHERE) for net in PRIVATE_SPACE if destination in net)
    yield ip_network("::/0" if destination.version == 6 else "0.0.0.0/0"), "Internet"  # noqa: PLR2004 - IPv6


def prefix(route: Route) -> Network | None:
    """The network of a route; a tag has none."""
    return network("0.0.0.0/0") if route.prefix.strip().lower() in {"*", "any"} else network(route.prefix)


def may_hold(route: Route) -> bool:
    """Whether a route is for a tag that may take in a private address."""
    word = route.prefix.strip().lower()
    return word not in ANY and network(word) is None and word.partition(".")[0] not in {*PUBLIC_TAGS, "internet"}
