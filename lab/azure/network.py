"""Networks, rules, routes and Private Endpoints as Microsoft.Network writes them."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from lab.azure.knowledge import Network, Rule, Subnet
from lab.azure.resource import Resource, resource
from lab.azure.served import Endpoint, Served, record_name, zone_name
from lab.azure.sites import state
from lab.azure.view import View
from lab.azure.zones import PLATFORM, addresses, seen, zone_id

PROVIDER = "Microsoft.Network"
AZURE_DNS = "168.63.129.16"
EVERYTHING = ("*",)
DEFAULT_RULES = (
    Rule(name="AllowVnetInBound", priority=65000, direction="Inbound", protocol="*", sources=("VirtualNetwork",),
         destinations=("VirtualNetwork",), ports=EVERYTHING),
    Rule(name="AllowAzureLoadBalancerInBound", priority=65001, direction="Inbound", protocol="*",
         sources=("AzureLoadBalancer",), ports=EVERYTHING),
    Rule(name="DenyAllInBound", priority=65500, direction="Inbound", access="Deny", protocol="*", ports=EVERYTHING),
    Rule(name="AllowVnetOutBound", priority=65000, protocol="*", sources=("VirtualNetwork",),
         destinations=("VirtualNetwork",), ports=EVERYTHING),
    Rule(name="AllowInternetOutBound", priority=65001, protocol="*", destinations=("Internet",), ports=EVERYTHING),
    Rule(name="DenyAllOutBound", priority=65500, access="Deny", protocol="*", ports=EVERYTHING),
)  # fmt: skip


def documents(view: View, served: tuple[Served, ...]) -> Iterator[Resource]:
    """All of it."""
    azure = view.world.azure
    for network in view.networks:
        yield _network(view, network)
        yield from (
            Resource(id=body["id"], body={**body, "type": f"{PROVIDER}/virtualNetworks/subnets"})
            for body in (_subnet(view, network, subnet) for subnet in network.subnets)
        )
    for name, rules in azure.security_groups.items():
        yield _security_group(view, name, rules)
    for name, routes in azure.route_tables.items():
        this = f"{view.network_resources}/routeTables/{name}"
        yield resource(
            this,
            f"{PROVIDER}/routeTables",
            {
                "provisioningState": "Succeeded",
                "disableBgpRoutePropagation": False,
                "routes": [
                    {
                        "id": f"{this}/routes/{route.name}",
                        "name": route.name,
                        "properties": {
                            "provisioningState": "Succeeded",
                            "addressPrefix": route.prefix,
                            "nextHopType": route.next_hop,
                            **({"nextHopIpAddress": route.next_hop_address} if route.next_hop_address else {}),
                        },
                    }
                    for route in routes
                ],
                "subnets": [{"id": id_} for id_ in _users(view, "route_table", name)],
            },
            location=azure.location,
        )
    for each in served:
        if each.endpoint is not None:
            yield from _endpoint(view, each, each.endpoint)


def dns_servers(view: View, network: Network) -> list[str]:
    """Of a network: its own, or the address of the platform's name server where that is not Azure's."""
    if network.dns_servers is not None:
        return list(network.dns_servers)
    address = view.world.name_servers[PLATFORM].address
    return [] if address == AZURE_DNS or network is not view.networks[0] else [address]


def _network(view: View, network: Network) -> Resource:
    this = view.network_id(network.name)
    return resource(
        this,
        f"{PROVIDER}/virtualNetworks",
        {
            "provisioningState": "Succeeded",
            "addressSpace": {"addressPrefixes": list(network.prefixes)},
            "dhcpOptions": {"dnsServers": dns_servers(view, network)},
            "subnets": [_subnet(view, network, subnet) for subnet in network.subnets],
            "virtualNetworkPeerings": [_peering(view, network, peer) for peer in network.peers],
            "enableDdosProtection": False,
        },
        location=view.world.azure.location,
        etag='W/"1"',
        **view.tags(this),
    )


def _peering(view: View, network: Network, peer: str) -> dict[str, Any]:
    this = view.network_id(network.name)
    remote = next((network for network in view.networks if network.name == peer), None)
    prefixes = list(remote.prefixes) if remote else []
    return {
        "id": f"{this}/virtualNetworkPeerings/to-{peer}",
        "name": f"to-{peer}",
        "properties": {
            "provisioningState": "Succeeded",
            "peeringState": "Disconnected" if peer in network.disconnected else "Connected",
            "peeringSyncLevel": "FullyInSync",
            "remoteVirtualNetwork": {"id": view.network_id(peer)},
            "remoteAddressSpace": {"addressPrefixes": prefixes},
            "remoteVirtualNetworkAddressSpace": {"addressPrefixes": prefixes},
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": True,
        },
    }


def _subnet(view: View, network: Network, subnet: Subnet) -> dict[str, Any]:
    this = f"{view.network_id(network.name)}/subnets/{subnet.name}"
    prefixes = (
        {"addressPrefix": subnet.prefixes[0]}
        if len(subnet.prefixes) == 1
        else {"addressPrefixes": list(subnet.prefixes)}
    )
    named = {
        "networkSecurityGroup": ("networkSecurityGroups", subnet.security_group),
        "routeTable": ("routeTables", subnet.route_table),
    }
    delegation = [
        {
            "id": f"{this}/delegations/functions",
            "name": "functions",
            "properties": {"provisioningState": "Succeeded", "serviceName": subnet.delegation, "actions": []},
        }
    ]
    return {
        "id": this,
        "name": subnet.name,
        "type": f"{PROVIDER}/virtualNetworks/subnets",
        "etag": 'W/"1"',
        "properties": {
            "provisioningState": "Succeeded",
            **prefixes,
            **{key: {"id": f"{view.network_resources}/{kind}/{name}"} for key, (kind, name) in named.items() if name},
            "serviceEndpoints": [{"service": service, "locations": ["*"]} for service in subnet.service_endpoints],
            "delegations": delegation if subnet.delegation else [],
            "privateEndpointNetworkPolicies": subnet.endpoint_policies,
            "privateLinkServiceNetworkPolicies": "Enabled",
        },
    }


def _users(view: View, field: str, name: str) -> Iterator[str]:
    """Ids of the subnets that name a security group or a route table."""
    for network in view.networks:
        for subnet in network.subnets:
            if getattr(subnet, field) == name:
                yield f"{view.network_id(network.name)}/subnets/{subnet.name}"


def _security_group(view: View, name: str, rules: tuple[Rule, ...]) -> Resource:
    this = f"{view.network_resources}/networkSecurityGroups/{name}"
    return resource(
        this,
        f"{PROVIDER}/networkSecurityGroups",
        {
            "provisioningState": "Succeeded",
            "securityRules": [_rule(f"{this}/securityRules", rule) for rule in rules],
            "defaultSecurityRules": [_rule(f"{this}/defaultSecurityRules", rule) for rule in DEFAULT_RULES],
            "subnets": [{"id": id_} for id_ in _users(view, "security_group", name)],
        },
        location=view.world.azure.location,
        etag='W/"1"',
    )


def _rule(folder: str, rule: Rule) -> dict[str, Any]:
    """One value stands in the singular key, several in the plural one, as they were written."""
    return {
        "id": f"{folder}/{rule.name}",
        "name": rule.name,
        "type": f"{PROVIDER}/networkSecurityGroups/{folder.rpartition('/')[2]}",
        "properties": {
            "provisioningState": "Succeeded",
            "protocol": rule.protocol,
            "sourcePortRange": "*",
            **_one_or_more("destinationPortRange", rule.ports),
            **_one_or_more("sourceAddressPrefix", rule.sources, plural="sourceAddressPrefixes"),
            **_one_or_more("destinationAddressPrefix", rule.destinations, plural="destinationAddressPrefixes"),
            "access": rule.access,
            "priority": rule.priority,
            "direction": rule.direction,
            "sourcePortRanges": [],
        },
    }


def _one_or_more(key: str, values: tuple[str, ...], plural: str | None = None) -> dict[str, Any]:
    many = plural or f"{key}s"
    return {key: values[0], many: []} if len(values) == 1 else {many: list(values)}


def _endpoint(view: View, each: Served, endpoint: Endpoint) -> Iterator[Resource]:
    """An endpoint, its network interface, and the zones in which it keeps its records."""
    location = view.world.azure.location
    this = view.endpoint_id(endpoint.name)
    interface = f"{view.network_resources}/networkInterfaces/{endpoint.name}.nic"
    zone = seen(view.world).get(zone_name(each.hosts[0]), (None, False))[0]
    sets = {} if zone is None else addresses(zone)
    own = {
        record_name(host): sets[record_name(host).lower()]
        for host in each.hosts
        if set(sets.get(record_name(host).lower(), (0, []))[1]) & set(endpoint.addresses)
    }
    subnet = next((view.subnet_of(address) for address in endpoint.addresses), None)
    connection = {
        "id": f"{this}/privateLinkServiceConnections/cn-{endpoint.name}",
        "name": f"cn-{endpoint.name}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": each.id,
            "groupIds": [each.group_id],
            "privateLinkServiceConnectionState": state(endpoint.status),
        },
    }
    by_hand = endpoint.status in {"Pending", "Rejected"}
    yield resource(
        this,
        f"{PROVIDER}/privateEndpoints",
        {
            "provisioningState": "Succeeded",
            "subnet": {"id": subnet},
            "networkInterfaces": [{"id": interface}],
            "ipConfigurations": [],
            "privateLinkServiceConnections": [] if by_hand else [connection],
            "manualPrivateLinkServiceConnections": [connection] if by_hand else [],
            # Empty where a zone group keeps the records: the address is the interface's then.
            "customDnsConfigs": []
            if own
            else [{"fqdn": host, "ipAddresses": list(endpoint.addresses)} for host in each.hosts],
        },
        location=location,
        etag='W/"1"',
        **view.tags(this),
    )
    yield resource(
        interface,
        f"{PROVIDER}/networkInterfaces",
        {
            "provisioningState": "Succeeded",
            "ipConfigurations": [
                {
                    "id": f"{interface}/ipConfigurations/privateEndpointIpConfig.{place}",
                    "name": f"privateEndpointIpConfig.{place}",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": address,
                        "privateIPAddressVersion": f"IPv{ip_address(address).version}",
                        "privateIPAllocationMethod": "Dynamic",
                        "subnet": {"id": subnet},
                        "primary": place == 0,
                    },
                }
                for place, address in enumerate(endpoint.addresses)
            ],
            "privateEndpoint": {"id": this},
            "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
        },
        location=location,
        etag='W/"1"',
    )
    if own:
        yield _zone_group(view, each, this, own)


def _zone_group(view: View, each: Served, this: str, own: dict[str, tuple[int, list[str]]]) -> Resource:
    zone = zone_name(each.hosts[0])
    return resource(
        f"{this}/privateDnsZoneGroups/default",
        f"{PROVIDER}/privateEndpoints/privateDnsZoneGroups",
        {
            "provisioningState": "Succeeded",
            "privateDnsZoneConfigs": [
                {
                    "name": zone.replace(".", "-"),
                    "properties": {
                        "privateDnsZoneId": zone_id(view, zone),
                        "recordSets": [
                            {
                                "recordType": "A",
                                "recordSetName": name,
                                "fqdn": f"{name}.{zone}",
                                "ttl": ttl_s,
                                "provisioningState": "Succeeded",
                                "ipAddresses": values,
                            }
                            for name, (ttl_s, values) in own.items()
                        ],
                    },
                }
            ],
        },
        etag='W/"1"',
    )
