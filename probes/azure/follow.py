"""From a resource to those that it names: sites, storage and vaults to their endpoints, zones, networks and rules."""

from collections.abc import Sequence

from probes.azure import access, endpoint, network, site, zone
from probes.azure.resource_id import name_of, of_kind, parent_of
from probes.azure.survey import Survey, together
from probes.path import Role, Target
from probes.resources import (
    AccessContent,
    ConnectionsContent,
    EndpointConnection,
    EndpointContent,
    NetworkContent,
    ZoneGroupsContent,
    same,
)

MOST_CONNECTIONS = 8
"""Endpoints of one resource that are followed; one a sub-resource and network is usual."""
MOST_INTERFACES = 2
OF_SITES = frozenset({Role.BACKEND, Role.SCM})


async def of_site(survey: Survey, target: Target, site_id: str) -> None:
    """A web app and the way to it."""
    found, connections, _, _ = await together(
        survey.ask(target, site.site(site_id)),
        survey.ask(target, site.connections(site_id)),
        survey.ask(target, site.config(site_id)),
        survey.ask(target, site.auth_settings(site_id)),
    )
    hosts = (target.host, *((found.default_host_name or "",) if found is not None else ()))
    if isinstance(connections, ConnectionsContent):
        await of_connections(survey, target, connections.connections, hosts)


async def of_access(survey: Survey, target: Target, resource_id: str) -> None:
    """A storage account or key vault and the way to it."""
    found = await survey.ask(target, access.network_access(resource_id))
    if isinstance(found, AccessContent):
        await of_connections(survey, target, found.connections, (target.host,))


async def of_connections(
    survey: Survey, target: Target, connections: Sequence[EndpointConnection], hosts: Sequence[str]
) -> None:
    """The endpoints of a resource."""
    ids = [each.endpoint_id for each in connections if each.endpoint_id is not None]
    await together(*(of_endpoint(survey, target, each, hosts) for each in ids[:MOST_CONNECTIONS]))


async def of_endpoint(survey: Survey, target: Target, endpoint_id: str, hosts: Sequence[str]) -> None:
    """A Private Endpoint, its zones, its address and its subnet."""
    if not of_kind(endpoint_id, endpoint.TYPE):
        return
    found, groups = await together(
        survey.ask(target, endpoint.endpoint(endpoint_id)),
        survey.ask(target, endpoint.zone_groups(endpoint_id)),
    )
    zones = groups.zone_ids if isinstance(groups, ZoneGroupsContent) else ()
    walks = [of_zone(survey, target, each, hosts) for each in zones]
    if isinstance(found, EndpointContent):
        walks.append(of_subnet(survey, target, found.subnet_id))
        if not found.addresses:
            ids = [each for each in found.interface_ids if of_kind(each, endpoint.INTERFACE_TYPE)]
            walks += [survey.ask(target, endpoint.interface(each)) for each in ids[:MOST_INTERFACES]]
    await together(*walks)


async def of_zone(survey: Survey, target: Target, zone_id: str, hosts: Sequence[str], *, named: bool = False) -> None:
    """A private zone, where a name of the target lies in it, or where the path itself names it."""
    if not of_kind(zone_id, zone.TYPE):
        return
    found = (zone.relative_name(host, name_of(zone_id)) for host in hosts)
    relative = next((name for name in found if name is not None), None)
    if relative is None and not named:
        return
    names: tuple[str, ...] = () if relative is None else (relative,)
    if relative is not None and target.role in OF_SITES:
        names = zone.app_and_scm(relative)
    await together(
        survey.ask(target, zone.links(zone_id)),
        *(survey.ask(target, zone.record(zone_id, name)) for name in names),
    )


async def of_subnet(survey: Survey, target: Target, subnet_id: str | None) -> None:
    """A subnet's network, and what filters and routes in the subnet."""
    if subnet_id is None or not of_kind(subnet_id, network.SUBNET_TYPE):
        return
    found = await survey.ask(target, network.network(parent_of(subnet_id)))
    if not isinstance(found, NetworkContent):
        return
    mine = next((subnet for subnet in found.subnets if same(subnet.id, subnet_id)), None)
    if mine is None:
        return
    walks = []
    if mine.security_group_id is not None and of_kind(mine.security_group_id, network.SECURITY_GROUP_TYPE):
        walks.append(survey.ask(target, network.security_group(mine.security_group_id)))
    if mine.route_table_id is not None and of_kind(mine.route_table_id, network.ROUTE_TABLE_TYPE):
        walks.append(survey.ask(target, network.route_table(mine.route_table_id)))
    await together(*walks)
