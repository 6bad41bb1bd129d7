"""What Azure says of the article's path, written by hand: all in good order unless a test says what is otherwise.

    estate()                                                    every reading, healthy
    estate(zone_links=links())                                  the zone is linked to nothing
    estate(nsg_probe=denying("Outbound", 200))                  a rule that keeps the probe from the endpoint
    estate(zone_links=Failure.DENIED, service=None)             refused; not asked for at all

Each key is one resource of `RESOURCES`; its value a content, a failure, or `None`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from probes.failure import Failure
from probes.judge import Finding, Judgement, Severity
from probes.judge.scene import Scene
from probes.path import Path
from probes.records import Observation, Reading, Vantage
from probes.resources import (
    AccessContent,
    ApiContent,
    AuthSettingsContent,
    BackendsContent,
    ConnectionsContent,
    ConnectivityContent,
    Content,
    EndpointConnection,
    EndpointContent,
    Hop,
    NetworkContent,
    NetworkStatusContent,
    Peering,
    PolicyBackend,
    PolicyContent,
    RecordContent,
    Route,
    RouteTableContent,
    SecurityGroupContent,
    SecurityRule,
    ServiceBackend,
    ServiceContent,
    ServiceDependency,
    ServiceHostName,
    ServiceNetwork,
    SiteConfigContent,
    SiteContent,
    Subnet,
    ZoneGroupsContent,
    ZoneLink,
    ZoneLinksContent,
)
from tests import sweeps
from tests.judge.observations import PLACES, scene, visit
from tests.sweeps import HOST, PRIVATE

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
NET = f"{SUBSCRIPTION}/resourceGroups/rg-net-prod/providers/Microsoft.Network"
HUB_NET = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-hub/providers/Microsoft.Network"
APPS = f"{SUBSCRIPTION}/resourceGroups/rg-api-prod/providers"
SITE = f"{APPS}/Microsoft.Web/sites/func-orders-prod"
PROBE = f"{APPS}/Microsoft.Web/sites/func-probe-prod"
SERVICE = f"{APPS}/Microsoft.ApiManagement/service/apim-internal-prod"
API = f"{SERVICE}/apis/orders"
VNET = f"{NET}/virtualNetworks/vnet-prod-api"
HUB = f"{HUB_NET}/virtualNetworks/vnet-hub"
ENDPOINT = f"{NET}/privateEndpoints/pe-func-orders-prod"
ZONE_NAME = "privatelink.azurewebsites.net"
ZONE = f"{HUB_NET}/privateDnsZones/{ZONE_NAME}"
STORAGE = f"{APPS}/Microsoft.Storage/storageAccounts/stordersprod"
VAULT = f"{APPS}/Microsoft.KeyVault/vaults/kv-orders"
NSGS = {name: f"{NET}/networkSecurityGroups/nsg-{name}" for name in ("apim", "endpoints", "probe")}
TABLES = {name: f"{NET}/routeTables/rt-{name}" for name in ("apim", "probe")}
SUBNETS = {"apim": "10.80.10.0/27", "endpoints": "10.80.20.0/27", "probe": "10.80.30.0/26"}
GATEWAY_ADDRESS = "10.80.10.4"
HUB_DNS = "10.70.0.4"
"""A DNS server in the hub."""
RESOURCES: Mapping[str, str] = {
    "site": SITE,
    "site_config": SITE,
    "connections": SITE,
    "auth": SITE,
    "endpoint": ENDPOINT,
    "zone_groups": ENDPOINT,
    "zone_links": ZONE,
    "record": f"{ZONE}/A/func-orders-prod",
    "scm_record": f"{ZONE}/A/func-orders-prod.scm",
    "network": VNET,
    "probe_site": PROBE,
    "nsg_apim": NSGS["apim"],
    "nsg_endpoints": NSGS["endpoints"],
    "nsg_probe": NSGS["probe"],
    "rt_apim": TABLES["apim"],
    "rt_probe": TABLES["probe"],
    "service": SERVICE,
    "network_status": SERVICE,
    "api": API,
    "api_policy": f"{API}/policies/policy",
    "service_policy": f"{SERVICE}/policies/policy",
    "backends": SERVICE,
}
PATH_RESOURCES = {
    "site": SITE,
    "api_management": SERVICE,
    "virtual_network": VNET,
    "private_endpoint": ENDPOINT,
    "private_dns_zone": ZONE,
    "probe_site": PROBE,
}


def path(**keys: Any) -> Path:
    """The article's path with the ids of its resources."""
    return sweeps.path(**{"resources": PATH_RESOURCES, **keys})


def estate(**changes: Content | Failure | None) -> list[Reading]:
    """The readings of a sweep."""
    contents: dict[str, Content | Failure | None] = {**healthy(), **changes}
    return [
        reading(key, RESOURCES[key], content, like=healthy()[key])
        for key, content in contents.items()
        if content is not None
    ]


def reading(
    key: str, resource_id: str, content: Content | Failure, *, like: Content | None = None, **changes: Any
) -> Reading:
    """One reading, whose content or failure is told; `like` has the kind of one that failed."""
    failed = isinstance(content, Failure)
    kind = like.kind if failed and like is not None else content.kind if isinstance(content, Content) else "site"
    fields: dict[str, Any] = {
        "id": f"backend/1/read/{key}",
        "target": "backend",
        "vantage": Vantage.PROBE,
        "transaction": "backend/1/azure",
        "attempt": 1,
        "started_ms": 1.0,
        "duration_ms": 20.0,
        "failure": content if failed else None,
        "detail": None,
        "resource_id": resource_id,
        "kind": kind,
        "status": {Failure.DENIED: 403, Failure.NOT_FOUND: 404}.get(content) if isinstance(content, Failure) else 200,
        "content": None if failed else content,
    }
    return Reading(**fields | changes)


def healthy() -> dict[str, Content]:
    """Every content, in good order; public access is closed."""
    return {
        "site": site(),
        "site_config": site_config(),
        "connections": ConnectionsContent(connections=(connection(),)),
        "auth": auth(),
        "endpoint": endpoint(),
        "zone_groups": ZoneGroupsContent(zone_ids=(ZONE,)),
        "zone_links": links(VNET, HUB),
        "record": record(PRIVATE),
        "scm_record": record(PRIVATE),
        "network": network(),
        "probe_site": site(default_host_name="func-probe-prod.azurewebsites.net", subnet_id=subnet_id("probe")),
        "nsg_apim": SecurityGroupContent(rules=()),
        "nsg_endpoints": SecurityGroupContent(rules=()),
        "nsg_probe": SecurityGroupContent(rules=()),
        "rt_apim": RouteTableContent(routes=()),
        "rt_probe": RouteTableContent(routes=()),
        "service": service(),
        "network_status": status("168.63.129.16"),
        "api": ApiContent(path="orders", service_url=f"https://{HOST}/api", subscription_required=False),
        "api_policy": policy("api"),
        "service_policy": policy("service"),
        "backends": BackendsContent(backends=()),
    }


def site(**changes: Any) -> SiteContent:
    """The orders app, running and closed."""
    name = changes.get("default_host_name", HOST)
    fields: dict[str, Any] = {
        "state": "Running",
        "enabled": True,
        "availability_state": "Normal",
        "usage_state": "Normal",
        "default_host_name": name,
        "host_names": (name,),
        "public_network_access": "Disabled",
        "https_only": True,
        "client_cert_enabled": False,
        "subnet_id": None,
        "dns_servers": (),
    }
    return SiteContent(**fields | changes)


def site_config(**changes: Any) -> SiteConfigContent:
    """Its configuration."""
    fields: dict[str, Any] = {
        "public_network_access": None,
        "default_action": "Allow",
        "scm_default_action": "Allow",
        "min_tls_version": "1.2",
        "vnet_route_all": True,
    }
    return SiteConfigContent(**fields | changes)


def auth(**changes: Any) -> AuthSettingsContent:
    """Its authentication settings: off."""
    fields: dict[str, Any] = {
        "enabled": False,
        "require_authentication": None,
        "unauthenticated_action": None,
        "issuer": None,
        "client_id": None,
        "allowed_audiences": (),
        "allowed_applications": (),
        "excluded_paths": (),
    }
    return AuthSettingsContent(**fields | changes)


def connection(status: str = "Approved", addresses: tuple[str, ...] = (PRIVATE,), **changes: Any) -> EndpointConnection:
    """The connection of the endpoint, as the app tells of it."""
    fields: dict[str, Any] = {
        "endpoint_id": ENDPOINT,
        "id": f"{SITE}/privateEndpointConnections/pe-func-orders-prod-1",
        "status": status,
        "description": None,
        "addresses": addresses,
        "group_ids": (),
    }
    return EndpointConnection(**fields | changes)


def connections(*every: EndpointConnection) -> ConnectionsContent:
    """All of them."""
    return ConnectionsContent(connections=every)


def endpoint(**changes: Any) -> EndpointContent:
    """The endpoint."""
    fields: dict[str, Any] = {
        "subnet_id": subnet_id("endpoints"),
        "service_id": SITE,
        "group_ids": ("sites",),
        "status": "Approved",
        "interface_ids": (),
        "addresses": (PRIVATE,),
    }
    return EndpointContent(**fields | changes)


def links(*networks: str, policy: str | None = "Default", state: str = "Completed") -> ZoneLinksContent:
    """Links of the zone to these networks."""
    return ZoneLinksContent(
        links=tuple(
            ZoneLink(
                name=f"link-{one.rpartition('/')[2]}",
                virtual_network_id=one,
                registration_enabled=False,
                resolution_policy=policy,
                state=state,
            )
            for one in networks
        )
    )


def record(*addresses: str) -> RecordContent:
    """A record set with these addresses."""
    return RecordContent(name="func-orders-prod", ttl_s=10, addresses=addresses)


def subnet_id(name: str, network_id: str = VNET) -> str:
    """Id of a subnet."""
    return f"{network_id}/subnets/snet-{name}"


def network(
    *,
    dns: tuple[str, ...] = (),
    peering: str = "Connected",
    hub: tuple[str, ...] = ("10.70.0.0/16",),
    own: tuple[str, ...] = ("10.80.0.0/16",),
    **subnets: Mapping[str, Any],
) -> NetworkContent:
    """The network with its three subnets, peered with the hub; further keys change a subnet's fields."""
    made = []
    for name, prefix in SUBNETS.items():
        fields: dict[str, Any] = {
            "id": subnet_id(name),
            "prefixes": (prefix,),
            "security_group_id": NSGS[name],
            "route_table_id": TABLES.get(name),
            "delegations": (),
            "endpoint_policies": "Disabled",
            "service_endpoints": (),
        }
        made.append(Subnet(**fields | dict(subnets.get(name, {}))))
    to_hub = Peering(name="to-hub", remote_id=HUB, state=peering, remote_prefixes=hub)
    return NetworkContent(prefixes=own, dns_servers=dns, subnets=tuple(made), peerings=(to_hub,))


def rule(name: str, priority: int, direction: str, access: str, **changes: Any) -> SecurityRule:
    """A rule for everything, unless told for what."""
    fields: dict[str, Any] = {
        "protocol": "*",
        "sources": ("*",),
        "source_ports": ("*",),
        "destinations": ("*",),
        "ports": ("*",),
        "groups": (),
        "default": False,
    }
    return SecurityRule(name=name, priority=priority, direction=direction, access=access, **fields | changes)


def denying(direction: str, priority: int = 200, **changes: Any) -> SecurityGroupContent:
    """A group with one rule that denies."""
    return SecurityGroupContent(rules=(rule("DenyEndpoints", priority, direction, "Deny", **changes),))


def routing(prefix: str, next_hop: str, address: str | None = None) -> RouteTableContent:
    """A table with one route."""
    return RouteTableContent(
        routes=(Route(name="to-somewhere", prefix=prefix, next_hop=next_hop, next_hop_address=address),)
    )


def service(**changes: Any) -> ServiceContent:
    """API Management, internal."""
    fields: dict[str, Any] = {
        "location": "West Europe",
        "sku": "Developer",
        "network_type": "Internal",
        "subnet_id": subnet_id("apim"),
        "private_addresses": (GATEWAY_ADDRESS,),
        "public_addresses": ("198.51.100.30",),
        "public_network_access": "Enabled",
        "provisioning_state": "Succeeded",
        "platform_version": "stv2",
        "host_names": (
            ServiceHostName(role="Proxy", host_name="api.internal.example.com", certificate_status="Completed"),
        ),
    }
    return ServiceContent(**fields | changes)


def status(*servers: str, failing: str | None = None, optional: bool | None = False) -> NetworkStatusContent:
    """What API Management says of its network."""
    one = ServiceDependency(
        name=failing or "storage", status="failure" if failing else "success", error=None, optional=optional
    )
    return NetworkStatusContent(
        networks=(ServiceNetwork(location="West Europe", dns_servers=servers, dependencies=(one,)),)
    )


def policy(scope: str, *backends: PolicyBackend, inherits: bool = True) -> PolicyContent:
    """A policy document."""
    return PolicyContent(scope=scope, backends=backends, inherits=inherits, identity_audiences=())


def to_url(url: str, *, decided: bool = True) -> PolicyBackend:
    """`set-backend-service` with a URL."""
    return PolicyBackend(base_url=url, backend_id=None, decided=decided)


def to_entity(name: str, *, decided: bool = True) -> PolicyBackend:
    """`set-backend-service` with a backend entity."""
    return PolicyBackend(base_url=None, backend_id=name, decided=decided)


def entity(name: str, **changes: Any) -> ServiceBackend:
    """A backend entity that checks the certificate."""
    fields: dict[str, Any] = {"url": f"https://{HOST}/api", "validate_chain": True, "validate_name": True}
    return ServiceBackend(name=name, **fields | changes)


def access(**changes: Any) -> AccessContent:
    """The network access of a storage account or a vault: closed."""
    fields: dict[str, Any] = {
        "public_network_access": "Disabled",
        "default_action": "Deny",
        "allowed_networks": (),
        "bypass": "AzureServices",
        "connections": (),
    }
    return AccessContent(**fields | changes)


def connectivity(state: str, *issues: str) -> Reading:
    """API Management's own test of the backend."""
    content = ConnectivityContent(
        destination=HOST,
        port=443,
        status=state,
        hops=(Hop(role="Source", address="10.80.10.5", resource_id=None, issues=issues),),
        average_ms=None,
        probes_sent=10,
        probes_failed=0 if state == "Connected" else 10,
    )
    return replace(reading("connectivity", SERVICE, content), vantage=Vantage.GATEWAY)


def told(
    *visits: list[Observation], path_keys: Mapping[str, Any] | None = None, more: Any = (), **changes: Any
) -> Scene:
    """What was walked, and beside it what Azure says; targets that are not told of are in good order."""
    shown = path(**(path_keys or {}))
    seen = {record.target for each in visits for record in each}
    healthy_ones = [visit(name) for name in PLACES if name not in seen and shown.target(name) is not None]
    return scene(*healthy_ones, *visits, [*estate(**changes), *more], path=shown)


def cause(judgement: Judgement) -> Finding:
    """The one root cause beside what is mere information; the test fails where there are several, or none."""
    (found,) = (each for each in judgement.roots if each.severity is not Severity.INFORMATION)
    return found
