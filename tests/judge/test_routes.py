"""Where packets go by a route table and Azure's own routes."""

from ipaddress import IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.judge.azure.routes import Surroundings, routed
from probes.resources import Route

VNET = ip_network("10.80.0.0/16")
HUB = ip_network("10.70.0.0/16")
TARGET = ip_address("10.80.20.4")
PREFIXES = ("0.0.0.0/0", "10.0.0.0/8", "10.80.0.0/16", "10.80.20.0/24", "10.80.20.4/32", "10.70.0.0/16", "Storage")


def route(prefix: str, hop: str = "VirtualAppliance") -> Route:
    """A user's route."""
    return Route(name=f"to-{prefix}", prefix=prefix, next_hop=hop, next_hop_address="10.70.0.9")


def around(*, endpoint: bool = True, overruled: bool | None = False) -> Surroundings:
    """The article's network, peered with the hub."""
    return Surroundings(own=(VNET,), peered=(HUB,), endpoint=endpoint, overruled=overruled)


@pytest.mark.parametrize(
    ("prefix", "overruled", "decides"),
    [
        ("0.0.0.0/0", False, False),
        ("0.0.0.0/0", True, False),
        ("10.80.0.0/16", False, False),
        ("10.80.0.0/16", True, True),
        ("10.80.20.0/24", True, True),
        ("10.80.20.0/24", False, False),
        ("10.80.20.4/32", False, True),
        ("10.80.20.4/32", True, True),
    ],
)
def test_the_route_of_an_endpoint(prefix: str, overruled: bool, decides: bool) -> None:  # noqa: FBT001 - drawn
    """Azure's /32 beats wider routes unless routes count for endpoints; then the network's own space still does."""
    found = routed([route(prefix)], TARGET, around(overruled=overruled))
    assert (found.route is not None) is decides


def test_whether_routes_count_is_not_known() -> None:
    """What depends on it is not said; what does not is."""
    assert routed([route("10.80.20.0/24")], TARGET, around(overruled=None)).next_hop is None
    assert routed([route("10.80.20.4/32")], TARGET, around(overruled=None)).next_hop == "VirtualAppliance"


@settings(deadline=None)
@given(st.lists(st.sampled_from(PREFIXES), unique=True, max_size=5), st.booleans(), st.booleans())
def test_the_longest_prefix(prefixes: list[str], endpoint: bool, overruled: bool) -> None:  # noqa: FBT001 - drawn
    """The longest prefix decides, a user's before Azure's own of the same length."""
    users = [(ip_network(text), True) for text in prefixes if text != "Storage"]
    own: list[tuple[IPv4Network, bool]] = [(VNET, False), (ip_network("10.0.0.0/8"), False)]  # type: ignore[list-item]
    own += [(ip_network("10.80.20.4/32"), False)] if endpoint and not overruled else []  # type: ignore[list-item]
    fitting = [(net.prefixlen, user) for net, user in (*users, *own) if TARGET in net]
    found = routed([route(text) for text in prefixes], TARGET, around(endpoint=endpoint, overruled=overruled))
    assert (found.route is not None) is max(fitting)[1]


def test_a_route_for_a_tag_that_is_not_known() -> None:
    """It may take anything in, so that nothing is said; a service's tag takes no private address in."""
    assert routed([route("SomeTag")], TARGET, around()).next_hop is None
    assert routed([route("ApiManagement", "Internet")], TARGET, around()).next_hop == "InterfaceEndpoint"


def test_an_address_of_no_network_that_is_known() -> None:
    """A private address elsewhere may be behind a gateway, whose routes are not read: nothing is said."""
    assert routed([], ip_address("192.168.7.7"), around(endpoint=False)).next_hop is None
    default = routed([route("0.0.0.0/0", "None")], ip_address("192.168.7.7"), around(endpoint=False))
    assert default.next_hop is None or default.why
    assert routed([], ip_address("10.70.1.1"), around(endpoint=False)).next_hop == "VNetPeering"
