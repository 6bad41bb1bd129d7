"""What each read asks and what its answer comes to, against an Azure Resource Manager on loopback."""

from probes.azure.site import config_content
from probes.resources import (
    AccessContent,
    AuthSettingsContent,
    ConnectionsContent,
    EndpointConnection,
    EndpointContent,
    InterfaceContent,
    RecordContent,
    SiteConfigContent,
    SiteContent,
    WorkspaceContent,
    ZoneGroupsContent,
    ZoneLink,
    ZoneLinksContent,
)
from tests.azure.arm import arm, content, everything, good, path, read
from tests.azure.documents import (
    API,
    BLOB_ENDPOINT,
    BLOB_ZONE,
    ENDPOINT,
    ENDPOINT_RULES,
    GATEWAY_RULES,
    INTERFACE,
    NETWORK,
    OPERATION,
    PROBE,
    ROUTES,
    SECRET,
    SERVICE,
    SITE,
    STORAGE,
    VAULT,
    WORKSPACE,
    WORKSPACE_ID,
    ZONE,
    document,
)
from tests.support import TOKEN

WEB, NET, DNS, APIM = "2025-05-01", "2026-03-01", "2024-06-01", "2024-05-01"
HOST = "func-orders-prod.azurewebsites.net"
EVERY_REQUEST = sorted(
    f"GET {target}"
    for target in (
        f"{SITE}?api-version={WEB}",
        f"{SITE}/config/web?api-version={WEB}",
        f"{SITE}/config/authsettingsV2?api-version={WEB}",
        f"{SITE}/privateEndpointConnections?api-version={WEB}",
        f"{PROBE}?api-version={WEB}",
        f"{ENDPOINT}?api-version={NET}",
        f"{ENDPOINT}/privateDnsZoneGroups?api-version={NET}",
        f"{INTERFACE}?api-version={NET}",
        f"{BLOB_ENDPOINT}?api-version={NET}",
        f"{BLOB_ENDPOINT}/privateDnsZoneGroups?api-version={NET}",
        f"{NETWORK}?api-version={NET}",
        f"{GATEWAY_RULES}?api-version={NET}",
        f"{ENDPOINT_RULES}?api-version={NET}",
        f"{ROUTES}?api-version={NET}",
        f"{ZONE}/virtualNetworkLinks?api-version={DNS}",
        f"{ZONE}/A/func-orders-prod?api-version={DNS}",
        f"{ZONE}/A/func-orders-prod.scm?api-version={DNS}",
        f"{BLOB_ZONE}/virtualNetworkLinks?api-version={DNS}",
        f"{BLOB_ZONE}/A/storders?api-version={DNS}",
        f"{SERVICE}?api-version={APIM}",
        f"{SERVICE}/networkstatus?api-version={APIM}",
        f"{SERVICE}/backends?api-version={APIM}",
        f"{SERVICE}/namedValues?api-version={APIM}",
        f"{SERVICE}/diagnostics/applicationinsights?api-version={APIM}",
        f"{SERVICE}/policies/policy?api-version={APIM}&format=rawxml",
        f"{SERVICE}/policyFragments/to-orders?api-version={APIM}&format=rawxml",
        f"{SERVICE}/apis?api-version={APIM}",
        f"{API}/operations?api-version={APIM}",
        f"{API}/policies/policy?api-version={APIM}&format=rawxml",
        f"{API}/diagnostics/applicationinsights?api-version={APIM}",
        f"{OPERATION}/policies/policy?api-version={APIM}&format=rawxml",
        f"{STORAGE}?api-version=2026-09-01",
        f"{VAULT}?api-version=2024-11-01",
        f"{WORKSPACE}?api-version=2025-07-01",
    )
)


async def test_every_resource_is_asked_once_and_with_its_version() -> None:
    """Also those that several targets have in common, and those that the path names beside; nothing is ever changed."""
    async with arm() as it:
        await read(it.url)
        assert it.asked == EVERY_REQUEST
        assert {request.header("authorization") for request in it.requests} == {f"Bearer {TOKEN}"}


async def test_a_site() -> None:
    """The app itself."""
    assert await content("backend/1/read/site") == SiteContent(
        state="Running",
        enabled=True,
        availability_state="Normal",
        usage_state="Normal",
        default_host_name=HOST,
        host_names=(HOST,),
        public_network_access="Disabled",
        https_only=True,
        client_cert_enabled=False,
        subnet_id=None,
        dns_servers=(),
    )


async def test_the_configuration_of_a_site() -> None:
    """The rule that lets everybody in is none that names anybody."""
    assert await content("backend/1/read/site-config") == SiteConfigContent(
        public_network_access="Disabled",
        default_action="Allow",
        scm_default_action="Deny",
        allowed_networks=("198.51.100.7/32",),
        min_tls_version="1.2",
        vnet_route_all=True,
    )


def test_restrictions_of_an_older_app() -> None:
    """Without a default action the rule for the rest decides; a deployment site may have those of the app."""
    closed = {"ipSecurityRestrictions": [{"ipAddress": "Any", "action": "Deny", "priority": 2147483647}]}
    open_ = {"scmIpSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow", "priority": 2147483647}]}
    found = config_content({"properties": {**closed, **open_}})
    assert (found.default_action, found.scm_default_action) == ("Deny", "Allow")
    shared = config_content({"properties": {**closed, **open_, "scmIpSecurityRestrictionsUseMain": True}})
    assert (shared.default_action, shared.scm_default_action) == ("Deny", "Deny")
    assert config_content({"properties": {}}).default_action is None


async def test_endpoint_connections() -> None:
    """Each with its endpoint and what became of it; an empty description is none."""
    assert await content("backend/1/read/endpoint-connections") == ConnectionsContent(
        connections=(
            EndpointConnection(
                endpoint_id=ENDPOINT,
                id=f"{SITE}/privateEndpointConnections/one",
                status="Approved",
                description=None,
                addresses=("10.80.20.4",),
                group_ids=("sites",),
            ),
        )
    )


async def test_authentication_settings() -> None:
    """Applications allowed in either place, each once; the name of the secret's setting stays behind."""
    assert await content("backend/1/read/auth-settings") == AuthSettingsContent(
        enabled=True,
        require_authentication=True,
        unauthenticated_action="Return401",
        issuer="https://login.microsoftonline.com/tid/v2.0",
        client_id="11111111-2222-4333-8444-555555555555",
        allowed_audiences=("api://orders",),
        allowed_applications=("a", "b", "c"),
        excluded_paths=("/api/health",),
    )


async def test_a_private_endpoint_with_a_zone_group_names_no_address() -> None:
    """Its network interface does."""
    found = await everything()
    assert found["backend/1/read/private-endpoint/pe-orders"].content == EndpointContent(
        subnet_id=f"{NETWORK}/subnets/snet-endpoints",
        service_id=SITE,
        group_ids=("sites",),
        status="Approved",
        interface_ids=(INTERFACE,),
        addresses=(),
    )
    assert found["backend/1/read/network-interface/pe-orders.nic"].content == InterfaceContent(
        addresses=("10.80.20.4",)
    )


async def test_a_private_endpoint_that_names_its_address() -> None:
    """Its interface is not asked: the only one asked for is the other endpoint's."""
    found = await everything()
    endpoint = found["storage/1/read/private-endpoint/pe-storders-blob"].content
    assert isinstance(endpoint, EndpointContent)
    assert endpoint.addresses == ("10.80.20.5",)
    assert [name for name in found if "network-interface" in name] == ["backend/1/read/network-interface/pe-orders.nic"]


async def test_an_endpoint_that_waits_for_approval() -> None:
    """Its connection stands in the list of those that are approved by hand."""
    documents = document()
    properties = documents[ENDPOINT]["properties"]
    (waiting,) = properties.pop("privateLinkServiceConnections")
    waiting["properties"]["privateLinkServiceConnectionState"]["status"] = "Pending"
    properties["manualPrivateLinkServiceConnections"] = [waiting]
    async with arm(documents=documents) as it:
        found = (await read(it.url))["backend/1/read/private-endpoint/pe-orders"].content
    assert isinstance(found, EndpointContent)
    assert (found.status, found.service_id, found.group_ids) == ("Pending", SITE, ("sites",))


async def test_a_zone() -> None:
    """Where the endpoint keeps its records, who sees them, and what they say of app and deployment site."""
    found = await everything()
    assert found["backend/1/read/zone-groups/pe-orders"].content == ZoneGroupsContent(zone_ids=(ZONE,))
    assert found["backend/1/read/zone-links/privatelink.azurewebsites.net"].content == ZoneLinksContent(
        links=(
            ZoneLink(
                name="link-orders",
                virtual_network_id=NETWORK,
                registration_enabled=False,
                resolution_policy="NxDomainRedirect",
                state="Completed",
            ),
        )
    )
    for name in ("func-orders-prod", "func-orders-prod.scm"):
        reading = found[f"backend/1/read/a-record/{name}.privatelink.azurewebsites.net"]
        assert reading.resource_id == f"{ZONE}/A/{name}"
        assert reading.content == RecordContent(name=name, ttl_s=10, addresses=("10.80.20.4",))


async def test_network_access() -> None:
    """Of a storage account with its endpoint, and of a key vault without one."""
    found = await everything()
    storage = found["storage/1/read/network-access/storders"].content
    assert isinstance(storage, AccessContent)
    assert (storage.public_network_access, storage.default_action, storage.bypass) == (
        "Enabled",
        "Deny",
        "AzureServices",
    )
    assert storage.allowed_networks == ("198.51.100.7", f"{NETWORK}/subnets/snet-probe")
    assert [each.endpoint_id for each in storage.connections] == [BLOB_ENDPOINT]
    assert found["vault/1/read/network-access/kv-orders"].content == AccessContent(
        public_network_access="Disabled", default_action="Deny", allowed_networks=(), bypass="None", connections=()
    )


async def test_the_workspace() -> None:
    """The id that queries name."""
    assert await content("gateway/1/read/workspace/log-orders") == WorkspaceContent(workspace_id=WORKSPACE_ID)


async def test_no_key_is_kept() -> None:
    """Not of a backend's credentials, not of a policy, not of a URL; nor the token."""
    found = await everything()
    assert SECRET in str(document())
    assert not [name for name, record in found.items() if SECRET in repr(record) or TOKEN in repr(record)]


async def test_an_answer_that_says_nothing_proves_nothing() -> None:
    """What is not there is None or empty, and no failure."""
    async with arm(instead={SITE: good({})}) as it:
        found = (await read(it.url, path("backend")))["backend/1/read/site"]
    assert (found.failure, found.status) == (None, 200)
    assert isinstance(found.content, SiteContent)
    assert (found.content.state, found.content.public_network_access, found.content.host_names) == (None, None, ())
