"""API Management (https://learn.microsoft.com/rest/api/apimanagement), and what it sees of its network itself."""

from dataclasses import dataclass

from probes.resources.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHostName:
    """A host name of API Management; `role` is `Proxy`, `Portal`, `Management`, `Scm`, `DeveloperPortal`."""

    role: str
    host_name: str
    certificate_status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContent(Content):
    """An API Management service.

    Attributes:
        network_type: `virtualNetworkType`: `None` (the word), `External`, `Internal`.
        sku: `Developer`, `Premium`, `StandardV2` ...
    """

    kind = "api-management"

    location: str | None
    sku: str | None
    network_type: str | None
    subnet_id: str | None
    private_addresses: tuple[str, ...]
    public_addresses: tuple[str, ...]
    public_network_access: str | None
    provisioning_state: str | None
    platform_version: str | None
    host_names: tuple[ServiceHostName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDependency:
    """What API Management says of one thing that it needs itself; `status` is `success`, `failure`, `initializing`."""

    name: str
    status: str
    error: str | None
    optional: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNetwork:
    """API Management's network in one region.

    Attributes:
        dns_servers: that it knows since its network configuration was last applied.
    """

    location: str
    dns_servers: tuple[str, ...]
    dependencies: tuple[ServiceDependency, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStatusContent(Content):
    """API Management's own view of its network (networkstatus), which Azure refreshes every 15 minutes."""

    kind = "network-status"

    networks: tuple[ServiceNetwork, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One hop of a connectivity check, with what the platform finds wrong there."""

    role: str
    address: str | None
    resource_id: str | None
    issues: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectivityContent(Content):
    """A test that API Management made itself (connectivityCheck): the one look from the gateway's own network.

    Attributes:
        status: `Connected`, `Disconnected`, `Degraded`, `Unknown`.
    """

    kind = "connectivity"

    destination: str
    port: int
    status: str | None
    hops: tuple[Hop, ...]
    average_ms: float | None
    probes_sent: int | None
    probes_failed: int | None
