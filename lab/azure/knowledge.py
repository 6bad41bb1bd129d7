"""What only Azure knows of a world: everything else that it says is derived from the world itself.

The defaults are the article's network in good order, with the names and rules that infra/ deploys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
PROBE = "probe"
OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of a network security group; a deny is written as one."""

    name: str
    priority: int
    direction: str = "Outbound"
    access: str = "Allow"
    protocol: str = "Tcp"
    sources: tuple[str, ...] = ("*",)
    destinations: tuple[str, ...] = ("*",)
    ports: tuple[str, ...] = ("443",)


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route of a route table; `next_hop` in Azure's words, `VirtualAppliance` with an address."""

    name: str
    prefix: str
    next_hop: str
    next_hop_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """A subnet; names of its security group and route table, `None` = it has none."""

    name: str
    prefixes: tuple[str, ...]
    security_group: str | None = None
    route_table: str | None = None
    delegation: str | None = None
    endpoint_policies: str = "Disabled"
    service_endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Network:
    """A virtual network.

    Attributes:
        dns_servers: `None` = derived: the address of the world's platform name server, none where that is Azure's own.
        peers: names of networks that it is peered with; `disconnected` = those whose own peering was deleted.
    """

    name: str
    prefixes: tuple[str, ...]
    subnets: tuple[Subnet, ...] = ()
    dns_servers: tuple[str, ...] | None = None
    peers: tuple[str, ...] = ()
    disconnected: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Role:
    """What somebody may do: operations as a role definition has them, `*` for any part of a name."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A right that is missing: these operations, at this scope and below (ids in any case, empty = everywhere)."""

    action: str = "*"
    scope: str = ""
    who: str = PROBE


@dataclass(frozen=True, kw_only=True)
class Meddling:
    """Somebody else sets the public access of a resource, after so many requests that name it have been answered."""

    resource_id: str
    public_access: bool
    after: int = 1
    method: str | None = None


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How Azure Resource Manager misbehaves.

    Attributes:
        throttled: requests that are answered 429 before the first that is served.
        unavailable: the same with 503, before those.
        retry_after_s: in both; `None` = the header is left out.
        delay_s: before every answer.
        writes_refused: a policy of the subscription refuses every write (403 RequestDisallowedByPolicy).
        writes_lost: a write is answered as if it counted, and nothing comes of it.
        writes_ineffective: GET shows the new value, and no front end ever follows.
        dropped_writes: writes that take effect and whose answer never comes: the connection ends.
        meddling: what somebody else does meanwhile.
    """

    throttled: int = 0
    unavailable: int = 0
    retry_after_s: float | None = 1
    delay_s: float = 0
    writes_refused: bool = False
    writes_lost: bool = False
    writes_ineffective: bool = False
    dropped_writes: int = 0
    meddling: tuple[Meddling, ...] = ()


GATEWAY_SUBNET = "snet-apim-internal"
ENDPOINT_SUBNET = "snet-private-endpoints"
GATEWAY_RULES = "nsg-snet-apim-internal"
ENDPOINT_RULES = "nsg-snet-private-endpoints"
INTEGRATION_RULES = "nsg-function-integration"
GATEWAY_PREFIX = "10.80.10.0/26"
ENDPOINT_PREFIX = "10.80.20.0/27"
ORDERS_PREFIX = "10.80.30.0/27"
PROBE_PREFIX = "10.80.31.0/27"
RULES: Mapping[str, tuple[Rule, ...]] = {
    GATEWAY_RULES: (
        *(
            Rule(name=name, priority=priority, direction="Inbound", sources=(source,), destinations=to, ports=ports)
            for priority, name, source, ports in (
                (100, "in-management", "ApiManagement", ("3443",)),
                (110, "in-load-balancer", "AzureLoadBalancer", ("6390", "6391")),
                (200, "in-client-0", "VirtualNetwork", ("443",)),
            )
            for to in [("VirtualNetwork",)]
        ),
        *(
            Rule(name=f"out-{name}", priority=priority, sources=("VirtualNetwork",), destinations=(to,), ports=ports)
            for priority, name, to, ports in (
                (100, "certificate-validation", "Internet", ("80",)),
                (110, "storage", "Storage", ("443",)),
                (120, "sql", "Sql", ("1433",)),
                (130, "key-vault", "AzureKeyVault", ("443",)),
                (140, "entra", "AzureActiveDirectory", ("443",)),
                (150, "monitor", "AzureMonitor", ("443", "1886")),
                (160, "event-hub", "EventHub", ("443", "5671", "5672")),
                (170, "private-endpoints", ENDPOINT_PREFIX, ("443",)),
            )
        ),
    ),
    ENDPOINT_RULES: (
        Rule(
            name="in-path",
            priority=100,
            direction="Inbound",
            sources=(GATEWAY_PREFIX, ORDERS_PREFIX, PROBE_PREFIX),
            destinations=(ENDPOINT_PREFIX,),
        ),
        Rule(name="in-others", priority=4096, direction="Inbound", access="Deny", protocol="*", ports=("*",)),
    ),
    INTEGRATION_RULES: (
        Rule(
            name="in-internet",
            priority=4096,
            direction="Inbound",
            access="Deny",
            protocol="*",
            sources=("Internet",),
            ports=("*",),
        ),
    ),
}
"""As infra/modules/network.bicep has them (tests/lab/azure/test_deployed.py)."""
NETWORK = Network(
    name="vnet-prod-api",
    prefixes=("10.80.0.0/16",),
    subnets=(
        Subnet(name=GATEWAY_SUBNET, prefixes=(GATEWAY_PREFIX,), security_group=GATEWAY_RULES),
        Subnet(
            name=ENDPOINT_SUBNET,
            prefixes=(ENDPOINT_PREFIX,),
            security_group=ENDPOINT_RULES,
            endpoint_policies="NetworkSecurityGroupEnabled",
        ),
        *(
            Subnet(
                name=name,
                prefixes=(prefix,),
                security_group=INTEGRATION_RULES,
                delegation="Microsoft.App/environments",
            )
            for name, prefix in (("snet-function-integration", ORDERS_PREFIX), ("snet-probe-integration", PROBE_PREFIX))
        ),
        Subnet(name="snet-dns-inbound", prefixes=("10.80.40.0/28",), delegation="Microsoft.Network/dnsResolvers"),
    ),
)
HUB = Network(
    name="vnet-hub", prefixes=("10.90.0.0/16",), subnets=(Subnet(name="snet-dns", prefixes=("10.90.0.0/28",)),)
)
"""Where zones are linked that the path's network does not see."""
READER = Role(
    actions=(
        *(
            f"Microsoft.Web/sites/{part}read"
            for part in ("", "config/", "privateEndpointConnections/", "networkConfig/", "functions/")
        ),
        *(
            f"Microsoft.Network/{part}/read"
            for part in (
                *("privateDnsZones", "privateDnsZones/virtualNetworkLinks", "privateDnsZones/A", "privateDnsZones/ALL"),
                *("privateEndpoints", "privateEndpoints/privateDnsZoneGroups", "networkInterfaces"),
                *("virtualNetworks", "virtualNetworks/subnets", "networkSecurityGroups", "routeTables"),
            )
        ),
        *(
            f"Microsoft.ApiManagement/service/{part}read"
            for part in (
                *("", "networkstatus/", "locations/networkstatus/", "policies/", "policyFragments/", "namedValues/"),
                *("backends/", "diagnostics/", "apis/", "apis/policies/", "apis/operations/"),
                *("apis/operations/policies/", "apis/diagnostics/"),
            )
        ),
        "Microsoft.ApiManagement/service/c*/action",
        "Microsoft.Storage/storageAccounts/read",
        "Microsoft.KeyVault/vaults/read",
        "Microsoft.OperationalInsights/workspaces/read",
        "Microsoft.OperationalInsights/workspaces/query/read",
    ),
    not_actions=tuple(
        f"Microsoft.ApiManagement/service/{part}/*/action"
        for part in ("certificates", "clientApplications", "caches", "contentTypes")
    ),
)
"""The probe's custom role, as infra/modules/custom-roles.bicep has it (tests/lab/azure/test_deployed.py)."""


@dataclass(frozen=True, kw_only=True)
class Azure:
    """What only Azure knows.

    Attributes:
        app_group: id of the resource group of apps, API Management, storage, vault and workspace; `network_group` of
            all the rest.
        networks: the path's own first.
        linked: networks to which every zone is linked that the platform's name server sees.
        links_left: networks that zones are linked to which it does not see, but others do.
        zones_left: records of private zones that no name server of the world sees, by name.
        zones_elsewhere: names of zones that name servers see and that stand in the group of the apps; the one of that
            name in `zones_left` stands in the network's.
        endpoint_states: by name of the endpoint; those that are not named are `Approved`.
        addresses: of an endpoint whose listener is gone, by name of the resource behind it.
        integrations: subnet of an app's outbound integration, by name of the app.
        gateway: name of API Management; `gateway_type` its virtualNetworkType, `None` = derived from its addresses.
        gateway_dns: that API Management was started with; `None` = those of the name server that it asks.
        gateway_failing: what API Management needs itself and cannot reach, by the name in its networkstatus.
        correlation: httpCorrelationProtocol of its diagnostic.
        tags: of resources, by id in lower case.
        roles: of the probe's identity and of an operator; `refusals` take rights away again.
        page_size: of lists, `None` = everything at once.
        settles_s: from a write until GET shows it; `propagation_s` until front ends follow.
    """

    location: str = "westeurope"
    app_group: str = f"{SUBSCRIPTION}/resourceGroups/rg-api-prod"
    network_group: str = f"{SUBSCRIPTION}/resourceGroups/rg-net-prod"
    networks: tuple[Network, ...] = (NETWORK, HUB)
    linked: tuple[str, ...] = (NETWORK.name,)
    links_left: tuple[str, ...] = (HUB.name,)
    security_groups: Mapping[str, tuple[Rule, ...]] = field(default_factory=lambda: RULES)
    route_tables: Mapping[str, tuple[Route, ...]] = field(default_factory=dict)
    zones_left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    zones_elsewhere: tuple[str, ...] = ()
    endpoint_states: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    integrations: Mapping[str, str] = field(
        default_factory=lambda: {
            "func-orders-prod": "snet-function-integration",
            "func-probe-prod": "snet-probe-integration",
        }
    )
    gateway: str = "apim-internal-prod"
    gateway_type: str | None = None
    gateway_dns: tuple[str, ...] | None = None
    gateway_failing: tuple[str, ...] = ()
    correlation: str = "W3C"
    workspace: str = "log-path-prod"
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=lambda: {PROBE: READER, OPERATOR: Role(actions=("*",))})
    refusals: tuple[Refusal, ...] = ()
    faults: Faults = Faults()
    page_size: int | None = None
    settles_s: float = 0
    propagation_s: float = 0
