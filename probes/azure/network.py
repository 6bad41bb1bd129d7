"""Reads of a virtual network, and of what filters and routes in it (https://learn.microsoft.com/rest/api/virtualnetwork)."""

from collections.abc import Iterable
from typing import Any

from probes.azure.question import NETWORK, Question
from probes.azure.resource_id import name_of
from probes.azure.table import Table, addresses, table
from probes.resources import (
    NetworkContent,
    Peering,
    Route,
    RouteTableContent,
    SecurityGroupContent,
    SecurityRule,
    Subnet,
)

TYPE = "Microsoft.Network/virtualNetworks"
SUBNET_TYPE = "Microsoft.Network/virtualNetworks/subnets"
SECURITY_GROUP_TYPE = "Microsoft.Network/networkSecurityGroups"
ROUTE_TABLE_TYPE = "Microsoft.Network/routeTables"


def network(resource_id: str) -> Question:
    """A virtual network with its subnets and peerings."""
    return Question(
        kind=NetworkContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=NETWORK,
        content=network_content,
    )


def security_group(resource_id: str) -> Question:
    """A network security group: its rules, to be evaluated here; Azure tells effective ones of no endpoint."""
    return Question(
        kind=SecurityGroupContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=NETWORK,
        content=security_group_content,
    )


def route_table(resource_id: str) -> Question:
    """A route table."""
    return Question(
        kind=RouteTableContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=NETWORK,
        content=route_table_content,
    )


def network_content(answer: Any) -> NetworkContent:
    """Of a VirtualNetwork."""
    properties = table(answer).below("properties")
    return NetworkContent(
        prefixes=properties.below("addressSpace").texts("addressPrefixes"),
        dns_servers=addresses(*properties.below("dhcpOptions").texts("dnsServers")),
        subnets=tuple(subnet(item) for item in properties.items("subnets")),
        peerings=tuple(peering(item) for item in properties.items("virtualNetworkPeerings")),
    )


def subnet(item: Table) -> Subnet:
    """Of a Subnet."""
    properties = item.below("properties")
    return Subnet(
        id=item.id() or "",
        prefixes=both(properties.text("addressPrefix"), properties.texts("addressPrefixes")),
        security_group_id=properties.below("networkSecurityGroup").id(),
        route_table_id=properties.below("routeTable").id(),
        delegations=named(each.below("properties").text("serviceName") for each in properties.items("delegations")),
        endpoint_policies=properties.text("privateEndpointNetworkPolicies"),
        service_endpoints=named(each.text("service") for each in properties.items("serviceEndpoints")),
    )


def peering(item: Table) -> Peering:
    """Of a VirtualNetworkPeering."""
    properties = item.below("properties")
    return Peering(
        name=item.text("name") or "",
        remote_id=properties.below("remoteVirtualNetwork").id(),
        state=properties.text("peeringState"),
        remote_prefixes=properties.below("remoteAddressSpace").texts("addressPrefixes"),
    )


def security_group_content(answer: Any) -> SecurityGroupContent:
    """Of a NetworkSecurityGroup; a rule that says neither what nor when is none that can be evaluated."""
    properties = table(answer).below("properties")
    own = (security_rule(item, default=False) for item in properties.items("securityRules"))
    platform = (security_rule(item, default=True) for item in properties.items("defaultSecurityRules"))
    return SecurityGroupContent(rules=tuple(rule for rule in (*own, *platform) if rule is not None))


def security_rule(item: Table, *, default: bool) -> SecurityRule | None:
    """Of a SecurityRule."""
    properties = item.below("properties")
    priority = properties.whole("priority")
    direction, access = properties.text("direction"), properties.text("access")
    if priority is None or direction is None or access is None:
        return None
    groups = (
        each.id()
        for side in ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups")
        for each in properties.items(side)
    )
    return SecurityRule(
        name=item.text("name") or "",
        priority=priority,
        direction=direction,
        access=access,
        protocol=properties.text("protocol") or "*",
        sources=both(properties.text("sourceAddressPrefix"), properties.texts("sourceAddressPrefixes")),
        source_ports=both(properties.text("sourcePortRange"), properties.texts("sourcePortRanges")),
        destinations=both(properties.text("destinationAddressPrefix"), properties.texts("destinationAddressPrefixes")),
        ports=both(properties.text("destinationPortRange"), properties.texts("destinationPortRanges")),
        groups=named(groups),
        default=default,
    )


def route_table_content(answer: Any) -> RouteTableContent:
    """Of a RouteTable."""
    return RouteTableContent(
        routes=tuple(
            Route(
                name=item.text("name") or "",
                prefix=properties.text("addressPrefix") or "",
                next_hop=properties.text("nextHopType") or "",
                next_hop_address=properties.text("nextHopIpAddress"),
            )
            for item in table(answer).below("properties").items("routes")
            for properties in (item.below("properties"),)
        )
    )


def both(one: str | None, many: tuple[str, ...]) -> tuple[str, ...]:
    """Azure writes a single value under one name, several under another."""
    return named((one, *many))


def named(values: Iterable[str | None]) -> tuple[str, ...]:
    """Those that are there, each once."""
    return tuple(dict.fromkeys(value for value in values if value is not None))
