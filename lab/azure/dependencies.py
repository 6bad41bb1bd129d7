"""Storage accounts, key vaults and the workspace as their providers write them."""

from collections.abc import Iterator
from typing import Any

from lab.azure.resource import Resource, resource
from lab.azure.served import Served
from lab.azure.sites import state
from lab.azure.view import View
from lab.entra import TENANT_ID
from lab.world import KeyVault, StorageAccount

STORAGE = "Microsoft.Storage/storageAccounts"
VAULT = "Microsoft.KeyVault/vaults"
WORKSPACE = "Microsoft.OperationalInsights/workspaces"


def documents(each: Served, view: View) -> Iterator[Resource]:
    """The account or the vault, and its endpoint connections."""
    service, location = each.service, view.world.azure.location
    access = "Enabled" if view.public_access(each.id, open_now=service.public_access) else "Disabled"
    match service:
        case StorageAccount():
            yield resource(
                each.id,
                STORAGE,
                {
                    "provisioningState": "Succeeded",
                    "publicNetworkAccess": access,
                    "networkAcls": _rules(each, view, service.default_action, "resourceAccessRules"),
                    "allowBlobPublicAccess": False,
                    "allowSharedKeyAccess": False,
                    "minimumTlsVersion": "TLS1_2",
                    "supportsHttpsTrafficOnly": True,
                    "primaryEndpoints": {"blob": f"https://{service.host}/"},
                    "primaryLocation": location,
                    "statusOfPrimary": "available",
                    "privateEndpointConnections": list(_connections(each, view)),
                },
                location=location,
                kind="StorageV2",
                sku={"name": "Standard_LRS", "tier": "Standard"},
                **view.tags(each.id),
            )
        case KeyVault():
            yield resource(
                each.id,
                VAULT,
                {
                    "provisioningState": "Succeeded",
                    "publicNetworkAccess": access,
                    "networkAcls": _rules(each, view, service.default_action),
                    "enableRbacAuthorization": True,
                    "enableSoftDelete": True,
                    "sku": {"family": "A", "name": "standard"},
                    "tenantId": TENANT_ID,
                    "accessPolicies": [],
                    "vaultUri": f"https://{service.host}/",
                    "privateEndpointConnections": list(_connections(each, view)),
                },
                location=location,
                **view.tags(each.id),
            )


def workspace(view: View, customer_id: str) -> Resource:
    """The Log Analytics workspace; `customer_id` is the workspace id that queries name."""
    azure = view.world.azure
    this = f"{azure.app_group}/providers/{WORKSPACE}/{azure.workspace}"
    properties = {
        "customerId": customer_id,
        "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    return resource(this, WORKSPACE, properties, location=azure.location, **view.tags(this))


def _rules(each: Served, view: View, now: str, *more: str) -> dict[str, Any]:
    return {
        **{key: [] for key in more},
        "bypass": "AzureServices",
        "defaultAction": view.default_action(each.id, now),
        "ipRules": [],
        "virtualNetworkRules": [],
    }


def _connections(each: Served, view: View) -> Iterator[dict[str, Any]]:
    endpoint = each.endpoint
    if endpoint is not None and endpoint.status != "Disconnected":
        yield {
            "id": f"{each.id}/privateEndpointConnections/{endpoint.name}-connection",
            "name": f"{endpoint.name}-connection",
            "type": f"{each.kind}/privateEndpointConnections",
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": {"id": view.endpoint_id(endpoint.name)},
                "privateLinkServiceConnectionState": state(endpoint.status),
                "groupIds": [each.group_id],
            },
        }
