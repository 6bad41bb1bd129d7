// What the apps may do, granted before they start. Names come from ids that are known beforehand.
import { roles } from '../roles.bicep'

param ordersIdentityName string
param probeIdentityName string
param ordersStorageName string
param probeStorageName string
param ordersTable string
param componentName string

@description('Custom role that reads and adds entities; made at the subscription.')
param ordersTableRoleId string

resource ordersIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: ordersIdentityName
}

resource probeIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: probeIdentityName
}

resource ordersStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: ordersStorageName

  resource tableService 'tableServices' existing = {
    name: 'default'

    resource table 'tables' existing = {
      name: ordersTable
    }
  }
}

resource probeStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: probeStorageName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// The host keeps leases, keys and the package in blobs. Neither app has queues, so neither may touch them.
resource ordersBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: ordersStorage
  name: guid(ordersStorage.id, ordersIdentity.id, roles.storageBlobDataOwner)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: ordersIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource probeBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: probeStorage
  name: guid(probeStorage.id, probeIdentity.id, roles.storageBlobDataOwner)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: probeIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource ordersTableAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: ordersStorage::tableService::table
  name: guid(ordersStorage::tableService::table.id, ordersIdentity.id, ordersTableRoleId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ordersTableRoleId)
    principalId: ordersIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource ordersTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, ordersIdentity.id, roles.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
    principalId: ordersIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource probeTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, probeIdentity.id, roles.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
    principalId: probeIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}
