"""Rules and routes that drop what the probe sends, each with the behaviour that belongs to it."""

from dataclasses import replace

from lab.azure.knowledge import (
    ENDPOINT_PREFIX,
    ENDPOINT_RULES,
    ENDPOINT_SUBNET,
    INTEGRATION_RULES,
    PROBE_PREFIX,
    Route,
    Rule,
    Subnet,
)
from lab.scenarios.article import ENDPOINT_ADDRESS
from lab.scenarios.azure.healthy import knowing
from lab.scenarios.azure.world import READ
from lab.scenarios.changes import change_listener
from lab.scenarios.outcome import broken
from lab.world import ListenerFault, World

PROBE_SUBNET = "snet-probe-integration"
ROUTES = "rt-snet-probe-integration"
FIREWALL_ADDRESS = "10.80.50.4"
CLOSED_TO_ALL = Rule(
    name="in-nobody", priority=90, direction="Inbound", access="Deny", sources=("VirtualNetwork",), ports=("0-65535",)
)
KEPT_IN = Rule(
    name="out-no-endpoints", priority=200, access="Deny", sources=(PROBE_PREFIX,), destinations=(ENDPOINT_PREFIX,)
)


def with_rule(world: World, group: str, rule: Rule) -> World:
    """The world with one more rule in a security group."""
    groups = world.azure.security_groups
    return knowing(world, security_groups={**groups, group: (*groups[group], rule)})


def with_routes(world: World, subnet: str, table: str, *routes: Route) -> World:
    """The world with a route table of these routes on a subnet of its network.

    Routes count for endpoints only where the endpoints' subnet says so: each has a /32 route of its own otherwise.
    """
    network, *others = world.azure.networks

    def routed(each: Subnet) -> Subnet:
        if each.name == ENDPOINT_SUBNET:
            return replace(each, endpoint_policies="Enabled")
        return replace(each, route_table=table) if each.name == subnet else each

    changed = replace(network, subnets=tuple(map(routed, network.subnets)))
    return knowing(world, networks=(changed, *others), route_tables={**world.azure.route_tables, table: routes})


def dropped(world: World) -> World:
    """The world in which nothing of what the probe sends gets to the endpoints."""
    return replace(world, dropped=(ENDPOINT_PREFIX,))


def by_route(route: Route) -> World:
    """What the probe sends to the endpoints goes where a route of its subnet sends it, and does not arrive."""
    return with_routes(dropped(READ), PROBE_SUBNET, ROUTES, route)


AWAY = Route(name="old-spoke", prefix=ENDPOINT_PREFIX, next_hop="None")
TO_FIREWALL = Route(
    name="spoke", prefix=ENDPOINT_PREFIX, next_hop="VirtualAppliance", next_hop_address=FIREWALL_ADDRESS
)

SCENARIOS = (
    broken(
        "azure-blocked-at-endpoint",
        "a rule of the endpoints' subnet denies what comes from the network",
        "connect-blocked",
        with_rule(change_listener(READ, ENDPOINT_ADDRESS, fault=ListenerFault.DROPS), ENDPOINT_RULES, CLOSED_TO_ALL),
    ),
    broken(
        "azure-blocked-at-probe",
        "a rule of the probe's own subnet denies what goes to the endpoints; API Management is let through",
        "connect-blocked",
        with_rule(dropped(READ), INTEGRATION_RULES, KEPT_IN),
    ),
    broken(
        "azure-blocked-by-route",
        "a route of the probe's subnet throws its packets away",
        "connect-blocked",
        by_route(AWAY),
    ),
    broken(
        "azure-blocked-by-appliance",
        "a route of the probe's subnet sends its packets to a firewall that drops them, which Azure does not tell",
        "connect-blocked",
        by_route(TO_FIREWALL),
    ),
)
