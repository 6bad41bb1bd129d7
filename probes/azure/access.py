"""Reads of a storage account, of a key vault and of a workspace.

https://learn.microsoft.com/rest/api/storagerp, .../keyvault, .../loganalytics
"""

from typing import Any

from probes.azure.connections import connection
from probes.azure.network import named
from probes.azure.question import STORAGE, VAULT, WORKSPACE, Question
from probes.azure.resource_id import name_of, of_kind
from probes.azure.table import Table, table
from probes.resources import AccessContent, WorkspaceContent

STORAGE_TYPE = "Microsoft.Storage/storageAccounts"
VAULT_TYPE = "Microsoft.KeyVault/vaults"


def network_access(resource_id: str) -> Question:
    """Who may reach a storage account or a key vault."""
    return Question(
        kind=AccessContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=VAULT if of_kind(resource_id, VAULT_TYPE) else STORAGE,
        content=access_content,
    )


def workspace(resource_id: str) -> Question:
    """A Log Analytics workspace."""
    return Question(
        kind=WorkspaceContent.kind,
        resource_id=resource_id,
        name=name_of(resource_id),
        version=WORKSPACE,
        content=workspace_content,
    )


def access_content(answer: Any) -> AccessContent:
    """Of a StorageAccount or a Vault, which differ in how they write an allowed network."""
    properties = table(answer).below("properties")
    rules = properties.below("networkAcls")
    allowed = (
        *(item.text("value") for item in rules.items("ipRules")),
        *(item.id() for item in rules.items("virtualNetworkRules")),
    )
    return AccessContent(
        public_network_access=properties.text("publicNetworkAccess"),
        default_action=rules.text("defaultAction"),
        allowed_networks=named(allowed),
        bypass=rules.text("bypass"),
        connections=tuple(connection(found) for found in connections_of(properties)),
    )


def connections_of(properties: Table) -> tuple[Table, ...]:
    """Its Private Endpoint connections, which both carry within themselves."""
    return properties.items("privateEndpointConnections")


def workspace_content(answer: Any) -> WorkspaceContent:
    """Of a Workspace."""
    return WorkspaceContent(workspace_id=table(answer).below("properties").text("customerId"))
