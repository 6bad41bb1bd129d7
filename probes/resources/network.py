"""Virtual networks and what filters and routes in them (https://learn.microsoft.com/rest/api/virtualnetwork)."""

from dataclasses import dataclass

from probes.resources.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet of a virtual network.

    Attributes:
        endpoint_policies: `privateEndpointNetworkPolicies`: whether NSG and routes count for endpoints in it
            (`Enabled`, `NetworkSecurityGroupEnabled`, `RouteTableEnabled`, `Disabled`).
    """

    id: str
    prefixes: tuple[str, ...]
    security_group_id: str | None
    route_table_id: str | None
    delegations: tuple[str, ...]
    endpoint_policies: str | None
    service_endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """A peering of a virtual network; `state` is `Connected` where it works."""

    name: str
    remote_id: str | None
    state: str | None
    remote_prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkContent(Content):
    """A virtual network.

    Attributes:
        dns_servers: of its own; empty = Azure's.
    """

    kind = "virtual-network"

    prefixes: tuple[str, ...]
    dns_servers: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    peerings: tuple[Peering, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule:
    """A rule of a network security group.

    Attributes:
        direction: `Inbound`, `Outbound`; `access`: `Allow`, `Deny`; `protocol`: `Tcp`, `Udp`, `Icmp`, `*`.
        sources, destinations: networks, addresses, service tags, or `*`; `ports`: `443`, `8000-8010`, `*`.
        groups: ids of application security groups, which cannot be evaluated from here.
        default: one of the platform's own, of priority 65000 and after.
    """

    name: str
    priority: int
    direction: str
    access: str
    protocol: str
    sources: tuple[str, ...]
    source_ports: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]
    groups: tuple[str, ...]
    default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupContent(Content):
    """A network security group, its own rules and the platform's."""

    kind = "security-group"

    rules: tuple[SecurityRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route; `next_hop` is `VirtualAppliance`, `VnetLocal`, `Internet`, `VirtualNetworkGateway` or `None`."""

    name: str
    prefix: str
    next_hop: str
    next_hop_address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTableContent(Content):
    """A route table."""

    kind = "route-table"

    routes: tuple[Route, ...]
