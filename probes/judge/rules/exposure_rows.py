"""Causes in what Azure says of public access, and in what it does not tell; predicates in `exposure` and `reads`."""

from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Rule, Stage
from probes.judge.rules.exposure import not_private, public_access_enabled, scm_not_private
from probes.judge.rules.reads import control_plane_denied, control_plane_unread, resource_not_found
from probes.judge.rules.words import APP_SERVICE_DOCS, CATALOGUE
from probes.path import Role

ROLES_DOCS = "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/general#reader"
RULES = (
    Rule(
        id="storage-not-private",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The storage account can be reached from the internet as well",
        recognised_by="Azure says that publicNetworkAccess is not Disabled and that the firewall lets everybody or somebody in; a warning, unless the path says that it is closed.",
        find=not_private(Role.STORAGE),
        summary="Storage account {resource} is open beside its Private Endpoint: {how}.",
        fix=(
            "Once every sub-resource that the app uses has its endpoint and zone:",
            "az storage account update --resource-group {open_account_group} --subscription {open_account_subscription} --name {open_account} --public-network-access Disabled",
        ),
        reference="https://learn.microsoft.com/azure/storage/common/storage-network-security",
    ),
    Rule(
        id="key-vault-not-private",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The key vault can be reached from the internet as well",
        recognised_by="Azure says that publicNetworkAccess is not Disabled and that the firewall lets everybody or somebody in; a warning, unless the path says that it is closed.",
        find=not_private(Role.KEY_VAULT),
        summary="Key vault {resource} is open beside its Private Endpoint: {how}.",
        fix=(
            "az keyvault update --resource-group {open_vault_group} --subscription {open_vault_subscription} --name {open_vault} --public-network-access Disabled",
        ),
        reference="https://learn.microsoft.com/azure/key-vault/general/network-security",
    ),
    Rule(
        id="public-access-enabled",
        stage=Stage.IDENTITY,
        severity=Severity.INFORMATION,
        title="Public access is still open beside the private path",
        recognised_by="The target works at a private address, Azure says that its publicNetworkAccess is Enabled, and the path does not say whether it is closed.",
        find=public_access_enabled,
        summary="{host} works in private, and {resource} is open in public as well: {how}.",
        fix=(
            "Prove the private path, close the public one, and say closed = true in the path file:",
            "az functionapp update --resource-group {open_app_group} --subscription {open_app_subscription} --name {open_app} --set publicNetworkAccess=Disabled",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="scm-not-private",
        stage=Stage.IDENTITY,
        severity=Severity.WARNING,
        title="The deployment site has no private record",
        recognised_by="The app's name is private, the path has no target for its deployment site, and Azure says that the linked zone has no record of that.",
        find=scm_not_private,
        summary="Zone {zone}, in which {host} has its record, lacks {record}: the deployment site cannot be reached from this network.",
        fix=(
            "Give the endpoint a zone group, which writes both records, or add this one:",
            "az network private-dns record-set a add-record --resource-group {zone_group} --subscription {zone_subscription} --zone-name {zone} --record-set-name {record} --ipv4-address {right_address}",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="resource-not-found",
        stage=Stage.AGENT,
        severity=Severity.WARNING,
        title="Azure has no such resource as the path names",
        recognised_by="A read of a resource that the path file names is answered 404.",
        find=resource_not_found,
        summary="The path names {resource}, and Azure has none of that name: it was deleted, or the id is mistaken.",
        confidence=Confidence.MEDIUM,
        fix=(
            "Correct the id in the path file; what Azure has of that name:",
            "az resource list --name {short} --query [].id",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="control-plane-denied",
        stage=Stage.AGENT,
        severity=Severity.INFORMATION,
        title="The probe may not read everything in Azure",
        recognised_by="Azure Resource Manager refuses a read, or there is no token to ask it with.",
        find=control_plane_denied,
        summary="Not read, because {why}: {what}. Weaker for it, or not made at all: {weaker}.",
        fix=(
            "Give the probe's identity the role Reader on {scope}, and the probe's own role where operations are tested:",
            "az role assignment create --assignee PROBE_PRINCIPAL_ID --role Reader --scope {scope}",
            "{tokenless}",
        ),
        reference=ROLES_DOCS,
    ),
    Rule(
        id="control-plane-unread",
        stage=Stage.AGENT,
        severity=Severity.INFORMATION,
        title="Azure did not tell everything that it was asked",
        recognised_by="A read of Azure Resource Manager failed in another way than by a refusal: throttled, timeout, unreachable, malformed.",
        find=control_plane_unread,
        summary="Not read ({failures}): {what}. Weaker for it, or not made at all: {weaker}.",
        fix=(
            "See that management.azure.com can be reached from here, port 443 (service tag AzureResourceManager), and sweep again.",
        ),
        reference=CATALOGUE,
    ),
)
