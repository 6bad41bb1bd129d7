// API Management in internal mode: the service, its names, and what it writes down. Its APIs are in apis.bicep.
import { commonSettings } from '../types.bicep'

param common commonSettings
param name string

@description('Premium has zones and an SLA; Developer has neither, and goes down while its network is changed.')
param sku 'Developer' | 'Premium'

@minValue(1)
param units int
param publisherName string
param publisherEmail string
param workspaceName string
param vaultName string

@description('Certificate in the vault that is good for all three names; empty: the service keeps its default names only.')
param certificateName string

resource subnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' existing = {
  scope: resourceGroup(common.networkGroup)
  name: '${common.network.virtualNetworkName}/${common.network.gatewaySubnet.name}'
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

var hostNames = [
  { type: 'Proxy', label: 'api' }
  { type: 'DeveloperPortal', label: 'portal' }
  { type: 'Management', label: 'management' }
]
var tooOld = ['Tls10', 'Tls11', 'Ssl30']
var protocols = 'Microsoft.WindowsAzure.ApiManagement.Gateway.Security'

resource service 'Microsoft.ApiManagement/service@2024-05-01' = {
  name: name
  location: common.location
  tags: common.tags
  sku: { name: sku, capacity: units }
  identity: { type: 'SystemAssigned' }
  properties: {
    publisherName: publisherName
    publisherEmail: publisherEmail
    // publicNetworkAccess stays out: Disabled means private endpoints, and is refused in internal mode.
    virtualNetworkType: 'Internal'
    virtualNetworkConfiguration: { subnetResourceId: subnet.id }
    hostnameConfigurations: [
      for host in (empty(certificateName) ? [] : hostNames): {
        type: host.type
        hostName: '${host.label}.${common.network.enterpriseZone}'
        // Without a version: a renewed certificate is taken within four hours.
        keyVaultId: '${vault.properties.vaultUri}secrets/${certificateName}'
        defaultSslBinding: host.type == 'Proxy'
        negotiateClientCertificate: false
      }
    ]
    customProperties: {
      ...toObject(tooOld, version => '${protocols}.Protocols.${version}', version => 'False')
      ...toObject(tooOld, version => '${protocols}.Backend.Protocols.${version}', version => 'False')
      '${protocols}.Ciphers.TripleDes168': 'False'
    }
  }
}

// Dedicated: ApiManagementGatewayLogs with typed columns. The default fills AzureDiagnostics, and no query finds it.
resource gatewayLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: service
  name: 'log-analytics'
  properties: {
    workspaceId: workspace.id
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'GatewayLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output privateAddress string = service.properties.privateIPAddresses[0]
output principalId string = service.identity!.principalId
output defaultHostName string = split(service.properties.gatewayUrl, '/')[2]
