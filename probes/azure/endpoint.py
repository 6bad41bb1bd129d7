"""Reads of a Private Endpoint (https://learn.microsoft.com/rest/api/virtualnetwork/private-endpoints)."""

from typing import Any

from probes.azure.question import NETWORK, Question
from probes.azure.resource_id import name_of
from probes.azure.table import addresses, table, tables
from probes.resources import EndpointContent, InterfaceContent, ZoneGroupsContent

TYPE = "Microsoft.Network/privateEndpoints"
INTERFACE_TYPE = "Microsoft.Network/networkInterfaces"


def endpoint(resource_id: str) -> Question:
    """The endpoint itself."""
    return Question(
        kind=EndpointContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=NETWORK,
        content=endpoint_content,
    )


def zone_groups(resource_id: str) -> Question:
    """The zones in which it keeps its records."""
    return Question(
        kind=ZoneGroupsContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        below="/privateDnsZoneGroups",
        version=NETWORK,
        listed=True,
        content=zone_groups_content,
    )


def interface(resource_id: str) -> Question:
    """Its network interface, which has the address where the endpoint does not say it."""
    return Question(
        kind=InterfaceContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=NETWORK,
        content=interface_content,
    )


def endpoint_content(answer: Any) -> EndpointContent:
    """Of a PrivateEndpoint. A connection that the owner approves by hand stands in a list of its own."""
    properties = table(answer).below("properties")
    every = (
        *properties.items("privateLinkServiceConnections"),
        *properties.items("manualPrivateLinkServiceConnections"),
    )
    connections = [item.below("properties") for item in every]
    first = connections[0] if connections else table(None)
    fixed = (item.below("properties").text("privateIPAddress") for item in properties.items("ipConfigurations"))
    told = (address for item in properties.items("customDnsConfigs") for address in item.texts("ipAddresses"))
    return EndpointContent(
        subnet_id=properties.below("subnet").id(),
        service_id=first.id("privateLinkServiceId"),
        group_ids=tuple(group for each in connections for group in each.texts("groupIds")),
        status=first.below("privateLinkServiceConnectionState").text("status"),
        interface_ids=tuple(
            found for item in properties.items("networkInterfaces") if (found := item.id()) is not None
        ),
        addresses=addresses(*fixed, *told),
    )


def zone_groups_content(items: Any) -> ZoneGroupsContent:
    """Of a list of PrivateDnsZoneGroup."""
    configs = (
        config.below("properties")
        for group in tables(items, "value")
        for config in group.below("properties").items("privateDnsZoneConfigs")
    )
    found = (config.id("privateDnsZoneId") for config in configs)
    return ZoneGroupsContent(zone_ids=tuple(dict.fromkeys(zone for zone in found if zone is not None)))


def interface_content(answer: Any) -> InterfaceContent:
    """Of a NetworkInterface."""
    configurations = table(answer).below("properties").items("ipConfigurations")
    return InterfaceContent(
        addresses=addresses(*(item.below("properties").text("privateIPAddress") for item in configurations))
    )
