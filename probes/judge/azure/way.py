"""The way of a flow from one subnet to an address: its security groups and routes taken together.

What is configured, not what happens: a firewall on the way, and the guest at the other end, cannot be seen from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from probes.judge.azure import security
from probes.judge.azure.prefixes import Address, Network, Space, networks, within
from probes.judge.azure.readings import Readings, parent, resource_name
from probes.judge.azure.routes import NOWHERE, Surroundings, routed
from probes.resources import (
    NetworkContent,
    Route,
    RouteTableContent,
    SecurityGroupContent,
    SecurityRule,
    Subnet,
    same,
)

CONNECTED = "connected"
APPLIANCE = "VirtualAppliance"
GROUP_POLICIES = frozenset({"enabled", "networksecuritygroupenabled"})
ROUTE_POLICIES = frozenset({"enabled", "routetableenabled"})


class Outcome(Enum):
    """What Azure's configuration makes of a flow."""

    OPEN = "open"
    DENIED = "denied"
    """By a rule of a security group."""
    DROPPED = "dropped"
    """By a route that leads nowhere."""
    APPLIANCE = "appliance"
    """A firewall that cannot be seen into decides."""
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """TCP from anywhere in a subnet to one address.

    Attributes:
        subnet_id: where it comes from.
        address: where it goes; `endpoint` = it is a Private Endpoint's.
        target_subnet_id: the subnet that the address lies in, `None` = not known.
    """

    subnet_id: str
    address: Address
    port: int
    endpoint: bool = False
    target_subnet_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What decides on a flow.

    Attributes:
        group_id, rule: of the security group that denies; `direction` of the rule.
        priority: one that a rule before it could have, `None` = none is free; `later` = one that it could move to.
        table_id, route: of the route that drops, or leads to a firewall.
        sources: prefixes of the subnet that the flow comes from.
        local: the address lies in the network that the flow comes from.
        why: what is not known, where it cannot be told.
        ids: of the readings that were looked at, evidence.
    """

    outcome: Outcome
    group_id: str | None = None
    rule: SecurityRule | None = None
    priority: int | None = None
    later: int | None = None
    table_id: str | None = None
    route: Route | None = None
    sources: tuple[str, ...] = ()
    local: bool = False
    why: str = ""
    ids: tuple[str, ...] = ()

    @property
    def direction(self) -> str:
        """`Inbound` or `Outbound`, empty without a rule."""
        return "" if self.rule is None else self.rule.direction


def subnet(readings: Readings, subnet_id: str | None) -> tuple[Subnet | None, NetworkContent | None, tuple[str, ...]]:
    """A subnet, its network, and the reading that told of them."""
    found = readings.of(NetworkContent, parent(subnet_id, "virtualNetworks"))
    if found.content is None:
        return None, None, ()
    return next((one for one in found.content.subnets if same(one.id, subnet_id)), None), found.content, found.ids


def way(readings: Readings, flow: Flow) -> Way:
    """What Azure's configuration makes of a flow; what surely stops it counts, whatever else is not known."""
    source, network, ids = subnet(readings, flow.subnet_id)
    if source is None or network is None:
        return Way(outcome=Outcome.UNDETERMINED, why="the subnet that it comes from was not read")
    # A subnet of two families sends each flow from the prefix of its own.
    nets = tuple(net for net in networks(source.prefixes) if net.version == flow.address.version)
    if not nets:
        return unsure(f"the subnet that it comes from has no prefix of the family of {flow.address}", ids)
    sources = tuple(str(net) for net in nets)
    taken, arriving = route_taken(readings, flow, source, network), inbound(readings, flow, nets)
    if taken.outcome is Outcome.APPLIANCE and arriving.outcome is Outcome.DENIED:
        # A firewall may show an address of its own, which the group on the other side lets in.
        arriving = unsure(f"group {resource_name(arriving.group_id)} may see the firewall's address", arriving.ids)
    steps = (outbound(readings, flow, source, network, nets), taken, arriving)
    evidence = tuple(dict.fromkeys((*ids, *(one for step in steps for one in step.ids))))
    for wanted in (Outcome.DENIED, Outcome.DROPPED, Outcome.UNDETERMINED, Outcome.APPLIANCE):
        deciding = next((step for step in steps if step.outcome is wanted), None)
        if deciding is not None:
            own = tuple(dict.fromkeys((*ids, *deciding.ids)))
            sure = deciding.outcome in {Outcome.DENIED, Outcome.DROPPED}
            local = within(flow.address, networks(network.prefixes))
            return replace(deciding, sources=sources, local=local, ids=own if sure else evidence)
    return Way(outcome=Outcome.OPEN, sources=sources, ids=evidence)


def outbound(readings: Readings, flow: Flow, source: Subnet, network: NetworkContent, nets: Sequence[Network]) -> Way:
    """The security group of the subnet that the flow comes from."""
    space = space_of(network, routes_of(readings, source))
    return filtered(readings, source.security_group_id, "Outbound", flow, nets=nets, space=space)


def inbound(readings: Readings, flow: Flow, nets: Sequence[Network]) -> Way:
    """The security group of the subnet that the flow goes to; for an endpoint only where it counts for endpoints."""
    target, network, ids = subnet(readings, flow.target_subnet_id)
    if target is None or network is None:
        return unsure(f"the subnet of {flow.address} was not read")
    if target.security_group_id is None:
        return Way(outcome=Outcome.OPEN, ids=ids)
    counts = counting(target.endpoint_policies, GROUP_POLICIES) if flow.endpoint else True
    if counts is False:
        return Way(outcome=Outcome.OPEN, ids=ids)
    space = space_of(network, routes_of(readings, target))
    found = filtered(readings, target.security_group_id, "Inbound", flow, nets=nets, space=space)
    if counts is None and found.outcome is not Outcome.OPEN:
        name = resource_name(target.security_group_id)
        return unsure(f"whether group {name} counts for endpoints of its subnet is not known", (*ids, *found.ids))
    return replace(found, ids=(*ids, *found.ids))


def filtered(
    readings: Readings, group_id: str | None, direction: str, flow: Flow, *, nets: Sequence[Network], space: Space
) -> Way:
    """What one security group makes of a flow."""
    if group_id is None:
        return Way(outcome=Outcome.OPEN)
    found = readings.of(SecurityGroupContent, group_id)
    if found.content is None:
        return unsure(f"security group {resource_name(group_id)} was not read", found.ids)
    answer = security.filtered(
        found.content, direction, sources=nets, destination=flow.address, port=flow.port, space=space
    )
    if answer.allowed is None:
        return unsure(f"in group {resource_name(group_id)}, {answer.why}", found.ids)
    if answer.allowed or answer.rule is None:
        return Way(outcome=Outcome.OPEN, ids=found.ids)
    return Way(
        outcome=Outcome.DENIED,
        group_id=group_id,
        rule=answer.rule,
        priority=security.free_priority(found.content, direction, answer.rule.priority),
        later=security.next_priority(found.content, direction, answer.rule.priority),
        ids=found.ids,
    )


def route_taken(readings: Readings, flow: Flow, source: Subnet, network: NetworkContent) -> Way:
    """Where the flow is sent."""
    routes = routes_of(readings, source)
    ids = readings.of(RouteTableContent, source.route_table_id).ids
    if routes is None:
        return unsure(f"route table {resource_name(source.route_table_id)} was not read", ids)
    answer = routed(routes, flow.address, around(readings, flow, network))
    if answer.next_hop is None:
        # Without routes of their own, networks that are joined in ways not read are no reason for doubt.
        return unsure(answer.why, ids)
    if answer.route is None:
        return Way(outcome=Outcome.OPEN, ids=ids)
    if answer.next_hop.lower() == NOWHERE.lower():
        outcome = Outcome.UNDETERMINED if answer.why else Outcome.DROPPED
    elif answer.next_hop.lower() == APPLIANCE.lower():
        outcome = Outcome.APPLIANCE
    elif answer.next_hop.lower() in {"internet", "virtualnetworkgateway"}:
        outcome = Outcome.UNDETERMINED
    else:
        return Way(outcome=Outcome.OPEN, ids=ids)
    why = answer.why or f"route {answer.route.name} sends it to {answer.next_hop}"
    return Way(outcome=outcome, table_id=source.route_table_id, route=answer.route, why=why, ids=ids)


def around(readings: Readings, flow: Flow, network: NetworkContent) -> Surroundings:
    """What Azure's own routes to an address are made of."""
    overruled: bool | None = False
    if flow.endpoint:
        target, _, _ = subnet(readings, flow.target_subnet_id)
        overruled = None if target is None else counting(target.endpoint_policies, ROUTE_POLICIES)
    return Surroundings(
        own=networks(network.prefixes), peered=peered(network), endpoint=flow.endpoint, overruled=overruled
    )


def counting(policies: str | None, words: frozenset[str]) -> bool | None:
    """Whether rules or routes count for endpoints of a subnet; `None` = Azure does not say."""
    return None if policies is None else policies.lower() in words


def peered(network: NetworkContent) -> tuple[Network, ...]:
    """Address space of the networks that are peered and connected."""
    return tuple(
        net
        for peering in network.peerings
        if (peering.state or "").lower() == CONNECTED
        for net in networks(peering.remote_prefixes)
    )


def space_of(network: NetworkContent, routes: Sequence[Route] | None) -> Space:
    """What the tag VirtualNetwork holds in a subnet of a network."""
    routed = networks(route.prefix for route in routes or ())
    return Space(own=(*networks(network.prefixes), *peered(network)), routed=routed, whole=routes is not None)


def routes_of(readings: Readings, source: Subnet) -> tuple[Route, ...] | None:
    """The user's routes of a subnet, `None` = they were not read."""
    if source.route_table_id is None:
        return ()
    found = readings.of(RouteTableContent, source.route_table_id)
    return None if found.content is None else found.content.routes


def unsure(why: str, ids: tuple[str, ...] = ()) -> Way:
    """It cannot be told."""
    return Way(outcome=Outcome.UNDETERMINED, why=why, ids=ids)
