"""API Management as Microsoft.ApiManagement writes it: the gateway of the world, its APIs and their policies."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from lab.azure.network import AZURE_DNS
from lab.azure.resource import Resource, resource
from lab.azure.view import View
from lab.azure.zones import PLATFORM
from lab.gateway.apis import Api, published
from lab.world import Gateway, Listener

KIND = "Microsoft.ApiManagement/service"
FRAGMENTS = "fragments/"
REGION = "West Europe"
PRIVATE = tuple(ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
DEPENDENCIES = (
    ("apimstlab0001.blob.core.windows.net", "BlobStorage", False),
    ("apimstlab0001.table.core.windows.net", "TableStorage", False),
    ("https://login.microsoftonline.com", "AzureActiveDirectory", True),
    ("apimsqllab0001.database.windows.net", "SQLDatabase", False),
)
"""What API Management looks at by itself: its own dependencies, never a backend."""


def gateways(view: View) -> list[tuple[Listener, Gateway]]:
    """The listeners that are API Management."""
    return [(listener, listener.serves) for listener in view.world.listeners if isinstance(listener.serves, Gateway)]


def documents(view: View) -> Iterator[Resource]:
    """The service, and everything below it that is read."""
    found = gateways(view)
    if not found:
        return
    gateway = found[0][1]
    azure = view.world.azure
    this = f"{azure.app_group}/providers/{KIND}/{azure.gateway}"
    addresses = list(dict.fromkeys(listener.address for listener, _ in found))
    private = [address for address in addresses if any(ip_address(address) in net for net in PRIVATE)]
    public = [address for address in addresses if address not in private]
    network_type = azure.gateway_type or ("External" if public else "Internal")
    yield resource(
        this,
        KIND,
        {
            "publisherEmail": "platform@example.com",
            "publisherName": "Example",
            "provisioningState": "Succeeded",
            "targetProvisioningState": "",
            "createdAtUtc": "2026-01-12T09:00:00Z",
            "gatewayUrl": f"https://{azure.gateway}.azure-api.net",
            "hostnameConfigurations": _host_names(gateway),
            "virtualNetworkType": network_type,
            "virtualNetworkConfiguration": {
                "subnetResourceId": _gateway_subnet(view, private),
                "vnetid": "00000000-0000-0000-0000-000000000000",
                "subnetname": None,
            },
            "privateIPAddresses": private,
            "publicIPAddresses": public or ["203.0.113.80"],
            "publicIpAddressId": None,
            "publicNetworkAccess": "Enabled",
            "platformVersion": "stv2.1",
            "additionalLocations": None,
            "disableGateway": False,
        },
        location=REGION,
        sku={"name": "Developer", "capacity": 1},
        identity={"type": "SystemAssigned", "principalId": "8e7d6c5b-4a39-4281-9f60-5e4d3c2b1a09"},
        etag="AAAAAAAA",
        **view.tags(this),
    )
    status = network_status(view, gateway)
    yield Resource(id=f"{this}/networkstatus", body=[{"location": REGION, "networkStatus": status}], listed=False)
    for region in (REGION, REGION.replace(" ", "").lower()):
        yield Resource(id=f"{this}/locations/{region}/networkstatus", body=status, listed=False)
    yield from _configuration(view, this, gateway)


def network_status(view: View, gateway: Gateway) -> dict[str, Any]:
    """What API Management knows of its network since its configuration was last applied to it."""
    servers = view.world.name_servers
    own = view.world.azure.gateway_dns
    asked = servers[gateway.name_server].address
    platform = servers[PLATFORM].address
    known = list(own) if own is not None else [asked if gateway.name_server != PLATFORM else platform]
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {
        "dnsServers": known or [AZURE_DNS],
        "connectivityStatus": [
            {
                "name": name,
                "status": "failure" if name in view.world.azure.gateway_failing else "success",
                "error": "The operation has timed out." if name in view.world.azure.gateway_failing else "",
                "lastUpdated": at,
                "lastStatusChange": "2026-01-12T09:30:00Z",
                "resourceType": kind,
                "isOptional": optional,
            }
            for name, kind, optional in DEPENDENCIES
        ],
    }


def _gateway_subnet(view: View, private: list[str]) -> str | None:
    return next((view.subnet_of(address) for address in private), None)


def _host_names(gateway: Gateway) -> list[dict[str, Any]]:
    return [
        {
            "type": kind,
            "hostName": host,
            "encodedCertificate": None,
            "keyVaultId": None,
            "certificatePassword": None,
            "negotiateClientCertificate": False,
            "certificateSource": "KeyVault",
            "certificateStatus": "Succeeded",
            "defaultSslBinding": kind == "Proxy",
        }
        for kind, host in _hosts(gateway)
    ]


def _hosts(gateway: Gateway) -> Iterator[tuple[str, str]]:
    for host in gateway.hosts:
        yield "Proxy", host
        rest = host.partition(".")[2]
        yield "DeveloperPortal", f"portal.{rest}"
        yield "Management", f"management.{rest}"


def _configuration(view: View, this: str, gateway: Gateway) -> Iterator[Resource]:
    """Policies, APIs, backends, named values, diagnostics."""
    yield _policy(this, KIND, gateway.policies["global.xml"])
    for name, text in gateway.policies.items():
        if name.startswith(FRAGMENTS):
            fragment = name.removeprefix(FRAGMENTS).removesuffix(".xml")
            yield resource(
                f"{this}/policyFragments/{fragment}", f"{KIND}/policyFragments", {"value": text, "format": "rawxml"}
            )
    for name, value in gateway.named_values.items():
        secret = name.endswith("-key")
        shown = {} if secret else {"value": value}
        yield resource(
            f"{this}/namedValues/{name}",
            f"{KIND}/namedValues",
            {"displayName": name, **shown, "tags": [], "secret": secret, "provisioningState": "Succeeded"},
        )
    for name, backend in gateway.backends.items():
        checks = backend.checks_certificates
        yield resource(
            f"{this}/backends/{name}",
            f"{KIND}/backends",
            {
                "title": name,
                "url": backend.url,
                "protocol": "http",
                "tls": {"validateCertificateChain": checks, "validateCertificateName": checks},
            },
        )
    yield _diagnostic(view, this, KIND)
    for api in published():
        yield from _api(view, this, gateway, api)


def _api(view: View, service: str, gateway: Gateway, api: Api) -> Iterator[Resource]:
    this = f"{service}/apis/{api.name}"
    kind = f"{KIND}/apis"
    yield resource(
        this,
        kind,
        {
            "displayName": api.title,
            "apiRevision": "1",
            "description": None,
            "subscriptionRequired": False,
            "serviceUrl": gateway.service_urls.get(api.name),
            "path": api.path,
            "protocols": ["https"],
            "isCurrent": True,
        },
    )
    text = gateway.policies.get(f"{api.name}.xml")
    if text is not None:
        yield _policy(this, kind, text)
    for operation in api.operations:
        yield resource(
            f"{this}/operations/{operation.id}",
            f"{kind}/operations",
            {
                "displayName": operation.id,
                "method": operation.method,
                "urlTemplate": operation.template,
                "templateParameters": [],
                "policies": None,
            },
        )
        own = gateway.policies.get(f"{api.name}/{operation.id}.xml")
        if own is not None:
            yield _policy(f"{this}/operations/{operation.id}", f"{kind}/operations", own)
    yield _diagnostic(view, this, kind)


def _policy(this: str, kind: str, text: str) -> Resource:
    """A policy document as `format=rawxml` shows it."""
    return resource(f"{this}/policies/policy", f"{kind}/policies", {"format": "rawxml", "value": text})


def _diagnostic(view: View, this: str, kind: str) -> Resource:
    return resource(
        f"{this}/diagnostics/applicationinsights",
        f"{kind}/diagnostics",
        {
            "alwaysLog": "allErrors",
            "httpCorrelationProtocol": view.world.azure.correlation,
            "verbosity": "information",
            "logClientIp": True,
            "loggerId": f"{this}/loggers/applicationinsights",
            "sampling": {"samplingType": "fixed", "percentage": 100},
        },
    )
