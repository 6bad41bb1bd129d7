"""Storage and vault, and the roles that open them."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from uuid import UUID

from tests.infra.bicep import Plan, Resource
from tests.infra.rules.rule import Rule, each, last

ACCOUNT = "Microsoft.Storage/storageAccounts"
VAULT = "Microsoft.KeyVault/vaults"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
DEFINITION = "Microsoft.Authorization/roleDefinitions"

BUILT_IN = {
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "a4417e6f-fecd-4de8-b567-7b0420556985": "Key Vault Certificates Officer",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
}
GRANTED = {
    ("id-orders-prod", "Storage Blob Data Owner", "storders"),
    ("id-orders-prod", "Private path order taker (prod)", "orders"),
    ("id-orders-prod", "Monitoring Metrics Publisher", "appi-path-prod"),
    ("id-probe-prod", "Storage Blob Data Owner", "stprobe"),
    ("id-probe-prod", "Monitoring Metrics Publisher", "appi-path-prod"),
    ("id-probe-prod", "Private path reader (prod)", "rg-net-prod"),
    ("id-probe-prod", "Private path reader (prod)", "rg-api-prod"),
    ("apim-internal-prod", "Key Vault Secrets User", "kv-path-prod-"),
    ("apim-internal-prod", "Monitoring Metrics Publisher", "appi-path-prod"),
}
"""Who may do what where, and nothing else: the beginning of the scope's name."""
HARMFUL = (
    "Microsoft.Web/sites/write", "Microsoft.Web/sites/config/list/action", "Microsoft.Web/sites/publishxml/action",
    "Microsoft.Web/sites/host/listkeys/action", "Microsoft.Web/sites/restart/action",
    "Microsoft.Network/privateEndpoints/write", "Microsoft.Network/privateDnsZones/A/write",
    "Microsoft.Network/networkSecurityGroups/write", "Microsoft.ApiManagement/service/write",
    "Microsoft.ApiManagement/service/namedValues/listValue/action",
    "Microsoft.ApiManagement/service/subscriptions/listSecrets/action",
    "Microsoft.ApiManagement/service/certificates/refreshSecret/action",
    "Microsoft.ApiManagement/service/clientApplications/listSecrets/action",
    "Microsoft.ApiManagement/service/gateways/listKeys/action", "Microsoft.ApiManagement/service/policies/write",
    "Microsoft.ApiManagement/service/applynetworkconfigurationupdates/action",
    "Microsoft.ApiManagement/service/backup/action",
    "Microsoft.Storage/storageAccounts/listKeys/action", "Microsoft.Storage/storageAccounts/write",
    "Microsoft.KeyVault/vaults/write", "Microsoft.KeyVault/vaults/secrets/read",
    "Microsoft.OperationalInsights/workspaces/sharedKeys/action", "Microsoft.OperationalInsights/workspaces/write",
    "Microsoft.Authorization/roleAssignments/write",
)  # fmt: skip
"""Operations of https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations, a choice."""
NEEDED = (
    "Microsoft.Web/sites/read", "Microsoft.Web/sites/config/read",
    "Microsoft.Web/sites/privateEndpointConnections/read",
    "Microsoft.Network/privateDnsZones/read", "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read",
    "Microsoft.Network/privateDnsZones/A/read", "Microsoft.Network/privateEndpoints/read",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read", "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/virtualNetworks/read", "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/routeTables/read", "Microsoft.ApiManagement/service/read",
    "Microsoft.ApiManagement/service/networkstatus/read", "Microsoft.ApiManagement/service/policies/read",
    "Microsoft.ApiManagement/service/apis/policies/read", "Microsoft.ApiManagement/service/backends/read",
    "Microsoft.ApiManagement/service/apis/diagnostics/read", "Microsoft.ApiManagement/service/connectivityCheck/action",
    "Microsoft.Storage/storageAccounts/read", "Microsoft.KeyVault/vaults/read",
    "Microsoft.OperationalInsights/workspaces/query/read",
)  # fmt: skip
"""What the probe's reads of the control plane are refused without."""


def public_access(plan: Plan) -> Iterator[str]:
    """With the access Disabled and the default Allow, a later Enabled would open the account to everybody at once."""
    wanted = plan.parameters["publicNetworkAccess"]
    for resource in (*plan.of(ACCOUNT), *plan.of(VAULT)):
        properties = resource["properties"]
        action = properties["networkAcls"]["defaultAction"]
        if properties["publicNetworkAccess"] != wanted or action != {"Enabled": "Allow", "Disabled": "Deny"}[wanted]:
            yield f"{resource['name']}: {properties['publicNetworkAccess']} {action}"


def vault_weak(plan: Plan) -> Iterator[str]:
    """Roles and not access policies; a deletion can be taken back."""
    properties = plan.one(VAULT)["properties"]
    if properties.get("enableRbacAuthorization") is not True or "accessPolicies" in properties:
        yield "access policies"
    if properties.get("enableSoftDelete") is not True:
        yield "no soft delete"


def allows(definition: Resource, operation: str) -> bool:
    """Whether a role allows an operation; names do not tell letter cases apart."""
    (permission,) = definition["properties"]["permissions"]
    name = operation.lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in permission["actions"]) and not any(
        fnmatchcase(name, pattern.lower()) for pattern in permission["notActions"]
    )


def definition_of(plan: Plan, role: str) -> Resource:
    """A custom role by the beginning of its name."""
    return next(each for each in plan.of(DEFINITION) if each["properties"]["roleName"].startswith(role))


def reader_short(plan: Plan) -> Iterator[str]:
    """Every read of the probe, and the gateway's own test."""
    reader = definition_of(plan, "Private path reader")
    yield from (operation for operation in NEEDED if not allows(reader, operation))
    if reader["properties"]["permissions"][0]["dataActions"] != [
        "Microsoft.OperationalInsights/workspaces/tables/data/read"
    ]:
        yield "tables"


def reader_harmful(plan: Plan) -> Iterator[str]:
    """It writes nothing, and reads no secret."""
    reader = definition_of(plan, "Private path reader")
    yield from (operation for operation in HARMFUL if allows(reader, operation))
    actions = reader["properties"]["permissions"][0]["actions"]
    yield from (action for action in actions if not action.endswith(("/read", "/action")) or action.startswith("*"))


def order_taker(plan: Plan) -> Iterator[str]:
    """Reads and adds entities: what orders_api.table_store says that it needs."""
    (permission,) = definition_of(plan, "Private path order taker")["properties"]["permissions"]
    entities = "Microsoft.Storage/storageAccounts/tableServices/tables/entities"
    if permission["actions"] or set(permission["dataActions"]) != {f"{entities}/read", f"{entities}/add/action"}:
        yield str(permission)


def role_name(plan: Plan, assignment: Resource) -> str:
    """Name of the role that an assignment grants."""
    role = last(assignment["properties"]["roleDefinitionId"])
    custom = {last(each["id"]): each["properties"]["roleName"] for each in plan.of(DEFINITION)}
    return str(BUILT_IN.get(role) or custom.get(role) or role)


def principal(assignment: Resource) -> str:
    """Name of who is granted a role."""
    found = re.search(r"/(?:userAssignedIdentities|service)/([^'/]+)'", assignment["properties"]["principalId"])
    return found[1] if found else str(assignment["properties"]["principalId"])


def scope(assignment: Resource) -> str:
    """Name of what a role is granted on."""
    return last(assignment["id"].partition("/providers/Microsoft.Authorization/")[0])


def grants(plan: Plan) -> Iterator[str]:
    """Exactly these: one more is too much, and one less is an app that does not start."""
    wanted = set(GRANTED)
    for assignment in plan.of(ASSIGNMENT):
        found = (principal(assignment), role_name(plan, assignment), scope(assignment))
        row = next((each for each in wanted if each[:2] == found[:2] and found[2].startswith(each[2])), None)
        if row is None:
            yield f"too much: {found}"
        else:
            wanted.remove(row)
    yield from (f"missing: {row}" for row in sorted(wanted))


def assignment_names(plan: Plan) -> Iterator[str]:
    """GUIDs that are known beforehand; with the type said, a new identity need not be known everywhere yet."""
    names = [assignment["name"] for assignment in plan.of(ASSIGNMENT)]
    for assignment in plan.of(ASSIGNMENT):
        try:
            UUID(last(assignment["id"]))
        except ValueError:
            yield assignment["id"]
        if assignment["properties"].get("principalType") != "ServicePrincipal":
            yield f"{assignment['name']}: type"
    if len(set(names)) != len(names):
        yield "twice"


RULES_OF_DATA = (
    Rule(
        id="storage-no-keys",
        what="no account has keys",
        broken=each(ACCOUNT, lambda a: a["properties"].get("allowSharedKeyAccess") is False),
    ),
    Rule(
        id="storage-not-anonymous",
        what="no blob is public",
        broken=each(ACCOUNT, lambda a: a["properties"].get("allowBlobPublicAccess") is False),
    ),
    Rule(
        id="storage-transport",
        what="storage takes TLS 1.2 alone",
        broken=each(
            ACCOUNT,
            lambda a: (
                a["properties"].get("minimumTlsVersion") == "TLS1_2" and a["properties"].get("supportsHttpsTrafficOnly")
            ),
        ),
    ),
    Rule(id="data-public-access", what="storage and vault are as open as the parameter says", broken=public_access),
    Rule(id="vault-roles", what="the vault is opened by roles, and a deletion can be taken back", broken=vault_weak),
    Rule(id="reader-complete", what="the probe's role has every read that the probe makes", broken=reader_short),
    Rule(id="reader-harmless", what="the probe's role writes nothing and reads no secret", broken=reader_harmful),
    Rule(id="order-taker", what="the orders app may read and add orders, and no more", broken=order_taker),
    Rule(id="grants", what="exactly these roles are granted", broken=grants),
    Rule(
        id="assignment-names",
        what="assignments have names known beforehand, and say who is meant",
        broken=assignment_names,
    ),
)
