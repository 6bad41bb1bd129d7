# ruff: noqa: E501 - a row holds the text as it stands in the source
"""Changes of the Bicep source that compile, or nearly, and are wrong: each must be caught by the rule it is here for.

The compiler says nothing of most of them: open enums, free strings, and what only the service checks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

NETWORK = "modules/network.bicep"
DNS = "modules/dns.bicep"
ENDPOINT = "modules/private-endpoint.bicep"
GATEWAY = "modules/gateway.bicep"
TELEMETRY = "modules/gateway-telemetry.bicep"
APIS = "modules/apis.bicep"
APP = "modules/function-app.bicep"
STORAGE = "modules/storage.bicep"
VAULT = "modules/key-vault.bicep"
ACCESS = "modules/access.bicep"
ROLES = "modules/custom-roles.bicep"
MONITORING = "modules/monitoring.bicep"
ALERTS = "modules/alerts.bicep"
TYPES = "types.bicep"
DATA = "modules/data.bicep"
PATH = "modules/path.bicep"
WRAPPER = "modules/app.bicep"
MAIN = "main.bicep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change.

    Attributes:
        rule: the rule that must catch it.
        file: below `infra/`.
        old: text that stands there, once.
        new: in its place.
        also: rules that cannot help seeing it too.
        variant: parameters that the deployment must have for it to matter.
    """

    rule: str
    file: str
    old: str
    new: str
    also: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()


CLOSED = ("publicNetworkAccess = 'Disabled'",)
PREMIUM = ("hosting = 'elastic-premium'",)
FIREWALL = ("network = { firewallAddress: '10.80.250.4' }",)
CERTIFICATES = ("clientCertificateThumbprints = ['" + "ab" * 32 + "']",)


def changed(rule: str, file: str, old: str, new: str, *also: str, variant: tuple[str, ...] = ()) -> Mutation:
    """A row of the table below."""
    return Mutation(rule=rule, file=file, old=old, new=new, also=also, variant=variant)


MUTATIONS: tuple[Mutation, ...] = (
    # Network
    changed("gateway-not-delegated", NETWORK, "delegations: []\n        }\n      }\n      {\n        name: network.endpointSubnet.name", "delegations: [{ name: 'x', properties: { serviceName: 'Microsoft.Web/serverFarms' } }]\n        }\n      }\n      {\n        name: network.endpointSubnet.name"),
    changed("gateway-inbound", NETWORK, "ports: ['3443']", "ports: ['3444']"),
    changed("gateway-inbound", NETWORK, "ports: ['6390', '6391']", "ports: ['6391']"),
    changed("gateway-inbound", NETWORK, "destinationPortRanges: ['443']", "destinationPortRanges: ['8443']"),
    changed("gateway-not-open", TYPES, "clientPrefixes: ['VirtualNetwork']", "clientPrefixes: ['Internet']"),
    changed("gateway-outbound", NETWORK, "to: 'Sql', ports: ['1433']", "to: 'Sql', ports: ['443']"),
    changed("gateway-outbound", NETWORK, "  { name: 'certificate-validation', to: 'Internet', ports: ['80'] }\n", ""),
    changed("gateway-outbound", NETWORK, "to: 'AzureActiveDirectory'", "to: 'AzureActiveDirectoryDomainServices'"),
    changed("gateway-outbound", NETWORK, "ports: ['443', '1886']", "ports: ['443']"),
    changed("gateway-to-endpoints", NETWORK, "to: network.endpointSubnet.addressPrefix, ports: ['443']", "to: network.ordersSubnet.addressPrefix, ports: ['443']"),
    changed("integration-delegated", NETWORK, "'Microsoft.App/environments'", "'Microsoft.App/environment'"),
    changed("integration-delegated", NETWORK, ": 'Microsoft.Web/serverFarms'", ": 'Microsoft.App/environments'", variant=PREMIUM),
    changed("integration-fit", TYPES, "'snet-function-integration'", "'snet_function_integration'"),
    changed("integration-fit", TYPES, "'10.80.31.0/27'", "'10.80.31.0/28'"),
    changed("integration-fit", MAIN, "subnetName: settings.probeSubnet.name\n    maximumInstances: 10", "subnetName: settings.ordersSubnet.name\n    maximumInstances: 10"),
    changed("endpoint-rules-obeyed", NETWORK, "'NetworkSecurityGroupEnabled'", "'Disabled'"),
    changed("endpoints-let-in", NETWORK, "              network.gatewaySubnet.addressPrefix\n", ""),
    changed("endpoints-keep-out", NETWORK, "        name: 'in-others'\n        properties: {\n          ...rule\n          access: 'Deny'", "        name: 'in-others'\n        properties: {\n          ...rule\n          access: 'Allow'"),
    changed("subnets-apart", TYPES, "'10.80.10.0/26'", "'10.80.0.0/19'"),
    changed("resolver-apart", TYPES, "resolverAddress: '10.80.40.4'", "resolverAddress: '10.80.41.4'"),
    changed("management-routed", NETWORK, "addressPrefix: 'ApiManagement', nextHopType: 'Internet'", "addressPrefix: 'ApiManagement', nextHopType: 'None'", variant=FIREWALL),
    changed("everything-routed", APP, "flex ? null : { allTraffic: true }", "flex ? null : { applicationTraffic: true }", variant=PREMIUM),
    # Names
    changed("zones-global", DNS, "    name: name\n    location: 'global'\n", "    name: name\n"),
    changed("zones-linked", DNS, "virtualNetwork: { id: virtualNetwork.id }", "virtualNetwork: { id: '${virtualNetwork.id}-other' }"),
    changed("zones-complete", "network.bicep", "'privatelink.vaultcore.azure.net'", "'privatelink.vault.azure.net'", "zones-shadow-nothing"),
    changed("zones-shadow-nothing", DNS, "concat(zones, [network.enterpriseZone])", "concat(zones, [network.enterpriseZone, 'azurewebsites.net'])"),
    changed("no-auto-registration", DNS, "    properties: {\n      registrationEnabled: false\n      resolutionPolicy: isPrivateLink(name)", "    properties: {\n      registrationEnabled: true\n      resolutionPolicy: isPrivateLink(name)"),
    changed("no-fallback", DNS, "isPrivateLink(name) ? 'Default'", "isPrivateLink(name) ? 'NxDomainRedirect'"),
    changed("endpoint-group", WRAPPER, "groupId: 'sites'", "groupId: 'site'", "endpoint-for-all", "endpoint-zone"),
    changed("endpoint-zone", DATA, "    zone: 'privatelink.vaultcore.azure.net'", "    zone: 'privatelink.azurewebsites.net'"),
    changed("endpoint-zone", ENDPOINT, "    privateDnsZoneConfigs: [\n", "    privateDnsZoneConfigs: empty(zone) ? [] : [\n      { name: 'second', properties: { privateDnsZoneId: privateZone.id } }\n"),
    changed("endpoint-for-all", DATA, "    { storage: probeStorageName, kind: 'queue' }\n", ""),
    changed("endpoints-apart", ENDPOINT, "network.endpointSubnet.name", "network.gatewaySubnet.name", "endpoint-rules-obeyed", "endpoints-keep-out", "endpoints-let-in", "gateway-to-endpoints"),
    changed("enterprise-names", MAIN, "['api', 'portal', 'management']", "['api', 'developer', 'management']"),
    changed("enterprise-names", MAIN, "address: gateway.outputs.privateAddress", "address: '10.80.10.4'"),
    # API Management
    changed("gateway-internal", GATEWAY, "'Internal'", "'Intrnal'"),
    changed("gateway-internal", GATEWAY, "virtualNetworkType: 'Internal'", "virtualNetworkType: 'External'"),
    changed("gateway-access-unset", GATEWAY, "    virtualNetworkType:", "    publicNetworkAccess: 'Disabled'\n    virtualNetworkType:"),
    changed("gateway-tier", GATEWAY, "sku: { name: sku, capacity: units }", "sku: { name: sku == 'Developer' ? 'StandardV2' : sku, capacity: units }"),
    changed("gateway-protocols", GATEWAY, "'${protocols}.Backend.Protocols.${version}'", "'${protocols}.Backends.Protocols.${version}'"),
    changed("gateway-identity", GATEWAY, "identity: { type: 'SystemAssigned' }", "identity: { type: 'None' }"),
    changed("gateway-names", GATEWAY, "secrets/${certificateName}'", "secrets/${certificateName}/0123456789abcdef0123456789abcdef'"),
    changed("gateway-names", GATEWAY, "label: 'portal'", "label: 'developer'"),
    changed("gateway-log", GATEWAY, "'Dedicated'", "'AzureDiagnostics'"),
    changed("gateway-log", GATEWAY, "'GatewayLogs', enabled: true", "'GatewayLogs', enabled: false"),
    changed("gateway-logger", TELEMETRY, "      identityClientId: 'SystemAssigned'\n", ""),
    changed("gateway-w3c", TELEMETRY, "'W3C'", "'Legacy'"),
    changed("gateway-errors", TELEMETRY, "    alwaysLog: 'allErrors'\n    // traceparent", "    // traceparent"),
    changed("gateway-correlation", TELEMETRY, "['x-correlation-id']", "['x-correlation_id']"),
    changed("gateway-correlation", TELEMETRY, "samplingType: 'fixed', percentage: 100 }\n    frontend: { request: logged, response: logged }\n    backend: { request: logged, response: logged }", "samplingType: 'fixed', percentage: 100 }\n    frontend: { request: logged, response: logged }\n    backend: { request: logged, response: { body: { bytes: 0 } } }"),
    changed("backend-by-name", APIS, "'backend-host': backendHost", "'backend-host': '10.80.20.4'"),
    changed("backend-by-name", MAIN, "backendHost: orders.outputs.hostName", "backendHost: '${names.orders}.azurewebsites.net'"),
    changed("values-from-vault", APIS, "secrets/${probeKeyName}'", "secrets/${probeKeyName}/0123456789abcdef0123456789abcdef'"),
    changed("policies-raw", APIS, "format: 'rawxml', value: loadTextContent('../policies/orders.xml')", "format: 'xml', value: loadTextContent('../policies/orders.xml')"),
    changed("policies-complete", APIS, "  'backend-audience': backendAudience\n", "  'audience-of-backend': backendAudience\n"),
    changed("policies-complete", "policies/global.xml", 'fragment-id="gateway-problem"', 'fragment-id="problem"'),
    changed("apis-protected", APIS, "    subscriptionRequired: true", "    subscriptionRequired: false"),
    changed("apis-https", APIS, "    path: 'orders'\n    protocols: ['https']", "    path: 'orders'\n    protocols: ['http', 'https']"),
    # Apps
    changed("app-public-access", APP, "    publicNetworkAccess: publicNetworkAccess\n", ""),
    changed("app-transport", APP, "httpsOnly: true", "httpsOnly: false"),
    changed("app-transport", APP, "minTlsVersion: '1.2'\n      scm", "minTlsVersion: '1.0'\n      scm"),
    changed("app-basic-publishing", APP, "    name: 'scm'\n    properties: { allow: false }", "    name: 'scm'\n    properties: { allow: true }"),
    changed("app-identity", MAIN, "identityName: names.probeIdentity\n    storageName: names.probeStorage\n    subnetName: settings.probeSubnet.name\n    maximumInstances: 10", "identityName: names.ordersIdentity\n    storageName: names.probeStorage\n    subnetName: settings.probeSubnet.name\n    maximumInstances: 10"),
    changed("app-storage", APP, "value: 'managedidentity'", "value: 'managedIdentityCredential'"),
    changed("app-package", APP, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'"),
    changed("app-package", STORAGE, "name: packageContainer\n", "name: '${packageContainer}s'\n"),
    changed("app-telemetry", APP, "'Authorization=AAD;ClientId=${identity.properties.clientId}'", "'Authorization=AAD;ClientId=${identity.properties.clientId};'"),
    changed("app-telemetry", APP, "{ name: 'PYTHON_ENABLE_OPENTELEMETRY', value: 'true' }", "{ name: 'PYTHON_ENABLE_OPEN_TELEMETRY', value: 'true' }"),
    changed("app-old-settings", APP, "  { name: 'AzureWebJobsDisableHomepage', value: 'true' }", "  { name: 'AzureWebJobsDisableHomepage', value: 'true' }\n  { name: 'WEBSITE_DNS_SERVER', value: '168.63.129.16' }"),
    changed("app-settings-once", APP, "  { name: 'AzureWebJobsDisableHomepage', value: 'true' }", "  { name: 'AzureWebJobsDisableHomepage', value: 'true' }\n  { name: 'AZUREWEBJOBSDISABLEHOMEPAGE', value: 'true' }"),
    changed("app-plan", APP, "{ name: 'FC1', tier: 'FlexConsumption' }", "{ name: 'FC9', tier: 'FlexConsumption' }"),
    changed("app-python", APP, "runtime: { name: 'python', version: pythonVersion }", "runtime: { name: 'python', version: '3.12' }"),
    changed("orders-configured", MAIN, "'ORDERS_TENANT_ID', value: tenant().tenantId", "'ORDERS_TENANT_ID', value: 'common'"),
    changed("orders-configured", MAIN, "'ORDERS_TABLE_NAME', value: ordersTable", "'ORDERS_TABLE_NAME', value: 'order'"),
    changed("orders-certificates", APP, "clientCertMode: clientCertificates ? 'Required' : null", "clientCertMode: clientCertificates ? 'Optional' : null", variant=CERTIFICATES),
    changed("probe-configured", MAIN, "{ name: 'PROBE_DIAGNOSE_DEADLINE_S', value: '20' }", "{ name: 'PROBE_DIAGNOSE_DEADLINE_S', value: '20s' }", "probe-deadline"),
    changed("path-complete", PATH, "      must_refuse: ['none']\n", ""),
    changed("path-complete", PATH, "      name: 'ingestion'\n      role: 'ingestion'", "      name: 'ingestion'\n      role: 'storage'", "path-here"),
    changed("path-here", PATH, "var endpointSubnets = [network.endpointSubnet.addressPrefix]", "var endpointSubnets = ['10.80.99.0/24']"),
    changed("path-here", PATH, "    workspace: '${apps}/Microsoft.OperationalInsights/workspaces/${workspaceName}'\n", ""),
    changed("path-here", PATH, "probe_site: '${apps}/Microsoft.Web/sites/${probeName}'", "probe_site: '${apps}/Microsoft.Web/sites/probe'"),
    changed("path-closed", PATH, "  ...(closed ? { closed: true } : {})\n", "", variant=CLOSED),
    changed("probe-schedule", MAIN, "param probeSchedule string = '0 * * * * *'", "param probeSchedule string = '* * * * *'"),
    changed("probe-deadline", MAIN, "{ name: 'PROBE_DIAGNOSE_DEADLINE_S', value: '20' }", "{ name: 'PROBE_DIAGNOSE_DEADLINE_S', value: '30' }"),
    changed("timer-apart", MAIN, "disabledFunctions: flex ? [] : ['probe_sweep']", "disabledFunctions: []", variant=PREMIUM),
    changed("app-tags", APP, "'azd-service-name': serviceName", "'azd-service-name': name"),
    # Data
    changed("storage-no-keys", STORAGE, "    allowSharedKeyAccess: false\n", ""),
    changed("storage-not-anonymous", STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
    changed("storage-transport", STORAGE, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'"),
    changed("data-public-access", STORAGE, "    publicNetworkAccess: publicNetworkAccess\n", "    publicNetworkAccess: 'Enabled'\n", variant=("publicNetworkAccess = 'Disabled'",)),
    changed("data-public-access", VAULT, "publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'", "publicNetworkAccess == 'Enabled' ? 'Deny' : 'Allow'"),
    changed("vault-roles", VAULT, "enableRbacAuthorization: true", "enableRbacAuthorization: false"),
    changed("reader-complete", ROLES, "          'Microsoft.Network/privateDnsZones/virtualNetworkLinks/read'\n", ""),
    changed("reader-complete", ROLES, "'Microsoft.ApiManagement/service/c*/action'", "'Microsoft.ApiManagement/service/ce*/action'"),
    changed("reader-harmless", ROLES, "          'Microsoft.ApiManagement/service/clientApplications/*/action'\n", ""),
    changed("reader-harmless", ROLES, "'Microsoft.ApiManagement/service/c*/action'", "'Microsoft.ApiManagement/service/*'"),
    changed("order-taker", ROLES, "entities/add/action'", "entities/*'"),
    changed("grants", ACCESS, "resource ordersTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {", "resource ordersTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (false) {"),
    changed("grants", "roles.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "00482a5a-887f-4fb3-b363-3b7fe8e74483"),
    changed("assignment-names", "modules/reader.bicep", "    principalType: 'ServicePrincipal'\n", ""),
    # Watching
    changed("component-closed", MONITORING, "DisableLocalAuth: true", "DisableLocalAuth: false"),
    changed("workspace-closed", MONITORING, "disableLocalAuth: true", "disableLocalAuth: false"),
    changed("action-group", MONITORING, "'privatepath'", "'private-path-alerts'"),
    changed("alerts-complete", ALERTS, "actionGroups: [actionGroup.id]", "actionGroups: []"),
    changed("alerts-complete", ALERTS, "Runbook: ${runbooksUrl}/${alert.runbook}'", "Runbook: ${alert.runbook}'"),
    changed("alerts-accepted", ALERTS, "      skipQueryValidation: true\n", ""),
    changed("alerts-accepted", ALERTS, "minFailingPeriodsToAlert: alert.failingPeriods.violations", "minFailingPeriodsToAlert: alert.failingPeriods.violations + 5"),
    changed("alerts-see-all", ALERTS, "evaluationFrequency: alert.frequency", "evaluationFrequency: 'PT15M'"),
    changed("workbook", "modules/workbook.bicep", "sourceId: workspace.id", "sourceId: workspace.name"),
    changed("outputs", MAIN, "output WORKSPACE_ID string = monitoring.outputs.workspaceCustomerId", "output WORKSPACE_ID string = listKeys(resourceId(subscription().subscriptionId, names.appGroup, 'Microsoft.Storage/storageAccounts', names.ordersStorage), '2025-06-01').keys[0].value"),
    changed("one-region", STORAGE, "  location: location\n", "  location: 'northeurope'\n"),
    changed("names", MAIN, "toLower('storders${take(plain, 8)}${unique}')", "toLower('stordersapp${take(plain, 8)}${unique}extra')", "orders-configured"),
    changed("groups-tagged", "network.bicep", "  location: location\n  tags: tags\n}", "  location: location\n}"),
    changed("app-integrated", APP, "    virtualNetworkSubnetId: subnet.id\n", "    virtualNetworkSubnetId: ''\n", "integration-delegated", "integration-fit", "endpoints-let-in"),
)  # fmt: skip


def batches(mutations: tuple[Mutation, ...] = MUTATIONS) -> Iterator[tuple[Mutation, ...]]:
    """Mutations that can be judged in one evaluation: at different places, for different rules, of the same variant."""
    left = list(mutations)
    while left:
        batch: list[Mutation] = []
        for mutation in left:
            seen = {rule for each in batch for rule in (each.rule, *each.also)}
            fits = not seen.intersection((mutation.rule, *mutation.also))
            apart = not any(
                mutation.file == each.file and (mutation.old in each.old or each.old in mutation.old) for each in batch
            )
            if fits and apart and mutation.variant == (batch or [mutation])[0].variant:
                batch.append(mutation)
        yield tuple(batch)
        left = [mutation for mutation in left if mutation not in batch]
