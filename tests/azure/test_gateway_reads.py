"""What reads of API Management and its network come to, against an Azure Resource Manager on loopback."""

from typing import Any

from probes.resources import (
    ApiContent,
    BackendsContent,
    DiagnosticContent,
    NamedValue,
    NamedValuesContent,
    NetworkContent,
    NetworkStatusContent,
    Peering,
    PolicyBackend,
    PolicyContent,
    Route,
    RouteTableContent,
    SecurityGroupContent,
    ServiceBackend,
    ServiceContent,
    ServiceDependency,
    ServiceHostName,
    ServiceNetwork,
    Subnet,
)
from tests.azure.arm import arm, content, everything, path, read
from tests.azure.documents import (
    API,
    ENDPOINT_RULES,
    GATEWAY_RULES,
    NETWORK,
    ROUTES,
    SECRET,
    SERVICE,
    document,
    named_value,
    rule,
    rules,
)

HOST = "func-orders-prod.azurewebsites.net"


async def test_a_network() -> None:
    """Its own DNS servers, and each subnet with what filters and routes in it."""
    apim, endpoints, probe = (f"{NETWORK}/subnets/snet-{name}" for name in ("apim", "endpoints", "probe"))
    shared: dict[str, Any] = {"endpoint_policies": "Disabled", "service_endpoints": ()}
    assert await content("gateway/1/read/virtual-network/vnet-orders") == NetworkContent(
        prefixes=("10.80.0.0/16",),
        dns_servers=("10.80.40.4",),
        subnets=(
            Subnet(
                id=apim,
                prefixes=("10.80.10.0/27",),
                security_group_id=GATEWAY_RULES,
                route_table_id=ROUTES,
                delegations=(),
                **shared,
            ),
            Subnet(
                id=endpoints,
                prefixes=("10.80.20.0/27",),
                security_group_id=ENDPOINT_RULES,
                route_table_id=None,
                delegations=(),
                **shared,
            ),
            Subnet(
                id=probe,
                prefixes=("10.80.30.0/27",),
                security_group_id=None,
                route_table_id=None,
                delegations=("Microsoft.App/environments",),
                **shared,
            ),
        ),
        peerings=(
            Peering(
                name="to-hub",
                remote_id=NETWORK.replace("vnet-orders", "vnet-hub"),
                state="Connected",
                remote_prefixes=("10.90.0.0/16",),
            ),
        ),
    )


async def test_security_rules() -> None:
    """Own ones and the platform's, single values and several alike; a rule without a priority is left out."""
    group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationSecurityGroups/asg"
    several = rule(
        "several",
        100,
        "Deny",
        sourceAddressPrefix="",
        sourceAddressPrefixes=["10.0.0.0/8", "192.168.0.0/16"],
        destinationApplicationSecurityGroups=[{"id": group.replace("/s/", "/0a1b/")}],
        destinationPortRange=None,
        destinationPortRanges=["443", "8000-8010"],
    )
    documents = document() | {GATEWAY_RULES: rules(several, {"name": "broken", "properties": {"access": "Deny"}})}
    async with arm(documents=documents) as it:
        found = (await read(it.url, path("gateway")))["gateway/1/read/security-group/nsg-apim"].content
    assert isinstance(found, SecurityGroupContent)
    mine, platform = found.rules
    assert (mine.name, mine.priority, mine.access, mine.protocol, mine.direction) == (
        "several",
        100,
        "Deny",
        "Tcp",
        "Outbound",
    )
    assert (mine.sources, mine.ports) == (("10.0.0.0/8", "192.168.0.0/16"), ("443", "8000-8010"))
    assert (mine.groups, mine.default) == ((group.replace("/s/", "/0a1b/"),), False)
    assert (platform.name, platform.priority, platform.default) == ("DenyAllOutBound", 65500, True)


async def test_routes() -> None:
    """Each with its next hop."""
    assert await content("gateway/1/read/route-table/rt-apim") == RouteTableContent(
        routes=(Route(name="default", prefix="0.0.0.0/0", next_hop="VirtualAppliance", next_hop_address="10.90.0.4"),)
    )


async def test_api_management() -> None:
    """Its location and SKU stand outside its properties."""
    assert await content("gateway/1/read/api-management") == ServiceContent(
        location="West Europe",
        sku="Developer",
        network_type="Internal",
        subnet_id=f"{NETWORK}/subnets/snet-apim",
        private_addresses=("10.80.10.4",),
        public_addresses=("203.0.113.20",),
        public_network_access="Enabled",
        provisioning_state="Succeeded",
        platform_version="stv2.1",
        host_names=(
            ServiceHostName(role="Proxy", host_name="api.internal.example.com", certificate_status="Completed"),
        ),
    )


async def test_its_own_view_of_its_network() -> None:
    """A bare array, unlike every other list."""
    assert await content("gateway/1/read/network-status") == NetworkStatusContent(
        networks=(
            ServiceNetwork(
                location="West Europe",
                dns_servers=("10.80.40.4",),
                dependencies=(
                    ServiceDependency(name="https://login.windows.net", status="success", error=None, optional=True),
                ),
            ),
        )
    )


async def test_backend_entities() -> None:
    """Their URLs without user name and query, their checks, and nothing of their credentials."""
    assert await content("gateway/1/read/backends") == BackendsContent(
        backends=(
            ServiceBackend(name="orders", url=f"https://{HOST}/api", validate_chain=False, validate_name=True),
            ServiceBackend(name="pool", url=None, validate_chain=None, validate_name=None),
        )
    )


async def test_the_api_of_the_url() -> None:
    """By its own id, found in the list of all; where it goes without the key that stands in the URL."""
    found = (await everything())["gateway/1/read/api/orders"]
    assert found.resource_id == API
    assert found.content == ApiContent(path="orders", service_url=f"https://{HOST}/api", subscription_required=True)


async def test_policies() -> None:
    """With fragments in their place and named values put in; an operation need not have one."""
    found = await everything()
    assert found["gateway/1/read/policy/service"].content == PolicyContent(
        scope="service",
        backends=(PolicyBackend(base_url=None, backend_id="orders", decided=True),),
        inherits=False,
        identity_audiences=(),
    )
    assert found["gateway/1/read/policy/api/orders"].content == PolicyContent(
        scope="api",
        backends=(PolicyBackend(base_url=f"https://{HOST}/api", backend_id=None, decided=True),),
        inherits=True,
        identity_audiences=("api://orders",),
    )
    none = found["gateway/1/read/policy/operation/health"]
    assert (none.failure, none.status, none.content) == ("not_found", 404, None)


async def test_named_values() -> None:
    """Those that say where calls go and for whom a token is; no other is kept, be it a key that is no secret."""
    assert await content("gateway/1/read/named-values") == NamedValuesContent(
        values=(
            NamedValue(name="backend-host", secret=False, value=HOST),
            NamedValue(name="backend-audience", secret=False, value="api://orders"),
        )
    )


async def test_a_key_within_a_named_value_is_not_kept() -> None:
    """Of a URL, what stands behind the question mark; of one whose value comes from a vault, all."""
    documents = document()
    keyed = named_value("backend-host", f"func.example.com/api?key={SECRET}")
    from_vault = named_value("backend-audience", SECRET)
    from_vault["properties"]["keyVault"] = {"secretIdentifier": "https://kv-orders.vault.azure.net/secrets/one"}
    documents[f"{SERVICE}/namedValues"] = {"value": [keyed, from_vault]}
    async with arm(documents=documents) as it:
        found = await read(it.url, path("gateway"))
    assert found["gateway/1/read/named-values"].content == NamedValuesContent(
        values=(
            NamedValue(name="backend-host", secret=False, value="func.example.com/api"),
            NamedValue(name="backend-audience", secret=False, value=None),
        )
    )
    policy = found["gateway/1/read/policy/api/orders"].content
    assert isinstance(policy, PolicyContent)
    assert [each.base_url for each in policy.backends] == ["https://func.example.com/api/api"]
    assert SECRET not in repr(found)


async def test_diagnostics() -> None:
    """Of all APIs, and of the one."""
    found = await everything()
    assert found["gateway/1/read/diagnostic/service"].content == DiagnosticContent(
        correlation="W3C", sampling_percent=100.0, always_log="allErrors"
    )
    one = found["gateway/1/read/diagnostic/api/orders"]
    assert one.resource_id == f"{API}/diagnostics/applicationinsights"
    assert one.content == DiagnosticContent(correlation="Legacy", sampling_percent=None, always_log=None)
