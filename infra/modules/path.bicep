// What the probe walks: this deployment, by the names that it has. The keys are those of a path file (probes/path).
targetScope = 'subscription'

import { commonSettings } from '../types.bicep'

param name string
param common commonSettings
param withResolver bool
param gatewayHost string
param gatewayCaFile string
param gatewayName string
param ordersName string
param ordersHost string
param ordersScmHost string
param ordersAudience string
param ordersStorageName string
param vaultName string
param vaultUri string
param ingestionEndpoint string
param probeClientId string
param probeName string
param workspaceName string

@description('App, storage and vault are closed: what Azure says otherwise is a finding then.')
param closed bool

var network = common.network
var endpointSubnets = [network.endpointSubnet.addressPrefix]
var apps = '${subscription().id}/resourceGroups/${common.appGroup}/providers'
var networks = '${subscription().id}/resourceGroups/${common.networkGroup}/providers/Microsoft.Network'

var path = {
  name: name
  ...(closed ? { closed: true } : {})
  resolvers: withResolver ? [{ name: 'on-premises', address: network.resolverAddress }] : []
  identity: { client_id: probeClientId }
  targets: [
    {
      name: 'gateway'
      role: 'gateway'
      url: 'https://${gatewayHost}/orders/health'
      private_subnets: [network.gatewaySubnet.addressPrefix]
      body_contains: '"orders"'
      ...(empty(gatewayCaFile) ? {} : { ca_file: gatewayCaFile })
    }
    {
      name: 'backend'
      role: 'backend'
      url: 'https://${ordersHost}/api/orders'
      private_subnets: endpointSubnets
      body_contains: '"orders"'
      audience: ordersAudience
      must_refuse: ['none']
    }
    {
      name: 'scm'
      role: 'scm'
      url: 'https://${ordersScmHost}/'
      private_subnets: endpointSubnets
      expected_status: [401]
    }
    ...map(['blob', 'queue', 'table'], kind => {
      name: 'storage-${kind}'
      role: 'storage'
      url: 'https://${ordersStorageName}.${kind}.${common.storageSuffix}/?comp=list'
      private_subnets: endpointSubnets
      // Without a token every one of these is a refusal; which one is up to the account.
      expected_status: [400, 401, 403, 404, 409]
    })
    {
      name: 'vault'
      role: 'key-vault'
      url: '${vaultUri}secrets?api-version=7.4'
      private_subnets: endpointSubnets
      expected_status: [401]
    }
    {
      name: 'ingestion'
      role: 'ingestion'
      url: '${ingestionEndpoint}v2.1/track'
      // It takes POST alone.
      expected_status: [400, 404, 405]
    }
  ]
  resources: {
    site: '${apps}/Microsoft.Web/sites/${ordersName}'
    virtual_network: '${networks}/virtualNetworks/${network.virtualNetworkName}'
    private_endpoint: '${networks}/privateEndpoints/pe-${ordersName}'
    private_dns_zone: '${networks}/privateDnsZones/privatelink.azurewebsites.net'
    api_management: '${apps}/Microsoft.ApiManagement/service/${gatewayName}'
    storage: '${apps}/Microsoft.Storage/storageAccounts/${ordersStorageName}'
    key_vault: '${apps}/Microsoft.KeyVault/vaults/${vaultName}'
    probe_site: '${apps}/Microsoft.Web/sites/${probeName}'
    workspace: '${apps}/Microsoft.OperationalInsights/workspaces/${workspaceName}'
  }
}

output json string = string(path)
