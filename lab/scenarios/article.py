"""The path of the article, with its own names and addresses: the world that every scenario is a change of."""

from lab.world import Application, Gateway, Leaf, Listener, NameServer, Site, World, Zone

APP = "func-orders-prod.azurewebsites.net"
SCM = "func-orders-prod.scm.azurewebsites.net"
PROBE_APP = "func-probe-prod.azurewebsites.net"
API = "api.internal.example.com"
PRIVATELINK = "privatelink.azurewebsites.net"
AUDIENCE = "api://orders"

PLATFORM_ADDRESS = "168.63.129.16"
"""Azure's own resolver, the same address in every network."""
ON_PREMISES_ADDRESS = "10.80.40.4"
GATEWAY_ADDRESS = "10.80.10.4"
ENDPOINT_ADDRESS = "10.80.20.4"
"""The Private Endpoint of the orders app, in the subnet 10.80.20.0/27."""
SECOND_ENDPOINT_ADDRESS = "10.80.20.5"
PROBE_ADDRESS = "10.80.20.6"
"""The Private Endpoint of the probe app, which API Management calls for a diagnosis."""
PUBLIC_ADDRESS = "203.0.113.10"
"""The public front end of App Service; the documentation network stands for it."""

FRONT_END_RECORDS = (
    "waws-prod-am2-001.sip.azurewebsites.windows.net 1800 CNAME waws-prod-am2-001-0f3c.westeurope.cloudapp.azure.com",
    f"waws-prod-am2-001-0f3c.westeurope.cloudapp.azure.com 10 A {PUBLIC_ADDRESS}",
)


def public_records(app: str, scm: str) -> tuple[str, ...]:
    """The internet's records of an app that has a Private Endpoint: Azure puts the privatelink name into the chain."""
    aliases = tuple(
        record
        for host in (app, scm)
        for record in (
            f"{host} 60 CNAME {privatelink_name(host)}",
            f"{privatelink_name(host)} 60 CNAME waws-prod-am2-001.sip.azurewebsites.windows.net",
        )
    )
    return aliases + FRONT_END_RECORDS


def privatelink_name(host: str) -> str:
    """The name that a private zone holds for a host of App Service."""
    return f"{host.removesuffix('.azurewebsites.net')}.{PRIVATELINK}"


PUBLIC_RECORDS = (*public_records(APP, SCM), f"{PROBE_APP} 60 CNAME {privatelink_name(PROBE_APP)}")
ENTERPRISE_ZONE = Zone(
    name="internal.example.com",
    records=tuple(f"{name} 300 A {GATEWAY_ADDRESS}" for name in ("api", "portal", "management")),
)
PRIVATELINK_ZONE = Zone(
    name=PRIVATELINK,
    records=(
        f"func-orders-prod 10 A {ENDPOINT_ADDRESS}",
        f"func-orders-prod.scm 10 A {ENDPOINT_ADDRESS}",
        f"func-probe-prod 10 A {PROBE_ADDRESS}",
    ),
)
GATEWAY_LEAF = Leaf(names=(API, "portal.internal.example.com", "management.internal.example.com"))
APP_SERVICE_LEAF = Leaf(names=("*.azurewebsites.net", "*.scm.azurewebsites.net", "*.sso.azurewebsites.net"))
"""The certificate that every app of App Service shares."""
SITE = Site(hosts=(APP, SCM))
PROBE_SITE = Site(hosts=(PROBE_APP,), application=Application.PROBE)
GATEWAY = Gateway(
    hosts=(API,),
    named_values={
        "backend-host": APP,
        "backend-audience": AUDIENCE,
        "probe-host": PROBE_APP,
        "probe-function-key": "the-key-of-the-probe-app-in-the-lab",
    },
)
ZONES = (ENTERPRISE_ZONE, PRIVATELINK_ZONE)
PLATFORM = NameServer(address=PLATFORM_ADDRESS, public=PUBLIC_RECORDS, zones=ZONES)
ON_PREMISES = NameServer(address=ON_PREMISES_ADDRESS, public=PUBLIC_RECORDS, zones=ZONES)
"""It forwards to Azure, and so sees the same zones."""

RESOURCE_GROUPS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups"
NETWORK_RESOURCES = f"{RESOURCE_GROUPS}/rg-net-prod/providers/Microsoft.Network"
APP_RESOURCES = f"{RESOURCE_GROUPS}/rg-api-prod/providers"

GATEWAY_TARGET = {
    "name": "gateway",
    "role": "gateway",
    "url": f"https://{API}/orders/health",
    "private_subnets": ["10.80.10.0/26"],
    "body_contains": '"orders"',
    "ca_file": "{ca_file}",
    "intermediates_file": "{intermediates_file}",
}
BACKEND_TARGET = {
    "name": "backend",
    "role": "backend",
    "url": f"https://{APP}/api/orders",
    "private_subnets": ["10.80.20.0/27"],
    "body_contains": '"orders"',
    "ca_file": "{ca_file}",
    "intermediates_file": "{intermediates_file}",
    "audience": AUDIENCE,
    "must_refuse": ["none"],
}
SCM_TARGET = {
    "name": "scm",
    "role": "scm",
    "url": f"https://{SCM}/",
    "private_subnets": ["10.80.20.0/27"],
    "expected_status": [401],
    "ca_file": "{ca_file}",
    "intermediates_file": "{intermediates_file}",
}

WORLD = World(
    name_servers={"platform": PLATFORM, "on-premises": ON_PREMISES},
    listeners=(
        Listener(address=GATEWAY_ADDRESS, certificates=(GATEWAY_LEAF,), serves=GATEWAY),
        Listener(address=ENDPOINT_ADDRESS, certificates=(APP_SERVICE_LEAF,), serves=SITE),
        Listener(address=PROBE_ADDRESS, certificates=(APP_SERVICE_LEAF,), serves=PROBE_SITE),
        Listener(address=PUBLIC_ADDRESS, public=True, certificates=(APP_SERVICE_LEAF,), serves=SITE),
    ),
    path={
        "name": "orders",
        "vantage": "probe",
        "deadline_s": 15,
        # Shorter than the defaults: nothing in the lab is further away than loopback.
        "step_timeout_s": {"resolve": 1.5, "connect": 1, "handshake": 2, "request": 4, "token": 4},
        "resolvers": [{"name": "on-premises", "address": ON_PREMISES_ADDRESS}],
        "targets": [GATEWAY_TARGET, BACKEND_TARGET, SCM_TARGET],
        # Scenarios are of what a probe sees by itself, unless they say that it reads Azure as well.
        "control_plane": "never",
        "resources": {
            "site": f"{APP_RESOURCES}/Microsoft.Web/sites/func-orders-prod",
            "api_management": f"{APP_RESOURCES}/Microsoft.ApiManagement/service/apim-internal-prod",
            "virtual_network": f"{NETWORK_RESOURCES}/virtualNetworks/vnet-prod-api",
            "private_endpoint": f"{NETWORK_RESOURCES}/privateEndpoints/pe-func-orders-prod",
            "private_dns_zone": f"{NETWORK_RESOURCES}/privateDnsZones/{PRIVATELINK}",
        },
    },
)
"""The path of the article: every name private, every certificate right, public access closed, identity asked for."""
