"""The path in good order, and variants of it that must not be taken for faults."""

from dataclasses import replace

from lab.azure.knowledge import ENDPOINT_RULES, ENDPOINT_SUBNET, GATEWAY_SUBNET, HUB, NETWORK, RULES, Rule
from lab.scenarios.article import (
    APP,
    APP_SERVICE_LEAF,
    ENDPOINT_ADDRESS,
    ENTERPRISE_ZONE,
    GATEWAY,
    GATEWAY_ADDRESS,
    GATEWAY_LEAF,
    PRIVATELINK,
    PRIVATELINK_ZONE,
    PUBLIC_ADDRESS,
    SECOND_ENDPOINT_ADDRESS,
    WORLD,
    public_records,
)
from lab.scenarios.changes import (
    change_listener,
    change_name_server,
    change_path,
    change_target,
    change_zone,
    copy_listener,
)
from lab.scenarios.outcome import proven
from lab.world import Leaf, NameServerFault, Site, World, Zone

UNIQUE_APP = "func-orders-prod-a1b2c3d4.westeurope-01.azurewebsites.net"
UNIQUE_SCM = "func-orders-prod-a1b2c3d4.scm.westeurope-01.azurewebsites.net"
IPV6_ADDRESS = "fd00:80:20::4"
IPV6_PREFIXES = {GATEWAY_SUBNET: "fd00:80:10::/64", ENDPOINT_SUBNET: "fd00:80:20::/64"}
DUAL_STACK = replace(
    NETWORK,
    prefixes=(*NETWORK.prefixes, "fd00:80::/32"),
    subnets=tuple(
        replace(subnet, prefixes=(*subnet.prefixes, IPV6_PREFIXES[subnet.name]))
        if subnet.name in IPV6_PREFIXES
        else subnet
        for subnet in NETWORK.subnets
    ),
)
IN_PATH = Rule(
    name="in-path-ipv6", priority=110, direction="Inbound", sources=("fd00:80::/32",), destinations=("fd00:80:20::/64",)
)
DUAL_STACK_RULES = {**RULES, ENDPOINT_RULES: (*RULES[ENDPOINT_RULES], IN_PATH)}
"""A network with IPv6 has rules for it."""


def two_addresses() -> World:
    """The name has two addresses, and both serve."""
    records = (*PRIVATELINK_ZONE.records, f"func-orders-prod 10 A {SECOND_ENDPOINT_ADDRESS}")
    return copy_listener(change_zone(WORLD, PRIVATELINK, records), ENDPOINT_ADDRESS, SECOND_ENDPOINT_ADDRESS)


def unique_host_name() -> World:
    """The default host name has a hash and a region, and its SCM label stands in the middle."""
    hosts = (UNIQUE_APP, UNIQUE_SCM)
    records = tuple(f"{host.removesuffix('.azurewebsites.net')} 10 A {ENDPOINT_ADDRESS}" for host in hosts)
    zones = (ENTERPRISE_ZONE, Zone(name=PRIVATELINK, records=records))
    world = change_name_server(WORLD, public=public_records(*hosts), zones=zones)
    leaf = Leaf(names=("*.westeurope-01.azurewebsites.net", "*.scm.westeurope-01.azurewebsites.net"))
    for address in (ENDPOINT_ADDRESS, PUBLIC_ADDRESS):
        world = change_listener(world, address, certificates=(leaf,), serves=Site(hosts=hosts))
    gateway = replace(GATEWAY, named_values={**GATEWAY.named_values, "backend-host": UNIQUE_APP})
    world = change_listener(world, GATEWAY_ADDRESS, serves=gateway)
    world = change_target(world, "backend", url=f"https://{UNIQUE_APP}/api/orders")
    return change_target(world, "scm", url=f"https://{UNIQUE_SCM}/")


def ipv6_beside_ipv4() -> World:
    """The name has a unique local IPv6 address (RFC 4193) as well, and it serves."""
    records = (*PRIVATELINK_ZONE.records, f"func-orders-prod 10 AAAA {IPV6_ADDRESS}")
    world = copy_listener(change_zone(WORLD, PRIVATELINK, records), ENDPOINT_ADDRESS, IPV6_ADDRESS)
    world = replace(world, azure=replace(world.azure, networks=(DUAL_STACK, HUB), security_groups=DUAL_STACK_RULES))
    return change_target(world, "backend", private_subnets=["10.80.20.0/27", "fd00:80:20::/64"])


def from_outside(world: World) -> World:
    """The world as a network sees it that has no private zone and must not reach the app."""
    world = change_name_server(world, zones=())
    targets = [target for target in world.path["targets"] if target["role"] != "gateway"]  # type: ignore[attr-defined]
    return change_path(world, vantage="outside", targets=targets)


def certificate_of(leaf: Leaf) -> World:
    """The gateway shows this certificate: its custom domain is the one that somebody has to renew."""
    return change_listener(WORLD, GATEWAY_ADDRESS, certificates=(leaf,))


SCENARIOS = (
    proven("healthy", "the path of the article in good order", WORLD),
    proven(
        "healthy-unauthorized-expected",
        "without an identity of its own, the probe expects 401 of the protected route",
        change_target(WORLD, "backend", audience=None, must_refuse=None, body_contains=None, expected_status=[401]),
    ),
    proven(
        "healthy-not-found-expected",
        "the probe asks for a route that is not there and expects 404",
        change_target(
            WORLD,
            "backend",
            url=f"https://{APP}/api/nothing-here",
            audience=None,
            must_refuse=None,
            body_contains=None,
            expected_status=[404],
            correlation=False,  # the host answers, and knows nothing of the app's correlation id
        ),
    ),
    proven("healthy-two-addresses", "the backend's name has two private addresses", two_addresses()),
    proven("healthy-unique-host-name", "the app has a unique default host name", unique_host_name()),
    proven(
        "healthy-certificate-31-days",
        "a certificate has 31 days left, and 30 are asked for",
        certificate_of(Leaf(names=GATEWAY_LEAF.names, days_left=31)),
    ),
    proven(
        "healthy-resolver-truncates",
        "a resolver truncates over UDP and answers in full over TCP",
        change_name_server(WORLD, fault=NameServerFault.TRUNCATES),
    ),
    proven("healthy-ipv6", "the backend has a private IPv6 address beside its IPv4 one", ipv6_beside_ipv4()),
    proven(
        "healthy-closed-outside",
        "a network outside is turned away by the public front end, as it must be",
        from_outside(WORLD),
    ),
    proven(
        "healthy-other-certificate-first",
        "the listener has several certificates and chooses by the name asked for",
        change_listener(WORLD, ENDPOINT_ADDRESS, certificates=(Leaf(names=("other.example.com",)), APP_SERVICE_LEAF)),
    ),
)
