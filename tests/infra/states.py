"""What Azure answers for the resources of this deployment once they are there, in the forms of its API."""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5


def state(resource_id: str, full: bool) -> Mapping[str, Any]:  # noqa: FBT001 - the template language's own parameter
    """The state of a resource: its properties, or all of it."""
    *_, namespace, kind, name = resource_id.split("/")
    states: Mapping[str, Mapping[str, Any]] = {
        "Microsoft.ApiManagement/service": {
            "privateIPAddresses": ["10.80.10.4"],
            "gatewayUrl": f"https://{name}.azure-api.net",
        },
        "Microsoft.Insights/components": {
            "ConnectionString": "InstrumentationKey=00000000-1111-4222-8333-444444444444;"
            "IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;"
            "LiveEndpoint=https://westeurope.livediagnostics.monitor.azure.com/;"
            "ApplicationId=00000000-1111-4222-8333-555555555555"
        },
        "Microsoft.KeyVault/vaults": {"vaultUri": f"https://{name}.vault.azure.net/"},
        "Microsoft.ManagedIdentity/userAssignedIdentities": {
            "clientId": str(uuid5(NAMESPACE_URL, f"{resource_id}/client")),
            "principalId": str(uuid5(NAMESPACE_URL, f"{resource_id}/principal")),
        },
        "Microsoft.OperationalInsights/workspaces": {"customerId": str(uuid5(NAMESPACE_URL, resource_id))},
        "Microsoft.Web/sites": {
            "defaultHostName": f"{name}.azurewebsites.net",
            "enabledHostNames": [f"{name}.azurewebsites.net", f"{name}.scm.azurewebsites.net"],
        },
    }
    properties = states[f"{namespace}/{kind}"]
    if not full:
        return properties
    return {
        "properties": properties,
        "identity": {"principalId": str(uuid5(NAMESPACE_URL, f"{resource_id}/principal"))},
    }
