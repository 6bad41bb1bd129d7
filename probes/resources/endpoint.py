"""A Private Endpoint (https://learn.microsoft.com/rest/api/virtualnetwork/private-endpoints)."""

from dataclasses import dataclass

from probes.resources.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointContent(Content):
    """A Private Endpoint (Microsoft.Network/privateEndpoints).

    Attributes:
        service_id: resource behind it; `group_ids` the sub-resource, `sites` for an app.
        status: of its connection.
        addresses: of ipConfigurations and customDnsConfigs; where both are empty, those of `interface_ids` count.
    """

    kind = "private-endpoint"

    subnet_id: str | None
    service_id: str | None
    group_ids: tuple[str, ...]
    status: str | None
    interface_ids: tuple[str, ...]
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceContent(Content):
    """A network interface, of a Private Endpoint for instance."""

    kind = "network-interface"

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneGroupsContent(Content):
    """The zones in which an endpoint keeps its records."""

    kind = "zone-groups"

    zone_ids: tuple[str, ...]
