// What whoever deploys needs beside the right to deploy: the content of the vault is data, and no owner of a
// subscription may touch it for being that.
import { roles } from '../roles.bicep'

param operatorId string
param vaultName string
param packageStorageNames string[]

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource vaultAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.keyVaultCertificatesOfficer, roles.keyVaultSecretsOfficer]: {
    scope: vault
    name: guid(vault.id, operatorId, role)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: operatorId
    }
  }
]

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = [
  for name in packageStorageNames: {
    name: name
  }
]

resource packageAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in packageStorageNames: {
    scope: storage[i]
    name: guid(storage[i].id, operatorId, roles.storageBlobDataContributor)
    properties: {
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.storageBlobDataContributor
      )
      principalId: operatorId
    }
  }
]
