// The private path: API Management in internal mode, the orders app and the probe app behind private endpoints, the
// names that lead there, and what watches them. Stages and their order: ../docs/deploy.md.
targetScope = 'subscription'

import { articleNetwork, hostingPlan, networkChanges, publicAccess } from 'types.bicep'

@description('Ends the names of everything: prod makes rg-net-prod and func-orders-prod.')
@minLength(1)
@maxLength(12)
param environmentName string
param location string

@description('Appended to the names that must be free in all of Azure: both apps and API Management.')
param nameSuffix string = ''

@description('What differs from the network of the article.')
param network networkChanges = {}

@description('For on-premises clients: an inbound endpoint of the DNS resolver.')
param withResolver bool = false
param hosting hostingPlan = 'flex-consumption'
param pythonVersion string = '3.13'

@description('Adds a hash and the region to the host names of the apps.')
param uniqueHostNames bool = false

@description('Of both apps. Enabled at first; Disabled once the private path is proven.')
param publicNetworkAccess publicAccess = 'Enabled'

@description('Of storage and vault. They follow the apps: packages and secrets come from outside until then.')
param dependenciesPublicAccess publicAccess = publicNetworkAccess

@description('The certificate and the function key are in the vault: the second deployment uses what was put there.')
param vaultFilled bool = false

@description('Names in the vault of what scripts/fill-vault.sh puts there.')
param vaultNames { certificate: string, probeKey: string } = {
  certificate: 'gateway-certificate'
  probeKey: 'probe-function-key'
}
param gatewaySku 'Developer' | 'Premium' = 'Developer'
param gatewayUnits int = 1
param publisherName string = 'Platform team'
param publisherEmail string = 'platform@example.com'

@description('Whether clients of the orders API need a key of the gateway. Off, as in the article: the network is the gate.')
param callersNeedSubscription bool = false

@description('App ID URI of the orders API, from scripts/entra.sh.')
param ordersAudience string = 'api://orders-${environmentName}'

@description('Application (client) id of the orders API, which is the audience of v2 tokens.')
param ordersClientId string = ''

@description('Object ids of further identities that may call the orders app: the gateway and the probe may anyway.')
param furtherCallers string[] = []

@description('Client certificates instead of tokens: App Service asks for one, and these thumbprints (SHA-256) pass.')
param clientCertificateThumbprints string[] = []

@description('Object id of who deploys: may fill the vault, and upload packages where the plan needs it. Empty: nobody.')
param operatorId string = ''

@description('When the probe sweeps: six fields, seconds first.')
param probeSchedule string = '0 * * * * *'

@description('PEM file in the probe package with the authority of the gateway certificate; empty: a public authority.')
param gatewayCaFile string = ''
param alertEmails string[] = []
param alertsEnabled bool = true
param runbooksUrl string = 'https://github.com/example/private-path-probe/blob/main/docs/alerts'

@minValue(30)
param retentionDays int = 30
param dailyLimitGb int = -1

@description('Vault content survives a deletion for certain; azd down can then not purge it.')
param purgeProtection bool = false
param storageSuffix string = environment().suffixes.storage

var tags = { 'azd-env-name': environmentName }
var settings = union(articleNetwork, network)
var suffix = empty(nameSuffix) ? '' : '-${nameSuffix}'
var unique = take(uniqueString(subscription().id, environmentName, nameSuffix), 6)
var plain = replace(environmentName, '-', '')
var flex = hosting == 'flex-consumption'

var names = {
  networkGroup: 'rg-net-${environmentName}'
  appGroup: 'rg-api-${environmentName}'
  gateway: 'apim-internal-${environmentName}${suffix}'
  orders: 'func-orders-${environmentName}${suffix}'
  probe: 'func-probe-${environmentName}${suffix}'
  probeTimer: 'func-probe-timer-${environmentName}${suffix}'
  ordersIdentity: 'id-orders-${environmentName}'
  probeIdentity: 'id-probe-${environmentName}'
  ordersStorage: toLower('storders${take(plain, 8)}${unique}')
  probeStorage: toLower('stprobe${take(plain, 8)}${unique}')
  vault: 'kv-path-${take(environmentName, 8)}-${unique}'
  workspace: 'log-path-${environmentName}'
  component: 'appi-path-${environmentName}'
  actionGroup: 'ag-path-${environmentName}'
}
var ordersTable = 'orders'
var gatewayHost = 'api.${settings.enterpriseZone}'

// What the modules below share.
var common = {
  location: location
  tags: tags
  network: settings
  networkGroup: names.networkGroup
  appGroup: names.appGroup
  hosting: hosting
  pythonVersion: pythonVersion
  publicNetworkAccess: publicNetworkAccess
  uniqueHostNames: uniqueHostNames
  storageSuffix: storageSuffix
  componentName: names.component
}

resource appGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: names.appGroup
  location: location
  tags: tags
}

module networkStage 'network.bicep' = {
  params: {
    environmentName: environmentName
    location: location
    network: network
    hosting: hosting
    withResolver: withResolver
    storageSuffix: storageSuffix
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: appGroup
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    componentName: names.component
    actionGroupName: names.actionGroup
    retentionDays: retentionDays
    dailyLimitGb: dailyLimitGb
    alertEmails: alertEmails
  }
}

module ordersIdentity 'modules/identity.bicep' = {
  scope: appGroup
  params: { location: location, tags: tags, name: names.ordersIdentity }
}

module probeIdentity 'modules/identity.bicep' = {
  scope: appGroup
  params: { location: location, tags: tags, name: names.probeIdentity }
}

module data 'modules/data.bicep' = {
  params: {
    common: common
    ordersStorageName: names.ordersStorage
    probeStorageName: names.probeStorage
    vaultName: names.vault
    ordersTable: ordersTable
    publicNetworkAccess: dependenciesPublicAccess
    purgeProtection: purgeProtection
  }
  dependsOn: [networkStage, appGroup]
}

module customRoles 'modules/custom-roles.bicep' = {
  params: { environmentName: environmentName }
}

module access 'modules/access.bicep' = {
  scope: appGroup
  params: {
    ordersIdentityName: names.ordersIdentity
    probeIdentityName: names.probeIdentity
    ordersStorageName: names.ordersStorage
    probeStorageName: names.probeStorage
    ordersTable: ordersTable
    componentName: names.component
    ordersTableRoleId: guid(subscription().id, environmentName, 'order-taker')
  }
  dependsOn: [ordersIdentity, probeIdentity, data, monitoring, customRoles]
}

module operatorAccess 'modules/operator-access.bicep' = if (!empty(operatorId)) {
  scope: appGroup
  params: {
    operatorId: operatorId
    vaultName: names.vault
    packageStorageNames: flex ? [] : [names.ordersStorage, names.probeStorage]
  }
  dependsOn: [data]
}

module readers 'modules/reader.bicep' = [
  for group in [names.networkGroup, names.appGroup]: {
    scope: resourceGroup(group)
    params: {
      roleDefinitionName: guid(subscription().id, environmentName, 'probe-reader')
      identityName: names.probeIdentity
      identityGroup: names.appGroup
    }
    dependsOn: [networkStage, probeIdentity, customRoles]
  }
]

module gateway 'modules/gateway.bicep' = {
  scope: appGroup
  params: {
    common: common
    name: names.gateway
    sku: gatewaySku
    units: gatewayUnits
    publisherName: publisherName
    publisherEmail: publisherEmail
    workspaceName: names.workspace
    vaultName: names.vault
    certificateName: vaultFilled ? vaultNames.certificate : ''
  }
  dependsOn: [networkStage, monitoring, data]
}

module gatewayAccess 'modules/gateway-access.bicep' = {
  scope: appGroup
  params: { gatewayName: names.gateway, vaultName: names.vault, componentName: names.component }
  dependsOn: [gateway]
}

module gatewayTelemetry 'modules/gateway-telemetry.bicep' = {
  scope: appGroup
  params: { gatewayName: names.gateway, componentName: names.component, samplingPercent: 100 }
  dependsOn: [gatewayAccess]
}

module gatewayNames 'modules/enterprise-records.bicep' = {
  scope: resourceGroup(names.networkGroup)
  params: {
    zone: settings.enterpriseZone
    address: gateway.outputs.privateAddress
    names: ['api', 'portal', 'management']
  }
  dependsOn: [networkStage]
}

module orders 'modules/app.bicep' = {
  params: {
    common: common
    name: names.orders
    serviceName: 'orders'
    identityName: names.ordersIdentity
    storageName: names.ordersStorage
    subnetName: settings.ordersSubnet.name
    maximumInstances: 40
    clientCertificates: !empty(clientCertificateThumbprints)
    settings: [
      { name: 'ORDERS_TENANT_ID', value: tenant().tenantId }
      { name: 'ORDERS_AUDIENCES', value: join(filter([ordersAudience, ordersClientId], it => !empty(it)), ',') }
      {
        name: 'ORDERS_ALLOWED_CLIENTS'
        value: join(concat([gateway.outputs.principalId, probeIdentity.outputs.principalId], furtherCallers), ',')
      }
      { name: 'ORDERS_TABLE_ENDPOINT', value: 'https://${names.ordersStorage}.table.${storageSuffix}' }
      { name: 'ORDERS_TABLE_NAME', value: ordersTable }
      { name: 'ORDERS_STORE_CLIENT_ID', value: ordersIdentity.outputs.clientId }
      ...(empty(clientCertificateThumbprints)
        ? []
        : [
            { name: 'ORDERS_CLIENT_CERTIFICATES', value: join(clientCertificateThumbprints, ',') }
            { name: 'ORDERS_TLS_TERMINATED_BY', value: 'app-service' }
          ])
    ]
  }
  dependsOn: [access, data]
}

module path 'modules/path.bicep' = {
  params: {
    name: 'orders-${environmentName}'
    common: common
    withResolver: withResolver
    gatewayHost: vaultFilled ? gatewayHost : gateway.outputs.defaultHostName
    gatewayCaFile: gatewayCaFile
    gatewayName: names.gateway
    ordersName: names.orders
    ordersHost: orders.outputs.hostName
    ordersScmHost: orders.outputs.scmHostName
    ordersAudience: ordersAudience
    ordersStorageName: names.ordersStorage
    vaultName: names.vault
    vaultUri: data.outputs.vaultUri
    ingestionEndpoint: monitoring.outputs.ingestionEndpoint
    probeClientId: probeIdentity.outputs.clientId
    probeName: names.probe
    workspaceName: names.workspace
    closed: publicNetworkAccess == 'Disabled' && dependenciesPublicAccess == 'Disabled'
  }
}

var probeSettings = [
  { name: 'PROBE_PATH', value: path.outputs.json }
  { name: 'PROBE_SCHEDULE', value: probeSchedule }
  // Below the gateway's limit for this API, policies/diagnostics.xml.
  { name: 'PROBE_DIAGNOSE_DEADLINE_S', value: '20' }
]

module probe 'modules/app.bicep' = {
  params: {
    common: common
    name: names.probe
    serviceName: 'probe'
    identityName: names.probeIdentity
    storageName: names.probeStorage
    subnetName: settings.probeSubnet.name
    maximumInstances: 10
    // Flex Consumption runs the timer on instances of its own. Elsewhere a host that loses its storage goes down with
    // its timer, and takes the diagnosis with it: the timer has an app of its own there.
    disabledFunctions: flex ? [] : ['probe_sweep']
    alwaysReady: flex ? [{ name: 'function:probe_sweep', instanceCount: 1 }] : []
    settings: probeSettings
  }
  dependsOn: [access]
}

module probeTimer 'modules/app.bicep' = if (!flex) {
  params: {
    common: common
    name: names.probeTimer
    serviceName: 'probe-timer'
    packageName: 'probe'
    identityName: names.probeIdentity
    storageName: names.probeStorage
    subnetName: settings.probeSubnet.name
    maximumInstances: 1
    disabledFunctions: ['diagnose', 'finding']
    settings: probeSettings
  }
  dependsOn: [access]
}

module apis 'modules/apis.bicep' = {
  scope: appGroup
  params: {
    gatewayName: names.gateway
    vaultName: names.vault
    backendHost: orders.outputs.hostName
    backendAudience: ordersAudience
    probeHost: probe.outputs.hostName
    probeKeyName: vaultFilled ? vaultNames.probeKey : ''
    callersNeedSubscription: callersNeedSubscription
  }
  dependsOn: [gatewayAccess]
}

module alerts 'modules/alerts.bicep' = {
  scope: appGroup
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    actionGroupName: names.actionGroup
    runbooksUrl: runbooksUrl
    enabled: alertsEnabled
  }
  dependsOn: [monitoring]
}

module workbook 'modules/workbook.bicep' = {
  scope: appGroup
  params: {
    location: location
    tags: tags
    workspaceName: names.workspace
    displayName: 'Private path ${environmentName}'
  }
  dependsOn: [monitoring]
}

// What the scripts need; nothing in it is a secret. azd keeps them as environment variables.
output AZURE_LOCATION string = location
output NETWORK_GROUP string = names.networkGroup
output APP_GROUP string = names.appGroup
output GATEWAY_NAME string = names.gateway
output GATEWAY_HOST string = gatewayHost
output GATEWAY_PRINCIPAL_ID string = gateway.outputs.principalId
output ORDERS_APP string = names.orders
output ORDERS_HOST string = orders.outputs.hostName
output ORDERS_AUDIENCE string = ordersAudience
output PROBE_APP string = names.probe
output PROBE_HOST string = probe.outputs.hostName
output PROBE_PRINCIPAL_ID string = probeIdentity.outputs.principalId
output PROBE_PATH_JSON string = path.outputs.json
output VAULT_NAME string = names.vault
output WORKSPACE_ID string = monitoring.outputs.workspaceCustomerId
