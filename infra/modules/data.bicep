// Storage and vault with their private endpoints, before the apps start: their first look finds the private way.
targetScope = 'subscription'

import { commonSettings, publicAccess } from '../types.bicep'

param common commonSettings
param ordersStorageName string
param probeStorageName string
param vaultName string
param ordersTable string
param publicNetworkAccess publicAccess
param purgeProtection bool

resource networkGroup 'Microsoft.Resources/resourceGroups@2025-04-01' existing = {
  name: common.networkGroup
}

resource appGroup 'Microsoft.Resources/resourceGroups@2025-04-01' existing = {
  name: common.appGroup
}

module vault 'key-vault.bicep' = {
  scope: appGroup
  params: {
    location: common.location
    tags: common.tags
    name: vaultName
    publicNetworkAccess: publicNetworkAccess
    purgeProtection: purgeProtection
  }
}

module ordersStorage 'storage.bicep' = {
  scope: appGroup
  params: {
    location: common.location
    tags: common.tags
    name: ordersStorageName
    packageContainer: 'packages'
    tables: [ordersTable]
    publicNetworkAccess: publicNetworkAccess
  }
}

// Its own: what the probe diagnoses must not take it down.
module probeStorage 'storage.bicep' = {
  scope: appGroup
  params: {
    location: common.location
    tags: common.tags
    name: probeStorageName
    packageContainer: 'packages'
    publicNetworkAccess: publicNetworkAccess
  }
}

module storageEndpoints 'private-endpoint.bicep' = [
  for endpoint in [
    { storage: ordersStorageName, kind: 'blob' }
    { storage: ordersStorageName, kind: 'queue' }
    { storage: ordersStorageName, kind: 'table' }
    { storage: probeStorageName, kind: 'blob' }
    { storage: probeStorageName, kind: 'queue' }
    { storage: probeStorageName, kind: 'table' }
  ]: {
    scope: networkGroup
    params: {
      location: common.location
      tags: common.tags
      network: common.network
      name: '${endpoint.storage}-${endpoint.kind}'
      resourceId: resourceId(
        subscription().subscriptionId,
        common.appGroup,
        'Microsoft.Storage/storageAccounts',
        endpoint.storage
      )
      groupId: endpoint.kind
      zone: 'privatelink.${endpoint.kind}.${common.storageSuffix}'
    }
    dependsOn: [ordersStorage, probeStorage]
  }
]

module vaultEndpoint 'private-endpoint.bicep' = {
  scope: networkGroup
  params: {
    location: common.location
    tags: common.tags
    network: common.network
    name: vaultName
    resourceId: resourceId(subscription().subscriptionId, common.appGroup, 'Microsoft.KeyVault/vaults', vaultName)
    groupId: 'vault'
    zone: 'privatelink.vaultcore.azure.net'
  }
  dependsOn: [vault]
}

output vaultUri string = vault.outputs.uri
