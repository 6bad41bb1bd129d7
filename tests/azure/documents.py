"""The article's path as Azure Resource Manager tells of it, in the shapes of its REST reference; API version by path.

https://learn.microsoft.com/rest/api: Microsoft.Web 2025-05-01, Microsoft.Network 2026-03-01 and 2024-06-01 (private
DNS), Microsoft.ApiManagement 2024-05-01. Fields that nobody here reads are left in where a real answer has them.
"""

from typing import Any

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-orders/providers"
SITE = f"{GROUP}/Microsoft.Web/sites/func-orders-prod"
PROBE = f"{GROUP}/Microsoft.Web/sites/func-probe-prod"
NETWORK = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet-orders"
ENDPOINT = f"{GROUP}/Microsoft.Network/privateEndpoints/pe-orders"
INTERFACE = f"{GROUP}/Microsoft.Network/networkInterfaces/pe-orders.nic"
ZONE = f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.azurewebsites.net"
SERVICE = f"{GROUP}/Microsoft.ApiManagement/service/apim-orders"
API = f"{SERVICE}/apis/orders"
OPERATION = f"{API}/operations/health"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/storders"
BLOB_ENDPOINT = f"{GROUP}/Microsoft.Network/privateEndpoints/pe-storders-blob"
BLOB_ZONE = f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-orders"
WORKSPACE = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log-orders"
GATEWAY_RULES = f"{GROUP}/Microsoft.Network/networkSecurityGroups/nsg-apim"
ENDPOINT_RULES = f"{GROUP}/Microsoft.Network/networkSecurityGroups/nsg-endpoints"
ROUTES = f"{GROUP}/Microsoft.Network/routeTables/rt-apim"
WORKSPACE_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SECRET = "sesame-open-0123456789"


def connection(endpoint_id: str, group: str, status: str = "Approved") -> dict[str, Any]:
    """A Private Endpoint connection of a resource."""
    return {
        "id": f"{SITE}/privateEndpointConnections/one",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint_id},
            "privateLinkServiceConnectionState": {"status": status, "description": "", "actionsRequired": "None"},
            "groupIds": [group],
            "ipAddresses": ["10.80.20.4"],
        },
    }


def endpoint(service_id: str, group: str, *, addresses: bool) -> dict[str, Any]:
    """A Private Endpoint; with a zone group its customDnsConfigs are empty."""
    state = {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}
    connected = {"privateLinkServiceId": service_id, "groupIds": [group], "privateLinkServiceConnectionState": state}
    configured = [{"fqdn": "storders.blob.core.windows.net", "ipAddresses": ["10.80.20.5"]}] if addresses else []
    return {
        "location": "westeurope",
        "properties": {
            "provisioningState": "Succeeded",
            "subnet": {"id": f"{NETWORK}/subnets/snet-endpoints"},
            "privateLinkServiceConnections": [{"name": "plsc", "properties": connected}],
            "manualPrivateLinkServiceConnections": [],
            "ipConfigurations": [],
            "networkInterfaces": [{"id": INTERFACE}],
            "customDnsConfigs": configured,
        },
    }


def zone_groups(zone_id: str) -> dict[str, Any]:
    """The zone groups of an endpoint."""
    config = {"name": "config", "properties": {"privateDnsZoneId": zone_id, "recordSets": []}}
    return {"value": [{"name": "default", "properties": {"privateDnsZoneConfigs": [config]}}]}


def links() -> dict[str, Any]:
    """The links of a zone."""
    return {
        "value": [
            {
                "name": "link-orders",
                "properties": {
                    "virtualNetwork": {"id": NETWORK},
                    "registrationEnabled": False,
                    "resolutionPolicy": "NxDomainRedirect",
                    "virtualNetworkLinkState": "Completed",
                    "provisioningState": "Succeeded",
                },
            }
        ]
    }


def record(name: str, address: str) -> dict[str, Any]:
    """An A record set."""
    return {
        "name": name,
        "type": "Microsoft.Network/privateDnsZones/A",
        "properties": {
            "ttl": 10,
            "fqdn": f"{name}.zone.",
            "isAutoRegistered": False,
            "aRecords": [{"ipv4Address": address}],
        },
    }


def rule(name: str, priority: int, access: str, **changes: Any) -> dict[str, Any]:
    """A security rule, with single values or several."""
    plain = {
        "priority": priority,
        "direction": "Outbound",
        "access": access,
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourceAddressPrefixes": [],
        "sourcePortRange": "*",
        "sourcePortRanges": [],
        "destinationAddressPrefix": "VirtualNetwork",
        "destinationAddressPrefixes": [],
        "destinationPortRange": "443",
        "destinationPortRanges": [],
    }
    return {"name": name, "properties": plain | changes}


def rules(*own: dict[str, Any]) -> dict[str, Any]:
    """A network security group."""
    platform = rule(
        "DenyAllOutBound", 65500, "Deny", protocol="*", destinationAddressPrefix="*", destinationPortRange="*"
    )
    return {"properties": {"securityRules": list(own), "defaultSecurityRules": [platform], "subnets": []}}


def policy(text: str) -> dict[str, Any]:
    """A policy or fragment as rawxml."""
    return {"name": "policy", "properties": {"format": "rawxml", "value": text}}


def document() -> dict[str, Any]:
    """Everything, by resource id and what stands behind it."""
    return {
        SITE: {
            "id": SITE,
            "location": "West Europe",
            "kind": "functionapp,linux",
            "properties": {
                "state": "Running",
                "enabled": True,
                "availabilityState": "Normal",
                "usageState": "Normal",
                "hostNames": ["func-orders-prod.azurewebsites.net"],
                "defaultHostName": "func-orders-prod.azurewebsites.net",
                "publicNetworkAccess": "Disabled",
                "httpsOnly": True,
                "clientCertEnabled": False,
                "virtualNetworkSubnetId": None,
                "dnsConfiguration": {},
                "siteConfig": {"numberOfWorkers": 1},
            },
        },
        f"{SITE}/config/web": {
            "properties": {
                "publicNetworkAccess": "Disabled",
                "ipSecurityRestrictions": [
                    {"ipAddress": "198.51.100.7/32", "action": "Allow", "priority": 100},
                    {"ipAddress": "198.51.100.8/32", "action": "Deny", "priority": 200},
                    {"ipAddress": "Any", "action": "Allow", "priority": 2147483647},
                ],
                "ipSecurityRestrictionsDefaultAction": "Allow",
                "scmIpSecurityRestrictionsDefaultAction": "Deny",
                "minTlsVersion": "1.2",
                "vnetRouteAllEnabled": True,
            }
        },
        f"{SITE}/privateEndpointConnections": {"value": [connection(ENDPOINT, "sites")], "nextLink": None},
        f"{SITE}/config/authsettingsV2": {
            "properties": {
                "platform": {"enabled": True, "runtimeVersion": "~1"},
                "globalValidation": {
                    "requireAuthentication": True,
                    "unauthenticatedClientAction": "Return401",
                    "excludedPaths": ["/api/health"],
                },
                "identityProviders": {
                    "azureActiveDirectory": {
                        "enabled": True,
                        "registration": {
                            "openIdIssuer": "https://login.microsoftonline.com/tid/v2.0",
                            "clientId": "11111111-2222-4333-8444-555555555555",
                            "clientSecretSettingName": "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET",
                        },
                        "validation": {
                            "allowedAudiences": ["api://orders"],
                            "jwtClaimChecks": {"allowedClientApplications": ["a", "b"]},
                            "defaultAuthorizationPolicy": {"allowedApplications": ["b", "c"]},
                        },
                    }
                },
            }
        },
        ENDPOINT: endpoint(SITE, "sites", addresses=False),
        f"{ENDPOINT}/privateDnsZoneGroups": zone_groups(ZONE),
        INTERFACE: {"properties": {"ipConfigurations": [{"properties": {"privateIPAddress": "10.80.20.4"}}]}},
        f"{ZONE}/virtualNetworkLinks": links(),
        f"{ZONE}/A/func-orders-prod": record("func-orders-prod", "10.80.20.4"),
        f"{ZONE}/A/func-orders-prod.scm": record("func-orders-prod.scm", "10.80.20.4"),
        NETWORK: {
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.80.0.0/16"]},
                "dhcpOptions": {"dnsServers": ["10.80.40.4"]},
                "subnets": [
                    subnet("snet-apim", "10.80.10.0/27", rules_id=GATEWAY_RULES, routes_id=ROUTES),
                    subnet("snet-endpoints", "10.80.20.0/27", rules_id=ENDPOINT_RULES),
                    subnet("snet-probe", "10.80.30.0/27", delegation="Microsoft.App/environments"),
                ],
                "virtualNetworkPeerings": [
                    {
                        "name": "to-hub",
                        "properties": {
                            "remoteVirtualNetwork": {"id": NETWORK.replace("vnet-orders", "vnet-hub")},
                            "peeringState": "Connected",
                            "remoteAddressSpace": {"addressPrefixes": ["10.90.0.0/16"]},
                        },
                    }
                ],
            }
        },
        GATEWAY_RULES: rules(rule("private-endpoints", 200, "Allow", destinationAddressPrefix="10.80.20.0/27")),
        ENDPOINT_RULES: rules(),
        ROUTES: {
            "properties": {
                "routes": [
                    {
                        "name": "default",
                        "properties": {
                            "addressPrefix": "0.0.0.0/0",
                            "nextHopType": "VirtualAppliance",
                            "nextHopIpAddress": "10.90.0.4",
                        },
                    }
                ]
            }
        },
        SERVICE: {
            "location": "West Europe",
            "sku": {"name": "Developer", "capacity": 1},
            "properties": {
                "provisioningState": "Succeeded",
                "virtualNetworkType": "Internal",
                "virtualNetworkConfiguration": {"subnetResourceId": f"{NETWORK}/subnets/snet-apim"},
                "privateIPAddresses": ["10.80.10.4"],
                "publicIPAddresses": ["203.0.113.20"],
                "publicNetworkAccess": "Enabled",
                "platformVersion": "stv2.1",
                "hostnameConfigurations": [
                    {"type": "Proxy", "hostName": "api.internal.example.com", "certificateStatus": "Completed"}
                ],
            },
        },
        f"{SERVICE}/networkstatus": [
            {
                "location": "West Europe",
                "networkStatus": {
                    "dnsServers": ["10.80.40.4"],
                    "connectivityStatus": [
                        {
                            "name": "https://login.windows.net",
                            "status": "success",
                            "error": "",
                            "lastUpdated": "2026-11-24T16:40:43.4048644Z",
                            "lastStatusChange": "2026-06-04T11:10:16.1041673Z",
                            "resourceType": "AzureActiveDirectory",
                            "isOptional": True,
                        }
                    ],
                },
            }
        ],
        f"{SERVICE}/backends": {
            "value": [
                {
                    "name": "orders",
                    "properties": {
                        "url": f"https://user:{SECRET}@func-orders-prod.azurewebsites.net/api?code={SECRET}",
                        "protocol": "http",
                        "credentials": {"header": {"x-functions-key": [SECRET]}},
                        "tls": {"validateCertificateChain": False, "validateCertificateName": True},
                    },
                },
                {"name": "pool", "properties": {"type": "Pool", "pool": {"services": []}}},
            ],
            "count": 2,
        },
        f"{SERVICE}/diagnostics/applicationinsights": {
            "properties": {
                "loggerId": f"{SERVICE}/loggers/ai",
                "httpCorrelationProtocol": "W3C",
                "sampling": {"samplingType": "fixed", "percentage": 100.0},
                "alwaysLog": "allErrors",
            }
        },
        f"{SERVICE}/apis": {
            "value": [
                api("other", "", "https://elsewhere.example.com"),
                api("orders", "orders", f"https://func-orders-prod.azurewebsites.net/api?code={SECRET}"),
                api("orders;rev=2", "orders", None, isCurrent=False),
            ],
            "count": 3,
        },
        f"{API}/operations": {
            "value": [
                {"id": f"{API}/operations/one", "properties": {"method": "GET", "urlTemplate": "/{id}"}},
                {"id": OPERATION, "properties": {"method": "GET", "urlTemplate": "/health"}},
            ]
        },
        f"{SERVICE}/policies/policy": policy(
            '<policies><inbound><include-fragment fragment-id="to-orders" /></inbound></policies>'
        ),
        f"{SERVICE}/policyFragments/to-orders": policy(
            '<fragment><set-backend-service backend-id="orders" /></fragment>'
        ),
        f"{API}/policies/policy": policy(
            '<policies><inbound><base /><set-header name="x-functions-key" exists-action="override">'
            f'<value>{SECRET}</value></set-header><set-backend-service base-url="https://{{{{backend-host}}}}/api" />'
            '<authentication-managed-identity resource="{{backend-audience}}" /></inbound></policies>'
        ),
        f"{SERVICE}/namedValues": {
            "value": [
                named_value("backend-host", "func-orders-prod.azurewebsites.net"),
                named_value("backend-audience", "api://orders"),
                named_value("backend-key", SECRET),
                {"name": "hidden", "properties": {"displayName": "hidden", "secret": True}},
            ]
        },
        f"{API}/diagnostics/applicationinsights": {"properties": {"httpCorrelationProtocol": "Legacy"}},
        PROBE: {"properties": {"state": "Running", "virtualNetworkSubnetId": f"{NETWORK}/subnets/snet-probe"}},
        WORKSPACE: {"properties": {"customerId": WORKSPACE_ID, "sku": {"name": "PerGB2018"}}},
        STORAGE: {
            "kind": "StorageV2",
            "properties": {
                "publicNetworkAccess": "Enabled",
                "allowSharedKeyAccess": False,
                "networkAcls": {
                    "bypass": "AzureServices",
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "198.51.100.7", "action": "Allow"}],
                    "virtualNetworkRules": [{"id": f"{NETWORK}/subnets/snet-probe", "action": "Allow"}],
                },
                "privateEndpointConnections": [connection(BLOB_ENDPOINT, "blob")],
            },
        },
        BLOB_ENDPOINT: endpoint(STORAGE, "blob", addresses=True),
        f"{BLOB_ENDPOINT}/privateDnsZoneGroups": zone_groups(BLOB_ZONE),
        f"{BLOB_ZONE}/virtualNetworkLinks": links(),
        f"{BLOB_ZONE}/A/storders": record("storders", "10.80.20.5"),
        VAULT: {
            "properties": {
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []},
            }
        },
    }


def subnet(
    name: str, prefix: str, *, rules_id: str | None = None, routes_id: str | None = None, delegation: str | None = None
) -> dict[str, Any]:
    """A subnet of the network."""
    properties: dict[str, Any] = {"addressPrefix": prefix, "privateEndpointNetworkPolicies": "Disabled"}
    properties |= {"networkSecurityGroup": {"id": rules_id}} if rules_id else {}
    properties |= {"routeTable": {"id": routes_id}} if routes_id else {}
    properties |= {"delegations": [{"name": "d", "properties": {"serviceName": delegation}}]} if delegation else {}
    return {"id": f"{NETWORK}/subnets/{name}", "name": name, "properties": properties}


def api(name: str, path: str, service_url: str | None, **more: Any) -> dict[str, Any]:
    """An API of the list."""
    properties = {"path": path, "serviceUrl": service_url, "subscriptionRequired": True, "isCurrent": True, **more}
    return {"id": f"{SERVICE}/apis/{name}", "name": name, "properties": properties}


def named_value(name: str, value: str) -> dict[str, Any]:
    """A named value that is no secret."""
    return {"name": name, "properties": {"displayName": name, "secret": False, "value": value}}
